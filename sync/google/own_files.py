"""The spreadsheet and the folder that Brightsheet makes itself: found again by their tag."""

from sync.google.drive import Drive, File

_TAG = "brightsheetRole"
TITLE = "Solar jobs"
FOLDER = "Job documents"


def folder(drive: Drive) -> tuple[File, bool]:
    """Return the folder for documents under the root, and whether it was made now."""
    tag = {_TAG: "folder"}
    file = drive.find(tag)
    return file or drive.make_folder("", FOLDER, tag), file is None


def spreadsheet(drive: Drive) -> tuple[File, bool]:
    """Return the spreadsheet under the root, and whether it was made now."""
    tag = {_TAG: "spreadsheet"}
    file = drive.find(tag)
    return file or drive.make_spreadsheet(TITLE, tag), file is None
