"""The database: its schema, who waits for whom, and what is said where it does not answer."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select

from sync.errors import Retryable
from sync.store import Database, Inbox
from sync.store.schema import delivery
from tests.store.parts import keep, waiting


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


def test_an_unreachable_database_is_a_passing_fault() -> None:
    """A command names the setting; nothing is said of the address or the password."""
    gone = Database("postgresql+psycopg://user:hush@127.0.0.1:1/none")
    with pytest.raises(Retryable) as caught:
        waiting(Inbox(gone))
    assert caught.value.reason == "store_unavailable"
    assert "DATABASE_URL" in caught.value.message
    assert "DATABASE_URL" not in caught.value.what
    assert "hush" not in caught.value.message
