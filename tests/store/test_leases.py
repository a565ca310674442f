"""Leases: one writer at a time, and none that is late."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from sync.errors import Retryable
from sync.jobs.model import Job
from sync.store import Database, Jobs, Lease, Leases, Projected, SheetStore, Shown
from tests.store.parts import X, attempt, dirty, held, with_jobs

pytestmark = pytest.mark.long


def test_a_lease_has_one_holder_and_its_token_only_grows(database: Database) -> None:
    mine, yours = Leases(database, "me", 30), Leases(database, "you", 30)
    first = mine.acquire("sheet")
    assert first is not None
    assert mine.acquire("sheet") == first
    assert yours.acquire("sheet") is None
    mine.release(first)
    second = yours.acquire("sheet")
    assert second is not None
    assert second.token > first.token


def test_a_late_release_keeps_the_lease_of_another(database: Database) -> None:
    late = held(database, "frozen", seconds=-1)
    held(database, "awake")
    Leases(database, "frozen", 30).release(late)
    assert Leases(database, "third", 30).acquire("sheet") is None


def test_a_lease_from_before_the_clock_was_put_back_is_over(database: Database) -> None:
    mine = held(database, "dead", seconds=30)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE lease SET expires_at = expires_at + 3600")
    after = Leases(database, "alive", 30).acquire("sheet")
    assert after is not None
    assert after.token > mine.token
    assert Leases(database, "third", 30).acquire("sheet") is None, "the new one is held as any"


def test_a_holder_renews_its_lease_across_a_clock_that_was_put_back(database: Database) -> None:
    mine = held(database)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE lease SET expires_at = expires_at + 3600")
    assert Leases(database, "me", 30).acquire("sheet") == mine
    assert Leases(database, "you", 30).acquire("sheet") is None


def test_of_many_at_once_one_gets_the_lease(database: Database) -> None:
    barrier = threading.Barrier(6)

    def acquire(number: int) -> Lease | None:
        barrier.wait()
        return Leases(database, f"worker {number}", 30).acquire("sheet")

    with ThreadPoolExecutor(6) as pool:
        assert sum(lease is not None for lease in pool.map(acquire, range(6))) == 1


Deed = Callable[[SheetStore, Lease], object]

DEEDS: dict[str, Deed] = {
    "take_turn": lambda store, held: store.spreadsheet.take_turn(held),
    "make_current": lambda store, held: store.spreadsheet.make_current(held),
    "clear_written": lambda store, held: store.spreadsheet.clear_written(held),
    "write_again": lambda store, held: store.spreadsheet.write_again(held, ["a"]),
    "set_compared": lambda store, held: store.spreadsheet.set_compared(held),
    "begin": lambda store, held: store.batches.begin(held, attempt(1, None)),
    "claim_attempt": lambda store, held: store.batches.claim_attempt(held, 1),
    "conclude": lambda store, held: store.batches.conclude(held, attempt(1, None)),
    "confirm": lambda store, held: store.batches.confirm(held, [Shown("a", 1, 1, X)]),
    "recheck": lambda store, held: store.batches.recheck(held, {"a": ["c"]}),
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
    Leases(database, "me", 30).release(held(database))
    late = held(database, "frozen", seconds=-1)
    held(database, "awake")
    with pytest.raises(Retryable) as caught:
        if name == "take_in":
            Jobs(database).take_in(late, Projected([Job(site="b")]))
        else:
            DEEDS[name](store, late)
    assert caught.value.reason == "lease_lost"
    assert dirty(store) == before
