"""Why a call to Google failed, and what to do, by the error's reason. Pure."""

from sync.doctor.found import Found
from sync.errors import BrightsheetError, Retryable

_LIBRARY = "In Google's console, APIs & Services, Library: enable the Sheets API and the Drive API."
_KNOWN = {
    "not_found": ("The id is wrong, or the file was never shared.", "Share it with {account}."),
    "not_shared": ("It is shared for reading only, or not any more.", "Share it with {account}."),
    "api_off": ("The API is switched off in the project of the credentials.", _LIBRARY),
    "no_storage": (
        "A service account has no storage: a folder in somebody's My Drive does not give it any.",
        "Set DRIVE_FOLDER_ID to a folder on a shared drive, or run: brightsheet auth google",
    ),
    "drive_limit": ("Drive is full in one way or another.", "Make room, or use another folder."),
}
_PASSING = ("It may pass by itself.", "Run the check again in a minute.")
_OTHER = ("Google's message is all that is known.", "Check the setting and who it is shared with.")


def google_failed(error: BrightsheetError, account: str) -> Found:
    """Return the outcome of a check that Google refused; `account` needs the access."""
    usual = _PASSING if isinstance(error, Retryable) else _OTHER
    cause, fix = _KNOWN.get(error.reason, usual)
    return Found("failed", error.message, cause, fix.format(account=account))
