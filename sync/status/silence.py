"""Tells whether nothing came for so many working days. Pure."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sync.store import Backlog

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
