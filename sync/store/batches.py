"""Batches: stored before they are sent, concluded when it is known what they hit.

What a batch meant and what it wrote over is stored as JSON that only `sync.sheets` reads.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import (
    Connection,
    RowMapping,
    Text,
    bindparam,
    case,
    delete,
    func,
    null,
    select,
    update,
)

from sync.jobs.cells import Cell
from sync.jobs.model import TYPED, Change
from sync.store import activity, history, quarantine
from sync.store.clock import now
from sync.store.database import Database
from sync.store.dirty import bumped
from sync.store.leases import Lease, hold
from sync.store.schema import attempt, before_image, cell_history, job
from sync.store.spreadsheet import Spreadsheet

Cells = Mapping[str, Cell]


@dataclass(frozen=True)
class Shown:
    """What the sheet shows of one job after a batch; `cells` None: as before."""

    site: str
    version: int
    events: int
    cells: Cells | None


@dataclass(frozen=True)
class Attempt:
    """A batch that may have landed: stored before it is sent, until a read shows that it did."""

    fence: int
    fence_before: int | None
    shown: tuple[Shown, ...]
    columns: tuple[str, ...]
    """Ids of the columns that the tab has after the batch."""
    trace: str
    """What it was to write (JSON)."""
    changes: tuple[int, ...] = ()
    """Changes (seq) that it writes into the History."""


@dataclass(frozen=True)
class ReplacedCell:
    """What a person had typed into a mapped cell of a job, and what stands there in its place."""

    site: str
    column: str
    header: str
    before: str
    after: str


@dataclass(frozen=True)
class Conclusion:
    """What the verification of a batch found.

    `dirty` sites do not show what was meant; the columns in `drift` hold what was meant for other
    rows, with the note that was written there (None: no note). `images` (JSON) are to be stored,
    `settled` ones (ids) to be deleted.
    """

    dirty: frozenset[str] = frozenset()
    drift: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    images: Sequence[str] = ()
    settled: Sequence[int] = ()
    replaced: Sequence[ReplacedCell] = ()
    is_told: bool = False
    """Whether the History gets a line for each of `replaced`."""


CLEAN = Conclusion()

_UNKNOWN = {"text": "?", "is_stand_in": True}
"""In place of a cell that holds something else than was written: it differs from every cell."""


class Batches:
    """Writes need the flusher's lease."""

    def __init__(self, database: Database, spreadsheet: Spreadsheet) -> None:
        self._database = database
        self._sheet = spreadsheet

    def begin(self, held: Lease, tried: Attempt) -> None:
        """Store what the sheet would show after a batch, before it is sent."""
        row = {
            "fence": tried.fence,
            "spreadsheet_id": self._sheet.id,
            "fence_before": tried.fence_before,
            "shown": json.dumps([_shown_out(one) for one in tried.shown]),
            "columns": json.dumps(tried.columns),
            "changes": json.dumps(tried.changes),
            "trace": tried.trace,
        }
        with self._database.writing() as connection:
            hold(connection, held)
            self._sheet.change(connection, fence=tried.fence)
            connection.execute(self._database.insert(attempt).values(row))

    def landed(self, held: Lease, fence: int | None) -> Attempt | None:
        """Return the attempt that set `fence`; delete those that can no longer land.

        A batch is refused once the fence that it was made for is gone; while that fence stands, a
        late one may still land.
        """
        mine = attempt.c.spreadsheet_id == self._sheet.id
        with self._database.writing() as connection:
            hold(connection, held)
            rows = connection.execute(select(attempt).where(mine)).mappings().all()
            found = next((row for row in rows if row["fence"] == fence), None)
            over = [r["fence"] for r in rows if fence not in (r["fence_before"], r["fence"])]
            if over:
                connection.execute(delete(attempt).where(mine, attempt.c.fence.in_(over)))
        return None if found is None else _attempt(found)

    def conclude(self, held: Lease, tried: Attempt, found: Conclusion = CLEAN) -> None:
        """Store what the verification of a batch that landed found, in one transaction."""
        mine = attempt.c.spreadsheet_id == self._sheet.id
        right = [one for one in tried.shown if one.site not in found.dirty]
        with self._database.writing() as connection:
            hold(connection, held)
            confirm(connection, right)
            mark_drift(connection, found.drift)
            history.mark_written(connection, tried.changes)
            quarantine.release(connection, self._sheet.id, [one.site for one in right])
            if found.images:
                rows = [{"spreadsheet_id": self._sheet.id, "body": one} for one in found.images]
                connection.execute(self._database.insert(before_image), rows)
            if found.replaced:
                self._keep_replaced(connection, tried.fence, found)
            if found.settled:
                done = before_image.c.id.in_(found.settled)
                connection.execute(delete(before_image).where(done))
            known = self._sheet.known_columns(connection) | set(tried.columns)
            self._sheet.change(
                connection,
                columns=json.dumps(sorted(known)),
                landed_at=now(),
                reason="",
                message="",
                since=None,
            )
            activity.count_flush(self._database, connection, len(right))
            # Every other attempt was made for a fence that is gone now.
            connection.execute(delete(attempt).where(mine))

    def _keep_replaced(self, connection: Connection, fence: int, found: Conclusion) -> None:
        for one in found.replaced:
            row = {"spreadsheet_id": self._sheet.id, **vars(one), "at": now()}
            del row["header"]
            connection.execute(self._database.insert(cell_history).values(row))
        moment = datetime.fromtimestamp(float(connection.scalar(select(now())) or 0.0), UTC)
        lines = [
            Change(
                site=one.site,
                subject=TYPED,
                digest=f"{fence}:{one.column}",
                stamp=moment,
                name=one.header,
                before=one.before,
                after=one.after,
                comment="A person had typed what stood there.",
            )
            for one in found.replaced
        ]
        history.keep(self._database, connection, lines if found.is_told else [])

    def confirm(self, held: Lease, shown: Sequence[Shown]) -> None:
        """Record that the sheet already shows `shown`."""
        if shown:
            with self._database.writing() as connection:
                hold(connection, held)
                confirm(connection, shown)
                quarantine.release(connection, self._sheet.id, [one.site for one in shown])

    def mark_drift(self, held: Lease, drift: Mapping[str, Iterable[str]]) -> None:
        """Have cells written again that a comparison found to be wrong."""
        with self._database.writing() as connection:
            hold(connection, held)
            mark_drift(connection, {s: dict.fromkeys(columns) for s, columns in drift.items()})

    def written(self, sites: Iterable[str]) -> dict[str, dict[str, Cell]]:
        """Return what the rows of `sites` were last confirmed to show; only of known jobs."""
        query = select(job.c.site, job.c.written).where(job.c.site.in_(sorted(sites)))
        with self._database.reading() as connection:
            return {site: cells_in(json.loads(body)) for site, body in connection.execute(query)}

    def replaced(self, site: str) -> list[tuple[str, str]]:
        """Return what people had typed into mapped cells of a job, and what replaced it."""
        query = select(cell_history.c.before, cell_history.c.after).order_by(cell_history.c.id)
        query = query.where(
            cell_history.c.site == site, cell_history.c.spreadsheet_id == self._sheet.id
        )
        with self._database.reading() as connection:
            return [(row.before, row.after) for row in connection.execute(query)]

    def forget_rows(self, held: Lease, sites: Iterable[str]) -> None:
        """Record that the rows of `sites` were deleted: they come back with their next event."""
        with self._database.writing() as connection:
            hold(connection, held)
            gone = job.c.site.in_(sorted(sites))
            connection.execute(update(job).where(gone).values(written="{}"))


def confirm(connection: Connection, shown: Sequence[Shown]) -> None:
    """Record inside the caller's transaction that the sheet shows `shown`."""
    rows = [
        {
            "at": one.site,
            "at_version": one.version,
            "at_events": one.events,
            "cells": None if one.cells is None else _cells_out(one.cells),
        }
        for one in shown
    ]
    statement = (
        update(job)
        .where(job.c.site == bindparam("at"))
        .values(
            shown_version=bindparam("at_version"),
            shown_events=bindparam("at_events"),
            written=func.coalesce(bindparam("cells", type_=Text), job.c.written),
            # What came since the read has waited for the time of a write at most.
            waiting_since=case((job.c.version == bindparam("at_version"), null()), else_=now()),
        )
    )
    if rows:
        connection.execute(statement, rows)


def mark_drift(connection: Connection, drift: Mapping[str, Mapping[str, str | None]]) -> None:
    """Record inside the caller's transaction which cells hold something else than was written."""
    for site, columns in drift.items():
        written = connection.scalar(select(job.c.written).where(job.c.site == site))
        cells = json.loads(written or "{}")
        if not cells:
            continue  # All of it is still to be written; without a row there is no drift.
        for column, note in columns.items():
            notes = {name: cells.get(column, {}).get(name) for name in ("note", "noted")}
            if note is not None:
                notes = {"note": note}
            cells[column] = _UNKNOWN | {name: one for name, one in notes.items() if one}
        connection.execute(
            update(job).where(job.c.site == site).values(written=json.dumps(cells), **bumped())
        )


def cells_in(tree: Mapping[str, object]) -> dict[str, Cell]:
    """Return cells from their JSON values."""
    return {column: Cell.model_validate(cell) for column, cell in tree.items()}


def _cells_out(cells: Cells) -> str:
    out = {c: cell.model_dump(mode="json", exclude_defaults=True) for c, cell in cells.items()}
    return json.dumps(out)


def _attempt(row: RowMapping) -> Attempt:
    return Attempt(
        fence=row["fence"],
        fence_before=row["fence_before"],
        shown=tuple(_shown_in(one) for one in json.loads(row["shown"])),
        columns=tuple(json.loads(row["columns"])),
        trace=row["trace"],
        changes=tuple(json.loads(row["changes"])),
    )


def _shown_out(one: Shown) -> dict[str, object]:
    cells = None if one.cells is None else json.loads(_cells_out(one.cells))
    return {"site": one.site, "version": one.version, "events": one.events, "cells": cells}


def _shown_in(tree: Mapping[str, object]) -> Shown:
    cells = tree["cells"]
    return Shown(
        site=str(tree["site"]),
        version=int(str(tree["version"])),
        events=int(str(tree["events"])),
        cells=cells_in(cells) if isinstance(cells, Mapping) else None,
    )
