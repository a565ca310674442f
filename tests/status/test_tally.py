"""Tests that refused requests are counted in memory, and all counts are stored."""

import time
from collections import Counter
from collections.abc import Mapping
from threading import Event, Thread

import pytest

from sync.errors import Retryable
from sync.status import refusal_counter as module
from sync.status.refusal_counter import ALL_REASONS, RefusalCounter
from sync.store import RefusedRequests
from tests.world import wait_for


class Store:
    """Sums the counts, unless it is away; while `hold` is cleared, it is busy."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.sources: dict[str, str] = {}
        self.writes = 0
        self.away = False
        self.hold = Event()
        self.hold.set()

    def add(self, seen: Mapping[str, RefusedRequests]) -> None:
        self.hold.wait(10)
        if self.away:
            raise Retryable("store_unavailable", "The database did not answer.")
        self.writes += 1
        for reason, one in seen.items():
            self.counts[reason] += one.count
            self.sources[reason] = one.source


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Bench:
    def __init__(self) -> None:
        self.store = Store()
        self.clock = Clock()
        self.tally = RefusalCounter(self.store.add, self.clock)

    def wrong(self, times: int = 1, after: float = 0.0) -> None:
        self.clock.now += after
        for _ in range(times):
            self.tally.note(401, "192.0.2.1")


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(
    ("status", "has_secret", "reason"),
    [
        (401, True, "wrong_secret"),
        (401, False, "no_secret"),
        (413, True, "too_large"),
        (400, True, "bad_request"),
        (202, True, None),
        (415, True, None),
        (405, True, None),
        (422, True, None),
        (503, True, None),
    ],
)
def test_each_refusal_has_its_reason(
    bench: Bench, status: int, has_secret: bool, reason: str | None
) -> None:
    bench.tally.note(status, None, has_secret=has_secret)
    bench.tally.stop(5)
    assert bench.store.counts == ({reason: 1} if reason else {})
    assert set(bench.store.counts) <= set(ALL_REASONS)


def test_a_flood_is_counted_completely_with_few_writes(bench: Bench) -> None:
    bench.store.hold.clear()
    began = time.monotonic()
    floods = [Thread(target=bench.wrong, args=(5000,)) for _ in range(4)]
    for one in floods:
        one.start()
    for one in floods:
        one.join()
    assert time.monotonic() - began < 5
    bench.store.hold.set()
    bench.tally.stop(5)
    assert bench.store.counts == {"wrong_secret": 20_000}
    assert bench.store.writes <= 2


def test_at_most_one_write_per_second(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WRITE_SECONDS", 0.3)
    began = time.monotonic()
    while time.monotonic() - began < 1.0:
        bench.wrong()
        time.sleep(0.01)
    assert 2 <= bench.store.writes <= (time.monotonic() - began) / 0.3 + 1
    bench.tally.stop(5)


def test_no_count_is_lost_while_the_database_is_down(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AWAY_SECONDS", 0.05)
    bench.store.away = True
    bench.wrong(2)
    bench.tally.note(413, "192.0.2.2")
    time.sleep(0.2)
    bench.wrong()
    bench.store.away = False
    wait_for(lambda: bench.store.counts == {"wrong_secret": 3, "too_large": 1}, 5)
    assert bench.store.sources == {"wrong_secret": "192.0.2.1", "too_large": "192.0.2.2"}


def test_a_stop_has_a_time_limit(bench: Bench) -> None:
    bench.store.hold.clear()
    bench.wrong()
    began = time.monotonic()
    bench.tally.stop(0.1)
    assert time.monotonic() - began < 2
    bench.store.hold.set()
