"""Counts the webhooks and the flushes of each hour, which the console plots."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Connection, case, cast, delete, func, literal_column, select
from sqlalchemy.sql import ColumnElement

from sync.store.database import Database, now, utc
from sync.store.schema import delivery, flush_hour
from sync.webhooks.schema import Outcome

_HOUR = 3600
_KEPT_HOURS = 24 * 31  # Longer than any plot shows.


@dataclass(frozen=True)
class HourFigures:
    """Counts for one hour; `jobs` are the rows that its flushes wrote or confirmed."""

    start: datetime  # in UTC
    deliveries: int = 0
    rejected: int = 0
    flushes: int = 0
    jobs: int = 0


def count_flush(database: Database, connection: Connection, jobs: int) -> None:
    """Count a flush of so many jobs inside the caller's transaction."""
    more = {"flushes": flush_hour.c.flushes + 1, "jobs": flush_hour.c.jobs + jobs}
    first = {"hour": _hour(now()), "flushes": 1, "jobs": jobs}
    connection.execute(database.upsert(flush_hour, more).values(first))


def prune(connection: Connection) -> None:
    """Delete old hours inside the caller's transaction."""
    connection.execute(delete(flush_hour).where(flush_hour.c.hour < _hour(now()) - _KEPT_HOURS))


def latest_hours(database: Database, count: int) -> list[HourFigures]:
    """Return the last `count` hours, this one included, oldest first."""
    rejected = func.sum(case((delivery.c.outcome == Outcome.REJECTED, 1), else_=0))
    with database.reading() as connection:
        this = int(connection.scalar(select(_hour(now()))) or 0)
        first = this - count + 1
        hour = _hour(delivery.c.received_at)
        query = select(hour, func.count(), rejected).group_by(hour)
        since = delivery.c.received_at >= float(first * _HOUR)
        received = {row[0]: (row[1], row[2]) for row in connection.execute(query.where(since))}
        flushes = select(flush_hour).where(flush_hour.c.hour >= first)
        written = {row.hour: (row.flushes, row.jobs) for row in connection.execute(flushes)}
    return [
        HourFigures(
            utc(each * _HOUR),
            *received.get(each, (0, 0)),
            *written.get(each, (0, 0)),
        )
        for each in range(first, this + 1)
    ]


def _hour(moment: ColumnElement[float]) -> ColumnElement[int]:
    # Integer division truncates in both databases. The divisor is a literal because PostgreSQL
    # wouldn't recognize the grouping expression with a parameter in it.
    return cast(moment, BigInteger) // literal_column(str(_HOUR))
