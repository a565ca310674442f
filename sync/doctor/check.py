"""Defines the result of a check, and maps errors to their cause and fix. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sync.errors import BrightsheetError, Retryable

Result = Literal["ok", "warning", "failed", "skipped"]
_WIDTH = len("skipped")
AFTERWARDS = "After you change a setting, restart Brightsheet. Then run the checks again."
"""Shown below checks with a fix: a command reads the settings again, a running process doesn't."""


@dataclass(frozen=True)
class Check:
    """The result of a check. No text contains a secret.

    `name` is the same in every version; it and `title` are "" until the check has run. `cause` and
    `fix` are "" if nothing is wrong; the `fix` of a skipped check says how to run it.
    """

    name: str
    title: str
    result: Result
    text: str
    cause: str = ""
    fix: str = ""


def ok(text: str) -> Check:
    """Return a result without a problem."""
    return Check("", "", "ok", text)


def skipped(text: str, fix: str = "") -> Check:
    """Return the result when there is nothing to check, or it can't be checked from here."""
    return Check("", "", "skipped", text, "", fix)


def warning(text: str, cause: str, fix: str) -> Check:
    """Return the result when it works, but with a problem."""
    return Check("", "", "warning", text, cause, fix)


def failed(text: str, cause: str, fix: str) -> Check:
    """Return the result when it doesn't work."""
    return Check("", "", "failed", text, cause, fix)


def is_well(checks: Iterable[Check]) -> bool:
    """Return whether no check failed; warnings and skipped checks are not failures."""
    return all(check.result != "failed" for check in checks)


def as_json(checks: Sequence[Check]) -> dict[str, Any]:
    """Return a JSON object with `ok` and the `checks`, to show or to send to support."""
    return {"ok": is_well(checks), "checks": [asdict(check) for check in checks]}


def text(check: Check) -> str:
    """Return a check as lines for a terminal."""
    indent = "\n" + " " * (_WIDTH + 2)
    lines = [f"{check.result:<{_WIDTH}}  {check.title}: {check.text}"]
    lines += [f"Cause: {check.cause}"] if check.cause else []
    lines += [f"Fix: {check.fix}"] if check.fix else []
    return indent.join(lines)


_CAUSES = {
    "store_unavailable": (
        "Its address or password is wrong, it isn't running, its disk is full, or it is damaged.",
        "Check DATABASE_URL, the connection and the disk. If it is damaged, restore a backup.",
    ),
    "not_found": (
        "The ID is wrong, or the file was never shared.",
        "Correct the ID, or share the file with {account}.",
    ),
    "excel_file": ("In Drive it looks like a spreadsheet, but its name ends in .xlsx.", ""),
    "not_shared": ("It is shared as read-only, or is no longer shared.", ""),
    "api_off": ("Each project has to enable the API.", ""),
    "google_unreachable": (
        "This machine can't connect to Google.",
        "Check its network and its clock, and whether a firewall or a proxy blocks Google.",
    ),
    "no_storage": ("A folder in My Drive doesn't give it any.", ""),
    "drive_full": (
        "Copies belong to the account that signed in, and count against its storage.",
        "",
    ),
    "drive_limit": (
        "The drive has reached a limit of Google's.",
        "Delete files that you don't need, or use another folder.",
    ),
    "everbright_token": ("The token is mistyped, expired, or sent in the wrong header.", ""),
    "everbright_missing": (
        "It was deleted, belongs to another account, or has another address.",
        "Check EVERBRIGHT_URL and EVERBRIGHT_DOCUMENT_PATH, and which account the token is for.",
    ),
    "not_a_document": (
        "Documents have another address, or the token may not download them.",
        "Ask EverBright's support for the address, and set EVERBRIGHT_DOCUMENT_PATH.",
    ),
}
"""The cause and the fix of errors, by reason; the fix is "" if the error has its own."""
_EVERBRIGHT = (
    "EverBright is down or can't be reached.",
    "Try again later. If it still fails, ask EverBright's support.",
)
_PASSING = ("This may be temporary.", "Try again in a minute.")
_OTHER = ("There are no more details.", "Check the setting, and who the file is shared with.")


def explained(error: BrightsheetError, account: str) -> Check:
    """Return the result of a check that ended with an error; `account` needs the access."""
    usual = _PASSING if isinstance(error, Retryable) else _OTHER
    if error.reason.startswith("everbright_"):
        usual = _EVERBRIGHT
    cause, fix = _CAUSES.get(error.reason, usual)
    return failed(error.what, cause, error.remedy or fix.format(account=account))
