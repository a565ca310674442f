"""Alerts: one message when something begins, one when a problem ends, and none twice."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from sync.alerts.channels import send
from sync.alerts.watch import Watch, news
from sync.core.database import Database, Lease
from sync.core.store import Store
from sync.errors import LEASE_LOST, Retryable
from sync.settings.environment import Settings, load
from sync.status.rules import Entry, Level, Rule
from sync.status.state import MESSAGES, read
from tests import databases
from tests.chat import Chat
from tests.settings.test_environment import LEAST

NOW, HOUR = 1_000_000.0, 3600.0


def entry(code: str, level: Level, text: str, *, is_sent: bool = True) -> Entry:
    return Entry(Rule(code, level, bool, text, is_sent=is_sent), text)


LATE = entry("late", Level.PROBLEM, "It is late.")
PAUSED = entry("paused", Level.PROBLEM, "It is paused.")
ODD = entry("odd", Level.NOTICE, "It is odd.")
ORDER = entry("order", Level.NOTICE, "Put it in order.", is_sent=False)


def sent(text: str = "It is late.", ago: float = 60.0, ended: float = 0.0) -> dict[str, Any]:
    return {"at": NOW - ago, "ended": ended and NOW - ended, "text": text}


@pytest.mark.parametrize(
    ("entries", "before", "lines", "codes"),
    [
        ([], {}, [], set()),
        ([LATE, ODD], {}, ["It is late.", "It is odd."], {"late", "odd"}),
        ([LATE], {"late": sent()}, [], {"late"}),
        ([LATE], {"late": sent(ago=9 * HOUR)}, [], {"late"}),
        ([ODD], {"late": sent(), "odd": sent("")}, ["Fixed: It is late."], {"late", "odd"}),
        ([], {"odd": sent("")}, [], {"odd"}),
        # It comes and goes: what ended a moment ago is sent again only after an hour.
        ([], {"late": sent(ended=30)}, [], {"late"}),
        ([LATE], {"late": sent(ended=30)}, [], {"late"}),
        ([LATE], {"late": sent(ago=2 * HOUR, ended=30)}, ["It is late."], {"late"}),
        ([], {"late": sent(ago=2 * HOUR, ended=30)}, [], set()),
        ([], {"late": sent(ago=2 * HOUR)}, ["Fixed: It is late."], set()),
        ([ORDER], {}, [], set()),
        # Something else explains it now, so nobody knows whether it has ended.
        ([PAUSED], {"late": sent()}, ["It is paused."], {"late", "paused"}),
        ([ODD], {"late": sent(), "odd": sent("")}, ["Fixed: It is late."], {"late", "odd"}),
    ],
)
def test_what_is_new_is_sent(
    entries: list[Entry], before: Mapping[str, Any], lines: list[str], codes: set[str]
) -> None:
    found, sent = news(entries, before, NOW)
    assert [text for _, text in found] == lines
    assert {*sent} == codes
    assert not news(entries, sent, NOW + 1)[0], "nothing is sent twice"


@pytest.fixture(params=databases.KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    made = Database(databases.fresh(request.param, tmp_path))
    made.create()
    Store(made).put("begun", time.time() - 120)
    return made


SETTINGS: Settings = load({**LEAST, "ALERT_URLS": "json://127.0.0.1:9"})


def expire(database: Database) -> None:
    """Let the lease of whoever sends end."""
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE lease SET expires = 0 WHERE name = 'alerts'")


def watch(
    database: Database, told: list[str], *, arrives: bool = True, titles: list[str] | None = None
) -> Watch:
    titles = [] if titles is None else titles

    def deliver(_url: SecretStr, title: str, text: str) -> bool:
        told.append(text)
        titles.append(title)
        return arrives

    return Watch(SETTINGS, database, deliver)


def test_one_process_sends_and_a_restart_repeats_nothing(database: Database) -> None:
    """Nobody writes the sheet at first, then somebody does."""
    told, titles = list[str](), list[str]()
    one, other = watch(database, told, titles=titles), watch(database, told, titles=titles)
    for _ in range(2):
        one.step()
        other.step()
    assert len(told) == 1
    assert "isn't running" in told[0]
    one.stop()
    restarted = watch(database, told, titles=titles)
    restarted.step()
    assert len(told) == 1
    assert Lease(database, 60).take()
    restarted.step()
    assert len(told) == 2
    assert told[1].startswith("Fixed: ")
    assert titles == ["problem", "fixed"]


def test_what_begins_and_ends_while_the_service_is_down_is_told_afterward(
    database: Database,
) -> None:
    told = list[str]()
    failing = watch(database, told, arrives=False)
    failing.step()
    assert Lease(database, 60).take()
    failing.step()
    failing.stop()
    told.clear()
    watch(database, told).step()
    assert [text.startswith("Fixed: ") for text in told] == [False, True]


def test_what_does_not_arrive_is_listed_and_sent_again(database: Database) -> None:
    told = list[str]()
    failing = watch(database, told, arrives=False)
    failing.step()
    failing.stop()
    watch(database, told, arrives=False).step()
    assert len(told) == 2
    assert read(SETTINGS, database).alerts_failing
    expire(database)
    watch(database, told).step()
    assert len(told) == 3
    assert not read(SETTINGS, database).alerts_failing


def test_a_process_that_stalls_while_it_sends_causes_one_repeat(database: Database) -> None:
    """It stores nothing after another has taken over."""
    told = list[str]()

    def stall(_url: SecretStr, _title: str, text: str) -> bool:
        told.append(text)
        with database.begin() as connection:
            connection.exec_driver_sql("UPDATE lease SET token = token + 1 WHERE name = 'alerts'")
        return True

    with pytest.raises(Retryable, match="taken over"):
        Watch(SETTINGS, database, stall).step()
    assert len(Store(database).get(MESSAGES)["waiting"]) == 1
    expire(database)
    for _ in range(2):
        watch(database, told).step()
        expire(database)
    assert len(told) == 2


def test_a_database_that_is_away_is_said_once_and_so_is_its_return(tmp_path: Path) -> None:
    """A lease that was lost isn't a database that is away; and one process says it."""
    told = list[str]()
    database = Database(databases.fresh("sqlite", tmp_path))
    Store(database).prepare()
    away, other = watch(database, told), watch(database, told)
    away.step()
    other.step()
    known = len(told)
    for _ in range(4):
        for each in (away, other):
            each.note_unread(Retryable("database", "The database didn't answer."))
            each.note_unread(Retryable(LEASE_LOST, "Another worker has taken over."))
    (said,) = told[known:]
    assert "database didn't answer" in said
    away.step()
    other.step()
    assert told[known + 1 :] == ["Fixed: The database answers again."]
    away.stop()
    other.step()
    assert len(told) == known + 2, "the other process hadn't said that it was away"


def test_each_problem_is_a_message(database: Database) -> None:
    told = list[str]()
    findings = [
        {"code": code, "text": "It is.", "tab": "Jobs"}
        for code in ("keys_gone", "two_rows", "held_cells", "refused")
    ]
    Store(database).put("pass", {"at": time.time(), "findings": findings})
    watch(database, told).step()
    assert len(told) == 5


def test_a_message_arrives_without_calls_and_secrets(chat: Chat) -> None:
    assert send(chat.url, "problem", "It is @everyone's <b>.")
    (text,) = chat.texts()
    assert text == "It is (at)everyone's \u2039b\u203a."
