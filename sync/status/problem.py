"""What can be wrong: what it is called, since when, why, and how it is put right. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sync.store import Backlog


@dataclass(frozen=True)
class Problem:
    """Something that is wrong now. All but `cause` may be read by everybody."""

    code: str
    """Its name, for programs; it stays the same from version to version."""
    is_behind: bool
    """Whether the sheet may not show what came: then `/status` is 503. Else it is a warning."""
    what: str
    since: float | None
    """Its age in seconds, where that is known."""
    cause: str
    fix: str
    """What to do; what a person types stands between backticks."""
    page: str
    """Where on the console it is seen to."""

    @property
    def remedy(self) -> str:
        """What to do, as plain text."""
        return _joined(self.fix)

    @property
    def text(self) -> str:
        """What is wrong and what to do."""
        return _joined(self.what, self.fix)

    @property
    def explained(self) -> str:
        """What is wrong, why, and what to do: for those whose installation it is."""
        return _joined(self.what, self.cause, self.fix)


@dataclass(frozen=True)
class ProblemRule:
    """One thing that can be wrong, and how it is told from a look at the store.

    `behind` is given whether nothing may wait at all, as for a comparison of the whole sheet.
    `cause` may name figures of the look: {0.failing_for}.
    """

    code: str
    what: Callable[[Backlog], str]
    fix: str = ""
    page: str = "/checks"
    cause: str = ""
    behind: Callable[[Backlog, bool], object] = lambda _now, _strict: False
    """Whether the sheet may not show what came."""
    warns: Callable[[Backlog], object] = lambda _now: False
    """Whether it is wrong, though the sheet shows what came."""
    since: Callable[[Backlog], float | None] = lambda _now: None
    over: str = ""
    """What people are told at its end; where that is "", the watch tells nobody of it."""
    alerts: Callable[[Backlog], object] = lambda _now: True
    """Whether people are told of it already."""
    stays: Callable[[Backlog], object] = lambda _now: False
    """Whether it is not over for those who were told, though it is not wrong any more."""
    is_told_each_time: bool = False
    """Whether people are told again though it comes back within the hour."""

    def problem(self, now: Backlog, *, strict: bool = False) -> Problem | None:
        """Return what is wrong at this look, or None."""
        is_behind = bool(self.behind(now, strict))
        if not is_behind and not self.warns(now):
            return None
        cause = self.cause.format(now)
        what, since = self.what(now), self.since(now)
        return Problem(self.code, is_behind, what, since, cause, self.fix, self.page)


def _joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence).replace("`", "")


def counted(count: int, singular: str, plural: str) -> str:
    """Return a count with its noun."""
    return f"{count} {singular if count == 1 else plural}"


def lasting(seconds: float) -> str:
    """Return a duration for people, in the largest unit of which there are at least two."""
    for size, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return counted(max(0, round(seconds)), "second", "seconds")


_SATURDAY = 5
_DAY = timedelta(days=1)


def working_days(since: datetime, until: datetime) -> float:
    """Return how many days lie between two moments, without Saturdays and Sundays.

    By the calendar and the clock of their time zone, which is the same for both.
    """
    at, end = since.replace(tzinfo=None), until.replace(tzinfo=None)
    if end <= at:
        return 0.0
    weeks = (end - at) // (7 * _DAY)
    at += weeks * 7 * _DAY
    worked = timedelta(0)
    while at < end:
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
        if at.weekday() < _SATURDAY:
            worked += min(midnight, end) - at
        at = midnight
    return weeks * 5 + worked / _DAY


def last_moment(now: Backlog) -> datetime | None:
    """Return when the last delivery came, in the time zone that is set; None before the first."""
    return _local(now, now.arrival.at) if now.arrival else None


def is_silent(now: Backlog) -> bool:
    """Return whether nothing came for SILENCE_DAYS working days; not before the first delivery."""
    since = last_moment(now)
    if not now.silence_days or since is None or now.arrival is None:
        return False
    return working_days(since, _local(now, now.arrival.now)) >= now.silence_days


def _local(now: Backlog, moment: float) -> datetime:
    return datetime.fromtimestamp(moment, ZoneInfo(now.time_zone) if now.time_zone else UTC)
