"""Tests that many requests, or a backup, don't delay webhooks and health checks."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
import requests

from app import create_app
from server import THREADS, Server
from sync.errors import Retryable
from sync.settings.environment import load
from sync.status.watch import FRESH_SECONDS, CachedBacklog
from sync.store import Backlog, Database
from tests.made_up import SAMPLE, SECRET
from tests.settings.test_environment import LEAST


class Store:
    """Counts its reads, and fails while `error` is set."""

    def __init__(self) -> None:
        self.reads = 0
        self.error: Retryable | None = None

    def read(self) -> Backlog:
        self.reads += 1
        time.sleep(0.05)
        if self.error:
            raise self.error
        return Backlog(worker_age=1.0, jobs=self.reads)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_parallel_requests_for_status_read_the_database_once() -> None:
    store, clock, answers = Store(), Clock(), list[int]()
    cached = CachedBacklog(store.read, clock)
    crowd = [Thread(target=lambda: answers.append(cached.backlog().jobs)) for _ in range(32)]
    for sender in crowd:
        sender.start()
    for sender in crowd:
        sender.join()
    assert (answers, store.reads) == ([1] * 32, 1)


def test_the_backlog_is_cached_for_at_most_five_seconds() -> None:
    store, clock = Store(), Clock()
    cached = CachedBacklog(store.read, clock)
    assert FRESH_SECONDS <= 5.0
    assert cached.backlog().jobs == 1
    clock.now += FRESH_SECONDS - 0.1
    assert cached.backlog().jobs == 1
    clock.now += 0.1
    assert cached.backlog().jobs == 2


def test_an_error_is_cached_too() -> None:
    store, clock = Store(), Clock()
    store.error = Retryable("store_unavailable", "The database did not answer.")
    cached = CachedBacklog(store.read, clock)
    for _ in range(5):
        with pytest.raises(Retryable):
            cached.backlog()
    assert store.reads == 1
    store.error, clock.now = None, clock.now + FRESH_SECONDS
    assert cached.backlog().jobs == 2


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Run a receiver like `serve` does; return its URL and its SQLite file."""
    file = tmp_path / "brightsheet.sqlite3"
    settings = load(LEAST | {"DATABASE_URL": f"sqlite:///{file}", "WEBHOOK_SECRET": SECRET})
    Database(f"sqlite:///{file}").upgrade()
    server, stopping = (
        Server(create_app(settings), "127.0.0.1", 0, settings.max_body_bytes),
        Event(),
    )
    thread = Thread(target=server.serve_until, args=(stopping,))
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}", file
    stopping.set()
    server.pull_trigger()
    thread.join()


def test_health_answers_while_all_threads_wait_for_the_database(receiver: tuple[str, Path]) -> None:
    """A backup locks SQLite for half a minute: catches a host that restarts a live process."""
    url, file = receiver
    backup = sqlite3.connect(file, isolation_level=None)
    backup.execute("BEGIN EXCLUSIVE")
    statuses = list[int]()

    def send() -> None:
        headers = {"X-Webhook-Secret": SECRET, "Content-Type": "application/json"}
        sent = requests.post(f"{url}/webhooks/everbright", SAMPLE, headers=headers, timeout=60)
        statuses.append(sent.status_code)

    senders = [Thread(target=send) for _ in range(2 * THREADS)]
    for sender in senders:
        sender.start()
    time.sleep(1.0)
    began = time.monotonic()
    assert requests.get(f"{url}/healthz", timeout=30).json() == {"status": "ok"}
    taken = time.monotonic() - began
    print(f"the database is locked: /healthz took {taken:.3f} s")
    assert taken < 1.0
    assert statuses == []
    backup.execute("ROLLBACK")
    for sender in senders:
        sender.join()
    assert statuses == [202] * len(senders), "they are stored in the end"
