"""Group commit: one transaction for what waits, and each item its own result."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from sync.store import Database, Inbox
from sync.store.appending import Appender, Groups
from sync.webhooks.schema import Outcome

BAD = -1


class Store:
    """A store that the test holds up, and that refuses one item."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.may_go_on = threading.Event()

    def store(self, items: Sequence[int]) -> list[int]:
        self.groups.append(list(items))
        self.may_go_on.wait(10)
        if BAD in items:
            raise ValueError("this one cannot be stored")
        return [10 * item for item in items]


def put_while_held_up(store: Store, items: Sequence[int]) -> list["Future[int]"]:
    """Put an item that is held up and, while it is, the others; then let all go on."""
    groups = Groups(store.store)
    with ThreadPoolExecutor(len(items) + 1) as pool:
        pool.submit(groups.put, 0)
        while not store.groups:
            time.sleep(0.001)
        found = [pool.submit(groups.put, item) for item in items]
        while len(groups._waiting) < len(items):
            time.sleep(0.001)
        store.may_go_on.set()
    return found


def test_what_waits_shares_a_transaction_and_each_gets_its_own_result() -> None:
    """Catches a transaction for each request, and results that are mixed up."""
    store = Store()
    found = put_while_held_up(store, [1, 2, 3, 4, 5])
    assert [one.result() for one in found] == [10, 20, 30, 40, 50]
    assert [sorted(group) for group in store.groups] == [[0], [1, 2, 3, 4, 5]]


def test_one_that_cannot_be_stored_fails_alone() -> None:
    """Catches senders who are refused for another's delivery."""
    store = Store()
    good, bad, other = put_while_held_up(store, [1, BAD, 2])
    assert (good.result(), other.result()) == (10, 20)
    with pytest.raises(ValueError, match="this one"):
        bad.result()


def test_it_goes_on_after_a_failure() -> None:
    """Catches a turn that nobody has any more: every later request would wait for ever."""
    store = Store()
    store.may_go_on.set()
    groups = Groups(store.store)
    for _ in range(2):
        with pytest.raises(ValueError, match="this one"):
            groups.put(BAD)
        assert groups.put(1) == 10


def test_each_of_many_threads_gets_the_result_of_its_own_item() -> None:
    """Catches a wake-up that is lost, and a turn that two threads have at once."""
    running = []

    def store(items: Sequence[int]) -> list[int]:
        running.append(1)
        assert len(running) == 1
        time.sleep(0.0005)
        running.pop()
        return [-item for item in items]

    groups = Groups(store)
    with ThreadPoolExecutor(24) as pool:
        assert list(pool.map(groups.put, range(2000), timeout=60)) == [-n for n in range(2000)]


def test_news_a_copy_and_a_repetition_in_one_group(database: Database) -> None:
    """Catches an outcome that goes by the group, on each database."""
    appender = Appender(database)
    assert appender.append([row("before", "c")]) == {"before"}
    assert appender.append([row(*one) for one in ("2b", "1a", "3b", "4c")]) == {"1", "2"}
    kept = {one.id: (one.outcome, one.body) for one in Inbox(database).recent(9)}
    assert [kept[name] for name in "12"] == [(Outcome.ACCEPTED, b"x")] * 2
    assert [kept[name] for name in "34"] == [(Outcome.DUPLICATE, b"")] * 2


def row(name: str, digest: str) -> dict[str, object]:
    values = {
        "counts_from": None,
        "outcome": "accepted",
        "kind": "milestone",
        "reason": None,
        "site": None,
        "milestone": None,
    }
    return {"id": name, "digest": digest, "body": b"x", "projected": False, **values}
