"""Connects to the database: transactions, upgrades, its clock, leases, and marking dirty jobs."""

import os
import shutil
import socket
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Executable,
    Float,
    Insert,
    Select,
    and_,
    case,
    create_engine,
    event,
    func,
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

from sync.errors import LEASE_LOST, Retryable, SettingsError
from sync.store import revisions
from sync.store.schema import heartbeat, installation, job, lease


class now(FunctionElement[float]):  # noqa: N801 - it is used like SQL's own functions
    """The database's clock, in seconds since 1970."""

    type = Float()
    inherit_cache = True
    name = "now_seconds"


@compiles(now, "sqlite")
def _now_sqlite(*_: Any, **__: Any) -> str:
    return "now_seconds()"


@compiles(now, "postgresql")
def _now_postgresql(*_: Any, **__: Any) -> str:
    return "extract(epoch from clock_timestamp())::double precision"


SETUP = "setup"
"""A heartbeat's name: when the database was set up."""
_BEGIN = "brightsheet_begin"
"""The option of a connection with the purpose of its transactions, if not writing."""
_UPGRADE_LOCK = 7_260_911
_CONNECT_SECONDS = 5
_BUSY_SECONDS = 10
_POSTGRESQL_CONNECTIONS = 8
"""For each process: a host's smallest plan has 20, and a command takes three at most."""
_POSTGRESQL_WRITERS = 6  # The others are for readers, such as /status.
_CHECKPOINT_PAGES = 10_000
"""The size of SQLite's write-ahead log, in pages of 4 KiB, at which a commit runs a checkpoint.

A webhook writes seven pages or more. With SQLite's default of 1,000, one sender in a hundred would
wait for a checkpoint, which would set the 99th percentile. The log grows to 40 MB instead of 4.
"""


class Database:
    """A SQLite file or a PostgreSQL database. Nothing is opened before it is used."""

    def __init__(self, url: str) -> None:
        self.is_sqlite = url.startswith("sqlite:")
        self._engine = _sqlite_engine(url) if self.is_sqlite else _postgresql_engine(url)
        self._brief = _sqlite_engine(url, "NORMAL") if self.is_sqlite else self._engine
        # SQLite has one writer at a time; others would wait in its busy loop, which polls.
        self._turn: Lock | BoundedSemaphore = (
            Lock() if self.is_sqlite else BoundedSemaphore(_POSTGRESQL_WRITERS)
        )
        # By default PostgreSQL takes a new snapshot for each query. (SQLite does not.)
        self._reading = self._options("reading", "REPEATABLE READ")
        self._appending = self._options("appending", "AUTOCOMMIT")
        self._kept: Connection | None = None
        self.is_damaged = False
        """Whether anything read or written so far was damaged."""

    def _options(self, begin: str, isolation_level: str) -> dict[str, Any]:
        return {_BEGIN: begin} | ({} if self.is_sqlite else {"isolation_level": isolation_level})

    @contextmanager
    def writing(self, held: "Lease | None" = None, *, durable: bool = True) -> Iterator[Connection]:
        """Open a transaction that is committed at the end, or rolled back if it fails.

        It fails if the lease `held` is given and no longer held. A transaction that isn't `durable`
        doesn't wait for SQLite's disk: it survives a killed process, but not a power cut. Raises
        Retryable if the database doesn't answer.
        """
        engine = self._engine if durable else self._brief
        with self._writers_turn(), self._translated_errors(), engine.begin() as connection:
            if held is not None:
                must_hold(connection, held)
            yield connection

    @contextmanager
    def _writers_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=_BUSY_SECONDS):
            raise Retryable(_UNAVAILABLE, "The database did not answer (it is busy).")
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a consistent snapshot for any number of queries, without waiting for a writer."""
        with (
            self._translated_errors(),
            self._engine.connect().execution_options(**self._reading) as connection,
        ):
            yield connection

    def rows(self, query: Select[Any]) -> Sequence[Any]:
        with self.reading() as connection:
            return connection.execute(query).all()

    def scalars(self, query: Select[Any]) -> Sequence[Any]:
        with self.reading() as connection:
            return connection.scalars(query).all()

    def scalar(self, query: Select[Any]) -> Any:
        """Return the first value of the first row, None without one."""
        with self.reading() as connection:
            return connection.scalar(query)

    def execute(self, statement: Executable, held: "Lease | None" = None) -> int:
        """Execute one statement in a transaction of its own; return how many rows it changed."""
        with self.writing(held) as connection:
            return connection.execute(statement).rowcount

    def append(self, statement: Insert, row: Mapping[str, Any]) -> bool:
        """Insert a row in a transaction of its own; return whether it was new.

        It takes half the time of `writing`, because the statement commits itself. If the connection
        is lost it is executed again, because EverBright may not resend the webhook. Raises
        Retryable as `writing` does.
        """
        with self._translated_errors():
            try:
                return self._appended(statement, row)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            return self._appended(statement, row)

    def _appended(self, statement: Insert, row: Mapping[str, Any]) -> bool:
        with self._writers_turn(), ExitStack() as stack:
            connection = self._kept or self._engine.connect().execution_options(**self._appending)
            if self.is_sqlite:
                self._kept = connection  # The pool would cost a fifth more.
            else:
                stack.enter_context(connection)
            with connection.begin():
                options = {"preserve_rowcount": True}
                return connection.execute(statement, row, execution_options=options).rowcount == 1

    def empty_log(self) -> None:
        """Empty SQLite's write-ahead log, where deleted data would stay for weeks.

        It keeps its content if somebody else reads or writes for ten seconds.
        """
        if not self.is_sqlite:
            return
        with (
            suppress(Retryable),
            self._writers_turn(),
            self._translated_errors(),
            self._engine.connect().execution_options(**self._appending) as connection,
        ):
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def insert(self, table: Table) -> Any:
        """Return this database's INSERT, which supports ON CONFLICT."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def insert_new(self, table: Table) -> Any:
        """Return an INSERT that skips rows whose key exists."""
        return self.insert(table).on_conflict_do_nothing()

    def upsert(self, table: Table, changes: Mapping[str, Any], where: Any = None) -> Any:
        """Return an INSERT that makes `changes` to a row whose key exists, if it meets `where`."""
        return self.insert(table).on_conflict_do_update(
            index_elements=table.primary_key.columns, set_=changes, where=where
        )

    def upgrade(self) -> None:
        """Create or upgrade the tables. Concurrent calls wait for each other.

        Raises SettingsError if the database's version can't be upgraded.
        """
        with self.writing() as connection:
            if not self.is_sqlite:
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                connection.execute(text("SET LOCAL lock_timeout = 0"))
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_UPGRADE_LOCK})"))
            present = revisions.current(connection)
            if present is None:
                revisions.create(connection)
            elif present != revisions.known()[-1]:
                _check_known(present)
                revisions.upgrade(connection)
            connection.execute(self.insert_new(heartbeat).values(name=SETUP, at=now()))
            first = {"number": 1, "database_id": new_database_id()}
            connection.execute(self.insert_new(installation).values(first))

    def prepare(self) -> None:
        """Upgrade a SQLite file. Raises SettingsError for a PostgreSQL that isn't upgraded."""
        if self.is_sqlite:
            self.upgrade()
        else:
            self.check_current()

    def is_current(self) -> bool:
        """Return whether it has this version's schema."""
        with self.reading() as connection:
            return revisions.current(connection) == revisions.known()[-1]

    def check_current(self) -> None:
        """Raise SettingsError, with the fix, unless it has this version's schema."""
        if self.is_current():
            return
        with self.reading() as connection:
            if present := revisions.current(connection):
                _check_known(present)
        fix = "does not have the schema of this version. Run: brightsheet db upgrade"
        raise SettingsError("DATABASE_URL", f"the database {fix}")

    def room(self) -> tuple[int, int] | None:
        """Return the free and the total bytes of the database's disk.

        None for a database on a server or in memory.
        """
        file = self._engine.url.database
        if not self.is_sqlite or not file or not Path(file).exists():
            return None
        usage = shutil.disk_usage(Path(file).resolve().parent)
        return usage.free, usage.total

    def close(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None
        self._engine.dispose()
        self._brief.dispose()

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, PoolTimeout) as error:
            # The driver's text may contain parameters and the address of the database.
            original = getattr(error, "orig", None) or error
            if getattr(original, "sqlite_errorname", "").startswith(_DAMAGED):
                self.is_damaged = True
                self.check_intact()
            kind = type(original).__name__
            fix = (
                "Check DATABASE_URL, whether the database can be reached from here, and its disk "
                "space."
            )
            what = f"The database did not answer ({kind})."
            raise Retryable(_UNAVAILABLE, what, fix=fix) from error

    def check_intact(self) -> None:
        """Raise Retryable if anything read or written so far was damaged."""
        if self.is_damaged:
            raise Retryable(_UNAVAILABLE, "The database file is damaged.", fix="Restore a backup.")


def new_database_id() -> str:
    return uuid4().hex[:12]


_UNAVAILABLE = "store_unavailable"
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


def _check_known(present: str) -> None:
    """Raise SettingsError for a database that another version of Brightsheet created."""
    if present in revisions.known():
        return
    text = (
        "is of an older version of Brightsheet and can't be upgraded. Begin with an empty database "
        "(docs/commands.md), and read the jobs back: brightsheet backfill"
        if present < revisions.known()[0]
        else "is of a newer version of Brightsheet. Install that version, or set it to a copy that "
        "was made before the upgrade."
    )
    raise SettingsError("DATABASE_URL", f"the database {text}")


def _postgresql_engine(url: str) -> Engine:
    arguments = {
        "connect_timeout": _CONNECT_SECONDS,
        "application_name": "brightsheet",
        "prepare_threshold": None,  # A pooler may execute the next one on another connection.
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": _BUSY_SECONDS * 1000,
    }
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_size=_POSTGRESQL_CONNECTIONS,
        max_overflow=0,
        pool_timeout=_BUSY_SECONDS,
        connect_args=arguments,
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
        with suppress(OSError):  # Some disks have no permissions, and memory has no file.
            file = Path(str(engine.url.database))
            if not file.stat().st_size:  # It is new, and will hold personal data.
                file.chmod(0o600)  # SQLite creates -wal and -shm with the same permissions.
        # SQLite's own clock counts milliseconds, in which two webhooks may arrive.
        connection.create_function("now_seconds", 0, time.time)
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            f"wal_autocheckpoint={_CHECKPOINT_PAGES}",
            "secure_delete=ON",  # What is deleted is overwritten; not every build does by default.
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        begin = connection.get_execution_options().get(_BEGIN)
        if begin == "reading":
            connection.exec_driver_sql("BEGIN")
        elif begin is None:
            # A writer takes its lock at once: an upgrade from reading to writing could fail.
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def utc(seconds: float) -> datetime:
    """Return a stored time."""
    return datetime.fromtimestamp(seconds, UTC)


def clock(connection: Connection) -> float:
    return float(connection.scalar(select(now())) or 0.0)


def made_dirty(received: ColumnElement[float] | None = None) -> dict[str, ColumnElement[object]]:
    """Return the changed values of a job whose row is out of date since `received` (None: now).

    If it is waiting already, the earlier time stays. Only this makes jobs dirty:

    | change | jobs | by |
    |---|---|---|
    | a delivery was applied | its job | `Jobs.take_in`, which also counts `events` |
    | EverBright's answer about a customer or details is another | its job | `Lookups.keep` |
    | a copy or a folder is in Drive | its jobs | `Documents` |
    | the order or a status was confirmed on the console | all | `Confirmations` |
    | the sheet isn't as a comparison wants it | these | `Batches.mark_wrong` |
    | tabs were mapped, or rows lost, matched or restored | these | `Spreadsheet`, `Batches` |
    """
    since: ColumnElement[object] = func.coalesce(job.c.waiting_since, now())
    if received is not None:
        is_later = job.c.waiting_since.is_(None) | (job.c.waiting_since > received)
        since = case((is_later, received), else_=job.c.waiting_since)
    return {"version": job.c.version + 1, "waiting_since": since}


def mark_dirty(connection: Connection, site: str) -> None:
    """Mark a job's row as out of date, inside the caller's transaction."""
    connection.execute(update(job).where(job.c.site == site).values(made_dirty()))


def mark_all_dirty(connection: Connection) -> None:
    """Mark the rows of all jobs as out of date, inside the caller's transaction.

    PostgreSQL's update alone might lock the jobs in another order than the projection.
    """
    connection.execute(select(job.c.site).order_by(job.c.site).with_for_update())
    connection.execute(update(job).values(made_dirty()))


@dataclass(frozen=True)
class Lease:
    """Proof of holding a lease: each `acquire` gets a larger token."""

    name: str
    token: int


@dataclass(frozen=True)
class Leases:
    """Leases by name. One that ran out is still held, until somebody else acquires it."""

    _database: Database
    _seconds: float

    def acquire(self, name: str) -> Lease | None:
        """Take the lease; return None while it is held, even by another thread of this process."""
        # If the clock was set back, a lease would last too long: beyond twice its time, it is over.
        longest = now() + 2 * self._seconds
        is_over = (lease.c.expires_at < now()) | (lease.c.expires_at > longest)
        holder = f"{socket.gethostname()}:{os.getpid()}"
        mine = {"holder": holder, "expires_at": now() + self._seconds}
        taken = self._database.upsert(lease, {"token": lease.c.token + 1, **mine}, is_over)
        with self._database.writing() as connection:
            new = taken.values(name=name, token=1, **mine)
            token = connection.scalar(new.returning(lease.c.token))
        return None if token is None else Lease(name, token)

    def renew(self, held: Lease) -> None:
        """Hold the lease longer; does nothing if it was lost."""
        longer = update(lease).where(_is_held(held)).values(expires_at=now() + self._seconds)
        self._database.execute(longer)

    def release(self, held: Lease) -> None:
        """Release the lease at once. The token stays, so that late writes still fail."""
        released = update(lease).where(_is_held(held)).values(holder="", expires_at=0.0)
        self._database.execute(released)


def _is_held(held: Lease) -> ColumnElement[bool]:
    return and_(lease.c.name == held.name, lease.c.token == held.token, lease.c.holder != "")


def must_hold(connection: Connection, held: Lease) -> None:
    """Fail the transaction unless the lease is still held, and lock it until the end.

    Raises Retryable (lease_lost).
    """
    query = select(lease.c.token).where(_is_held(held)).with_for_update()
    if connection.scalar(query) is None:
        raise Retryable(LEASE_LOST, "Another worker has taken over.")
