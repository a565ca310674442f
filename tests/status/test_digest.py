"""Tests the daily digest: its counts, once a day, and off unless an hour is set."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from emulator import Emulator
from sync.status.digests import send_digests
from sync.webhooks.parse import read
from tests.bench import Bench
from tests.chat import Chat
from tests.made_up import DEMO_CONFIG, body, document, milestone, task

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def bench(chat: Chat, database_url: str) -> Iterator[Bench]:
    with Emulator() as google:
        url = f"json://127.0.0.1:{chat.server.server_port}/"
        yield Bench(google, database_url, DEMO_CONFIG, ALERT_URLS=url, DIGEST_HOUR="7")


NOW = datetime.now(UTC).replace(minute=30, second=0, microsecond=0)


def digest(bench: Bench, moment: datetime) -> None:
    """Send what is due, as a process that has just started."""
    alerts = bench.wiring.alerts()
    send_digests(bench.wiring, alerts, lambda: moment)


def at(hour: int) -> datetime:
    return NOW.replace(hour=hour)


def ago(days: float) -> str:
    return f"{at(8) - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def test_it_counts_the_changes_of_a_day(bench: Bench, chat: Chat) -> None:
    bench.send(
        milestone(1, status="APPROVED", date_updated=ago(0.1)),
        milestone(2, status="APPROVED", date_updated=ago(0.2)),
        milestone(3, status="REJECTED", date_updated=ago(0.0)),
        milestone(4, status="APPROVED", date_updated=ago(300)),  # read back today
        milestone(5, status="SUBMITTED", date_updated=ago(14), tasks=[task(document(1))]),
        milestone(6, status="SUBMITTED", date_updated=ago(40)),
    )
    rejected = [task(name=name, status="REJECTED") for name in ("Permit", "Plan")]
    bench.send(milestone(8, date_updated=ago(2)))
    bench.send(milestone(8, date_updated=ago(0.1), tasks=rejected))
    found = body(milestone(7, status="APPROVED", date_updated=ago(3)))
    bench.inbox.keep(found, read(found), requested=at(8))
    bench.flush()
    bench.wiring.heartbeats.give()
    digest(bench, at(8))
    (heard,) = chat.heard
    lines = heard["message"].splitlines()
    assert lines == [
        "Approved since yesterday: 2, rejected: 2.",
        "Stuck jobs: 1.",
        "Documents: 0 failed, 0 pending.",
        "The sheet is up to date.",
    ]
    bench.edit("delete_rows", index=1)
    bench.compare()
    digest(bench, at(8) + timedelta(days=1))
    assert "1 job has no row." in chat.heard[1]["message"]
    assert "up to date" not in chat.heard[1]["message"]


def test_it_is_sent_once_a_day_by_the_first_process(bench: Bench, chat: Chat) -> None:
    """Two processes and a restart send one digest a day."""
    for hour, sent in ((6, 0), (7, 1), (7, 1), (8, 1), (7 + 24, 2), (8 + 24, 2)):
        digest(bench, at(0) + timedelta(hours=hour))
        assert len(chat.heard) == sent


@pytest.mark.long
def test_one_that_did_not_arrive_is_sent_at_the_next_check(bench: Bench, chat: Chat) -> None:
    chat.statuses = [500, 500, 500]
    digest(bench, at(7))
    assert chat.heard == []
    digest(bench, at(7))
    assert len(chat.heard) == 1


@ON_SQLITE
def test_a_worker_that_starts_late_waits_for_the_next_day(bench: Bench, chat: Chat) -> None:
    digest(bench, at(7) + timedelta(hours=6))
    assert chat.heard == []


@ON_SQLITE
def test_it_is_off_without_an_hour(bench: Bench, chat: Chat) -> None:
    bench.environment["DIGEST_HOUR"] = ""
    bench.configured(bench.config)
    digest(bench, at(7))
    assert chat.heard == []


@ON_SQLITE
def test_the_hour_is_in_the_configured_time_zone(bench: Bench, chat: Chat) -> None:
    """07:30 in Denver is 13:30 or 14:30 in UTC."""
    bench.environment["TIMEZONE"] = "America/Denver"
    bench.configured(bench.config)
    digest(bench, at(7))
    assert chat.heard == []
    digest(bench, at(14))
    assert len(chat.heard) == 1
