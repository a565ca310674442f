"""Batches: stored before they are sent, concluded when it is known what they hit.

What a batch meant and what it wrote over is stored as JSON that only `sync.sheets` reads.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Text,
    bindparam,
    case,
    delete,
    func,
    insert,
    null,
    or_,
    select,
    update,
)

from sync.jobs.cells import EMPTY, Cells, cells_in
from sync.jobs.model import TYPED, Change
from sync.jobs.pipeline import PipelineEntry, entry_in
from sync.store import hours, limits, lookups, measures
from sync.store.database import Database, Lease, bumped, clock, now
from sync.store.limits import pending_undos
from sync.store.schema import attempt, cell_history, job, undo
from sync.store.spreadsheet import LOST, Spreadsheet
from sync.types import ReplacedWords


@dataclass(frozen=True)
class Shown:
    """What the sheet shows of one job after a batch; `cells` None: as before.

    `entry` is where the Pipeline counts it.
    """

    site: str
    version: int
    events: int
    cells: Cells | None
    entry: PipelineEntry | None = None


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
    batch: str = ""
    """The ID by which its fence is known."""


@dataclass(frozen=True)
class Conclusion:
    """What the check of a batch found.

    `missed` sites do not show all that was meant; of them the columns in `landed` do. `keyed` ones
    have a row from now on that was not theirs before. `undos` (JSON) are to be stored,
    `landed_undos` (JSON by id) to be stored anew, `settled` ones (ids) to be deleted.
    """

    missed: frozenset[str] = frozenset()
    landed: Mapping[str, Collection[str]] = field(default_factory=dict)
    keyed: frozenset[str] = frozenset()
    undos: Sequence[str] = ()
    landed_undos: Mapping[int, str] = field(default_factory=dict)
    settled: Sequence[int] = ()
    replaced: Sequence[ReplacedWords] = ()
    is_told: bool = False
    """Whether the History gets a line for each of `replaced`."""


CLEAN = Conclusion()


@dataclass(frozen=True)
class Batches:
    """Writes need the flusher's lease."""

    _database: Database
    _sheet: Spreadsheet

    def begin(self, held: Lease, tried: Attempt) -> None:
        """Store what the sheet would show after a batch, before it is sent."""
        row = {
            "fence": tried.fence,
            "spreadsheet_id": self._sheet.id,
            "fence_before": tried.fence_before,
            "batch": tried.batch,
            "shown": json.dumps(
                [{**vars(one), "cells": one.cells and _cells_out(one.cells)} for one in tried.shown]
            ),
            "columns": json.dumps(tried.columns),
            "changes": json.dumps(tried.changes),
            "trace": tried.trace,
        }
        with self._database.writing(held) as connection:
            self._sheet.change(connection, fence=tried.fence)
            connection.execute(insert(attempt).values(row))

    def refused(self, held: Lease, fence: int) -> None:
        """Record that a batch was refused: it shows nothing, should Google do a part of it."""
        which = attempt.c.spreadsheet_id == self._sheet.id, attempt.c.fence == fence
        self._database.execute(update(attempt).where(*which).values(shown="[]", changes="[]"), held)

    def landed(self, held: Lease, fence: int | None, batch: str = "") -> Attempt | None:
        """Return the attempt that set `fence` as `batch`; delete those that can no longer land.

        A batch is refused once the fence that it was made for is gone; while that fence stands, a
        late one may still land.
        """
        mine = attempt.c.spreadsheet_id == self._sheet.id
        with self._database.writing(held) as connection:
            rows = connection.execute(select(attempt).where(mine)).all()
            seen = [r for r in rows if r.fence == fence and batch in ("", r.batch)]
            landed_row = next(iter(seen), None)
            over = [r.fence for r in rows if r.fence_before != fence and r not in seen]
            if over:
                connection.execute(delete(attempt).where(mine, attempt.c.fence.in_(over)))
        if landed_row is None:
            return None
        return Attempt(
            fence=landed_row.fence,
            fence_before=landed_row.fence_before,
            shown=tuple(_shown_in(values) for values in json.loads(landed_row.shown)),
            columns=tuple(json.loads(landed_row.columns)),
            trace=landed_row.trace,
            changes=tuple(json.loads(landed_row.changes)),
            batch=landed_row.batch,
        )

    def conclude(self, held: Lease, tried: Attempt, conclusion: Conclusion = CLEAN) -> None:
        """Store what the check of a batch that landed found, in one transaction."""
        mine = attempt.c.spreadsheet_id == self._sheet.id
        right = [job_shown for job_shown in tried.shown if job_shown.site not in conclusion.missed]
        with self._database.writing(held) as connection:
            ages = _ages(connection, right)
            measures.add(self._database, connection, measures.SHOWN, ages)
            confirm(connection, right)
            if conclusion.missed:
                _confirm_cells(connection, tried.shown, conclusion)
            if conclusion.keyed:
                # What was written for these jobs stands in another row than the one with their key.
                keyed = job.c.site.in_(sorted(conclusion.keyed))
                # But if the key alone was lost, it is the same row.
                is_same = or_(job.c.has_row, job.c.shown_events == LOST)
                values = {
                    "written": case((is_same, job.c.written), else_="{}"),
                    "has_row": True,
                    **bumped(),
                }
                connection.execute(update(job).where(keyed).values(values))
            lookups.mark_written(connection, tried.changes)
            limits.release(connection, self._sheet.id, [job_shown.site for job_shown in right])
            if conclusion.settled:
                connection.execute(delete(undo).where(undo.c.id.in_(conclusion.settled)))
            for number, body in conclusion.landed_undos.items():
                connection.execute(update(undo).where(undo.c.id == number).values(body=body))
            if conclusion.undos:
                rows = [{"spreadsheet_id": self._sheet.id, "body": b} for b in conclusion.undos]
                connection.execute(insert(undo), rows)
            if conclusion.replaced:
                self._keep_replaced(connection, tried.fence, conclusion)
            known = self._sheet.kept(connection).columns | set(tried.columns)
            self._sheet.change(
                connection,
                columns=json.dumps(sorted(known)),
                landed_at=now(),
                landed_fence=tried.fence,
                landed_batch=tried.batch,
                doubt="",
                doubt_since=None,
                takes_over=False,
                reason="",
                message="",
                since=None,
            )
            hours.count_flush(self._database, connection, len(right))
            # Every other attempt was made for a fence that is gone now.
            connection.execute(delete(attempt).where(mine))

    def keep_typed(self, held: Lease, cells: Mapping[str, Cells]) -> None:
        """Leave cells as they are, by site and column, until EverBright says something else."""
        with self._database.writing(held) as connection:
            for site, kept in cells.items():
                _add_written(connection, site, kept)

    def undos(self) -> dict[int, str]:
        """Return the pending undos (JSON) by id."""
        with self._database.reading() as connection:
            return pending_undos(connection, self._sheet.id)

    def settle_undos(self, held: Lease, settled: Iterable[int]) -> None:
        """Delete undos that are done with, as a read showed."""
        self._database.execute(delete(undo).where(undo.c.id.in_(sorted(settled))), held)

    def _keep_replaced(self, connection: Connection, fence: int, conclusion: Conclusion) -> None:
        for cell in conclusion.replaced:
            row = cell.model_dump(exclude={"header"})
            line = insert(cell_history).values(spreadsheet_id=self._sheet.id, at=now(), **row)
            connection.execute(line)
        moment = datetime.fromtimestamp(clock(connection), UTC)
        lines = (
            Change(
                site=cell.site,
                subject=TYPED,
                digest=f"{fence}:{cell.column}",
                received=moment,
                stamp=moment,
                name=cell.header,
                before=cell.before,
                after=cell.after,
                comment="A person had typed what stood there.",
            )
            for cell in conclusion.replaced
            if conclusion.is_told
        )
        lookups.keep(self._database, connection, lines)

    def confirm(self, held: Lease, jobs: Sequence[Shown]) -> None:
        """Record that the sheet already shows `shown`."""
        if jobs:
            with self._database.writing(held) as connection:
                confirm(connection, jobs)
                limits.release(connection, self._sheet.id, [row.site for row in jobs])

    def recheck(self, held: Lease, columns: Mapping[str, Iterable[str]]) -> None:
        """Have cells written again that a comparison found to be wrong: column ids by site."""
        with self._database.writing(held) as connection:
            for site, ids in columns.items():
                values = {"recheck": json.dumps(sorted(ids)), **bumped()}
                connection.execute(update(job).where(job.c.site == site).values(values))

    def keep_typed_reps(self, held: Lease, reps: Mapping[str, str]) -> None:
        """Record who has jobs by what people typed, by site; "" where nobody typed a name."""
        with self._database.writing(held) as connection:
            known = connection.execute(select(job.c.site, job.c.typed_rep)).all()
            for site, rep in known:
                if (now_typed := reps.get(site, rep)) != rep:
                    values = {"typed_rep": now_typed}
                    connection.execute(update(job).where(job.c.site == site).values(values))

    def forget_rows(self, held: Lease, sites: Iterable[str]) -> None:
        """Record that the rows of `sites` were deleted: they come back with their next event.

        What was written there is kept: a person may undo the deletion.
        """
        self._set_has_row(held, sites, has_row=False)

    def remember_rows(self, held: Lease, sites: Iterable[str]) -> None:
        """Record that `sites` have a row after all."""
        self._set_has_row(held, sites, has_row=True)

    def _set_has_row(self, held: Lease, sites: Iterable[str], *, has_row: bool) -> None:
        which = job.c.site.in_(sorted(sites)), job.c.has_row.is_not(has_row)
        self._database.execute(update(job).where(*which).values(has_row=has_row), held)


def confirm(connection: Connection, jobs: Sequence[Shown]) -> None:
    """Record inside the caller's transaction that the sheet shows `shown`."""
    rows = [
        {
            "at": row.site,
            "at_version": row.version,
            "at_events": row.events,
            "cells": None if row.cells is None else json.dumps(_cells_out(row.cells)),
            "entry": None if row.entry is None else json.dumps(row.entry),
        }
        for row in jobs
    ]
    statement = (
        update(job)
        .where(job.c.site == bindparam("at"))
        .values(
            shown_version=bindparam("at_version"),
            shown_events=bindparam("at_events"),
            counted=bindparam("entry"),
            written=func.coalesce(bindparam("cells", type_=Text), job.c.written),
            has_row=case((bindparam("cells", type_=Text).is_(None), job.c.has_row), else_=True),
            recheck=case((bindparam("cells", type_=Text).is_(None), job.c.recheck), else_="[]"),
            # What came since the read has waited for the time of a write at most.
            waiting_since=case((job.c.version == bindparam("at_version"), null()), else_=now()),
        )
    )
    if rows:
        connection.execute(statement, rows)


def _ages(connection: Connection, jobs: Sequence[Shown]) -> list[float]:
    """Return how old the oldest event is that each job's row shows now for the first time."""
    versions = {row.site: row.version for row in jobs}
    columns = job.c.site, job.c.version, now() - job.c.waiting_since
    is_new = job.c.waiting_since.is_not(None), job.c.events != job.c.shown_events
    rows = connection.execute(select(*columns).where(job.c.site.in_(sorted(versions)), *is_new))
    return [max(0.0, age) for site, version, age in rows if versions[site] == version]


def _confirm_cells(connection: Connection, jobs: Sequence[Shown], conclusion: Conclusion) -> None:
    """Record the cells that landed of jobs of which others did not: what is theirs is not typed."""
    for row in jobs:
        columns = conclusion.landed.get(row.site, ())
        if row.site not in conclusion.missed or row.cells is None or not columns:
            continue
        _add_written(connection, row.site, {c: row.cells.get(c, EMPTY) for c in columns})


def _add_written(connection: Connection, site: str, cells: Cells) -> None:
    query = select(job.c.written, job.c.recheck).where(job.c.site == site)
    known = connection.execute(query).first()
    if known is None:
        return
    values = {
        "written": json.dumps(json.loads(known.written) | _cells_out(cells)),
        "recheck": json.dumps([c for c in json.loads(known.recheck) if c not in cells]),
    }
    connection.execute(update(job).where(job.c.site == site).values(values))


def _cells_out(cells: Cells) -> dict[str, Any]:
    return {c: cell.model_dump(mode="json", exclude_defaults=True) for c, cell in cells.items()}


def _shown_in(tree: Mapping[str, Any]) -> Shown:
    cells = None if tree["cells"] is None else cells_in(tree["cells"])
    return Shown(**{**tree, "cells": cells, "entry": entry_in(tree["entry"])})
