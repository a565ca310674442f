"""Stores the metrics of all processes: histograms of durations, and errors by class."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate

from sqlalchemy import Connection, select

from sync.errors import BrightsheetError
from sync.store.database import Database
from sync.store.schema import error_count, measure

ACKNOWLEDGED, FLUSHED, SHOWN = "acknowledged", "flushed", "shown"
BOUNDS: Mapping[str, Sequence[float]] = {
    ACKNOWLEDGED: (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
    FLUSHED: (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0),
    SHOWN: (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 86_400.0),
}
"""The upper bounds of the buckets, in seconds; one more bucket has all longer durations."""


@dataclass(frozen=True)
class Histogram:
    """`counts` are cumulative, by bucket; `total` is in seconds."""

    counts: Sequence[int]
    total: float


def add(database: Database, connection: Connection, name: str, seconds: Iterable[float]) -> None:
    """Add durations to a histogram inside the caller's transaction."""
    buckets = defaultdict[int, list[float]](list)
    for one in seconds:
        buckets[bisect_left(BOUNDS[name], one)].append(one)
    for bucket, durations in sorted(buckets.items()):
        count, total = len(durations), sum(durations)
        more = {"count": measure.c["count"] + count, "total": measure.c.total + total}
        first = {"name": name, "bucket": bucket, "count": count, "total": total}
        connection.execute(database.upsert(measure, more).values(first))


@dataclass(frozen=True)
class Metrics:
    """Histograms and counters in the database."""

    _database: Database

    def add(self, name: str, seconds: Iterable[float]) -> None:
        """Add durations to a histogram. Ignores errors, because a metric isn't worth a failure."""
        with suppress(BrightsheetError), self._database.writing(durable=False) as connection:
            add(self._database, connection, name, seconds)

    def count(self, error: BrightsheetError | None) -> None:
        """Count an error (None: an internal one). Ignores errors of its own."""
        kind = "internal" if error is None else type(error).__name__.lower()
        row = {"kind": kind, "reason": error.reason if error else "fault", "count": 1}
        more = {"count": error_count.c["count"] + 1}
        with suppress(BrightsheetError), self._database.writing(durable=False) as connection:
            connection.execute(self._database.upsert(error_count, more).values(row))

    def histograms(self) -> dict[str, Histogram]:
        rows = self._database.rows(select(measure))
        found = {}
        for name, bounds in BOUNDS.items():
            counts = Counter({row.bucket: row[2] for row in rows if row.name == name})
            buckets = accumulate(counts[bucket] for bucket in range(len(bounds) + 1))
            total = sum(row.total for row in rows if row.name == name)
            found[name] = Histogram([*buckets], total)
        return found

    def errors(self) -> dict[tuple[str, str], int]:
        """Return the number of errors by class and reason."""
        return {
            (row.kind, row.reason): row.count for row in self._database.rows(select(error_count))
        }
