"""The lease and the threads of a worker, when one of them hangs or fails."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from sync.core.database import Database, Lease
from sync.core.store import Store
from sync.errors import Retryable
from sync.webhooks import parse
from sync.webhooks.schema import Outcome
from tests import databases
from tests.made_up import body, milestone


@pytest.fixture(params=databases.KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    found = Database(databases.fresh(request.param, tmp_path))
    found.create()
    yield found
    found.engine.dispose()


@pytest.mark.long
@pytest.mark.timeout(90)
def test_a_process_frozen_within_a_transaction_gives_the_lease_away(tmp_path: Path) -> None:
    """PostgreSQL ends its session, so another one has the lease 30 seconds later."""
    url = databases.fresh("postgresql", tmp_path)
    database, other = Database(url), Database(url)
    database.create()
    first, second = Lease(database), Lease(other)
    assert first.take()
    frozen, thawed = threading.Event(), threading.Event()

    def freeze() -> None:
        with pytest.raises(Retryable), database.begin(first):
            frozen.set()
            thawed.wait()

    thread = threading.Thread(target=freeze)
    thread.start()
    frozen.wait()
    began = time.monotonic()
    while not _takes(second):
        assert time.monotonic() - began < 40
        time.sleep(1)
    thawed.set()
    thread.join()
    with pytest.raises(Retryable), database.begin(first):
        pass


def test_several_processes_take_a_lease_that_nobody_has_had(database: Database) -> None:
    """One gets it, the others see that it is taken."""
    for round_ in range(10):
        start, taken = threading.Barrier(4), list[bool]()

        def take(name: str, start: threading.Barrier, taken: list[bool]) -> None:
            start.wait()
            taken.append(Lease(database, name=name).take())

        threads = [
            threading.Thread(target=take, args=(f"lease {round_}", start, taken)) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(taken) == [False, False, False, True]


def _takes(lease: Lease) -> bool:
    try:
        return lease.take()
    except Retryable:
        return False


def test_timeouts_of_a_transaction_end_with_it(database: Database) -> None:
    """As PgBouncer needs it, whose sessions are everybody's."""
    if database.is_sqlite:
        return
    with database.begin() as connection:
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "10s"
    with database.engine.begin() as connection:
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "0"


def test_two_processes_store_one_setting(database: Database) -> None:
    """Neither fails, and the later value is kept."""
    store, errors = Store(database), list[Exception]()

    def put(number: int) -> None:
        try:
            for _ in range(20):
                store.put("name", number)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=put, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert store.get("name") in range(4)


def test_a_webhook_is_stored_after_postgresql_was_restarted(tmp_path: Path) -> None:
    """All connections of the pool have ended; the first webhook isn't refused."""
    database = Database(databases.fresh("postgresql", tmp_path))
    database.create()
    store, bodies = Store(database), [body(milestone(number)) for number in (1, 2)]
    first, _ = store.keep(bodies[0], parse.read(bodies[0]))
    other = Database(database.engine.url.render_as_string(hide_password=False))
    others = "pid != pg_backend_pid() AND datname = current_database()"
    with other.begin() as connection:
        query = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"  # noqa: S608
        connection.execute(text(query))
    assert store.keep(bodies[1], parse.read(bodies[1])) == (first + 1, Outcome.ACCEPTED)
    assert store.keep(bodies[1], parse.read(bodies[1])) == (first + 1, Outcome.DUPLICATE)
    with pytest.raises(Retryable), Database("postgresql://127.0.0.1:1/none").begin():
        pass
