"""What a database promises; and one that can't be reached says why, and what to do."""

from pathlib import Path

import psycopg
import pytest

from sync.core.database import Database
from sync.errors import Retryable
from sync.settings import validators
from tests import databases


def test_what_sqlite_commits_survives_the_loss_of_power(tmp_path: Path) -> None:
    with Database(databases.fresh("sqlite", tmp_path)).begin() as connection:
        waits = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    assert (waits, journal) == (2, "wal")  # 2 is FULL.


def with_password(folder: Path) -> str:
    """Return the address of a user whose password is another one."""
    url = databases.fresh("postgresql", folder)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS guest")
        connection.execute("CREATE ROLE guest LOGIN PASSWORD 'the-right-one'")
        row = connection.execute("SHOW hba_file").fetchone()
        assert row is not None
        hba = Path(row[0])
        hba.write_text(f"local all guest scram-sha-256\n{hba.read_text()}")
        connection.execute("SELECT pg_reload_conf()")
    return url.replace("postgres:@", "guest:a-wrong-one@")


def missing(folder: Path) -> str:
    return databases.fresh("postgresql", folder).replace("@/t", "@/no_such_t")


def no_database(folder: Path) -> str:
    (folder / "notes.txt").write_text("This is something else. " * 100, "utf-8")
    return f"sqlite:///{folder}/notes.txt"


@pytest.mark.parametrize(
    ("url", "fix"),
    [
        (lambda _: "postgres://u:p@no-such-host.invalid/db", "No machine has the host's name"),
        (lambda _: "postgres://u:p@127.0.0.1:1/db", "Nothing listens at the host and port"),
        (with_password, "The user or password in DATABASE_URL is wrong"),
        (missing, "The server doesn't have the database"),
        (lambda folder: f"sqlite:///{folder}", "can't be opened"),
        (no_database, "isn't a database"),
    ],
    ids=["host", "port", "password", "name", "folder", "file"],
)
def test_a_wrong_address_is_explained(url: object, fix: str, tmp_path: Path) -> None:
    assert callable(url)
    address = validators.database_url(url(tmp_path))
    with pytest.raises(Retryable) as caught:
        Database(address).create()
    assert fix in caught.value.fix
    assert "a-wrong-one" not in caught.value.message
    assert "guest" not in caught.value.message
