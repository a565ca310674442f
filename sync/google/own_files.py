"""The spreadsheet and the folder that Brightsheet makes itself: found again by their tag."""

from sync.google.drive import Drive, File

_TAG = "brightsheetRole"
TITLE = "Solar jobs"
FOLDER = "Job documents"


def folder(drive: Drive) -> tuple[File, bool]:
    """Return the folder for documents under the root, and whether it was made now."""
    tag = {_TAG: "folder"}
    found = drive.find(tag)
    return found or drive.make_folder("", FOLDER, tag), found is None


def spreadsheet(drive: Drive) -> tuple[File, bool]:
    """Return the spreadsheet under the root, and whether it was made now."""
    tag = {_TAG: "spreadsheet"}
    found = drive.find(tag)
    return found or drive.make_spreadsheet(TITLE, tag), found is None
