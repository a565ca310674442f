"""One check's outcome, for people and for programs. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Result = Literal["ok", "warning", "failed", "skipped"]
_WIDTH = len("skipped")


@dataclass(frozen=True)
class Check:
    """What a check found. `name` stays the same from version to version; no text holds a secret.

    `cause` and `fix` are "" where nothing is wrong; `fix` says why where a check was skipped.
    """

    name: str
    title: str
    result: Result
    text: str
    cause: str = ""
    fix: str = ""


def is_well(checks: Iterable[Check]) -> bool:
    """Return whether no check failed; warnings and skipped checks are no failures."""
    return all(one.result != "failed" for one in checks)


def as_json(checks: Sequence[Check]) -> dict[str, Any]:
    """Return an object with `ok` and the `checks`, to show or to send to whoever helps."""
    return {"ok": is_well(checks), "checks": [asdict(one) for one in checks]}


def text(check: Check) -> str:
    """Return a check as lines for a terminal."""
    indent = "\n" + " " * (_WIDTH + 2)
    lines = [f"{check.result:<{_WIDTH}}  {check.title}: {check.text}"]
    lines += [f"Cause: {check.cause}"] if check.cause else []
    lines += [f"Fix: {check.fix}"] if check.fix else []
    return indent.join(lines)
