"""Defines a problem and the rule that finds it. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sync.store import Backlog


@dataclass(frozen=True)
class Problem:
    """Something that is wrong now. Everything but `cause` is public."""

    code: str
    """Its name for programs, the same in every version."""
    is_behind: bool
    """Whether the sheet may be out of date, so that `/status` is 503. Else it is a warning."""
    what: str
    age: float | None
    """In seconds, if known."""
    cause: str
    fix: str
    """The fix; a command to copy is between backticks."""
    command: str
    """The command that does the same; the console has a page for it."""
    page: str
    """The page of the console that fixes it."""
    action: str = ""
    """The name of the console's action that fixes it; "" if there is none."""
    recheck: str = "/checks"
    """The page that checks again whether it is still wrong."""

    @property
    def severity(self) -> str:
        """How bad it is: "behind" if the sheet may be out of date, else "warning"."""
        return "behind" if self.is_behind else "warning"

    @property
    def remedy(self) -> str:
        """The fix and the command, as plain text."""
        return _joined(self.fix, self.command and f"By command: {self.command}")

    @property
    def text(self) -> str:
        return _joined(self.what, self.remedy)

    @property
    def explained(self) -> str:
        """What is wrong, its cause, and the fix: not public."""
        return _joined(self.what, self.cause, self.remedy)


def never(_now: Backlog) -> bool:
    return False


@dataclass(frozen=True)
class ProblemRule:
    """A rule that finds one problem in the backlog.

    `behind` also gets whether nothing at all may be pending, as in a comparison of the whole sheet.
    `cause` may contain figures of the backlog, {0.failing_for}, and the first {items} that a
    comparison found.
    """

    code: str
    what: Callable[[Backlog], str]
    fix: str = ""
    command: str = ""
    page: str = "/checks"
    action: str = ""
    details: Callable[[Backlog], Mapping[str, Any]] = lambda _now: {}
    """Values of the problem that depend on the backlog, instead of the rule's."""
    recheck: str = "/checks"
    cause: str = ""
    behind: Callable[[Backlog, bool], object] = lambda _now, _strict: False
    """Whether the sheet may be out of date."""
    warns: Callable[[Backlog], object] = never
    """Whether it is a warning."""
    age: Callable[[Backlog], float | None] = lambda _now: None
    alerts: Callable[[Backlog], object] = lambda _now: True
    """Whether it is bad enough for an alert."""
    resolved: str = ""
    """The text of the alert at its end."""
    is_ongoing: Callable[[Backlog], object] = never
    """Whether the alert's end has to wait, although it isn't a problem now."""

    def problem(self, now: Backlog, *, strict: bool = False) -> Problem | None:
        """Return the problem if there is one now."""
        is_behind = bool(self.behind(now, strict))
        if not is_behind and not self.warns(now):
            return None
        cause = self.cause.format(now, items=now.named(self.code))
        problem = Problem(
            self.code,
            is_behind,
            self.what(now),
            self.age(now),
            cause,
            self.fix,
            self.command,
            self.page,
            self.action,
            self.recheck,
        )
        return replace(problem, **self.details(now))


def _joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence).replace("`", "")


def pluralize(count: int, singular: str, plural: str) -> str:
    return f"{count} {singular if count == 1 else plural}"


def lasting(seconds: float) -> str:
    """Return a duration as text, in the largest unit of which there are at least two."""
    for size, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return pluralize(max(0, round(seconds)), "second", "seconds")
