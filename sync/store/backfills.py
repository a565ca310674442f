"""How far a backfill has come: kept after every page and job, so that a killed one goes on."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Select, case, delete, func, select, update
from sqlalchemy.sql import ColumnElement

from sync.store.backfill_schema import backfill, backfill_job
from sync.store.clock import now
from sync.store.database import Database
from sync.store.leases import Lease, hold

SINCE = "since "
"""Begins the scopes of runs that read what changed since a date that a person gave."""
_ROWS = 500


class JobState(StrEnum):
    """Where a job stands in a run."""

    WAITING = "waiting"
    UNCHANGED = "unchanged"
    """EverBright last changed it before the moment from which the run reads."""
    DONE = "done"
    NO_WORKFLOW = "no_workflow"
    FAILED = "failed"


@dataclass(frozen=True)
class Progress:
    """A run: jobs by state, events found and in how many jobs, and what could not be read.

    `next_page` is None once all jobs are listed. `not_read` are the reasons by site; `since` and
    `started` are in UTC.
    """

    started: datetime
    since: datetime | None
    is_finished: bool
    next_page: str | None
    pages: int
    passes: int
    total: int | None
    has_shrunk: bool
    jobs: Mapping[str, int]
    events: int
    jobs_with_events: int
    problems: Sequence[str]
    not_read: Mapping[str, str]


class Backfills:
    """The backfill's side of the store, for one `scope`. Writes need the backfill's lease."""

    def __init__(self, database: Database, scope: str) -> None:
        self._database = database
        self._scope = scope

    def open(
        self, held: Lease, first_page: str, since: datetime | None, again: Collection[str] = ()
    ) -> Progress:
        """Return the unfinished run of this scope, or begin one at `first_page`.

        `again` are sites that are read even where they are not listed.
        """
        with self._database.writing() as connection:
            hold(connection, held)
            unfinished = self._run().where(backfill.c.finished_at.is_(None))
            if connection.execute(unfinished).first() is None:
                self._begin(connection, first_page, since)
                rows = [self._row(site, 0, JobState.WAITING) for site in again]
                if rows:
                    connection.execute(self._database.insert(backfill_job), rows)
        return self.progress()

    def _begin(self, connection: Connection, first_page: str, since: datetime | None) -> None:
        # Of runs since a date, nothing is of use once they are over.
        over = backfill.c.scope.startswith(SINCE) & backfill.c.finished_at.is_not(None)
        old = select(backfill.c.scope).where(self._mine() | over)
        connection.execute(delete(backfill_job).where(backfill_job.c.scope.in_(old)))
        connection.execute(delete(backfill).where(self._mine() | over))
        values = {
            "scope": self._scope,
            "started_at": now(),
            "since": since.timestamp() if since else None,
            "next_page": first_page,
            "pages": 0,
            "passes": 1,
            "has_shrunk": False,
            "problems": "[]",
        }
        connection.execute(self._database.insert(backfill).values(values))

    def keep_page(
        self,
        held: Lease,
        sites: Mapping[str, JobState],
        *,
        next_page: str | None,
        total: int | None,
        has_shrunk: bool = False,
        problems: Sequence[str] = (),
    ) -> Progress:
        """Keep the jobs of a page, each with its first state, and what comes next."""
        position = backfill_job.c.position
        with self._database.writing() as connection:
            hold(connection, held)
            mine = backfill_job.c.scope == self._scope
            start = 1 + (connection.scalar(select(func.max(position)).where(mine)) or 0)
            rows = [self._row(s, start + n, state) for n, (s, state) in enumerate(sites.items())]
            if rows:
                once = self._database.insert(backfill_job).on_conflict_do_nothing()
                connection.execute(once, rows)
            run = connection.execute(self._run()).one()
            self._change(
                connection,
                next_page=next_page,
                pages=run.pages + 1,
                total=total,
                has_shrunk=run.has_shrunk or has_shrunk,
                problems=json.dumps([*json.loads(run.problems), *problems]),
            )
        return self.progress()

    def list_again(self, held: Lease, first_page: str) -> Progress:
        """Begin the list again; what was listed stays."""
        with self._database.writing() as connection:
            hold(connection, held)
            values = {"next_page": first_page, "total": None, "has_shrunk": False}
            self._change(connection, passes=backfill.c.passes + 1, **values)
        return self.progress()

    def add_problem(self, held: Lease, problem: str) -> Progress:
        """Keep what of the list could not be read; it is not begun again."""
        with self._database.writing() as connection:
            hold(connection, held)
            known = connection.execute(self._run()).one().problems
            problems = json.dumps([*json.loads(known), problem])
            self._change(connection, problems=problems, has_shrunk=False)
        return self.progress()

    def _change(self, connection: Connection, **values: object) -> None:
        connection.execute(update(backfill).where(self._mine()).values(values))

    def waiting(self, limit: int = _ROWS) -> list[str]:
        """Return sites that are to be read, in the order of the list."""
        query = (
            select(backfill_job.c.site)
            .where(backfill_job.c.scope == self._scope, backfill_job.c.state == JobState.WAITING)
            .order_by(backfill_job.c.position, backfill_job.c.site)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return list(connection.scalars(query))

    def conclude(
        self, held: Lease, site: str, state: JobState, events: int, reason: str = ""
    ) -> None:
        """Keep what came of a job."""
        which = (backfill_job.c.scope == self._scope, backfill_job.c.site == site)
        values = {"state": state, "events": events, "reason": reason}
        with self._database.writing() as connection:
            hold(connection, held)
            connection.execute(update(backfill_job).where(*which).values(values))

    def finish(self, held: Lease) -> Progress:
        """End the run; the next begins at the start."""
        with self._database.writing() as connection:
            hold(connection, held)
            self._change(connection, finished_at=now())
        return self.progress()

    def seconds_since_start(self) -> float | None:
        """Return how long ago the last run that is finished began; None where none is.

        An unfinished one is due at once: infinity.
        """
        query = select(now() - backfill.c.started_at, backfill.c.finished_at).where(self._mine())
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        return float("inf") if row[1] is None else float(row[0])

    def mark_finished(self, held: Lease) -> None:
        """Keep a run that read nothing: from now on, jobs that change are looked for."""
        with self._database.writing() as connection:
            hold(connection, held)
            self._begin(connection, "", None)
            self._change(connection, finished_at=now(), next_page=None)

    def progress(self) -> Progress:
        """Return how far the run has come. There must be one."""
        mine = backfill_job.c.scope == self._scope
        found = backfill_job.c.events
        sums = select(
            func.coalesce(func.sum(found), 0),
            func.coalesce(func.sum(case((found > 0, 1), else_=0)), 0),
        ).where(mine)
        states = select(backfill_job.c.state, func.count()).where(mine)
        failed = select(backfill_job.c.site, backfill_job.c.reason).where(
            mine, backfill_job.c.state == JobState.FAILED
        )
        with self._database.reading() as connection:
            run = connection.execute(self._run()).one()
            events, with_events = connection.execute(sums).one()
            counts = connection.execute(states.group_by(backfill_job.c.state)).all()
            ordered = failed.order_by(backfill_job.c.position)
            not_read = {row.site: row.reason for row in connection.execute(ordered)}
        return Progress(
            started=datetime.fromtimestamp(run.started_at, UTC),
            since=None if run.since is None else datetime.fromtimestamp(run.since, UTC),
            is_finished=run.finished_at is not None,
            next_page=run.next_page,
            pages=run.pages,
            passes=run.passes,
            total=run.total,
            has_shrunk=run.has_shrunk,
            jobs={row[0]: row[1] for row in counts},
            events=int(events),
            jobs_with_events=int(with_events),
            problems=json.loads(run.problems),
            not_read=not_read,
        )

    def _run(self) -> Select[Any]:
        return select(backfill).where(self._mine())

    def _mine(self) -> ColumnElement[bool]:
        return backfill.c.scope == self._scope

    def _row(self, site: str, position: int, state: JobState) -> dict[str, object]:
        return {
            "scope": self._scope,
            "site": site,
            "position": position,
            "state": state,
            "events": 0,
            "reason": "",
        }
