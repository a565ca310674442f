"""What a check finds, and why a call failed, with the fix: the one place that says so. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any, Literal

from sync.errors import BrightsheetError, Retryable

Result = Literal["ok", "warning", "failed", "skipped"]
_WIDTH = len("skipped")


@dataclass(frozen=True)
class Check:
    """What was found. No text holds a secret.

    `name` stays the same from version to version; it and `title` are "" until the check has run.
    `cause` and `fix` are "" where nothing is wrong; `fix` says why where a check was skipped.
    """

    name: str
    title: str
    result: Result
    text: str
    cause: str = ""
    fix: str = ""


def ok(text: str) -> Check:
    """All is well."""
    return Check("", "", "ok", text)


def skipped(text: str, fix: str = "") -> Check:
    """There is nothing to check, or it cannot be checked from this machine."""
    return Check("", "", "skipped", text, "", fix)


def warning(text: str, cause: str, fix: str) -> Check:
    """It works, and something is not as it should be."""
    return Check("", "", "warning", text, cause, fix)


def failed(text: str, cause: str, fix: str) -> Check:
    """It does not work."""
    return Check("", "", "failed", text, cause, fix)


def is_well(checks: Iterable[Check]) -> bool:
    """Return whether no check failed; warnings and skipped checks are no failures."""
    return all(check.result != "failed" for check in checks)


def as_json(checks: Sequence[Check]) -> dict[str, Any]:
    """Return an object with `ok` and the `checks`, to show or to send to whoever helps."""
    return {"ok": is_well(checks), "checks": [asdict(check) for check in checks]}


def text(check: Check) -> str:
    """Return a check as lines for a terminal."""
    indent = "\n" + " " * (_WIDTH + 2)
    lines = [f"{check.result:<{_WIDTH}}  {check.title}: {check.text}"]
    lines += [f"Cause: {check.cause}"] if check.cause else []
    lines += [f"Fix: {check.fix}"] if check.fix else []
    return indent.join(lines)


_LIBRARY = "In Google's console, APIs & Services, Library: enable the Sheets API and the Drive API."
_CAUSES = {
    "store_unavailable": (
        "Its address or password is wrong, it is not running, or its disk cannot be written.",
        "Check DATABASE_URL, and that the database runs and may be reached from here.",
    ),
    "not_found": ("The id is wrong, or the file was never shared.", "Share it with {account}."),
    "not_shared": ("It is shared for reading only, or not any more.", "Share it with {account}."),
    "api_off": ("The API is switched off in the project of the credentials.", _LIBRARY),
    "no_storage": (
        "A service account has no storage: a folder in somebody's My Drive does not give it any.",
        "Set DRIVE_FOLDER_ID to a folder on a shared drive, or run: brightsheet auth google",
    ),
    "drive_full": (
        "Copies belong to the account that signed in, and count against its storage.",
        "Free up space, buy more, or set DRIVE_FOLDER_ID to a folder on a shared drive.",
    ),
    "drive_limit": ("Drive is full in one way or another.", "Make room, or use another folder."),
    "everbright_token": (
        "The token was typed wrong, has ended, or is sent in the wrong header.",
        "Copy it again into EVERBRIGHT_API_TOKEN. If it is right, see EVERBRIGHT_AUTH_HEADER.",
    ),
    "everbright_missing": (
        "It was deleted, belongs to another account, or the address is another one.",
        "Check EVERBRIGHT_URL and EVERBRIGHT_DOCUMENT_PATH, and whose token it is.",
    ),
    "not_a_document": (
        "The address of documents is another one, or the token may not download them.",
        "Set EVERBRIGHT_DOCUMENT_PATH as EverBright's support says.",
    ),
}
_EVERBRIGHT = (
    "EverBright is away, or cannot be reached.",
    "Try again. If it stays, ask EverBright's support",
)
_PASSING = (
    "It may pass by itself.",
    "Try again in a minute. If it stays: is a firewall between this machine and Google?",
)
_OTHER = ("The message is all that is known.", "Check the setting and who it is shared with.")


def explained(error: BrightsheetError, account: str) -> Check:
    """Return the outcome of a check that ended with an error; `account` needs the access."""
    usual = _PASSING if isinstance(error, Retryable) else _OTHER
    if error.reason.startswith("everbright_"):
        usual = _EVERBRIGHT
    cause, fix = _CAUSES.get(error.reason, usual)
    return failed(error.message, cause, fix.format(account=account))


def filesystem(file: PurePath, mounts: str) -> str:
    """Return the type of the file system that `file` is on, as Linux's mountinfo names it.

    Source: proc_pid_mountinfo(5): the mount point is the fifth field, the type follows " - ".
    The last of several on one mount point is in effect.
    """
    depth, kind = 0, "unknown"
    for line in mounts.splitlines():
        mount, _, source = line.partition(" - ")
        fields = mount.split()
        if len(fields) < 5 or not source:
            continue
        point = PurePath(fields[4].replace("\\040", " "))
        if file.is_relative_to(point) and len(point.parts) >= depth:
            depth, kind = len(point.parts), source.split()[0]
    return kind
