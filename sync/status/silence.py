"""Tells that nothing came for so many working days. Pure."""

from collections.abc import Set
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sync.status.verdict import counted
from sync.store import Arrival

SILENCE = "silence"
SILENCE_OVER = "Deliveries come again."

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
    found = timedelta(0)
    while at < end:
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
        if at.weekday() < _SATURDAY:
            found += min(midnight, end) - at
        at = midnight
    return weeks * 5 + found / _DAY


def silence(newest: Arrival | None, days: int, zone: str, told: Set[str]) -> dict[str, str]:
    """Return what a person is to be told where nothing came for `days` working days, by its code.

    Before the first delivery it is nothing, and 0 `days` are none; `told` are the codes that the
    person knows: what they know is over only where something came.
    """
    if not days or newest is None:
        return {SILENCE: ""} if days and SILENCE in told else {}
    known = ZoneInfo(zone) if zone else UTC
    since, now = (datetime.fromtimestamp(one, known) for one in (newest.at, newest.now))
    if working_days(since, now) < days:
        return {}
    text = (
        f"Nothing came from EverBright for {counted(days, 'working day', 'working days')}: the "
        f"last delivery is of {since:%Y-%m-%d %H:%M %Z}. Where you expect more, look at the "
        "webhook in EverBright, its address and its secret, and whether requests were refused: "
        "brightsheet deliveries. How long is too long is SILENCE_DAYS."
    )
    return {SILENCE: text}
