"""Creates Brightsheet's own spreadsheet and folder in Drive, and finds them again by their tags."""

from sync.errors import Permanent
from sync.google.drive import Drive, File

TAG = "brightsheetRole"
TITLE = "Solar jobs"
FOLDER = "Job documents"


def find_or_create_folder(drive: Drive) -> tuple[File, bool]:
    """Return the folder for documents under the root, and whether it is new."""
    tag = {TAG: "folder"}
    file = drive.find(tag)
    return file or drive.create_folder("", FOLDER, tag), file is None


def find_or_create_spreadsheet(drive: Drive) -> tuple[File, bool]:
    """Return the spreadsheet under the root, and whether it is new."""
    tag = {TAG: "spreadsheet"}
    file = drive.find(tag)
    return file or drive.create_spreadsheet(TITLE, tag), file is None


def is_own_spreadsheet(drive: Drive, spreadsheet: str) -> bool:
    """Return whether Brightsheet created a spreadsheet."""
    try:
        file = drive.get(spreadsheet)
    except Permanent:  # The account may not use the Drive API.
        return False
    return file is not None and TAG in file.tags
