"""What can be wrong: its name, since when, why, and its fix; and what figures say of it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sync.store import Backlog

LATE_SECONDS = 900.0
"""How long anything may wait: most outages of Google are shorter, and the worker retries."""
ALIVE_SECONDS = 60.0
"""How old a worker's last sign of life may be: three of them were missed."""
MANY_REFUSED = 3
"""Refused deliveries within an hour: one may be a mistake, three mean a changed field."""

LOW_SHARE, LOW_BYTES = 0.1, 2 * 1024**3
"""A disk that has less free than both is near its end: a tenth of a small one, 2 GB of any."""
_MEGABYTE = 1024**2


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
    action: str = ""
    """What on the console puts it right, by its name; "" where a person has to do more."""
    recheck: str = "/checks"
    """The page that checks again whether it is still wrong."""

    @property
    def severity(self) -> str:
        """How bad it is: "behind" where the sheet may not show what came, else "warning"."""
        return "behind" if self.is_behind else "warning"

    @property
    def remedy(self) -> str:
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
    `cause` may name figures of the look, {0.failing_for}, and the first {items} that a comparison
    found.
    """

    code: str
    what: Callable[[Backlog], str]
    fix: str = ""
    page: str = "/checks"
    action: str = ""
    recheck: str = "/checks"
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

    @property
    def remedy(self) -> str:
        return _joined(self.fix)

    def problem(self, now: Backlog, *, strict: bool = False) -> Problem | None:
        """Return what is wrong at this look, or None."""
        is_behind = bool(self.behind(now, strict))
        if not is_behind and not self.warns(now):
            return None
        cause = self.cause.format(now, items=now.named(self.code))
        what, since = self.what(now), self.since(now)
        return Problem(
            self.code,
            is_behind,
            what,
            since,
            cause,
            self.fix,
            self.page,
            self.action,
            self.recheck,
        )


def _joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence).replace("`", "")


def counted(count: int, singular: str, plural: str) -> str:
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
    """Return when the last webhook was accepted, in the time zone that is set."""
    return None if now.arrival is None else _local(now, now.arrival)


def silent_since(now: Backlog) -> float | None:
    """Return when the last webhook was accepted; before the first, when the database was set up."""
    return now.setup if now.arrival is None else now.arrival


def is_silent(now: Backlog) -> bool:
    """Return whether no webhook was accepted for SILENCE_DAYS working days."""
    since = silent_since(now)
    if not now.silence_days or since is None:
        return False
    return working_days(_local(now, since), _local(now, now.clock)) >= now.silence_days


def _local(now: Backlog, moment: float) -> datetime:
    return datetime.fromtimestamp(moment, ZoneInfo(now.time_zone) if now.time_zone else UTC)


# What a look at the store says


def is_alive(now: Backlog) -> bool:
    """Return whether a worker gave a sign of life of late."""
    return now.worker is not None and now.worker <= ALIVE_SECONDS


def is_missed(now: Backlog) -> bool:
    """Return whether work waits for a worker; one that never ran may be starting just now."""
    age = now.worker if now.worker is not None else now.oldest or 0.0
    return bool(now.waiting) and age > ALIVE_SECONDS


def no_worker(now: Backlog) -> str:
    if now.worker is None:
        text = "No worker has run yet."
        if not now.is_set_up:
            text += " To use a sheet of your own, map it before you start one."
    else:
        text = f"No worker has given a sign of life for {lasting(now.worker)}."
    return f"{text} {waits(now)}." if now.waiting else text


def is_late(now: Backlog, strict: bool) -> bool:
    """Return whether anything waits too long; `strict`: at all."""
    return now.waiting > 0 and (strict or (now.oldest or 0.0) >= LATE_SECONDS)


def late(now: Backlog) -> str:
    trouble = f" ({now.trouble})" if now.trouble else ""
    text = f"The sheet does not show everything that came{trouble}: {waits(now)}"
    return f"{text}{oldest(now.oldest)}."


def paused(now: Backlog) -> str:
    what = f": {waits(now)}" if now.waiting else ""
    return f"Writing the sheet is paused for {lasting(now.paused or 0.0)}{what}."


def waits(now: Backlog) -> str:
    parts = [
        counted(count, singular, plural)
        for count, singular, plural in (
            (now.deliveries, "delivery waits to be projected", "deliveries wait to be projected"),
            (now.jobs, "job waits to be written", "jobs wait to be written"),
        )
        if count
    ]
    if now.quarantined:
        parts.append(f"{now.quarantined} of them set aside")
    return ", ".join(parts)


def oldest(age: float | None) -> str:
    return f", the oldest for {lasting(age)}" if age is not None else ""


def trouble(now: Backlog) -> str:
    age = f" for {lasting(now.trouble_age)}" if now.trouble_age is not None else ""
    return f"The sheet could not be written{age} ({now.trouble})."


def are_documents_late(now: Backlog, strict: bool) -> bool:
    """Return whether a document waits too long; `strict`: at all."""
    return now.documents > 0 and (strict or (now.oldest_document or 0.0) >= LATE_SECONDS)


def refused(now: Backlog) -> str:
    why = f" ({now.refused_for})" if now.refused_for else ""
    count = counted(now.refused, "delivery was", "deliveries were")
    return f"{count} refused within the last hour{why}."


def is_secret_wrong(now: Backlog) -> bool:
    """Return whether a secret was wrong, and no webhook was accepted since."""
    last = now.last_wrong_secret
    return last is not None and (now.arrival is None or now.clock - now.arrival > last)


def silence(now: Backlog) -> str:
    last = last_moment(now)
    if last is None:
        age = lasting(now.clock - (now.setup or now.clock))
        return f"No webhook from EverBright has ever been accepted, {age} after setup."
    days = counted(now.silence_days, "working day", "working days")
    return (
        f"No webhook from EverBright was accepted for {days} (SILENCE_DAYS). The last one arrived "
        f"on {last:%Y-%m-%d %H:%M %Z}."
    )


def is_disk_low(now: Backlog) -> bool:
    free = now.disk_free
    return free is not None and free < min(LOW_SHARE * now.disk_size, LOW_BYTES)


def disk_low(now: Backlog) -> str:
    size = counted(round((now.disk_free or 0) / _MEGABYTE), "megabyte is", "megabytes are")
    return f"Only {size} free on the disk of the database."
