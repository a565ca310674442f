"""Stores batches before they are sent, and their results once they are checked.

What a batch intended to write, and what it overwrote, is stored as JSON that only `sync.sheets`
reads.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import (
    Connection,
    Integer,
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

from sync.jobs.cells import EMPTY, Cells, cells_in, cells_out
from sync.jobs.model import TYPED, Change
from sync.jobs.pipeline import PipelineEntry
from sync.store import history, hourly_counts, metrics
from sync.store.boards import record_added
from sync.store.database import Database, Lease, clock, made_dirty, now, utc
from sync.store.schema import attempt, cell_history, job, quarantine, undo
from sync.store.spreadsheet import HAS_UNKEYED_ROW, NO_TROUBLE, UNKEYED, Spreadsheet
from sync.types import ReplacedWords

REST_SECONDS = 30.0
"""Seconds after the first refusal: as long as the edits that may have caused it."""
LONGEST_REST_SECONDS = 3600.0
"""The wait doubles up to this: about 30 tries a day for a job that is rejected every time.

Each try takes at least two reads, two batches that Google rejects, and one without the job's data.
"""


@dataclass(frozen=True)
class ShownVersion:
    """The version of a job that its row is up to date with after a batch.

    `cells` are what is resolved then (`Target.resolved`). None: that stays, because no row of the
    job is written. It is right already, or a person deleted it, or the job gets none yet. `entry`
    is the job's place in the Pipeline.
    """

    site: str
    version: int
    events: int
    cells: Cells | None
    entry: PipelineEntry | None = None


_SHOWN = TypeAdapter(tuple[ShownVersion, ...])


@dataclass(frozen=True)
class Attempt:
    """A batch that Google may have carried out: stored before it is sent, until it is checked.

    Its states, while the fence that it replaces or its own is in the sheet:

    | state | stored | if a read shows its fence |
    |---|---|---|
    | sent | all | It is checked, and the jobs in `shown` are up to date. |
    | rejected (`mark_refused`) | no `shown`, no `changes` | It is checked; its jobs stay dirty. |
    | sent before another spreadsheet was written (`make_current`) | no `shown` | The same. |
    | for tabs without jobs now (`_clear_batches`) | no `trace` either | It isn't checked. |

    Once the sheet has another fence, Google rejects it: it is deleted (`settle_attempts`).
    """

    fence: int
    fence_before: int | None
    shown: tuple[ShownVersion, ...]
    created: tuple[str, ...]
    """IDs of the columns, further tabs and filter views that exist after it (`KeptSheet`)."""
    trace: str
    """The intended writes (JSON of a Trace)."""
    changes: tuple[int, ...] = ()
    """The changes (seq) whose lines it writes into the History, or that nothing shows."""
    batch: str = ""
    """The ID in its fence's description."""


@dataclass(frozen=True)
class Conclusion:
    """The result of a batch's check.

    `mismatched` are the sites with such writes, and `confirmed` the columns of theirs that are
    right all the same. `keyed` sites have got an existing row, `added` ones a new row on a board.
    `undos` (JSON) are new, `rewritten_undos` (JSON by ID) replace stored ones, `finished_undos`
    (IDs) are deleted.
    """

    mismatched: frozenset[str] = frozenset()
    confirmed: Mapping[str, Collection[str]] = field(default_factory=dict)
    keyed: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()
    undos: Sequence[str] = ()
    rewritten_undos: Mapping[int, str] = field(default_factory=dict)
    finished_undos: Sequence[int] = ()
    replaced: Sequence[ReplacedWords] = ()
    writes_history: bool = False
    """Whether the History gets a line for each of the `replaced` words."""
    ends_trouble: bool = True
    """Whether no tab is left that can't be written."""


CLEAN = Conclusion()
_NO_DOUBT = {"doubt": "", "doubt_since": None, "takes_over": False}
"""A spreadsheet's values once a batch was carried out."""


@dataclass(frozen=True)
class Batches:
    """The attempts and results of one spreadsheet's batches. Writes need the flusher's lease."""

    _database: Database
    _sheet: Spreadsheet

    def begin(self, lease: Lease, tried: Attempt) -> None:
        """Store an attempt before its batch is sent, which replaces its `fence_before`.

        If an attempt set that, it was concluded: this batch replaces its copies, too.
        """
        row = {
            "fence": tried.fence,
            "spreadsheet_id": self._sheet.id,
            "fence_before": tried.fence_before,
            "batch": tried.batch,
            "shown": _SHOWN.dump_json(tried.shown, exclude_defaults=True).decode(),
            "columns": json.dumps(tried.created),
            "changes": json.dumps(tried.changes),
            "trace": tried.trace,
        }
        unchecked = select(attempt.c.fence).where(
            attempt.c.spreadsheet_id == self._sheet.id, attempt.c.fence == tried.fence_before
        )
        with self._database.writing(lease) as connection:
            assert connection.scalar(unchecked) is None  # noqa: S101 - the read concluded it
            self._sheet.change(connection, fence=tried.fence)
            connection.execute(insert(attempt).values(row))

    def mark_refused(self, lease: Lease, fence: int) -> None:
        """Record that Google rejected a batch, so that it confirms nothing.

        It changed nothing. If the next read shows its fence all the same, Google has carried out a
        part, which is checked then.
        """
        which = attempt.c.spreadsheet_id == self._sheet.id, attempt.c.fence == fence
        self._database.execute(
            update(attempt).where(*which).values(shown="[]", changes="[]"), lease
        )

    def quarantine(self, lease: Lease, site: str) -> int:
        """Quarantine a job that Google rejected; return how often it has been rejected.

        Meanwhile neither its row nor its History lines are written.
        """
        here = quarantine.c.spreadsheet_id == self._sheet.id
        refusals = select(quarantine.c.refusals).where(here, quarantine.c.site == site)
        with self._database.writing(lease) as connection:
            known = connection.scalar(refusals) or 0
            rest = min(REST_SECONDS * 2.0 ** min(known, 20), LONGEST_REST_SECONDS)
            values = {"refusals": known + 1, "until": now() + rest}
            row = {"spreadsheet_id": self._sheet.id, "site": site, **values}
            connection.execute(self._database.upsert(quarantine, values).values(row))
        return known + 1

    def settle_attempts(self, lease: Lease, fence: int, batch: str = "") -> Attempt | None:
        """Return the attempt that set `fence` as `batch`, and delete those that can't happen now.

        Google rejects a batch once the fence it replaces is gone. While that fence is in place, a
        late batch may still be carried out. `batch` is "" if the fence's description was lost.
        """
        mine = attempt.c.spreadsheet_id == self._sheet.id
        with self._database.writing(lease) as connection:
            rows = connection.execute(select(attempt).where(mine)).all()
            seen = [r for r in rows if r.fence == fence and batch in ("", r.batch)]
            confirmed_row = next(iter(seen), None)
            over = [r.fence for r in rows if r.fence_before != fence and r not in seen]
            if over:
                connection.execute(delete(attempt).where(mine, attempt.c.fence.in_(over)))
        if confirmed_row is None:
            return None
        return Attempt(
            fence=confirmed_row.fence,
            fence_before=confirmed_row.fence_before,
            shown=_SHOWN.validate_json(confirmed_row.shown),
            created=tuple(json.loads(confirmed_row.columns)),
            trace=confirmed_row.trace,
            changes=tuple(json.loads(confirmed_row.changes)),
            batch=confirmed_row.batch,
        )

    def conclude(self, lease: Lease, tried: Attempt, conclusion: Conclusion = CLEAN) -> None:
        """Store the result of the check of a confirmed batch, in one transaction."""
        mine = attempt.c.spreadsheet_id == self._sheet.id
        right = [one for one in tried.shown if one.site not in conclusion.mismatched]
        with self._database.writing(lease) as connection:
            ages = _ages(connection, right)
            metrics.add(self._database, connection, metrics.SHOWN, ages)
            self._confirm(connection, right)
            if conclusion.mismatched:
                _confirm_cells(connection, tried.shown, conclusion)
            if conclusion.keyed:
                _confirm_keys(connection, conclusion.keyed)
            record_added(connection, self._sheet.id, conclusion.added, conclusion.keyed)
            history.mark_written(connection, tried.changes)
            if conclusion.undos or conclusion.rewritten_undos or conclusion.finished_undos:
                self._keep_undos(connection, conclusion)
            if conclusion.replaced:
                self._keep_replaced(connection, tried.fence, conclusion)
            known = self._sheet.kept(connection).created | set(tried.created)
            self._sheet.change(
                connection,
                columns=json.dumps(sorted(known)),
                landed_at=now(),
                landed_fence=tried.fence,
                landed_batch=tried.batch,
                **_NO_DOUBT,
                **(NO_TROUBLE if conclusion.ends_trouble else {}),
            )
            hourly_counts.count_flush(self._database, connection, len(right))
            # Every other attempt was for a fence that is gone now.
            connection.execute(delete(attempt).where(mine))

    def leave_typed_cells(self, lease: Lease, cells: Mapping[str, Cells]) -> None:
        """Leave cells as they are, by site and column, until EverBright's value changes.

        A job without a row has them in the row that gets its key. Its last written cells are in
        another row.
        """
        is_elsewhere = job.c.site.in_(sorted(cells)), ~job.c.has_row, ~HAS_UNKEYED_ROW
        forgotten = update(job).where(*is_elsewhere).values(written="{}", shown_events=UNKEYED)
        with self._database.writing(lease) as connection:
            connection.execute(forgotten)
            for site, kept in cells.items():
                _add_written(connection, site, kept)

    def undos(self) -> dict[int, str]:
        """Return the pending undos (JSON), by ID."""
        with self._database.reading() as connection:
            return pending_undos(connection, self._sheet.id)

    def finish_undos(self, lease: Lease, finished: Iterable[int]) -> None:
        """Delete undos that have become unnecessary."""
        self._database.execute(delete(undo).where(undo.c.id.in_(sorted(finished))), lease)

    def _keep_undos(self, connection: Connection, conclusion: Conclusion) -> None:
        finished = undo.c.id.in_(conclusion.finished_undos)
        connection.execute(delete(undo).where(finished))
        for number, body in conclusion.rewritten_undos.items():
            connection.execute(update(undo).where(undo.c.id == number).values(body=body))
        for body in conclusion.undos:
            connection.execute(insert(undo).values(spreadsheet_id=self._sheet.id, body=body))

    def _keep_replaced(self, connection: Connection, fence: int, conclusion: Conclusion) -> None:
        for cell in conclusion.replaced:
            row = cell.model_dump(exclude={"header"})
            line = insert(cell_history).values(spreadsheet_id=self._sheet.id, at=now(), **row)
            connection.execute(line)
        moment = utc(clock(connection))
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
                comment="Replaced text that someone had typed in the sheet.",
            )
            for cell in conclusion.replaced
            if conclusion.writes_history
        )
        history.keep(self._database, connection, lines)

    def confirm(self, lease: Lease, jobs: Sequence[ShownVersion]) -> None:
        """Record that the sheet already shows `jobs` as given."""
        if jobs:
            with self._database.writing(lease) as connection:
                self._confirm(connection, jobs)

    def _confirm(self, connection: Connection, jobs: Sequence[ShownVersion]) -> None:
        """Record inside the caller's transaction that the sheet shows `jobs` as given."""
        rows = [
            {
                "at": row.site,
                "at_version": row.version,
                "at_events": row.events,
                "cells": None if row.cells is None else cells_out(row.cells),
                "entry": None if row.entry is None else json.dumps(row.entry),
            }
            for row in sorted(jobs, key=lambda row: row.site)  # As the projection locks them.
        ]
        if rows:
            connection.execute(_CONFIRMED, rows)
        # Google has accepted them.
        is_released = quarantine.c.site.in_(sorted(row.site for row in jobs))
        here = quarantine.c.spreadsheet_id == self._sheet.id
        connection.execute(delete(quarantine).where(here, is_released))

    def mark_wrong(self, lease: Lease, columns: Mapping[str, Iterable[str]]) -> None:
        """Have the next flush write the jobs that a comparison found wrong: column IDs by site.

        Without columns, the job is only counted anew in the Pipeline.
        """
        with self._database.writing(lease) as connection:
            for site, ids in columns.items():
                _set(connection, site, {"recheck": json.dumps(sorted(ids)), **made_dirty()})

    def store_typed_reps(self, lease: Lease, reps: Mapping[str, str]) -> None:
        """Store typed reps, by site; "" if nobody typed a name."""
        with self._database.writing(lease) as connection:
            known = connection.execute(select(job.c.site, job.c.typed_rep)).all()
            for site, rep in known:
                if (now_typed := reps.get(site, rep)) != rep:
                    _set(connection, site, {"typed_rep": now_typed})

    def set_has_row(self, lease: Lease, sites: Iterable[str], *, has_row: bool) -> None:
        """Record that `sites` have a row, or that it was deleted: it returns with an event.

        What was last written there is kept, because a person may undo the deletion.
        """
        which = job.c.site.in_(sorted(sites)), job.c.has_row.is_not(has_row)
        self._database.execute(update(job).where(*which).values(has_row=has_row), lease)


_CELLS, _VERSION = bindparam("cells", type_=Text), bindparam("at_version", type_=Integer)
_CONFIRMED = (
    update(job)
    .where(job.c.site == bindparam("at"))
    .values(
        shown_version=_VERSION,
        shown_events=bindparam("at_events"),
        counted=bindparam("entry"),
        written=func.coalesce(_CELLS, job.c.written),
        has_row=job.c.has_row | _CELLS.is_not(None),
        recheck=case((_CELLS.is_(None), job.c.recheck), else_="[]"),
        # What arrived since the read has waited no longer than a write takes.
        waiting_since=case((job.c.version == _VERSION, null()), else_=now()),
    )
)


def _ages(connection: Connection, jobs: Sequence[ShownVersion]) -> list[float]:
    """Return the age, in seconds, of the oldest event that each row shows for the first time."""
    versions = {row.site: row.version for row in jobs}
    columns = job.c.site, job.c.version, now() - job.c.waiting_since
    is_new = job.c.waiting_since.is_not(None), job.c.events != job.c.shown_events
    rows = connection.execute(select(*columns).where(job.c.site.in_(sorted(versions)), *is_new))
    return [max(0.0, age) for site, version, age in rows if versions[site] == version]


def _confirm_cells(
    connection: Connection, jobs: Sequence[ShownVersion], conclusion: Conclusion
) -> None:
    """Record the confirmed cells of mismatched jobs, so that they don't count as typed."""
    for row in jobs:
        columns = conclusion.confirmed.get(row.site, ())
        if row.site not in conclusion.mismatched or row.cells is None or not columns:
            continue
        _add_written(connection, row.site, {c: row.cells.get(c, EMPTY) for c in columns})


def _confirm_keys(connection: Connection, sites: Collection[str]) -> None:
    # What was last written for these jobs is in another row than their new one, unless that is
    # known as theirs. `first_flush` repeats this for previews.
    is_same = or_(job.c.has_row, HAS_UNKEYED_ROW)
    written = case((is_same, job.c.written), else_="{}")
    which = update(job).where(job.c.site.in_(sorted(sites)))
    connection.execute(which.values(written=written, has_row=True, **made_dirty()))


def _add_written(connection: Connection, site: str, cells: Cells) -> None:
    query = select(job.c.written, job.c.recheck).where(job.c.site == site)
    known = connection.execute(query).first()
    if known is None:
        return
    values = {
        "written": cells_out({**cells_in(known.written), **cells}),
        "recheck": json.dumps([c for c in json.loads(known.recheck) if c not in cells]),
    }
    _set(connection, site, values)


def _set(connection: Connection, site: str, values: dict[str, Any]) -> None:
    connection.execute(update(job).where(job.c.site == site).values(values))


def pending_undos(connection: Connection, spreadsheet_id: str) -> dict[int, str]:
    """Return the pending undos (JSON) of a spreadsheet by ID, oldest first."""
    query = select(undo.c.id, undo.c.body).where(undo.c.spreadsheet_id == spreadsheet_id)
    return {row.id: row.body for row in connection.execute(query.order_by(undo.c.id))}
