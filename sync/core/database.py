"""One SQLite file or PostgreSQL database: transactions, and the lease of the one writer."""

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Select, Update, create_engine, event, func, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite takes the same one
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from sync.core import revisions, schema
from sync.errors import LEASE_LOST, Retryable

DISCONNECTED = "disconnected"
"""A reason: the connection had ended. Another try has a new one, as the pool drops all of them."""
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
    def begin(
        self, held: "Lease | None" = None, *, locks_lease: bool = False
    ) -> Iterator[Connection]:
        """Open a transaction, committed at the end. Raises Retryable.

        With `held` it fails if another worker has taken the lease, and holds it until the commit.
        `locks_lease` says that it locks the lease in another way.
        """
        try:
            with self._turn, self.engine.begin() as connection:
                if not self.is_sqlite and (held is not None or locks_lease):
                    connection.execute(_TIMEOUTS)
                if held is not None:
                    held.check(connection)
                yield connection
        except IntegrityError:
            raise
        except (DBAPIError, PoolTimeout, sqlite3.Error) as error:
            cause = getattr(error, "orig", None) or error
            kind = type(cause).__name__
            is_disconnected = getattr(error, "connection_invalidated", False)
            reason = DISCONNECTED if is_disconnected else "database"
            # Its text may have what is stored, so none of it is repeated.
            fix = next((fix for sign, fix in _FIXES.items() if sign in str(cause)), "")
            raise Retryable(reason, f"The database didn't answer ({kind}).", fix=fix) from error

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


class Lease:
    """The right to do some work, which one process has at a time: writing the sheet, or alerts."""

    def __init__(
        self,
        database: Database,
        holder: str,
        seconds: float = LEASE_SECONDS,
        name: str = WORKER,
    ) -> None:
        self._database, self._holder, self._seconds = database, holder, seconds
        self._name = name
        self._token = 0

    def renew(self) -> None:
        """Hold the lease longer. Raises Retryable (lease_lost) if another has taken it since."""
        table = schema.lease
        with self._database.begin(locks_lease=True) as connection:
            until = self._database.now(connection) + self._seconds
            ours = (table.c.name == self._name) & (table.c.token == self._token)
            if not connection.execute(update(table).where(ours).values(expires=until)).rowcount:
                raise Retryable(LEASE_LOST, "Another worker has taken over.")

    def take(self) -> bool:
        """Take the lease if no other process has it; return whether this one has it now."""
        table = schema.lease
        with self._database.begin(locks_lease=True) as connection:
            now = self._database.now(connection)
            free = {"name": self._name, "holder": "", "token": 0, "expires": 0.0}
            connection.execute(insert(table).values(free).on_conflict_do_nothing())
            row = connection.execute(
                select(table).where(table.c.name == self._name).with_for_update()
            ).one()
            # A later end was stored while the clock was ahead.
            is_held = now < row.expires < now + 2 * self._seconds
            if is_held and row.token != self._token:
                return False
            values = {"holder": self._holder, "token": row.token + 1}
            own = update(table).where(table.c.name == self._name)
            connection.execute(own.values(**values, expires=now + self._seconds))
            self._token = row.token + 1
            return True

    def check(self, connection: Connection) -> None:
        """Lock the lease in a transaction. Raises Retryable (lease_lost) if another has it."""
        table = schema.lease
        query = select(table.c.token).where(table.c.name == self._name).with_for_update()
        if connection.scalar(query) != self._token:
            raise Retryable(LEASE_LOST, "Another worker has taken over.")

    def release(self) -> None:
        """Let another process take it at once."""
        table = schema.lease
        with self._database.begin(locks_lease=True) as connection:
            ours = (table.c.name == self._name) & (table.c.token == self._token)
            until = self._database.now(connection)
            connection.execute(update(table).where(ours).values(expires=until))


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's recipe: transactions begin as told below
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def _begin_sqlite(connection: Connection) -> None:
    # Not by SQLAlchemy's own call, which takes a twentieth of a webhook's time.
    driver: Any = connection.connection.driver_connection
    driver.execute("BEGIN IMMEDIATE")
