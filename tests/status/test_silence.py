"""Tests the alert when no webhook was accepted for SILENCE_DAYS working days."""

from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest

from sync.status.rules import SILENCE, working_days
from sync.status.verdict import alarms
from sync.store import Backlog


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# 2026-03-02 is a Monday.
@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2026-03-02T09:00", "2026-03-02T09:00", 0),
        ("2026-03-02T09:00", "2026-03-02T21:00", 0.5),
        ("2026-03-02T09:00", "2026-03-05T09:00", 3),
        ("2026-03-05T09:00", "2026-03-02T09:00", 0),  # The clock was put back.
        ("2026-03-06T12:00", "2026-03-07T12:00", 0.5),  # Friday noon to Saturday noon
        ("2026-03-06T12:00", "2026-03-09T00:00", 0.5),  # ... to Monday's first moment
        ("2026-03-06T12:00", "2026-03-11T12:00", 3),  # ... to Wednesday noon
        ("2026-03-07T00:00", "2026-03-09T00:00", 0),  # a weekend
        ("2026-03-07T12:00", "2026-03-10T00:00", 1),  # Saturday to the end of Monday
        ("2026-03-08T23:00", "2026-03-09T01:00", 1 / 24),  # Sunday to Monday
        ("2026-03-02T09:00", "2026-03-09T09:00", 5),  # a week
        ("2026-03-07T09:00", "2026-03-14T09:00", 5),  # a week from a Saturday
        ("2026-03-06T12:00", "2026-03-16T12:00", 6),  # two weekends
        ("2026-03-02T00:00", "2027-03-01T00:00", 260),  # 52 weeks
        ("1970-01-01T00:00", "2026-03-02T00:00", 14_652),
    ],
)
def test_working_days_between_two_moments(since: str, until: str, expected: float) -> None:
    assert working_days(at(since), at(until)) == pytest.approx(expected)


def alerts(since: str, now: str, days: int = 3, zone: tzinfo = UTC) -> dict[str, str]:
    """Return the alerts by code, which must be the same for a last webhook and for the setup."""
    common = Backlog(worker_age=1.0, clock=at(now).timestamp(), silence_days=days, zone=zone)
    found = [
        {code: problem.explained for code, problem in alarms(backlog).items() if problem}
        for backlog in (
            replace(common, arrived_at=at(since).timestamp(), set_up_at=0.0),
            replace(common, set_up_at=at(since).timestamp()),
        )
    ]
    assert found[0].keys() == found[1].keys()
    return found[0]


def test_silence_is_reported_after_the_working_days_with_its_fix() -> None:
    assert alerts("2026-03-06T12:00", "2026-03-11T11:59") == {}
    text = alerts("2026-03-06T12:00", "2026-03-11T12:00")[SILENCE]
    for words in ("3 working days", "Mar 6, 2026, 12:00 PM UTC", "secret", "brightsheet backfill"):
        assert words in text
    assert len(text) < 600  # The limit of an alert.


def test_zero_days_turn_it_off() -> None:
    assert alerts("2026-03-06T12:00", "2027-03-06T12:00", days=0) == {}


def test_the_weekend_is_in_the_configured_time_zone() -> None:
    """In Los Angeles it is Friday 16:00 when Saturday begins by UTC."""
    friday, monday = "2026-03-07T00:00", "2026-03-10T01:00"  # there: Friday 16:00, Monday 18:00
    assert alerts(friday, monday, days=1) == {SILENCE: alerts(friday, monday, days=1)[SILENCE]}
    assert alerts(friday, "2026-03-09T07:00", 1, ZoneInfo("America/Los_Angeles")) == {}
    assert SILENCE in alerts(friday, "2026-03-10T07:00", 1, ZoneInfo("America/Los_Angeles"))
