"""Reads the pending work of a flush: jobs, History lines and undos, in one transaction."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Select, exists, func, or_, select, true
from sqlalchemy.sql import ColumnElement

from sync.jobs.cells import cells_in
from sync.jobs.model import Customer, Details, Files, Job
from sync.jobs.pipeline import PipelineEntry
from sync.jobs.target import Target
from sync.settings.config_file import ConsoleAnswers
from sync.store.batches import pending_undos
from sync.store.confirmed import read_answers
from sync.store.database import Database, now
from sync.store.documents import files_in_drive
from sync.store.forgotten import forgotten_of
from sync.store.history import History, PendingLine
from sync.store.lookups import IS_AWAITED, NAME_WAIT_SECONDS, NAME_WAIT_TRIES, customers, details
from sync.store.schema import (
    HAS_ROW,
    attempt,
    change,
    customer,
    job,
    look_alike,
    quarantine,
    sheet,
    undo,
)
from sync.store.sheet_state import KeptSheet
from sync.store.spreadsheet import UNKEYED, Spreadsheet

_PAGE = 500


@dataclass(frozen=True)
class Pending(KeptSheet):
    """The state of the sheet, with pending jobs, lines of the History, and undos (JSON, by ID).

    If it `has_attempt`, cells that were written last may be out of date.
    """

    has_attempt: bool = False
    jobs: Sequence[Target] = ()
    lines: Sequence[PendingLine] = ()
    undos: Mapping[int, str] = field(default_factory=dict)
    sites_with_row: frozenset[str] = frozenset()
    """Sites with a row, as of the last read."""
    answers: ConsoleAnswers = field(default_factory=ConsoleAnswers)


@dataclass(frozen=True)
class PendingWork:
    """Reads the pending work for one spreadsheet."""

    _database: Database
    _sheet: Spreadsheet
    _history: History

    def _resting(self) -> Select[tuple[str]]:
        """Return the query for sites that aren't written: quarantined, or waiting for an answer."""
        refused, unsettled = (
            select(table.c.site).where(
                table.c.spreadsheet_id == self._sheet.id, table.c.until > now()
            )
            for table in (quarantine, look_alike)
        )
        return select(refused.union_all(unsettled).subquery().c.site)

    def _may_be_matched(self) -> ColumnElement[bool]:
        """Return the condition that a job has a row or can be matched with one now.

        On mapped tabs, a job is matched with a row by its customer before a row is added. So a job
        waits until its customer is known or is no longer looked up, and until no new job awaits
        its customer. Nothing waits unless customers are requested (`waits_for_names`).
        """
        if not self._history.waits_for_names:
            return true()
        awaited = select(customer.c.site).where(IS_AWAITED)
        is_settled = job.c.site.not_in(awaited) & ~_any_new_job_awaits_customer()
        return or_(~self._sheet.is_mapped(), HAS_ROW, is_settled)

    # These queries are built once: the last one runs twice a second, and building it takes longer
    # than running it.

    @cached_property
    def _dirty_jobs(self) -> Select[Any]:
        is_dirty = job.c.version != job.c.shown_version
        is_free = job.c.site.not_in(self._resting())
        return select(job).where(is_dirty, is_free, self._may_be_matched())

    @cached_property
    def _due_lines(self) -> Select[Any]:
        return self._history.due().where(change.c.site.not_in(self._resting()))

    @cached_property
    def _is_due(self) -> Select[Any]:
        paused = exists().where(
            sheet.c.spreadsheet_id == self._sheet.id, sheet.c.paused_at.is_not(None)
        )
        return select(self._has_work()).where(~paused)

    def is_waiting(self) -> bool:
        """Return whether there is pending work, even if writing is paused."""
        return bool(self._database.scalar(select(self._has_work())))

    def is_due(self) -> bool:
        """Return whether there is pending work and writing isn't paused."""
        return bool(self._database.scalar(self._is_due))

    def _has_work(self) -> ColumnElement[bool]:
        has_attempt, undos = (
            exists().where(table.c.spreadsheet_id == self._sheet.id) for table in (attempt, undo)
        )
        is_current, is_this = sheet.c.is_current == 1, sheet.c.spreadsheet_id == self._sheet.id
        takes_over = exists().where(is_this, sheet.c.takes_over)
        # These rows are in the spreadsheet that was written before. A flush's first turn sees that.
        are_elsewhere = (
            select(job.c.site)
            .where(HAS_ROW)
            .where(exists().where(is_current, ~is_this), ~exists().where(is_current, is_this))
            .exists()
        )
        return or_(
            takes_over,
            are_elsewhere,
            self._dirty_jobs.exists(),
            has_attempt,
            undos,
            self._due_lines.exists(),
        )

    def read(self, jobs: int, lines: int, only: Collection[str] | None = None) -> Pending:
        """Return at most `jobs` jobs and `lines` lines, those that have waited longest.

        If `only` is given, they are of those sites.
        """
        dirty, due = self._dirty_jobs, self._due_lines
        if only is not None:
            dirty = dirty.where(job.c.site.in_(sorted(only)))
            due = due.where(change.c.site.in_(sorted(only)))
        mine = attempt.c.spreadsheet_id == self._sheet.id
        with self._database.reading() as connection:
            return Pending(
                **vars(self._sheet.kept(connection)),
                has_attempt=connection.scalar(select(attempt.c.fence).where(mine)) is not None,
                jobs=_jobs(connection, dirty.order_by(job.c.waiting_since, job.c.site).limit(jobs)),
                lines=self._history.read(connection, due, lines),
                undos=pending_undos(connection, self._sheet.id),
                sites_with_row=frozenset(connection.scalars(_SITES_WITH_ROW)),
                answers=read_answers(connection),
            )

    def count(self) -> int:
        """Return how many jobs may have an outdated row, with those in quarantine."""
        query = select(func.count()).where(job.c.version != job.c.shown_version)
        return int(self._database.scalar(query) or 0)

    def counted(self) -> dict[str, PipelineEntry]:
        """Return the last confirmed place of each open job in the Pipeline, by site."""
        query = select(job.c.site, job.c.counted).where(job.c.counted.is_not(None))
        rows = self._database.rows(query)
        # Parsed as one JSON text and not validated one by one: there may be ten thousand.
        entries = map(PipelineEntry._make, json.loads(f"[{','.join(text for _, text in rows)}]"))
        return dict(zip((site for site, _ in rows), entries, strict=True))

    def jobs_without_row(self) -> Iterator[Target]:
        """Yield the jobs that have no row, as of the last read, and aren't waiting for one."""
        return self.every(~job.c.has_row, job.c.version == job.c.shown_version)

    def every(self, *which: ColumnElement[bool]) -> Iterator[Target]:
        """Yield the jobs that meet these conditions: without any, every job."""
        sites = sorted(self._database.scalars(select(job.c.site).where(*which)))
        for start in range(0, len(sites), _PAGE):
            page = job.c.site.in_(sites[start : start + _PAGE])
            with self._database.reading() as connection:
                jobs = _jobs(connection, select(job).where(page))
            yield from jobs

    def find(self, site: str) -> Target | None:
        return next(self.every(job.c.site == site), None)

    def sites_with_row(self) -> frozenset[str]:
        return frozenset(self._database.scalars(_SITES_WITH_ROW))

    def forgotten_of(self, sites: Collection[str]) -> set[str]:
        """Return those of `sites` whose data was deleted on request."""
        return forgotten_of(self._database, sites)


_SITES_WITH_ROW = select(job.c.site).where(HAS_ROW)


def _any_new_job_awaits_customer() -> ColumnElement[bool]:
    """Return the condition that a new job's first lookups (NAME_WAIT_TRIES) aren't over.

    All jobs wait for it, as two jobs of one customer must not take the same row one after the
    other.
    """
    # Not correlated with the query around it: one answer for all jobs.
    other = job.alias()
    # A time in the future means that the clock was set back: nothing waits for it.
    is_new = ~other.c.has_row & other.c.waiting_since.between(now() - NAME_WAIT_SECONDS, now())
    return exists().where(
        customer.c.site == other.c.site,
        IS_AWAITED,
        customer.c.attempts < NAME_WAIT_TRIES,
        is_new,
    )


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
            resolved=cells_in(row.written),
            counted=PipelineEntry(*json.loads(row.counted)) if row.counted else None,
            version=row.version,
            events=row.events,
            is_fresh=row.events != row.shown_events,
            received_at=row.received_at,
            details=more.get(row.site, Details()),
            has_row=row.has_row,
            has_unkeyed_row=row.shown_events == UNKEYED,
            wrong=frozenset(json.loads(row.recheck)),
            typed_rep=row.typed_rep,
        )
        for row in rows
    ]
