"""What came and what was written, by the hour."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import BigInteger, Connection, case, cast, delete, func, literal_column, select
from sqlalchemy.sql import ColumnElement

from sync.store.clock import now
from sync.store.database import Database
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
    hour = connection.scalar(select(_hour(now())))
    statement = database.insert(flush_hour).values(hour=hour, flushes=1, jobs=jobs)
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
