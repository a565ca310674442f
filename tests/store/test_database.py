"""The database: its schema, who waits for whom, and what is said where it does not answer."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from time import sleep

import pytest
from sqlalchemy import func, select

from sync.errors import Retryable
from sync.jobs.model import Job
from sync.store import Database, Inbox, Projected, ShownVersion
from sync.store.database import mark_dirty
from sync.store.schema import delivery, milestone
from tests import databases
from tests.made_up import uuid
from tests.store.parts import backlog_of, held, keep, take_in, waiting, with_jobs


def test_two_upgrades_at_once_are_one(empty_url: str) -> None:
    url = empty_url.replace("postgres://", "postgresql+psycopg://")
    assert not Database(url).is_current()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: Database(url).upgrade(), range(4)))
    assert Database(url).is_current()


def test_other_users_of_the_machine_cannot_read_a_new_file(tmp_path: Path) -> None:
    file = tmp_path / "new.sqlite3"
    Database(f"sqlite:///{file}").upgrade()
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("new.sqlite3", "new.sqlite3-wal", "new.sqlite3-shm"), 0o600)
    file.chmod(0o640)
    assert Database(f"sqlite:///{file}").is_current()
    assert file.stat().st_mode & 0o777 == 0o640, "chosen by a person"


def test_reading_is_one_consistent_look(database: Database) -> None:
    count = select(func.count()).select_from(delivery)
    with database.reading() as connection:
        before = connection.scalar(count)
        keep(database)
        assert connection.scalar(count) == before == 0
    with database.reading() as connection:
        assert connection.scalar(count) == 1


def test_a_pooler_may_lend_a_connection_for_one_transaction(tmp_path: Path) -> None:
    """A statement that stayed prepared there would fail another process's."""
    url = databases.migrated("postgresql", tmp_path).replace("postgres://", "postgresql+psycopg://")
    with Database(url).writing() as connection:
        for number in range(20):
            mark_dirty(connection, uuid(number))
        prepared = connection.exec_driver_sql("SELECT name FROM pg_prepared_statements").all()
    assert prepared == []


@pytest.mark.parametrize("writer", ["answer", "projection", "flush"])
def test_several_jobs_are_locked_in_the_order_of_their_sites(
    database: Database, writer: str
) -> None:
    sites = uuid(2), uuid(1)  # The order in which an update of all would lock them.
    for site in sites:
        store = with_jobs(database, site)
    run: dict[str, Callable[[], None]] = {
        "answer": lambda: store.confirmations.confirm_statuses({}),
        "projection": lambda: take_in(database, Projected([Job(site=site) for site in sites])),
        "flush": lambda: store.batches.confirm(
            held(database), [ShownVersion(s, 1, 1, None) for s in sites]
        ),
    }
    with ThreadPoolExecutor(1) as pool:
        with database.writing() as connection:
            mark_dirty(connection, uuid(1))
            other = pool.submit(run[writer])
            sleep(0.1)  # It waits for the first job now.
            mark_dirty(connection, uuid(2))
        other.result()


def test_an_unreachable_database_is_a_passing_fault() -> None:
    """A command names the setting; nothing is said of the address or the password."""
    gone = Database("postgresql+psycopg://user:hush@127.0.0.1:1/none")
    with pytest.raises(Retryable) as caught:
        waiting(Inbox(gone))
    assert caught.value.reason == "store_unavailable"
    assert "DATABASE_URL" in caught.value.message
    assert "DATABASE_URL" not in caught.value.what
    assert "hush" not in caught.value.message


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "damaged").write_bytes(b"no database " * 500)
    database = Database(f"sqlite:///{tmp_path}/damaged")
    with pytest.raises(Retryable, match=r"The database file is damaged\. Restore a backup"):
        waiting(Inbox(database))


def test_one_damaged_page_ends_the_status_ok(sqlite_url: str) -> None:
    """What /status reads is intact, so only the failure of another step shows it."""
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'milestone'"
        ((page,),) = connection.execute(query)
        ((size,),) = connection.execute("PRAGMA page_size")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    database = Database(sqlite_url)
    assert backlog_of(database).jobs == 0
    with pytest.raises(Retryable, match="damaged"):
        database.rows(select(milestone.c.site))
    with pytest.raises(Retryable, match=r"damaged\. Restore a backup"):
        backlog_of(database)
