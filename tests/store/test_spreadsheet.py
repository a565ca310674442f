"""A spreadsheet's turns, its trouble, and what becomes of it where another is written."""

import time
from dataclasses import replace

import pytest
from sqlalchemy import select

from sync.errors import Permanent
from sync.store import Conclusion, Database, Lease, SheetStore, Spreadsheet
from sync.store.schema import sheet
from sync.types import Mode
from tests.store.parts import X, attempt, dirty, held, showing, with_jobs


def test_the_rate_limit_is_shared_by_all_processes(database: Database) -> None:
    """Two workers that take turns have one quota with Google."""
    one, other, mine = Spreadsheet(database, "s"), Spreadsheet(database, "s"), held(database)
    assert one.take_turn(mine).wait == 0
    assert other.take_turn(mine).wait > 0.5
    waits = [other.take_call(mine) for _ in range(12)]
    assert waits[-1] > 1


def test_fence_numbers_only_grow(database: Database) -> None:
    mine = held(database)
    fences = [Spreadsheet(database, "s").take_turn(mine).fence for _ in range(3)]
    store = SheetStore(database, "s")
    # A read may have shown a larger one: a batch of a database that was lost.
    store.batches.begin(mine, attempt(40, 39))
    fences.append(store.spreadsheet.take_turn(mine).fence)
    store.batches.conclude(mine, attempt(40, 39))
    fences.append(Spreadsheet(database, "s").take_turn(mine).fence)
    assert fences == [1, 2, 3, 41, 42]


def test_a_turn_is_refused_if_another_spreadsheet_is_current(database: Database) -> None:
    old, new, mine = Spreadsheet(database, "old"), Spreadsheet(database, "new"), held(database)
    assert old.take_turn(mine).fence == 1
    old.must_be_current()
    assert new.take_turn(mine).fence == 1
    # A check of another one, such as the doctor's, moves nothing.
    Spreadsheet(database, "checked").set_trashed(trashed=False)
    assert new.take_turn(mine).fence == 2
    for _ in range(2):
        with pytest.raises(Permanent) as caught:
            old.take_turn(mine)
        assert caught.value.reason == "moved"
        assert "SPREADSHEET_ID=new" in caught.value.message
    with pytest.raises(Permanent):
        old.must_be_current()
    assert new.take_turn(mine).fence == 3
    # A worker that is started with it makes it the one again, and its numbers go on.
    assert Spreadsheet(database, "old").take_turn(mine).fence == 2
    with pytest.raises(Permanent):
        new.take_turn(mine)


def test_a_failed_first_turn_is_repeated_whole(database: Database) -> None:
    mine = held(database)
    Spreadsheet(database, "old").take_turn(mine)
    new = Spreadsheet(database, "new")
    new.keep_trial(keeps_range_id=False, refuses_taken_id=True)
    for _ in range(2):
        with pytest.raises(Permanent) as caught:
            new.take_turn(mine)
        assert caught.value.reason == "unsafe"
    new.keep_trial(keeps_range_id=True, refuses_taken_id=True)
    assert new.take_turn(mine).fence == 1
    assert new.is_writable()


def test_another_spreadsheet_is_written_from_the_start(database: Database) -> None:
    """And the first one again, should people go back to it: it was not kept up meanwhile."""
    mine = held(database)
    for name in ("first", "second", "first"):
        store = with_jobs(database, "a", spreadsheet=name)
        store.spreadsheet.make_current(mine)
        again = dirty(store)["a"]
        assert (again.resolved, again.is_fresh) == ({}, True)
        store.batches.conclude(mine, attempt(1, None, showing(again, X)))
        store.spreadsheet.make_current(mine)
        assert store.pending.sites_with_row() == {"a"}


def test_a_batch_in_doubt_confirms_no_rows_after_a_switch(database: Database) -> None:
    store, mine = with_jobs(database, "a", spreadsheet="first"), held(database)
    store.spreadsheet.make_current(mine)
    store.batches.begin(mine, attempt(3, None, showing(dirty(store)["a"], X)))
    for name in ("second", "first"):
        SheetStore(database, name).spreadsheet.make_current(mine)
    confirmed = store.batches.settle_attempts(mine, 3)
    assert confirmed is not None
    assert confirmed.shown == ()
    store.batches.conclude(mine, confirmed)
    assert dirty(store)["a"].resolved == {}


def confirms_nothing(store: SheetStore, mine: Lease, fence: int) -> None:
    """Check that a batch that may still land is known as ours, and confirms nothing."""
    confirmed = store.batches.settle_attempts(mine, fence)
    assert confirmed is not None
    assert (confirmed.shown, confirmed.changes, confirmed.trace) == ((), (), "")


def test_a_tab_that_is_gone_makes_every_job_new(database: Database) -> None:
    store, mine = with_jobs(database, "a"), held(database)
    store.batches.begin(mine, attempt(1, None))
    store.batches.confirm(mine, [showing(dirty(store)["a"], X)])
    assert store.spreadsheet.clear_written(mine)
    after = store.pending.read(9, 9)
    assert [(one.resolved, one.is_fresh) for one in after.jobs] == [({}, True)]
    assert (after.has_attempt, after.created) == (True, frozenset())
    confirms_nothing(store, mine, 1)
    assert not store.spreadsheet.clear_written(mine)


def test_a_trouble_lasts_since_its_first_reason(database: Database) -> None:
    """Told anew with each reason, an outage of a day would seem to be one of seconds."""
    spreadsheet = Spreadsheet(database, "one")

    def since() -> float | None:
        with database.reading() as connection:
            return connection.scalar(select(sheet.c.since))

    assert spreadsheet.glance().reason == ""
    spreadsheet.set_trouble("google_unavailable", "Google answered 503.")
    first = since()
    time.sleep(0.05)
    spreadsheet.set_trouble("rate_limited", "Too many calls.")
    assert spreadsheet.glance().message == "Too many calls."
    spreadsheet.set_trouble("rate_limited", "Too many writes.")
    assert spreadsheet.glance().message == "Too many writes."
    assert first is not None
    assert since() == first
    spreadsheet.clear_trouble()
    assert since() is None


def test_a_comparison_is_due_a_day_after_the_last(database: Database) -> None:
    spreadsheet, mine = Spreadsheet(database, "s"), held(database)
    assert not spreadsheet.is_comparison_due(-1)  # Nothing was ever written there.
    spreadsheet.make_current(mine)
    assert not spreadsheet.is_comparison_due(60)
    time.sleep(0.05)
    assert spreadsheet.is_comparison_due(0.01)
    spreadsheet.set_compared(mine)
    assert not spreadsheet.is_comparison_due(60)
    assert spreadsheet.is_writable()
    Spreadsheet(database, "other").make_current(mine)
    time.sleep(0.05)
    assert not spreadsheet.is_comparison_due(0.01)
    assert not spreadsheet.is_writable()


def test_whose_the_tabs_are_is_stored(database: Database) -> None:
    """Guessed from a read, a lost header row would have all jobs written into a tab of ours."""
    store, mine = with_jobs(database, "a"), held(database)
    assert store.spreadsheet.mode() is Mode.UNSET
    assert store.pending.read(1, 1).mode is Mode.UNSET
    store.spreadsheet.set_mapped(mine, [77, 0], ["c", "site_id"])
    found = SheetStore(database, "s").pending.read(1, 1)
    assert (found.mode, found.tabs, found.created) == (
        Mode.MAPPED,
        frozenset({0, 77}),
        frozenset({"c", "site_id"}),
    )
    assert SheetStore(database, "other").spreadsheet.mode() is Mode.UNSET
    store.spreadsheet.set_ours(mine)
    again = store.pending.read(1, 1)
    assert (again.mode, again.tabs) == (Mode.OURS, frozenset())


def test_tabs_that_are_mapped_again_forget_earlier_tabs(database: Database) -> None:
    """Our text in another tab would be taken for this tab's, and undone there."""
    store, mine = with_jobs(database, "a"), held(database)
    store.batches.conclude(
        mine, attempt(1, None, showing(dirty(store)["a"], X)), Conclusion(undos=["{}"])
    )
    store.batches.begin(mine, attempt(2, 1))
    store.spreadsheet.set_mapped(mine, [0], ["c"])
    found = store.pending.read(9, 9)
    assert (found.undos, found.sites_with_row) == ({}, frozenset())
    confirms_nothing(store, mine, 2)
    assert (found.jobs[0].resolved, found.jobs[0].is_fresh) == ({}, True)


def test_a_further_tab_or_column_compares_the_jobs_and_forgets_nothing(database: Database) -> None:
    """Forgotten, our text in previously mapped tabs would count as typed."""
    store, mine = with_jobs(database, "a"), held(database)
    store.spreadsheet.set_mapped(mine, [0], ["c"])
    store.batches.conclude(
        mine,
        replace(attempt(1, None, showing(dirty(store)["a"], X)), created=("c", "tab:history")),
        Conclusion(undos=["{}"]),
    )
    assert not dirty(store)
    store.spreadsheet.set_mapped(mine, [0, 77], ["d"])
    found = store.pending.read(9, 9)
    assert (found.jobs[0].resolved, found.sites_with_row) == (X, frozenset("a"))
    assert found.created == {"d", "tab:history"}, "a tab beside them is not made again"
    assert list(found.undos.values()) == ["{}"]
