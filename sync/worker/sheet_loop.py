"""Keeps the sheet up to date: flushes, compares, checks fence and trash, adds reps' views, prunes.

While Google is down, deliveries wait in the database and flushes are retried with growing pauses.
"""

from collections.abc import Callable
from contextlib import suppress
from time import monotonic

import structlog
from tenacity import RetryCallState

from sync.errors import ENDS_WORK, BrightsheetError, Permanent, Refused, Retryable
from sync.ops import retry
from sync.ops.alerts import Alerts
from sync.ops.pause import Pause
from sync.sheets.fence_check import DOUBTS
from sync.sheets.own_tab import update_own_tab
from sync.sheets.reconcile import reconcile
from sync.store import Lease
from sync.store.metrics import FLUSHED
from sync.wiring import Wiring
from sync.worker.loop import FAULT_SECONDS, Stop

_TRIES = 6
_LONGEST_BACKOFF = 60.0
_PERMANENT_PAUSE = 30.0
"""The pause between attempts when only a person can fix the problem."""
_PRUNE_EVERY = 3600.0
_COMPARE_EVERY = 86_400.0
_CHECK_EVERY = 60.0
"""The interval between checks whether a comparison is due."""
_COMPARE_AGAIN = 900.0
"""The pause after a comparison that didn't finish, because it reads the whole sheet."""
_TRASH_EVERY = 900.0
"""The interval between checks whether the spreadsheet is in the trash."""

_RETRIED = "It is retried. If it lasts 15 minutes, another alert follows."
"""`Watch` reports an end only if it reported the beginning."""

_log = structlog.get_logger()


class SheetLoop:
    """The steps of the loop; the lease allows only one of several workers to write."""

    def __init__(
        self,
        wiring: Wiring,
        alerts: Alerts,
        stop: Stop,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._wiring = wiring
        self._alerts = alerts
        self._stop = stop
        self._flusher = wiring.flusher(stop.sleep, alerts.send)
        self._store = self._flusher.store
        self._before_pruning = Pause(clock)
        self._before_comparing = Pause(clock)
        self._before_trash_check = Pause(clock)
        self._has_written = False
        """Whether it wrote or compared since it last asked whether the sheet is in the trash."""

    def step(self) -> bool:
        """Do what is due; return whether it flushed, because more may be pending then."""
        if self._before_pruning.is_over:
            self._before_pruning.begin(_PRUNE_EVERY)
            self._wiring.inbox.prune(self._wiring.settings.keep_deliveries_days)
        flusher, pending, spreadsheet = self._flusher, self._store.pending, self._store.spreadsheet
        if self._before_comparing.is_over and not self._store.is_first_flush_due():
            self._before_comparing.begin(_CHECK_EVERY)
            # If the sheet can't be written and nothing is pending, no write can end that.
            is_stuck = spreadsheet.glance().reason and not pending.is_waiting()
            if spreadsheet.is_comparison_due(0.0 if is_stuck else _COMPARE_EVERY):
                self._compare()
            elif (
                not (flusher.fence_check.has_passed or pending.is_due())
                and spreadsheet.is_writable()
            ):
                self._read_fence()
        if self._before_trash_check.is_over:
            self._before_trash_check.begin(_TRASH_EVERY)
            if self._has_written or spreadsheet.is_trashed():
                self._wiring.check_trash()
                self._has_written = False
        if pending.is_due():
            self._has_written = True
            return self._flush()
        if flusher.reps_without_view - flusher.checked_reps and spreadsheet.is_writable():
            # They get filter views: now, or if somebody is moving columns, by the next comparison.
            with suppress(Refused), self._wiring.hold(self._stop.sleep) as lease:
                update_own_tab(flusher, lease)
        return False

    def _compare(self) -> None:
        self._before_comparing.begin(_COMPARE_AGAIN)
        with self._wiring.hold(self._stop.sleep) as lease:
            _log.info("compared", differing=len(reconcile(self._flusher, lease).wrong))
        self._before_comparing.begin(_CHECK_EVERY)  # A mapping may make the next one due.
        self._has_written = True

    def _read_fence(self) -> None:
        """After a start with nothing to write, find out whether another database has written."""
        self._before_comparing.begin(_COMPARE_AGAIN)
        with self._wiring.hold(self._stop.sleep) as lease:
            self._flusher.read_snapshot(lease)
        self._before_comparing.begin(_CHECK_EVERY)

    def _flush(self) -> bool:
        """Flush what is pending; False if another worker does it."""
        lease = self._wiring.leases.acquire(self._wiring.lease_name())
        if lease is None:
            return False
        again = retry.policy(self._stop.sleep, _TRIES, _LONGEST_BACKOFF, self._note_retry)
        try:
            with self._wiring.renewed(lease):
                again(self._flush_once, lease)
        except BrightsheetError as error:
            self._pause_after(error)
        return True

    def _flush_once(self, lease: Lease) -> None:
        """Flush, unless another worker just did, or somebody paused writing between attempts."""
        if self._store.pending.is_due():
            began = monotonic()
            self._flusher.flush(lease)
            self._wiring.metrics.add(FLUSHED, [monotonic() - began])

    def _note_retry(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, Retryable):
            self._wiring.metrics.count(error)
            _log.info("flush_retried", reason=error.reason, wait=state.upcoming_sleep)
            self._note_trouble(error)

    def _note_trouble(self, error: BrightsheetError) -> float:
        """Store why the sheet can't be written; return since how many seconds it can't."""
        return self._store.spreadsheet.set_trouble(error.reason, error.message)

    def _pause_after(self, error: BrightsheetError) -> None:
        if error.reason in ENDS_WORK:
            return
        self._wiring.metrics.count(error)
        _log.error("sheet_not_written", reason=error.reason, message=error.message)
        age = self._note_trouble(error)
        if isinstance(error, Permanent) and error.reason not in DOUBTS:  # `Watch` reports those.
            text = f"The sheet isn't being updated. {error.message} {_RETRIED}"
            self._alerts.send(error.reason, text, age)
        self._stop.wait(_PERMANENT_PAUSE if isinstance(error, Permanent) else FAULT_SECONDS)
