"""A spreadsheet's turns, its trouble, and what becomes of it where another is written."""

import time

import pytest
from sqlalchemy import select

from sync.errors import Permanent
from sync.store import Database, Spreadsheet
from sync.store.schema import sheet
from sync.store.sheet_store import sheet_store
from tests.store.parts import X, attempt, dirty, held, showing, with_jobs


def test_the_rate_limit_is_shared_by_all_processes(database: Database) -> None:
    """Two workers that take turns have one quota with Google."""
    one, other, mine = Spreadsheet(database, "s"), Spreadsheet(database, "s"), held(database)
    assert one.take_turn(mine).wait == 0
    assert other.take_turn(mine).wait > 0.5
    waits = [other.take_turn(mine, spacing=0).wait for _ in range(12)]
    assert waits[-1] > 1


def test_fence_numbers_only_grow(database: Database) -> None:
    """Catches a number that two batches have: the read could not tell which one landed."""
    mine = held(database)
    fences = [
        Spreadsheet(database, "s").take_turn(mine, spacing).fence for spacing in (1.0, 0, 1.0)
    ]
    store = sheet_store(database, "s")
    # A read may have shown a larger one: a batch of a database that was lost.
    store.batches.begin(mine, attempt(40, 39))
    fences.append(store.spreadsheet.take_turn(mine).fence)
    store.batches.conclude(mine, attempt(40, 39))
    fences.append(Spreadsheet(database, "s").take_turn(mine).fence)
    assert fences == [1, 2, 3, 41, 42]


def test_a_turn_is_refused_where_another_spreadsheet_is_current(database: Database) -> None:
    """Catches a worker with an old setting that keeps writing a spreadsheet nobody reads."""
    old, new, mine = Spreadsheet(database, "old"), Spreadsheet(database, "new"), held(database)
    assert old.take_turn(mine).fence == 1
    old.must_be_current()
    assert new.take_turn(mine).fence == 1
    for _ in range(2):
        with pytest.raises(Permanent) as caught:
            old.take_turn(mine)
        assert caught.value.reason == "moved"
        assert "SPREADSHEET_ID=new" in caught.value.message
    with pytest.raises(Permanent):
        old.must_be_current()
    assert new.take_turn(mine).fence == 2
    # A worker that is started with it makes it the one again, and its numbers go on.
    assert Spreadsheet(database, "old").take_turn(mine).fence == 2
    with pytest.raises(Permanent):
        new.take_turn(mine)


def test_another_spreadsheet_is_written_from_the_start(database: Database) -> None:
    """And the first one again, should people go back to it: it was not kept up meanwhile."""
    mine = held(database)
    for name in ("first", "second", "first"):
        store = with_jobs(database, "a", spreadsheet=name)
        store.spreadsheet.adopt(mine)
        again = dirty(store)["a"]
        assert (again.written, again.is_fresh) == ({}, True)
        store.batches.conclude(mine, attempt(1, None, showing(again, X)))
        store.spreadsheet.adopt(mine)
        assert store.pending.written_sites() == {"a"}


def test_a_batch_in_doubt_says_nothing_of_rows_after_a_switch(database: Database) -> None:
    """Catches an old batch whose landing is taken for the rows that are to be written again."""
    store, mine = with_jobs(database, "a", spreadsheet="first"), held(database)
    store.spreadsheet.adopt(mine)
    store.batches.begin(mine, attempt(3, None, showing(dirty(store)["a"], X)))
    for name in ("second", "first"):
        sheet_store(database, name).spreadsheet.adopt(mine)
    landed = store.batches.landed(mine, 3)
    assert landed is not None
    assert landed.shown == ()
    store.batches.conclude(mine, landed)
    assert dirty(store)["a"].written == {}


def test_a_tab_that_is_gone_makes_every_job_new(database: Database) -> None:
    """Catches a new tab that misses the jobs of the old one."""
    store, mine = with_jobs(database, "a"), held(database)
    store.batches.begin(mine, attempt(1, None))
    store.batches.confirm(mine, [showing(dirty(store)["a"], X)])
    assert store.spreadsheet.forget(mine)
    after = store.pending.read(9, 9)
    assert [(one.written, one.is_fresh) for one in after.jobs] == [({}, True)]
    assert (after.in_doubt, after.known_columns) == (False, frozenset())
    assert not store.spreadsheet.forget(mine)


def test_rows_that_a_person_asks_for_are_made_again(database: Database) -> None:
    """Catches `compare --restore` that brings back more, or nothing."""
    store, mine = with_jobs(database, "a", "b"), held(database)
    store.batches.confirm(mine, [showing(one, X) for one in dirty(store).values()])
    store.batches.forget_rows(mine, ["a"])
    store.spreadsheet.write_again(mine, ["a"])
    assert {site: one.is_fresh for site, one in dirty(store).items()} == {"a": True}


def test_a_trouble_lasts_since_its_first_reason(database: Database) -> None:
    """Told anew with each reason, an outage of a day would seem to be one of seconds."""
    spreadsheet = Spreadsheet(database, "one")

    def since() -> float | None:
        with database.reading() as connection:
            return connection.scalar(select(sheet.c.since))

    assert spreadsheet.trouble() == ("", "")
    spreadsheet.set_trouble("google_unavailable", "Google answered 503.")
    first = since()
    time.sleep(0.05)
    spreadsheet.set_trouble("rate_limited", "Too many calls.")
    assert spreadsheet.trouble() == ("rate_limited", "Too many calls.")
    assert first is not None
    assert since() == first
    spreadsheet.set_trouble()
    assert since() is None


def test_a_batch_that_landed_ends_the_trouble(database: Database) -> None:
    """Catches a status page that is red for ever after an outage."""
    store, mine = with_jobs(database), held(database)
    store.spreadsheet.set_trouble("google_unavailable", "Google answered 503.")
    store.batches.conclude(mine, attempt(1, None))
    assert store.spreadsheet.trouble() == ("", "")


def test_a_comparison_is_due_a_day_after_the_last(database: Database) -> None:
    """Catches one at every start, and one of a spreadsheet that is not written."""
    spreadsheet, mine = Spreadsheet(database, "s"), held(database)
    assert not spreadsheet.is_comparison_due(-1)  # Nothing was ever written there.
    spreadsheet.adopt(mine)
    assert not spreadsheet.is_comparison_due(60)
    time.sleep(0.05)
    assert spreadsheet.is_comparison_due(0.01)
    spreadsheet.set_compared(mine)
    assert not spreadsheet.is_comparison_due(60)
    Spreadsheet(database, "other").adopt(mine)
    time.sleep(0.05)
    assert not spreadsheet.is_comparison_due(0.01)
