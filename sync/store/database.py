"""Connections, the schema and its migrations, the database's clock, leases, and dirty jobs."""

import os
import shutil
import socket
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Float,
    Insert,
    case,
    create_engine,
    event,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import Table
from sqlalchemy.sql.functions import FunctionElement

from sync.errors import Retryable, SettingsError
from sync.store import revisions
from sync.store.kept_connections import KeptConnections
from sync.store.schema import heartbeat, job, lease


class now(FunctionElement[float]):  # noqa: N801 - it is used like SQL's own functions
    """The database's clock, in seconds since 1970."""

    type = Float()
    inherit_cache = True
    name = "now_seconds"


@compiles(now, "sqlite")
def _now_sqlite(*_: Any, **__: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now, "postgresql")
def _now_postgresql(*_: Any, **__: Any) -> str:
    return "extract(epoch from clock_timestamp())::double precision"


SETUP = "setup"
"""Among the signs of life: when the database was set up."""
_READING = "brightsheet_reading"
_UPGRADE_LOCK = 7_260_911
_CONNECT_SECONDS = 5
_BUSY_SECONDS = 10
_APPENDS_AT_ONCE = 8
"""On PostgreSQL: of the 20 connections that its smallest plans have."""


class Database:
    """A SQLite file or a PostgreSQL database. Nothing is opened before it is used."""

    def __init__(self, url: str) -> None:
        self.is_sqlite = url.startswith("sqlite:")
        self._engine = _sqlite_engine(url) if self.is_sqlite else _postgresql_engine(url)
        self._brief = _sqlite_engine(url, "NORMAL") if self.is_sqlite else self._engine
        # SQLite has one writer, for which threads would queue by polling.
        self._turn = Lock() if self.is_sqlite else None
        most = 1 if self.is_sqlite else _APPENDS_AT_ONCE
        self._kept = KeptConnections(self._engine, most, _BUSY_SECONDS)
        # By default PostgreSQL takes a new snapshot for each query. (SQLite does not.)
        level = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._reading: dict[str, Any] = {_READING: True, **level}

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[Connection]:
        """Open a transaction, committed at the end: all of it is stored, or nothing.

        One that is not `durable` does not wait for SQLite's disk: it outlives a kill, but not a
        power cut. Raises Retryable if the database does not answer.
        """
        engine = self._engine if durable else self._brief
        with self._writers_turn(), _translated_errors(), engine.begin() as connection:
            yield connection

    @contextmanager
    def _writers_turn(self) -> Iterator[None]:
        if self._turn is None:
            yield
        elif self._turn.acquire(timeout=_BUSY_SECONDS):
            try:
                yield
            finally:
                self._turn.release()
        else:
            raise Retryable("store_unavailable", "The database did not answer (it is busy).")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a consistent snapshot for any number of queries, without waiting for a writer."""
        with (
            _translated_errors(),
            self._engine.connect().execution_options(**self._reading) as connection,
        ):
            yield connection

    def append(self, sql: str, parameters: Any) -> list[Any]:
        """Execute an INSERT for which a sender waits, as a transaction of its own; return its rows.

        If the connection was lost, it is executed again. Raises Retryable as `writing` does.
        """
        try:
            with self._writers_turn():
                return self._kept.execute(sql, parameters)
        except (self._engine.dialect.loaded_dbapi.Error, DBAPIError, PoolTimeout) as error:
            raise _unavailable(getattr(error, "orig", None) or error) from error

    def compiled(self, statement: Insert) -> tuple[str, Sequence[str]]:
        """Return the SQL of a statement for `append`, and its parameters' names, in order.

        SQLite takes a sequence of parameters, PostgreSQL a mapping.
        """
        made = statement.compile(dialect=self._engine.dialect)
        return str(made), list(made.positiontup or made.params)

    def insert(self, table: Table) -> Any:
        """Return this database's INSERT, which supports ON CONFLICT."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def upgrade(self) -> None:
        """Bring the schema up to date; two at once wait for each other.

        Raises SettingsError where the database is of a version that cannot be taken over.
        """
        with self.writing() as connection:
            if not self.is_sqlite:
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                connection.execute(text("SET LOCAL lock_timeout = 0"))
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_UPGRADE_LOCK})"))
            present = revisions.current(connection)
            if present != revisions.known()[-1]:
                _must_be_known(present)
                revisions.upgrade(connection)
            setup = self.insert(heartbeat).values(name=SETUP, at=now())
            connection.execute(setup.on_conflict_do_nothing())

    def is_current(self) -> bool:
        """Return whether the schema is the one of this version."""
        with self.reading() as connection:
            return revisions.current(connection) == revisions.known()[-1]

    def room(self) -> tuple[int, int] | None:
        """Return how many bytes of the database's disk are free, and of how many.

        None where it is a server's, or kept in memory: nothing here tells.
        """
        file = self._engine.url.database
        if not self.is_sqlite or not file or not Path(file).exists():
            return None
        usage = shutil.disk_usage(Path(file).resolve().parent)
        return usage.free, usage.total

    def close(self) -> None:
        """Close the idle connections."""
        self._kept.close()
        self._engine.dispose()
        self._brief.dispose()


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, PoolTimeout) as error:
        raise _unavailable(getattr(error, "orig", None) or error) from error


def _unavailable(error: BaseException) -> Retryable:
    # The driver's text may contain parameters and the address of the database.
    kind = type(error).__name__
    return Retryable("store_unavailable", f"The database did not answer ({kind}).")


def _must_be_known(present: str | None) -> None:
    """Raise SettingsError where the schema is of a version from before the first revision."""
    if present is None or present in revisions.known():
        return
    text = (
        "is of an older version of Brightsheet, which this one does not take over. Set it to an "
        "empty database, and have the jobs read back: brightsheet backfill"
        if present < revisions.known()[0]
        else "is of a newer version of Brightsheet. Install that version, or set it to a copy that "
        "was made before the upgrade."
    )
    raise SettingsError("DATABASE_URL", f"the database {text}")


def _postgresql_engine(url: str) -> Engine:
    arguments = {
        "connect_timeout": _CONNECT_SECONDS,
        "application_name": "brightsheet",
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": _BUSY_SECONDS * 1000,
    }
    engine = create_engine(
        url, pool_pre_ping=True, pool_size=10, pool_timeout=_BUSY_SECONDS, connect_args=arguments
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: object) -> None:
        # A sender waits for the answer: a 503 is better than none. (Not as start-up options:
        # poolers refuse those.)
        with connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = '{_BUSY_SECONDS}s'")
            cursor.execute(f"SET lock_timeout = '{_BUSY_SECONDS // 2}s'")
        connection.commit()

    return engine


def _sqlite_engine(url: str, synchronous: str = "FULL") -> Engine:
    engine = create_engine(url, pool_size=10, connect_args={"timeout": _BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _: object) -> None:
        # Transactions are begun below, not by the driver; a commit is on the disk.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", f"synchronous={synchronous}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        # A writer takes its lock at once: an upgrade from reading to writing could fail.
        reading = connection.get_execution_options().get(_READING)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def bumped(received: ColumnElement[float] | None = None) -> dict[str, ColumnElement[object]]:
    """Return what changes in a job whose row is out of date since `received` (None: since now).

    If it waits already, the earlier time stays.
    """
    since: ColumnElement[object] = func.coalesce(job.c.waiting_since, now())
    if received is not None:
        is_later = job.c.waiting_since.is_(None) | (job.c.waiting_since > received)
        since = case((is_later, received), else_=job.c.waiting_since)
    return {"version": job.c.version + 1, "waiting_since": since}


def touch(connection: Connection, site: str) -> None:
    """Mark a job whose row is to change, inside the caller's transaction."""
    connection.execute(update(job).where(job.c.site == site).values(bumped()))


@dataclass(frozen=True)
class Lease:
    """Proof of holding a lease: its token is larger than that of every holder before."""

    name: str
    token: int


def holder() -> str:
    """Return a name that no other holder has."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"


class Leases:
    """Leases by name. `holder` names this process and thread."""

    def __init__(self, database: Database, holder: str, seconds: float) -> None:
        self._database = database
        self._holder = holder
        self._seconds = seconds

    def acquire(self, name: str) -> Lease | None:
        """Take the lease, or renew it if this holder has it; None while another has it."""
        fresh = {"name": name, "holder": "", "token": 0, "expires_at": 0.0}
        # A clock that was put back: what would last twice as long as a lease counts as over.
        longest = now() + 2 * self._seconds
        is_over = (lease.c.expires_at < now()) | (lease.c.expires_at > longest)
        free = or_(is_over, lease.c.holder == self._holder)
        with self._database.writing() as connection:
            connection.execute(self._database.insert(lease).values(fresh).on_conflict_do_nothing())
            token = connection.scalar(
                update(lease)
                .where(lease.c.name == name, free)
                .values(
                    holder=self._holder,
                    token=lease.c.token + (lease.c.holder != self._holder).cast(lease.c.token.type),
                    expires_at=now() + self._seconds,
                )
                .returning(lease.c.token)
            )
        return None if token is None else Lease(name, token)

    def release(self, held: Lease) -> None:
        """Release the lease at once; the token stays, so that a late holder is still refused."""
        with self._database.writing() as connection:
            connection.execute(
                update(lease)
                .where(lease.c.name == held.name, lease.c.token == held.token)
                .values(holder="", expires_at=0.0)
            )


def hold(connection: Connection, held: Lease) -> None:
    """Make the transaction fail unless `held` is still held, and lock it until the end.

    Raises Retryable (lease_lost).
    """
    found = connection.scalar(
        select(lease.c.token)
        .where(lease.c.name == held.name, lease.c.token == held.token, lease.c.holder != "")
        .with_for_update()
    )
    if found is None:
        raise Retryable("lease_lost", "Another worker has taken over.")
