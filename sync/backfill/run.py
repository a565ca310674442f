"""A backfill run: lists EverBright's jobs, then reads each.

What was read is stored job by job, so a run that was killed continues where it stopped.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from sync.backfill.intake import Intake
from sync.backfill.reader import JobList, ProgressCallback, Reader, no_progress
from sync.errors import ENDS_WORK, BrightsheetError, Retryable
from sync.everbright.errors import DOWN, TOKEN
from sync.store import Backfills, Customers, JobState, Lease
from sync.webhooks.schema import ARCHIVED


@dataclass(frozen=True)
class Summary:
    """A run's result: jobs read, missed webhooks, and errors."""

    jobs: int
    missed: int
    jobs_with_missed: int
    without_workflow: int = 0
    unchanged: int = 0
    not_read: Mapping[str, str] = field(default_factory=dict)
    problems: Sequence[str] = ()
    notes: Sequence[str] = ()
    requests: int = 0
    """The number of requests to EverBright."""

    @property
    def is_complete(self) -> bool:
        return not (self.not_read or self.problems)

    def as_json(self) -> dict[str, Any]:
        not_read = [{"site": site, "reason": why} for site, why in self.not_read.items()]
        # Scripts may read the keys.
        keys = {"missed": "events", "jobs_with_missed": "jobs_with_events"}
        values = {keys.get(name, name): value for name, value in vars(self).items()}
        return values | {"not_read": not_read}


_MOST_UNANSWERED = 5
"""After so many jobs in a row without an answer, EverBright is down and the run stops."""

_ENDS_THE_RUN = ENDS_WORK | {TOKEN, "store_unavailable"}
"""Reasons of errors that aren't the job's fault."""

_log = structlog.get_logger()


@dataclass(frozen=True)
class Backfill:
    """One run, which reads jobs into the inbox; it needs the backfill's lease."""

    _reader: Reader
    _intake: Intake
    _store: Backfills
    _customers: Customers

    def run(
        self,
        lease: Lease,
        since: datetime | None = None,
        again: Collection[str] = (),
        progress: ProgressCallback = no_progress,
    ) -> Summary:
        """Continue the unfinished run, or begin one; return its result.

        Reads the jobs that EverBright changed after `since` (None: all) and the sites `again`.
        Raises Permanent or Retryable if EverBright can't be read; the run then continues next time.
        """
        run = self._store.open(lease, since, again)
        job_list = JobList(self._reader.lists, self._reader.paths, run.since, progress)
        job_list.read()
        changed = [site for site, is_changed in job_list.is_changed.items() if is_changed]
        self._read_all(lease, changed, progress)
        run = self._store.finish(lease, job_list.problems)
        return Summary(
            jobs=sum(run.jobs.values()),
            missed=run.missed,
            jobs_with_missed=run.jobs_with_missed,
            without_workflow=run.jobs.get(JobState.NO_WORKFLOW, 0),
            unchanged=len(job_list.is_changed) - len(changed),
            not_read=run.not_read,
            problems=run.problems,
            notes=self._reader.notes,
            requests=self._reader.lists.requests,
        )

    def read_job(self, site: str) -> Summary:
        """Read one job, outside of any run. Raises Permanent or Retryable."""
        state, missed, reason = self._take_job(site)
        return Summary(
            jobs=1,
            missed=missed,
            jobs_with_missed=int(missed > 0),
            without_workflow=int(state is JobState.NO_WORKFLOW),
            not_read={site: reason} if reason else {},
            notes=self._reader.notes,
            requests=self._reader.lists.requests,
        )

    def _take_job(self, site: str) -> tuple[JobState, int, str]:
        """Read a job and store its news; return its state, the missed webhooks, and what failed."""
        if self._intake.is_forgotten(site):
            return JobState.DONE, 0, ""
        requested, known = self._intake.clock(), self._intake.known_job(site)
        reading = self._reader.read(site, known)
        missed, problems = self._intake.store_news(known, reading.payloads, requested)
        if known.facts.get(ARCHIVED):  # The lists don't say whether it still is.
            self._customers.make_due(site)
        if problems:
            return JobState.FAILED, missed, "; ".join(problems)
        return JobState.DONE if reading.has_workflow else JobState.NO_WORKFLOW, missed, ""

    def _read_all(self, lease: Lease, sites: Sequence[str], progress: ProgressCallback) -> None:
        """Read `sites`, and those to read again, except those that this run has already read.

        Those that couldn't be read before an interruption come last. They don't stop the run, so
        that it ends even if EverBright never answers for some jobs.
        """
        waiting, concluded = self._store.waiting(), self._store.concluded()
        failed = self._store.last().not_read
        left = [site for site in dict.fromkeys([*waiting, *sites]) if site not in concluded]
        done, total = len(concluded) - len(failed), len(concluded) + len(left)
        unanswered = 0
        for site in (*left, *failed):
            progress("jobs", done, total)
            error = self._conclude_job(lease, site)
            unanswered = unanswered + 1 if error and error.reason in DOWN else 0
            if error and unanswered >= _MOST_UNANSWERED and site not in failed:
                raise Retryable(error.reason, f"{error.message} Run it again to go on.")
            done += 1
        progress("jobs", done, total)

    def _conclude_job(self, lease: Lease, site: str) -> BrightsheetError | None:
        """Read a job and store its result; return the error if it couldn't be read.

        Raises those that aren't the job's fault.
        """
        failure = None
        try:
            state, missed, reason = self._take_job(site)
        except BrightsheetError as error:
            if error.reason in _ENDS_THE_RUN:
                raise
            failure = error
            state, missed, reason = JobState.FAILED, 0, f"{error.reason}: {error.message}"
        except Exception as error:
            # An internal error with one job shouldn't stop the others.
            _log.exception("fault", site=site)
            state, missed, reason = JobState.FAILED, 0, f"fault: {type(error).__name__}"
        self._store.conclude(lease, site, state, missed, reason)
        return failure
