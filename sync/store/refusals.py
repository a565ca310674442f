"""Counts refused requests, whose bodies aren't stored, by day and reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Select, cast, delete, func, select
from sqlalchemy.sql import ColumnElement

from sync.store.database import Database, clock, now, utc
from sync.store.schema import refusal

WRONG_SECRET, NO_SECRET = "wrong_secret", "no_secret"
"""Reasons that may mean a mistyped secret at the webhook's sender."""
_DAY = 86_400
_LONGEST_SOURCE = 64


@dataclass(frozen=True)
class RefusedRequests:
    """Requests refused for the same reason; `ago` is the last one's age in seconds."""

    count: int
    ago: float
    source: str


@dataclass(frozen=True)
class RefusedDay:
    """Requests refused for one reason on one day (UTC); `last` is the time of the last one."""

    reason: str
    count: int
    last: datetime
    source: str


@dataclass(frozen=True)
class Refusals:
    """One row per day and reason. Rows older than `keep_days` are deleted."""

    _database: Database
    _keep_days: int

    def add(self, refused: Mapping[str, RefusedRequests]) -> None:
        """Add counts of refused requests, by reason, in one transaction."""
        with self._database.writing() as connection:
            moment = clock(connection)
            # Sorted, so that two processes can't deadlock.
            for reason, group in sorted(refused.items()):
                last = moment - group.ago
                row = {
                    "day": int(last // _DAY),
                    "reason": reason,
                    "count": group.count,
                    "last_at": last,
                    "last_source": group.source[:_LONGEST_SOURCE],
                }
                more = {name: row[name] for name in ("last_at", "last_source")}
                more["count"] = refusal.c["count"] + group.count
                connection.execute(self._database.upsert(refusal, more).values(row))
            oldest = int(moment // _DAY) - self._keep_days
            connection.execute(delete(refusal).where(refusal.c.day < oldest))

    def latest(self, days: int) -> list[RefusedDay]:
        """Return the refused requests of the last `days` days (with today), newest first."""
        columns = (refusal.c.reason, refusal.c["count"], refusal.c.last_at, refusal.c.last_source)
        query = select(*columns).where(_since(days))
        query = query.order_by(refusal.c.day.desc(), refusal.c.last_at.desc())
        return [
            RefusedDay(reason, count, utc(last), source)
            for reason, count, last, source in self._database.rows(query)
        ]

    def totals(self) -> dict[str, int]:
        """Return the number of refused requests by reason, over all days kept."""
        query = select(refusal.c.reason, _sum()).group_by(refusal.c.reason)
        return dict(self._database.rows(query))


def _since(days: int) -> ColumnElement[bool]:
    """Return the condition for the last `days` days (UTC), today included."""
    return refusal.c.day > now() / float(_DAY) - days


def count_since_yesterday() -> Select[Any]:
    return select(func.coalesce(_sum(), 0)).where(_since(days=2))


def wrong_secret_age() -> Select[Any]:
    """Return the query for how many seconds ago a secret was last wrong or missing."""
    is_wrong = refusal.c.reason.in_((WRONG_SECRET, NO_SECRET))
    return select(now() - func.max(refusal.c.last_at)).where(is_wrong)


def _sum() -> ColumnElement[int]:
    # PostgreSQL's sum of large integers is a decimal.
    return cast(func.sum(refusal.c["count"]), BigInteger)
