"""Defines a problem and its rule, and the sentences and conditions that rules use. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sync.store import Backlog

LATE_SECONDS = 900.0
"""How long anything may be pending. Most Google outages are shorter, and the worker retries."""
ALIVE_SECONDS = 60.0
"""How old a worker's last heartbeat may be; three are missed by then."""
MANY_REJECTED = 3
"""Webhooks rejected within an hour: one may be a mistake, but three mean a changed format."""

LOW_SHARE, LOW_BYTES = 0.1, 2 * 1024**3
"""A disk is nearly full if it has less free space than both a tenth and 2 GB."""
_MEGABYTE = 1024**2


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
    def text(self) -> str:
        return joined(self.what, self.fix, by_command(self.command))

    @property
    def explained(self) -> str:
        """What is wrong, its cause, and the fix: not public."""
        return joined(self.what, self.cause, self.fix, by_command(self.command))


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
    action_now: Callable[[Backlog], str] = lambda _now: ""
    """The action, if it depends on the backlog."""
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
        return Problem(
            self.code,
            is_behind,
            self.what(now),
            self.age(now),
            cause,
            self.fix,
            self.command,
            self.page,
            self.action or self.action_now(now),
            self.recheck,
        )


def by_command(command: str) -> str:
    return command and f"By command: {command}"


def joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence).replace("`", "")


def pluralize(count: int, singular: str, plural: str) -> str:
    return f"{count} {singular if count == 1 else plural}"


def lasting(seconds: float) -> str:
    """Return a duration as text, in the largest unit of which there are at least two."""
    for size, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return pluralize(max(0, round(seconds)), "second", "seconds")


_DAY = timedelta(days=1)
_MONDAY = datetime(1970, 1, 5)  # noqa: DTZ001 - any Monday, in the zone of the moments


def working_days(since: datetime, until: datetime) -> float:
    """Return the days between two moments of one time zone, without Saturdays and Sundays."""

    def worked(moment: datetime) -> float:
        weeks, rest = divmod(moment.replace(tzinfo=None) - _MONDAY, 7 * _DAY)
        return 5 * weeks + min(rest / _DAY, 5.0)

    return max(0.0, worked(until) - worked(since))


def last_moment(now: Backlog) -> datetime | None:
    """Return when the last webhook was accepted, in the configured time zone."""
    return None if now.arrived_at is None else _local(now, now.arrived_at)


def silent_since(now: Backlog) -> float | None:
    """Return when the last webhook was accepted; before the first, when the database was set up."""
    return now.set_up_at if now.arrived_at is None else now.arrived_at


def is_silent(now: Backlog) -> bool:
    """Return whether no webhook was accepted for SILENCE_DAYS working days."""
    since = silent_since(now)
    if not now.silence_days or since is None:
        return False
    return working_days(_local(now, since), _local(now, now.clock)) >= now.silence_days


def _local(now: Backlog, moment: float) -> datetime:
    return datetime.fromtimestamp(moment, ZoneInfo(now.time_zone) if now.time_zone else UTC)


# Conditions and sentences


def is_alive(now: Backlog) -> bool:
    """Return whether a worker's heartbeat is recent."""
    return now.worker_age is not None and now.worker_age <= ALIVE_SECONDS


def is_missed(now: Backlog) -> bool:
    """Return whether work is pending without a worker; one that never ran may be starting now."""
    age = now.worker_age if now.worker_age is not None else now.oldest or 0.0
    return bool(now.waiting) and age > ALIVE_SECONDS


def no_worker(now: Backlog) -> str:
    if now.worker_age is not None:
        text = f"No worker is running. The last heartbeat was {lasting(now.worker_age)} ago."
    elif now.is_set_up:
        text = "No worker has run yet."
    else:
        text = (
            "No worker has run yet. To use your existing sheet, map it before you start the worker."
        )
    return f"{text} Pending: {pending(now)}." if now.waiting else text


def is_late(now: Backlog, strict: bool) -> bool:
    """Return whether anything is pending for too long; `strict`: at all."""
    return now.waiting > 0 and (strict or (now.oldest or 0.0) >= LATE_SECONDS)


def late(now: Backlog) -> str:
    trouble = f" ({now.trouble})" if now.trouble else ""
    return f"The sheet is not up to date{trouble}. Pending: {pending(now)}{oldest(now.oldest)}."


def paused(now: Backlog) -> str:
    text = f"Writing has been paused for {lasting(now.paused_age or 0.0)}."
    return f"{text} Pending: {pending(now)}." if now.waiting else text


def pending(now: Backlog) -> str:
    parts = [
        pluralize(count, singular, plural)
        for count, singular, plural in (
            (now.deliveries, "webhook to process", "webhooks to process"),
            (now.jobs, "job to write", "jobs to write"),
        )
        if count
    ]
    if now.quarantined:
        parts.append(f"{now.quarantined} of them on hold")
    return ", ".join(parts)


def oldest(age: float | None) -> str:
    return f", the oldest for {lasting(age)}" if age is not None else ""


def trouble(now: Backlog) -> str:
    age = f" for {lasting(now.trouble_age)}" if now.trouble_age is not None else ""
    return f"The sheet could not be written{age} ({now.trouble})."


def are_documents_late(now: Backlog, strict: bool) -> bool:
    """Return whether a document is pending for too long; `strict`: at all."""
    return now.documents > 0 and (strict or (now.oldest_document or 0.0) >= LATE_SECONDS)


def rejected_lately(now: Backlog) -> str:
    why = f" ({now.rejected_last_hour_for})" if now.rejected_last_hour_for else ""
    count = pluralize(now.rejected_last_hour, "webhook was", "webhooks were")
    return f"{count} rejected in the last hour{why}."


def is_secret_wrong(now: Backlog) -> bool:
    """Return whether a request had a wrong secret, and no webhook was accepted since."""
    last = now.wrong_secret_age
    return last is not None and (now.arrived_at is None or now.clock - now.arrived_at > last)


def silence(now: Backlog) -> str:
    last = last_moment(now)
    if last is None:
        age = lasting(now.clock - (now.set_up_at or now.clock))
        return f"No webhook has been accepted since setup, {age} ago."
    days = pluralize(now.silence_days, "working day", "working days")
    return (
        f"No webhook was accepted for {days} (SILENCE_DAYS). The last one arrived on "
        f"{last:%Y-%m-%d %H:%M %Z}."
    )


def is_disk_low(now: Backlog) -> bool:
    free = now.disk_free
    return free is not None and free < min(LOW_SHARE * now.disk_size, LOW_BYTES)


def disk_low(now: Backlog) -> str:
    return f"Only {round((now.disk_free or 0) / _MEGABYTE)} MB are free on the database's disk."
