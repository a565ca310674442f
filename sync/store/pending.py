"""What waits for the sheet: all that a flush works on, read in one transaction."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, func, literal, or_, select, true
from sqlalchemy.sql import ColumnElement

from sync.jobs.cells import cells_in
from sync.jobs.model import Customer, Details, Files, Job
from sync.jobs.pipeline import PipelineEntry, entry_in
from sync.jobs.target import Target
from sync.settings.config_file import Confirmed
from sync.store.confirmed import read_confirmed
from sync.store.database import Database, now
from sync.store.documents import files_in_drive
from sync.store.limits import pending_undos, resting
from sync.store.lookups import PATIENCE, TRIES, UNANSWERED, History, PendingLine, customers, details
from sync.store.schema import HAS_ROW, attempt, change, customer, job, sheet, undo
from sync.store.sheet_state import KnownFences, ReadColumns
from sync.store.spreadsheet import Spreadsheet
from sync.types import Mode

_PAGE = 500


@dataclass(frozen=True)
class Pending:
    """What waits: jobs, lines of the History, undos (JSON) by id.

    While a batch is `in_doubt`, what was last confirmed may be out of date.
    """

    in_doubt: bool = False
    jobs: Sequence[Target] = ()
    lines: Sequence[PendingLine] = ()
    undos: Mapping[int, str] = field(default_factory=dict)
    mode: Mode = Mode.UNSET
    tabs: frozenset[int] = frozenset()
    """The sheet ids of the tabs that people made and that are mapped."""
    known_columns: frozenset[str] = frozenset()
    sites_with_row: frozenset[str] = frozenset()
    """As far as is known."""
    columns_read: ReadColumns = field(default_factory=ReadColumns)
    """The columns as reads have shown them so far."""
    confirmed: Confirmed = field(default_factory=Confirmed)
    fences: KnownFences = field(default_factory=KnownFences)

    @property
    def is_empty(self) -> bool:
        waits = self.in_doubt, self.jobs, self.lines, self.undos, self.fences.takes_over
        return not any(waits)


@dataclass(frozen=True)
class PendingWork:
    """Reads what waits for one spreadsheet."""

    _database: Database
    _sheet: Spreadsheet
    _history: History

    def _dirty(self) -> Sequence[ColumnElement[bool]]:
        is_dirty = job.c.version != job.c.shown_version
        return is_dirty, job.c.site.not_in(resting(self._sheet.id)), self._may_be_matched()

    def _may_be_matched(self) -> ColumnElement[bool]:
        """Return whether a job has a row, or may be matched with one.

        In tabs that people made a row is looked for by the customer before one is added: once
        EverBright has told who that is, or is asked no more. Two jobs of one customer may not take
        his row one after the other, so a job waits for the customers of others without a row, too,
        as long as they are asked for the first times.
        """
        if not self._history.waits_for_names:
            return true()
        unknown = select(customer.c.site).where(UNANSWERED)
        other = job.alias()
        # A moment in the future is of a clock that was put back: nothing waits until it comes.
        is_new = ~other.c.has_row & other.c.waiting_since.between(now() - PATIENCE, now())
        others = exists().where(
            customer.c.site == other.c.site, UNANSWERED, customer.c.attempts < TRIES, is_new
        )
        is_free = job.c.site.not_in(unknown) & ~others
        return or_(~self._sheet.is_adopted(), HAS_ROW, is_free)

    def _lines(self, *columns: ColumnElement[Any]) -> Select[Any]:
        return self._history.due(*columns).where(change.c.site.not_in(resting(self._sheet.id)))

    def is_waiting(self) -> bool:
        return bool(self._database.scalar(select(self._waits())))

    def is_due(self) -> bool:
        """Return whether there is anything to do and no person has paused the writing."""
        return bool(self._database.scalar(self._is_due))

    @cached_property
    def _is_due(self) -> Select[tuple[bool]]:
        # Made once: it is asked twice a second, and making it takes longer than asking.
        paused = exists().where(
            sheet.c.spreadsheet_id == self._sheet.id, sheet.c.paused_at.is_not(None)
        )
        return select(and_(~paused, self._waits()))

    def _waits(self) -> ColumnElement[bool]:
        in_doubt, undos = (
            exists().where(table.c.spreadsheet_id == self._sheet.id) for table in (attempt, undo)
        )
        takes_over = exists().where(sheet.c.spreadsheet_id == self._sheet.id, sheet.c.takes_over)
        return or_(
            takes_over,
            exists().where(*self._dirty()),
            in_doubt,
            undos,
            self._lines(literal(1)).exists(),
        )

    def read(self, jobs: int, lines: int, only: Collection[str] | None = None) -> Pending:
        """Return what waits: at most `jobs` and `lines`, of the sites `only` if that is given."""
        dirty, due = select(job).where(*self._dirty()), self._lines(change.c.seq, change.c.body)
        if only is not None:
            dirty = dirty.where(job.c.site.in_(sorted(only)))
            due = due.where(change.c.site.in_(sorted(only)))
        mine = attempt.c.spreadsheet_id == self._sheet.id
        with self._database.reading() as connection:
            kept = self._sheet.kept(connection)
            return Pending(
                in_doubt=connection.scalar(select(attempt.c.fence).where(mine)) is not None,
                jobs=_jobs(connection, dirty.limit(jobs)),
                lines=self._history.read(connection, due, lines),
                undos=pending_undos(connection, self._sheet.id),
                mode=kept.mode,
                tabs=kept.tabs,
                known_columns=kept.columns,
                columns_read=kept.columns_read,
                sites_with_row=frozenset(connection.scalars(_SITES_WITH_ROW)),
                confirmed=read_confirmed(connection),
                fences=kept.fences,
            )

    def count(self) -> int:
        """Return how many jobs may have a row that is out of date, those in quarantine included."""
        query = select(func.count()).where(job.c.version != job.c.shown_version)
        return int(self._database.scalar(query) or 0)

    def counted(self) -> dict[str, PipelineEntry]:
        """Return where the Pipeline counts each open job, by site, as last confirmed."""
        query = select(job.c.site, job.c.counted).where(job.c.counted.is_not(None))
        rows = self._database.rows(query)
        # Read as one JSON text, and without a check of each: there are some ten thousand.
        entries = map(PipelineEntry._make, json.loads(f"[{','.join(text for _, text in rows)}]"))
        return dict(zip((site for site, _ in rows), entries, strict=True))

    def every(self) -> Iterator[Target]:
        """Yield every job, dirty or not, for a comparison."""
        return self._paged()

    def rowless(self) -> Iterator[Target]:
        """Yield the jobs that have no row, as far as is known, and do not wait for one."""
        return self._paged(~job.c.has_row, job.c.version == job.c.shown_version)

    def _paged(self, *which: ColumnElement[bool]) -> Iterator[Target]:
        sites = sorted(self._database.scalars(select(job.c.site).where(*which)))
        for start in range(0, len(sites), _PAGE):
            page = job.c.site.in_(sites[start : start + _PAGE])
            with self._database.reading() as connection:
                jobs = _jobs(connection, select(job).where(page))
            yield from jobs

    def sites_with_row(self) -> frozenset[str]:
        return frozenset(self._database.scalars(_SITES_WITH_ROW))


_SITES_WITH_ROW = select(job.c.site).where(HAS_ROW)


def _jobs(connection: Connection, query: Select[Any]) -> list[Target]:
    rows = connection.execute(query).all()
    sites = [row.site for row in rows]
    copies = files_in_drive(connection, sites)
    known, more = customers(connection, sites), details(connection, sites)
    return [
        Target(
            job=Job.model_validate_json(row.state),
            files=copies.get(row.site, Files()),
            customer=known.get(row.site, Customer()),
            written=cells_in(json.loads(row.written)),
            counted=entry_in(json.loads(row.counted or "null")),
            version=row.version,
            events=row.events,
            is_fresh=row.events != row.shown_events,
            received_at=row.received_at,
            details=more.get(row.site, Details()),
            has_row=row.has_row,
            recheck=frozenset(json.loads(row.recheck)),
            typed_rep=row.typed_rep,
        )
        for row in rows
    ]
