"""The loops for projection, documents and backfill, each repeating a step until it is stopped."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event, current_thread

import structlog

from sync.actions.backfill_summary import missed
from sync.backfill.run import Summary
from sync.errors import (
    ENDS_WORK,
    LEASE_TAKEN,
    STOPPING,
    BrightsheetError,
    Permanent,
    Retryable,
    UnprocessableDocument,
)
from sync.everbright.errors import TOKEN
from sync.ops import retry
from sync.ops.alerts import Alerts
from sync.ops.heartbeat import beating
from sync.ops.pause import Pause
from sync.status.problem import pluralize
from sync.store import Backfills, Claim, FenceDoubt, Lease, PendingDocument
from sync.store.backfills import Scope
from sync.wiring import BACKFILL, PROJECTION, Wiring

POLL_SECONDS = 0.5
"""The interval between checks for work if nothing wakes the worker."""
FAULT_SECONDS = 15.0
"""The pause after an internal error, before the stored work is retried."""

_log = structlog.get_logger()


class Stop(Event):
    """Stops a worker's loops, and any waits in them."""

    def sleep(self, seconds: float) -> None:
        """Wait. Raises Retryable (stopping) if the worker stops first."""
        if self.wait(seconds):
            raise Retryable(STOPPING, "The worker is ending.")


def run_loop(
    stop: Stop,
    step: Callable[[], object],
    idle: Callable[[], object],
    count: Callable[[BrightsheetError | None], object],
) -> None:
    """Repeat `step` until stopped; call `idle` unless `step` returns True: more may be left.

    `count` is called with each error, None for an internal one. An error that repeats is logged
    once.
    """
    logged = "", ""
    while not stop.is_set():
        try:
            if not step():
                idle()
        except BrightsheetError as error:
            if error.reason != STOPPING:  # A lost lease is logged: this worker was too slow.
                count(error)
                if (error.reason, error.message) != logged:
                    _log.warning(
                        "step_failed",
                        thread=current_thread().name,
                        reason=error.reason,
                        message=error.message,
                    )
                logged = error.reason, error.message
                stop.wait(POLL_SECONDS)
        except Exception:
            count(None)
            _log.exception("fault", thread=current_thread().name)
            stop.wait(FAULT_SECONDS)
        else:
            logged = "", ""


class ProjectionLoop:
    """Applies deliveries to jobs, in one of several workers; `wake` wakes the sheet's loop.

    It doesn't stop when the sheet can't be written, so documents and customers are requested as
    soon as their delivery is applied to its job.
    """

    def __init__(self, wiring: Wiring, wake: Callable[[], object]) -> None:
        self._wiring = wiring
        self._projector = wiring.projector()
        self._wake = wake

    def step(self) -> bool:
        """Apply waiting deliveries; False if there are none, or another worker does it."""
        if not self._wiring.inbox.is_waiting():
            return False
        lease = self._wiring.leases.acquire(PROJECTION)
        if lease is None:
            return False
        with self._wiring.renewed(lease):
            did_something = self._projector.run(lease)
        if did_something:
            self._wake()
        return did_something


TRIES = 400
"""With waits of up to an hour in between, about 12 days."""
LONGEST_WAIT_SECONDS = 3600.0


class DocumentLoop:
    """Copies the due documents of one job after the other, as one of several copiers.

    It doesn't wake the sheet's loop, which polls for new links, so that links of many documents are
    written together.
    """

    def __init__(self, wiring: Wiring, alerts: Alerts, stop: Stop) -> None:
        self._documents = wiring.documents
        self._renew_seconds = wiring.settings.lease_seconds / 3
        self._count = wiring.metrics.count
        self._copier = wiring.copier(stop.sleep)
        self._alerts = alerts
        self._stop = stop
        self._has_begun = False

    def step(self) -> bool:
        """Copy the due documents of the job that has waited longest; False if none is due."""
        if not self._has_begun:
            # Somebody may have restarted the worker after correcting a setting.
            self._documents.retry_now()
            self._has_begun = True
        claimed = self._documents.claim()
        if claimed is None:
            return False
        claim, due = claimed
        try:
            with beating(partial(self._documents.renew, claim), self._renew_seconds):
                for document in due:
                    if self._stop.is_set():
                        break
                    self._copy(claim, document)
        finally:
            self._documents.release(claim)
        return True

    def _copy(self, claim: Claim, document: PendingDocument) -> None:
        try:
            self._copier.copy(claim, document)
            _log.info("document_copied", document=document.uuid, site=document.site)
        except OSError as error:
            why = f"No temporary file can be written: {error.strerror}."
            self._postpone(claim, document, Retryable("disk", why))
        except BrightsheetError as error:
            if error.reason in ENDS_WORK:
                raise
            self._postpone(claim, document, error)
        except Exception:
            # A bug with this document shouldn't delay the others.
            _log.exception("fault", document=document.uuid)
            self._postpone(claim, document, Retryable("fault", "An internal error: see the log."))

    def _postpone(self, claim: Claim, document: PendingDocument, error: BrightsheetError) -> None:
        self._count(error)
        attempt = document.attempts + 1
        _log.warning(
            "document_not_copied",
            document=document.uuid,
            reason=error.reason,
            message=error.message,
            attempt=attempt,
        )
        if attempt >= TRIES or isinstance(error, UnprocessableDocument):
            self._documents.give_up(claim, document.uuid, error)
            text = f"Document {document.uuid} of job {document.site} couldn't be copied"
            again = "See why: brightsheet deliveries; again: brightsheet retry --all"
            self._alerts.send("document_given_up", f"{text} ({error.reason}). {again}")
            return
        if isinstance(error, Permanent) and error.reason != TOKEN:  # `Watch` reports it.
            self._alerts.send(error.reason, f"A document is not copied. {error.message}")
        wait = retry.pause(attempt, error, LONGEST_WAIT_SECONDS)
        self._documents.postpone(claim, document.uuid, error, wait)


BACKFILL_POLL_SECONDS = 60.0
"""The interval between checks whether a run is due."""
OVERLAP = timedelta(hours=1)
"""Changes up to this long before the last run are read again, because clocks differ."""
_PAUSE_SECONDS = 900.0
"""The pause after a run that failed."""


class BackfillLoop:
    """Runs the backfill every BACKFILL_HOURS, and after the database was restored from a backup.

    `wake` wakes the projection and the sheet's loop.
    """

    def __init__(
        self, wiring: Wiring, alerts: Alerts, stop: Stop, wake: Callable[[], object]
    ) -> None:
        self._wiring = wiring
        self._store = Backfills(wiring.database, Scope.REGULAR)
        self._every = wiring.settings.backfill_hours * 3600.0
        self._alerts = alerts
        self._stop = stop
        self._wake = wake
        self._before_retry = Pause()
        self._sheet = wiring.sheet_store()

    def step(self) -> None:
        """Run the backfill if it is due."""
        if not self._before_retry.is_over or not (self._is_restored() or self._is_due()):
            return
        try:
            with self._wiring.hold_lease(self._stop.sleep, BACKFILL) as lease:
                # Another worker may have done it in the meantime.
                if self._is_restored():
                    self._read_after_restore(lease)
                elif self._is_due():
                    self._run(lease)
        except BrightsheetError as error:
            self._before_retry.begin(_PAUSE_SECONDS)
            if error.reason not in ENDS_WORK | {LEASE_TAKEN}:
                _log.warning("backfill_stopped", reason=error.reason, message=error.message)

    def _is_restored(self) -> bool:
        return self._sheet.spreadsheet.doubt() == FenceDoubt.RESTORED

    def _read_after_restore(self, lease: Lease) -> None:
        """Read every open job and what changed since the last batch; then write again."""
        landed = self._sheet.spreadsheet.glance().landed_at or 0.0
        since = datetime.fromtimestamp(landed, UTC) - OVERLAP if landed else None
        backfill = self._wiring.backfill(Scope.RESTORED, self._stop.sleep)
        run = backfill.run(lease, since, sorted(self._sheet.pending.counted()))
        self._report(run)
        if not run.is_complete:
            self._before_retry.begin(_PAUSE_SECONDS)
            return
        self._wiring.project(self._stop.sleep)
        self._sheet.spreadsheet.take_over()
        self._wake()

    def _is_due(self) -> bool:
        return bool(self._every) and self._store.is_due(self._every)

    def _run(self, lease: Lease) -> None:
        if not self._store.has_begun():
            # Older changes are for `brightsheet backfill`, which may take hours.
            self._store.mark_finished(lease)
            return
        last = self._store.last()
        # Jobs that the last run missed in the list may have changed before it began.
        since = last.since if last.problems else last.started - OVERLAP
        # A milestone that becomes ready to submit sends no webhook: every open job is read.
        again = {*last.not_read, *self._sheet.pending.counted()}
        backfill = self._wiring.backfill(Scope.REGULAR, self._stop.sleep)
        run = backfill.run(lease, since, sorted(again))
        if run.missed:
            self._wake()
            text = f"{missed(run)} What was missed is added now. Is EverBright's webhook on?"
            self._alerts.send("events_missed", text)
        self._report(run)

    def _report(self, run: Summary) -> None:
        _log.info(
            "backfill",
            events=run.missed,
            jobs=run.jobs_with_missed,
            read=run.jobs,
            not_read=len(run.not_read),
            problems=run.problems,
            requests=run.requests,
        )
        if not run.is_complete:
            missing = "Part of the list of jobs"
            if run.not_read:
                missing = pluralize(len(run.not_read), "job", "jobs")
            text = f"{missing} could not be read from EverBright. The next run tries again."
            self._alerts.send("jobs_not_read", " ".join([text, *run.problems]))
