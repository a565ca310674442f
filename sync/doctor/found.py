"""What the function of a check returns: a result and its sentences. Pure."""

from dataclasses import dataclass

from sync.doctor.check import Result


@dataclass(frozen=True)
class Found:
    """A check's outcome without its name."""

    result: Result
    text: str
    cause: str = ""
    fix: str = ""


def ok(text: str) -> Found:
    """All is well."""
    return Found("ok", text)


def skipped(text: str, fix: str = "") -> Found:
    """There is nothing to check, or it cannot be checked from here."""
    return Found("skipped", text, "", fix)
