"""Stores the progress of backfills, job by job, so that a killed run continues."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Update, delete, insert, select, update
from sqlalchemy.sql import ColumnElement

from sync.store.database import Database, Lease, now, utc
from sync.store.schema import backfill, backfill_job

_SINCE = "since "
_CONTINUED_SECONDS = 7 * 86_400
"""Runs that aren't regular begin anew after this time: the jobs that they read may have changed."""


class Scope(StrEnum):
    """Which jobs a run reads, besides those since a date (`scope_since`)."""

    ALL = "all"
    REGULAR = "nightly"
    """Those that changed since the last one, every BACKFILL_HOURS. It never becomes too old."""
    RESTORED = "restored"
    """Those that changed since the last batch before the database was restored from a backup."""
    ONE_JOB = ""
    """A job that isn't read in a run, so nothing is stored under this name."""


def scope_since(moment: datetime) -> str:
    """Return the scope of a run that reads the changes since a date that the operator gave."""
    return f"{_SINCE}{moment:%Y-%m-%d}"


class JobState(StrEnum):
    """The state of a job in a run; a job that was not read yet has none."""

    WAITING = "waiting"
    """To be read even if it isn't listed: the last run couldn't, or it is open."""
    DONE = "done"
    NO_WORKFLOW = "no_workflow"
    FAILED = "failed"


_CONCLUDED = (JobState.DONE, JobState.NO_WORKFLOW, JobState.FAILED)


@dataclass(frozen=True)
class BackfillRun:
    """The progress of a run: jobs by state, missed webhooks, and failures.

    `not_read` has the reasons by site, `problems` the unreadable parts of the list; `since` and
    `started` are in UTC.
    """

    started: datetime
    since: datetime | None
    jobs: Mapping[str, int]
    missed: int
    jobs_with_missed: int
    problems: Sequence[str]
    not_read: Mapping[str, str]


class Backfills:
    """The backfill's side of the store, for one `scope`. Writes need the backfill's lease."""

    def __init__(self, database: Database, scope: str) -> None:
        self._database = database
        self._scope = scope
        self._mine = backfill.c.scope == scope

    def open(
        self, lease: Lease, since: datetime | None, again: Collection[str] = ()
    ) -> BackfillRun:
        """Return the unfinished run of this scope, or begin one if there is none or it is too old.

        `again` are sites that are read even if they aren't listed.
        """
        unfinished = select(backfill).where(self._mine, backfill.c.finished_at.is_(None))
        if self._scope != Scope.REGULAR:
            unfinished = unfinished.where(backfill.c.started_at > now() - _CONTINUED_SECONDS)
        with self._database.writing(lease) as connection:
            if connection.execute(unfinished).first() is None:
                self._begin(connection, since)
                blank = {"state": JobState.WAITING, "events": 0}
                rows = [{"scope": self._scope, "site": site, **blank} for site in again]
                if rows:
                    connection.execute(insert(backfill_job), rows)
        return self.last()

    def _begin(self, connection: Connection, since: datetime | None) -> None:
        # Runs since a date are of no use once they have finished.
        over = backfill.c.scope.startswith(_SINCE) & backfill.c.finished_at.is_not(None)
        old = select(backfill.c.scope).where(self._mine | over)
        connection.execute(delete(backfill_job).where(backfill_job.c.scope.in_(old)))
        connection.execute(delete(backfill).where(self._mine | over))
        moment = since.timestamp() if since else None
        run = {"scope": self._scope, "started_at": now(), "since": moment, "problems": "[]"}
        connection.execute(insert(backfill).values(run))

    def waiting(self) -> list[str]:
        """Return the sites that are read even if they aren't listed."""
        return self._sites(backfill_job.c.state == JobState.WAITING)

    def concluded(self) -> frozenset[str]:
        """Return the sites that the run has read or has failed to read."""
        return frozenset(self._sites(backfill_job.c.state.in_(_CONCLUDED)))

    def _sites(self, which: ColumnElement[bool]) -> list[str]:
        query = select(backfill_job.c.site).where(backfill_job.c.scope == self._scope, which)
        return list(self._database.scalars(query.order_by(backfill_job.c.site)))

    def conclude(
        self, lease: Lease, site: str, state: JobState, missed: int, reason: str = ""
    ) -> None:
        read = {"state": state, "events": missed, "reason": reason}
        row = {"scope": self._scope, "site": site, **read}
        self._database.execute(self._database.upsert(backfill_job, read).values(row), lease)

    def finish(self, lease: Lease, problems: Sequence[str] = ()) -> BackfillRun:
        """End the run; `problems` are the parts of the list that could not be read."""
        self._database.execute(self._ended(problems), lease)
        return self.last()

    def mark_finished(self, lease: Lease) -> None:
        """Store a finished run that read nothing, so that the next ones read only changes."""
        with self._database.writing(lease) as connection:
            self._begin(connection, None)
            connection.execute(self._ended(()))

    def _ended(self, problems: Sequence[str]) -> Update:
        values = {"finished_at": now(), "problems": json.dumps([*problems])}
        return update(backfill).where(self._mine).values(values)

    def has_begun(self) -> bool:
        """Return whether there was a run, finished or not."""
        return self._database.scalar(select(backfill.c.scope).where(self._mine)) is not None

    def is_due(self, seconds: float) -> bool:
        """Return whether no finished run began in the last `seconds`."""
        is_recent = backfill.c.started_at > now() - seconds
        finished = self._mine, backfill.c.finished_at.is_not(None), is_recent
        return self._database.scalar(select(backfill.c.scope).where(*finished)) is None

    def last(self) -> BackfillRun:
        """Return what the last run has read so far. There must be one."""
        mine = backfill_job.c.scope == self._scope, backfill_job.c.state.in_(_CONCLUDED)
        concluded = select(backfill_job).where(*mine).order_by(backfill_job.c.site)
        with self._database.reading() as connection:
            run = connection.execute(select(backfill).where(self._mine)).one()
            jobs = connection.execute(concluded).all()
        return BackfillRun(
            started=utc(run.started_at),
            since=None if run.since is None else utc(run.since),
            jobs=Counter(row.state for row in jobs),
            missed=sum(row.events for row in jobs),
            jobs_with_missed=sum(row.events > 0 for row in jobs),
            problems=json.loads(run.problems),
            not_read={row.site: row.reason for row in jobs if row.state == JobState.FAILED},
        )
