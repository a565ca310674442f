"""The connections for what senders wait for: lost ones, errors, and too few."""

import sqlite3
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import TimeoutError as PoolTimeout

from sync.errors import Retryable
from sync.store import Database, Inbox
from sync.store.kept_connections import KeptConnections
from sync.webhooks import parse
from sync.webhooks.schema import Outcome
from tests import databases
from tests.made_up import body, milestone

END_OTHERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
)


def test_a_restart_of_the_database_costs_no_delivery(tmp_path: Path) -> None:
    """Catches a 503 for the first webhook after PostgreSQL was restarted."""
    database = Database(
        databases.fresh("postgresql", tmp_path).replace("postgres", "postgresql+psycopg", 1)
    )
    database.upgrade()
    inbox = Inbox(database)
    for number in (1, 2):
        sent = body(milestone(number))
        assert inbox.keep(sent, parse.read(sent)).outcome is Outcome.ACCEPTED
        with database.writing() as connection:
            connection.execute(END_OTHERS)
    assert len(inbox.recent(9)) == 2
    database.close()


def test_an_error_of_the_statement_is_raised_and_the_next_one_works(database: Database) -> None:
    with pytest.raises(Retryable):
        database.append("INSERT INTO nowhere VALUES (1)", ())
    assert [tuple(row) for row in database.append("SELECT 1", ())] == [(1,)]


def test_a_full_house_is_told(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/one.sqlite3")
    kept, is_slow, may_end = KeptConnections(engine, 1, 0.05), Event(), Event()

    def slow() -> int:
        is_slow.set()
        return int(may_end.wait(10))

    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.create_function("slow", 0, slow)
    thread = Thread(target=kept.execute, args=("SELECT slow()", ()))
    thread.start()
    assert is_slow.wait(10)
    with pytest.raises(PoolTimeout):
        kept.execute("SELECT 1", ())
    may_end.set()
    thread.join()
    assert kept.execute("SELECT 1", ()) == [(1,)]
    kept.close()
