"""What a person's sign-in may cover. Pure. Source: Google's guide on Drive's scopes."""

from collections.abc import Set

_PREFIX = "https://www.googleapis.com/auth/"
FILE = _PREFIX + "drive.file"
"""Files that Brightsheet makes, spreadsheets among them. Google reviews no app for it."""
SHEETS = _PREFIX + "spreadsheets"
DRIVE = _PREFIX + "drive"


def wanted(*, takes_spreadsheet: bool, takes_folder: bool) -> list[str]:
    """Return the least that is needed: whether a spreadsheet or folder of the person's is taken."""
    if takes_folder:
        return [DRIVE]
    return [FILE, SHEETS] if takes_spreadsheet else [FILE]


def covers_sheets(scopes: Set[str]) -> bool:
    """Return whether spreadsheets may be written (with FILE: those that Brightsheet made)."""
    return bool(scopes & {FILE, SHEETS, DRIVE})


def covers_drive(scopes: Set[str]) -> bool:
    """Return whether files may be put into Drive."""
    return bool(scopes & {FILE, DRIVE})
