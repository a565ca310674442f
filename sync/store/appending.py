"""What came and what was written, by the hour."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from threading import Lock
from time import monotonic
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    BigInteger,
    Connection,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal_column,
    select,
)
from sqlalchemy.sql import ColumnElement

from sync.errors import Retryable
from sync.store.database import Database, now
from sync.store.schema import delivery, flush_hour
from sync.webhooks.schema import Outcome

HOUR = 3600
_KEPT_HOURS = 24 * 31
"""Longer than any plot shows."""


@dataclass(frozen=True)
class HourFigures:
    """An hour (its start, in UTC): deliveries, those of them that were rejected, and flushes.

    `jobs` counts the rows that the flushes wrote or confirmed.
    """

    start: datetime
    deliveries: int = 0
    rejected: int = 0
    flushes: int = 0
    jobs: int = 0


def count_flush(database: Database, connection: Connection, jobs: int) -> None:
    """Count a flush of so many jobs inside the caller's transaction."""
    statement = database.insert(flush_hour).values(hour=_hour(now()), flushes=1, jobs=jobs)
    more = {"flushes": flush_hour.c.flushes + 1, "jobs": flush_hour.c.jobs + jobs}
    connection.execute(statement.on_conflict_do_update(index_elements=["hour"], set_=more))


def prune(connection: Connection) -> None:
    """Forget old hours inside the caller's transaction."""
    connection.execute(delete(flush_hour).where(flush_hour.c.hour < _hour(now()) - _KEPT_HOURS))


def latest_hours(database: Database, count: int) -> list[HourFigures]:
    """Return the last `count` hours, this one included, oldest first."""
    rejected = func.sum(case((delivery.c.outcome == Outcome.REJECTED, 1), else_=0))
    with database.reading() as connection:
        this = int(connection.scalar(select(_hour(now()))) or 0)
        first = this - count + 1
        hour = _hour(delivery.c.received_at)
        came = select(hour, func.count(), rejected).group_by(hour)
        since = delivery.c.received_at >= float(first * HOUR)
        received = {row[0]: (row[1], row[2]) for row in connection.execute(came.where(since))}
        query = select(flush_hour).where(flush_hour.c.hour >= first)
        written = {row.hour: (row.flushes, row.jobs) for row in connection.execute(query)}
    return [
        HourFigures(
            datetime.fromtimestamp(each * HOUR, UTC),
            *received.get(each, (0, 0)),
            *written.get(each, (0, 0)),
        )
        for each in range(first, this + 1)
    ]


def _hour(moment: ColumnElement[float]) -> ColumnElement[int]:
    # Whole numbers are divided: no database rounds those up. A constant in the text, and no
    # parameter: PostgreSQL would not see that it is grouped by what is selected.
    return cast(moment, BigInteger) // literal_column(str(HOUR))


_COLUMNS = (
    "id",
    "counts_from",
    "outcome",
    "kind",
    "reason",
    "site",
    "digest",
    "body",
    "projected",
    "milestone",
)
_STATEMENTS = 64
"""So many sizes of groups keep their statement; there are no more threads."""
_COPY = {"outcome": Outcome.DUPLICATE.value, "body": None, "projected": True}
ALONE_SECONDS = 5.0
"""For storing the items of a failed group one by one: their senders are waiting."""
WAIT_SECONDS = 20.0
"""For its turn: two transactions that wait for the database as long as they may."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Appender:
    """Inserts rows of the table `delivery`, given by their columns but `received_at`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._statement = lru_cache(_STATEMENTS)(self._compiled)

    def append(self, rows: Sequence[Mapping[str, Any]]) -> set[str]:
        """Insert rows; return the ids of those whose digest is new.

        The others are stored as duplicates, without their bodies, in a second transaction: if that
        fails, so does the call, and when it is repeated the first rows are duplicates themselves.
        """
        new = self._insert(rows)
        if copies := [{**row, **_COPY} for row in rows if row["id"] not in new]:
            self._insert(copies)
        return new

    def _insert(self, rows: Sequence[Mapping[str, Any]]) -> set[str]:
        sql, names = self._statement(len(rows))
        values = {f"{name}_{n}": row[name] for n, row in enumerate(rows) for name in _COLUMNS}
        in_order = [values[name] for name in names]
        new = self._database.append(sql, in_order if self._database.is_sqlite else values)
        return {row[0] for row in new}

    def _compiled(self, count: int) -> tuple[str, Sequence[str]]:
        rows = [
            {name: bindparam(f"{name}_{n}", type_=delivery.c[name].type) for name in _COLUMNS}
            for n in range(count)
        ]
        statement = self._database.insert(delivery).values(
            [{**row, "received_at": now()} for row in rows]
        )
        return self._database.compiled(statement.on_conflict_do_nothing().returning(delivery.c.id))


class _Entry(Generic[_Item, _Result]):
    """An item of a thread that waits until it is stored, or until the thread is to store."""

    def __init__(self, item: _Item) -> None:
        self.item = item
        self.results: Sequence[_Result] = ()
        self.error: Exception | None = None
        self.leads = False
        self._waits = Lock()
        self._waits.acquire()

    def wait(self, seconds: float) -> bool:
        return self._waits.acquire(timeout=seconds)

    def wake(self) -> None:
        self._waits.release()


class Groups(Generic[_Item, _Result]):
    """Stores items in groups. `store` stores all of its items, in one transaction, or none.

    One thread at a time calls `store`, with its own item and those of all threads that wait; then
    one of those that have come meanwhile does. A group that fails is stored once more, item by
    item: each fails alone.
    """

    def __init__(self, store: Callable[[Sequence[_Item]], Sequence[_Result]]) -> None:
        self._store = store
        self._lock = Lock()
        self._is_storing = False
        self._waiting: deque[_Entry[_Item, _Result]] = deque()

    def put(self, item: _Item) -> _Result:
        """Store an item, and return its result after the commit.

        Raises what `store` raises for this item; Retryable if its turn does not come.
        """
        entry = _Entry[_Item, _Result](item)
        with self._lock:
            self._waiting.append(entry)
            entry.leads, self._is_storing = not self._is_storing, True
        if not entry.leads and not entry.wait(WAIT_SECONDS):
            self._give_up(entry)
        if entry.leads:
            self._store_waiting(entry)
        if entry.error is not None:
            raise entry.error
        if not entry.results:
            raise Retryable("store_unavailable", "The database is busy.")
        return entry.results[0]

    def _give_up(self, entry: _Entry[_Item, _Result]) -> None:
        """Leave the queue, unless its turn has come at the last moment."""
        with self._lock:
            if entry in self._waiting and not entry.leads:
                self._waiting.remove(entry)

    def _store_waiting(self, mine: _Entry[_Item, _Result]) -> None:
        with self._lock:
            group = list(self._waiting)
            self._waiting.clear()
        try:
            self._store_or_fail(group)
        finally:
            with self._lock:
                self._is_storing = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].leads = True
                    self._waiting[0].wake()
            for entry in group:
                if entry is not mine:
                    entry.wake()

    def _store_or_fail(self, group: Sequence[_Entry[_Item, _Result]]) -> None:
        began = monotonic()
        if self._store_group(group) or len(group) == 1:
            return
        for entry in group:
            if monotonic() - began < ALONE_SECONDS:
                self._store_group([entry])

    def _store_group(self, group: Sequence[_Entry[_Item, _Result]]) -> bool:
        try:
            results = self._store([entry.item for entry in group])
        except Exception as error:
            for entry in group:
                entry.error = error
            return False
        for entry, result in zip(group, results, strict=True):
            entry.results, entry.error = (result,), None
        return True
