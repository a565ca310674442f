"""Leases: one writer at a time, and none that is late."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from sync.errors import Retryable
from sync.jobs.model import Job
from sync.store import Database, Jobs, Lease, Leases, Projected, SheetStore, ShownVersion
from sync.wiring import Wiring
from tests.store.parts import SETTINGS, X, attempt, dirty, held, with_jobs

pytestmark = pytest.mark.long


def test_a_lease_is_held_once_and_its_token_only_grows(database: Database) -> None:
    leases, first = Leases(database, 30), held(database)
    assert leases.acquire("sheet") is None
    leases.release(first)
    second = leases.acquire("sheet")
    assert second is not None
    assert second.token > first.token


def test_two_loops_of_one_process_exclude_each_other(database: Database) -> None:
    """They share a wiring, and the first one to finish must not release the other's lease."""
    wiring, has_begun, may_end = Wiring(SETTINGS, database), Event(), Event()

    def work() -> None:
        with wiring.hold(lambda _: None) as lease:
            has_begun.set()
            assert may_end.wait(10)
            SheetStore(database, "s").spreadsheet.set_ours(lease)

    with ThreadPoolExecutor(1) as pool:
        loop = pool.submit(work)
        assert has_begun.wait(10)
        with pytest.raises(Retryable, match="writing the sheet"), wiring.hold(lambda _: None):
            pass
        may_end.set()
        loop.result()
    with wiring.hold(lambda _: None):
        pass


def test_a_late_renewal_or_release_changes_nothing(database: Database) -> None:
    leases, late = Leases(database, 30), held(database, seconds=-1)
    second = held(database)
    leases.renew(late)
    leases.release(late)
    assert leases.acquire("sheet") is None
    leases.release(second)
    leases.renew(second)
    assert leases.acquire("sheet") is not None


def test_a_lease_that_ran_out_is_renewed_unless_it_was_taken(database: Database) -> None:
    leases, mine = Leases(database, 30), held(database, seconds=-1)
    leases.renew(mine)
    assert leases.acquire("sheet") is None


def test_a_lease_from_before_the_clock_was_put_back_is_over(database: Database) -> None:
    leases, mine = Leases(database, 30), held(database)
    put_clock_back(database)
    after = leases.acquire("sheet")
    assert after is not None
    assert after.token > mine.token
    assert leases.acquire("sheet") is None, "the new one is held as any"


def test_a_lease_is_renewed_across_a_clock_that_was_put_back(database: Database) -> None:
    leases, mine = Leases(database, 30), held(database)
    put_clock_back(database)
    leases.renew(mine)
    assert leases.acquire("sheet") is None


def put_clock_back(database: Database) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE lease SET expires_at = expires_at + 3600")


def test_of_many_at_once_one_gets_the_lease(database: Database) -> None:
    barrier = Barrier(6)

    def acquire(_: int) -> Lease | None:
        barrier.wait()
        return Leases(database, 30).acquire("sheet")

    with ThreadPoolExecutor(6) as pool:
        assert sum(lease is not None for lease in pool.map(acquire, range(6))) == 1


Deed = Callable[[SheetStore, Lease], object]

DEEDS: dict[str, Deed] = {
    "take_turn": lambda store, held: store.spreadsheet.take_turn(held),
    "take_call": lambda store, held: store.spreadsheet.take_call(held),
    "make_current": lambda store, held: store.spreadsheet.make_current(held),
    "clear_written": lambda store, held: store.spreadsheet.clear_written(held),
    "write_again": lambda store, held: store.spreadsheet.write_again(held, ["a"]),
    "set_compared": lambda store, held: store.spreadsheet.set_compared(held),
    "begin": lambda store, held: store.batches.begin(held, attempt(1, None)),
    "settle_attempts": lambda store, held: store.batches.settle_attempts(held, 1),
    "conclude": lambda store, held: store.batches.conclude(held, attempt(1, None)),
    "confirm": lambda store, held: store.batches.confirm(held, [ShownVersion("a", 1, 1, X)]),
    "mark_wrong": lambda store, held: store.batches.mark_wrong(held, {"a": ["c"]}),
    "finish_undos": lambda store, held: store.batches.finish_undos(held, [1]),
    "set_has_row": lambda store, held: store.batches.set_has_row(held, ["a"], has_row=False),
    "set_ours": lambda store, held: store.spreadsheet.set_ours(held),
    "set_mapped": lambda store, held: store.spreadsheet.set_mapped(held, [1], ["c"]),
    "keep_ended_words": lambda store, held: store.spreadsheet.keep_ended_words(held, ()),
    "quarantine": lambda store, held: store.batches.quarantine(held, "a"),
    "history written again": lambda store, held: store.history.write_again(held),
    "history dropped": lambda store, held: store.history.drop(held, [1]),
}


@pytest.mark.parametrize("name", ["take_in", *DEEDS])
def test_who_lost_the_lease_writes_nothing(database: Database, name: str) -> None:
    """A frozen worker wakes up and continues where it was."""
    store = with_jobs(database, "a")
    before = dirty(store)
    Leases(database, 30).release(held(database))
    late = held(database, seconds=-1)
    held(database)
    with pytest.raises(Retryable) as caught:
        if name == "take_in":
            Jobs(database).take_in(late, Projected([Job(site="b")]))
        else:
            DEEDS[name](store, late)
    assert caught.value.reason == "lease_lost"
    assert dirty(store) == before
