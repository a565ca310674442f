"""What a check finds, for people and for programs. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

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
