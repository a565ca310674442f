"""Signs of life, refused requests, since when something is so (a column gone), who was told."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, cast, delete, func, select
from sqlalchemy.sql import ColumnElement

from sync.errors import Permanent
from sync.store.database import Database, clock, now
from sync.store.schema import heartbeat, refusal, reported
from sync.types import Mode, Value

WORKER = "worker"
"""All workers share this name: one that is alive is enough."""
TOKEN_REFUSED = "everbright_token"  # noqa: S105 - the name of a row
"""Since when EverBright does not accept the token."""


class ReadColumn(Value):
    """A managed column as it was last read: the tab and the header by which people know it."""

    sheet_id: int
    tab: str
    id: str
    header: str
    gone_at: float | None = None
    """Since when reads do not show it (seconds since 1970)."""


class ReadColumns(Value):
    """What reads showed up to the one that saw this `fence`."""

    fence: int = 0
    columns: tuple[ReadColumn, ...] = ()
    without: tuple[str, ...] = ()
    """Ids of columns that are gone and that a person does without."""

    @property
    def gone(self) -> tuple[ReadColumn, ...]:
        """The columns that were there and are gone."""
        return tuple(column for column in self.columns if column.gone_at is not None)

    def lost(
        self, present: Sequence[ReadColumn], made: Iterable[str], title: Callable[[str], str]
    ) -> list[ReadColumn]:
        """Return the columns that are wanted and were there before, and are not `present`.

        `made` are the ids of all that were ever made: one may be gone before it was read.
        """
        places = {(column.sheet_id, column.id) for column in present}
        gone = [c for c in self.columns if (c.sheet_id, c.id) not in places and title(c.id)]
        known = {column.id for column in (*present, *gone)} | {*self.without}
        first = present[0] if present else ReadColumn(sheet_id=0, tab="", id="", header="")
        never_read = sorted(column for column in made if column not in known and title(column))
        return gone + [
            first.model_copy(update={"id": column, "header": title(column)})
            for column in never_read
        ]

    def after(
        self, fence: int, present: Sequence[ReadColumn], lost: Sequence[ReadColumn], clock: float
    ) -> "ReadColumns":
        """Return the same after a read that shows `present`, and not `lost`, at `clock`."""
        gone = (one.model_copy(update={"gone_at": one.gone_at or clock}) for one in lost)
        back = {column.id for column in present}
        without = tuple(column for column in self.without if column not in back)
        return ReadColumns(fence=fence, columns=(*present, *gone), without=without)

    def without_gone(self) -> "ReadColumns":
        """Return the same where a person does without what is gone."""
        left = tuple(column for column in self.columns if column.gone_at is None)
        without = (*self.without, *(column.id for column in self.gone))
        return ReadColumns(fence=self.fence, columns=left, without=without)


class FenceDoubt(StrEnum):
    """Why nothing is written: the fence isn't one that this database set."""

    OTHER_DATABASE = "other_database"
    RESTORED = "restored"
    """It has this database's ID: this is a backup that was restored, from before that fence."""


@dataclass(frozen=True)
class KnownFences:
    """The fences that this database set: of the last batch that landed, and of batches in doubt.

    `doubt` is why nothing was written at the last read, "" if it was. Once a database `takes_over`,
    its next batch replaces any fence.
    """

    batches: frozenset[str] = frozenset()
    numbers: frozenset[int] = frozenset()
    doubt: str = ""
    takes_over: bool = False

    def has(self, number: int, batch: str) -> bool:
        """Return whether a fence is known: by its number if its description was lost."""
        return batch in self.batches if batch else number in self.numbers


@dataclass(frozen=True)
class KeptSheet:
    """What is known of a spreadsheet: whose the tabs of jobs are, the ids of those that are mapped.

    `columns` are the ids of those that were made: if one is missing now, a person deleted it.
    """

    mode: Mode = Mode.UNSET
    tabs: frozenset[int] = frozenset()
    columns: frozenset[str] = frozenset()
    columns_read: ReadColumns = field(default_factory=ReadColumns)
    fences: KnownFences = field(default_factory=KnownFences)


class Trial(Value):
    """How Google was seen to treat IDs, `at` a moment (seconds since 1970)."""

    at: float
    keeps_range_id: bool
    """Whether a protected range has the ID that was chosen for it: the fence."""
    refuses_taken_id: bool
    """Whether metadata with an ID that is taken is refused: the guards."""

    def must_be_safe(self) -> None:
        """Raise Permanent if the fence doesn't work here."""
        if not self.keeps_range_id:
            raise Permanent(
                "unsafe",
                "In this spreadsheet Google doesn't keep the ID that is chosen for a protected "
                "range. That ID is what makes Google refuse a batch that is late or was sent "
                "twice. Without it, jobs could appear twice or overwrite each other, so nothing is "
                "written here.",
                "Test it again: brightsheet doctor",
            )


class Heartbeats:
    """One row for each name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def give(self, name: str = WORKER) -> None:
        """Record that `name` is alive now."""
        statement = self._database.insert(heartbeat).values(name=name, at=now())
        again = statement.on_conflict_do_update(index_elements=["name"], set_={"at": now()})
        self._database.execute(again)

    def begin(self, name: str) -> None:
        """Record that something is so since now, unless it was so before."""
        statement = self._database.insert(heartbeat).values(name=name, at=now())
        self._database.execute(statement.on_conflict_do_nothing())

    def end(self, name: str) -> None:
        """Record that it is not so any more."""
        self._database.execute(delete(heartbeat).where(heartbeat.c.name == name))


class Reported:
    """What was reported already, by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def new(self, names: Sequence[str]) -> list[str]:
        """Return those of `names` that were not reported yet, each once."""
        if not names:
            return []
        query = select(reported.c.name).where(reported.c.name.in_(names))
        known = set(self._database.scalars(query))
        return [name for name in dict.fromkeys(names) if name not in known]

    def keep(self, names: Sequence[str]) -> None:
        """Store that `names` were reported: afterwards, since twice is better than never."""
        rows = [{"name": name} for name in names]
        if rows:
            statement = self._database.insert(reported).on_conflict_do_nothing()
            with self._database.writing() as connection:
                connection.execute(statement, rows)


WRONG_SECRET, NO_SECRET = "wrong_secret", "no_secret"
WRONG_SECRETS = (WRONG_SECRET, NO_SECRET)
"""Reasons: each may be a secret that was mistyped where the webhook is sent."""
_DAY = 86_400
_LONGEST_SOURCE = 64


@dataclass(frozen=True)
class RefusedRequests:
    """Requests that were refused for the same reason; `ago` is the last one's age in seconds."""

    count: int
    ago: float
    source: str


@dataclass(frozen=True)
class RefusedDay:
    """What was refused for one reason on the day (UTC) of `last`, the last one's moment."""

    reason: str
    count: int
    last: datetime
    source: str


class Refusals:
    """A row for each day and reason. Those older than `keep_days` are forgotten."""

    def __init__(self, database: Database, keep_days: int) -> None:
        self._database = database
        self._keep_days = keep_days

    def add(self, refused: Mapping[str, RefusedRequests]) -> None:
        """Count refusals, by their reasons, in one transaction."""
        with self._database.writing() as connection:
            moment = clock(connection)
            # In one order: two processes must not wait for each other.
            for reason, group in sorted(refused.items()):
                self._count(connection, reason, group, moment - group.ago)
            oldest = int(moment // _DAY) - self._keep_days
            connection.execute(delete(refusal).where(refusal.c.day < oldest))

    def _count(
        self, connection: Connection, reason: str, group: RefusedRequests, last: float
    ) -> None:
        row = {
            "day": int(last // _DAY),
            "reason": reason,
            "count": group.count,
            "last_at": last,
            "last_source": group.source[:_LONGEST_SOURCE],
        }
        statement = self._database.insert(refusal).values(row)
        fresh = statement.excluded
        more = {
            "count": refusal.c["count"] + fresh["count"],
            "last_at": fresh.last_at,
            "last_source": fresh.last_source,
        }
        again = statement.on_conflict_do_update(index_elements=["day", "reason"], set_=more)
        connection.execute(again)

    def latest(self, days: int) -> list[RefusedDay]:
        """Return what was refused today and on the days before, `days` in all, newest first."""
        columns = (refusal.c.reason, refusal.c["count"], refusal.c.last_at, refusal.c.last_source)
        query = select(*columns).where(since(days))
        query = query.order_by(refusal.c.day.desc(), refusal.c.last_at.desc())
        return [
            RefusedDay(reason, count, datetime.fromtimestamp(last, UTC), source)
            for reason, count, last, source in self._database.rows(query)
        ]

    def totals(self) -> dict[str, int]:
        """Return how many are kept, by reason."""
        query = select(refusal.c.reason, _sum()).group_by(refusal.c.reason)
        return {row[0]: row[1] for row in self._database.rows(query)}


def since(days: int) -> ColumnElement[bool]:
    """Return the condition for today (UTC) and the days before, `days` in all."""
    return refusal.c.day > now() / float(_DAY) - days


def count(days: int) -> Select[Any]:
    """Return the query for how many were refused on the last `days` days."""
    return select(func.coalesce(_sum(), 0)).where(since(days))


def last(reasons: Collection[str]) -> Select[Any]:
    """Return the query for how many seconds ago the last of them was refused."""
    return select(now() - func.max(refusal.c.last_at)).where(refusal.c.reason.in_(reasons))


def _sum() -> ColumnElement[int]:
    # PostgreSQL's sum of large integers is a decimal.
    return cast(func.sum(refusal.c["count"]), BigInteger)
