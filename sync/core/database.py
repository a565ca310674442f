"""One SQLite file or PostgreSQL database: transactions, and the lease of the one writer."""

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, Update, create_engine, event, func, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite takes the same one
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from sync.core import revisions
from sync.core.schema import lease
from sync.errors import LEASE_LOST, Retryable

LEASE_SECONDS = 30.0
_BUSY_SECONDS = 10
_CONNECT_SECONDS = 5
_POSTGRESQL_CONNECTIONS = 8
_UPGRADE_LOCK = 1_126_170
WORKER = "worker"
"""The lease of the process that writes the sheet."""
_FIXES = {
    "resolve host": "No machine has the host's name in DATABASE_URL: correct it.",
    "refused": "Nothing listens at the host and port in DATABASE_URL: start it, or correct them.",
    "timeout expired": "The host in DATABASE_URL doesn't answer: correct it, or open its firewall.",
    "authentication failed": "The user or password in DATABASE_URL is wrong: correct it.",
    'FATAL:  database "': "The server doesn't have the database in DATABASE_URL: correct its name.",
    "unable to open": "The file in DATABASE_URL can't be opened: check its folder's permissions.",
    "readonly": "The file in DATABASE_URL can't be written: check its permissions.",
    "is full": "The disk is full: free some space.",
    "not a database": "The file in DATABASE_URL isn't a database: name another one.",
}
"""What to do, by a part of the driver's text."""
_TIMEOUTS = select(
    func.set_config("lock_timeout", "10s", True),
    func.set_config("idle_in_transaction_session_timeout", "15s", True),
)
"""So a process that is frozen within a transaction doesn't keep the lease from another one. For a
transaction alone: PgBouncer's transaction pooling hands out another session each time."""


class Database:
    """Transactions; a process's threads take turns with SQLite, which has one writer."""

    def __init__(self, url: str) -> None:
        self.is_sqlite = url.startswith("sqlite:")
        if self.is_sqlite:
            self.engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
            event.listen(self.engine, "connect", _configure_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            url = "postgresql+psycopg://" + url.partition("://")[2]
            self.engine = create_engine(
                url,
                pool_pre_ping=True,  # One may have ended, like after a restart of PostgreSQL.
                pool_size=_POSTGRESQL_CONNECTIONS,
                max_overflow=0,
                pool_timeout=_BUSY_SECONDS,
                # PgBouncer's transaction pooling hands out another session each time.
                connect_args={
                    "connect_timeout": _CONNECT_SECONDS,
                    "tcp_user_timeout": _BUSY_SECONDS * 1000,
                    "prepare_threshold": None,
                },
            )
        self._turn = threading.Lock() if self.is_sqlite else threading.BoundedSemaphore(6)

    @contextmanager
    def begin(self, held: "Lease | None" = None) -> Iterator[Connection]:
        """Open a transaction, committed at the end. Raises Retryable.

        With `held` it fails if another worker has taken the lease, and holds it until the commit.
        """
        try:
            with self._turn, self.engine.begin() as connection:
                if not self.is_sqlite:
                    connection.execute(_TIMEOUTS)
                if held is not None:
                    held.check(connection)
                yield connection
        except IntegrityError:
            raise
        except (DBAPIError, PoolTimeout, sqlite3.Error) as error:
            cause = getattr(error, "orig", None) or error
            kind = type(cause).__name__
            # Its text may have what is stored, so none of it is repeated.
            fix = next((fix for sign, fix in _FIXES.items() if sign in str(cause)), "")
            text = f"The database didn't answer ({kind})."
            raise Retryable("database", text, fix=fix) from error

    def read(self, query: Select[Any]) -> Sequence[Any]:
        """Return the rows of a query, in a transaction of its own."""
        with self.begin() as connection:
            return connection.execute(query).all()

    def change(self, statement: Update) -> int:
        """Carry out an update in a transaction of its own; return how many rows it changed."""
        with self.begin() as connection:
            return connection.execute(statement).rowcount

    def now(self, connection: Connection) -> float:
        """Return the time of the one clock that all processes share."""
        if self.is_sqlite:
            return time.time()
        clock = select(func.extract("epoch", func.clock_timestamp()))
        return float(connection.scalar(clock) or 0.0)

    def create(self) -> None:
        """Create the tables, or upgrade them. Raises SettingsError for a database that is too old.

        Several processes may start at once.
        """
        with self.begin() as connection:
            if not self.is_sqlite:
                connection.execute(select(func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
            revisions.upgrade(connection)


@dataclass
class Lease:
    """The right to do some work, which one process has at a time: writing the sheet, or alerts."""

    database: Database
    seconds: float = LEASE_SECONDS
    name: str = WORKER
    token: int = 0

    def renew(self) -> None:
        """Hold the lease longer. Raises Retryable (lease_lost) if another has taken it since."""
        self._end_in(self.seconds)

    def release(self) -> None:
        """Let another process take it at once. Raises Retryable (lease_lost) if one has."""
        self._end_in(0.0)

    def _end_in(self, seconds: float) -> None:
        with self.database.begin(self) as connection:
            until = self.database.now(connection) + seconds
            connection.execute(update(lease).where(lease.c.name == self.name).values(expires=until))

    def take(self) -> bool:
        """Take the lease if no other process has it; return whether this one has it now."""
        own = lease.c.name == self.name
        with self.database.begin() as connection:
            now = self.database.now(connection)
            free = insert(lease).values(name=self.name).on_conflict_do_nothing()
            connection.execute(free)
            row = connection.execute(select(lease).where(own).with_for_update()).one()
            # A later end was stored while the clock was ahead.
            is_held = now < row.expires < now + 2 * self.seconds
            if is_held and row.token != self.token:
                return False
            self.token = row.token + 1
            values = {"token": self.token, "expires": now + self.seconds}
            connection.execute(update(lease).where(own).values(values))
            return True

    def check(self, connection: Connection) -> None:
        """Lock the lease in a transaction. Raises Retryable (lease_lost) if another has it."""
        query = select(lease.c.token).where(lease.c.name == self.name).with_for_update()
        if connection.scalar(query) != self.token:
            raise Retryable(LEASE_LOST, "Another worker has taken over.")


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's recipe: transactions begin as told below
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
