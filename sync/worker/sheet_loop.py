"""Writes the sheet: flushes while anything waits, compares once a day, prunes the inbox.

While Google is down, deliveries wait in the store: a flush is retried with growing pauses."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event
from time import monotonic

import structlog
from tenacity import RetryCallState

from sync.errors import BrightsheetError, Permanent, Refused, Retryable
from sync.ops import retry
from sync.ops.alerts import Alerts
from sync.ops.logs import beating
from sync.settings.environment import Settings
from sync.setup.spreadsheet import Setup
from sync.sheets.reconcile import reconcile, renew
from sync.status import compare
from sync.status.deliveries import Retry, summary
from sync.status.problem import counted
from sync.store import Action, ActionLog, ActionState, Database, Lease
from sync.store.actions import (
    COMPARE,
    DO_WITHOUT,
    PUT_BACK,
    READ_AGAIN,
    READ_BACK,
    READ_CHANGED,
    REBUILD,
    REPLAY_ALL,
)
from sync.store.backfills import SINCE
from sync.wiring import Wiring
from sync.worker.loop import FAULT_SECONDS, Stop

_TRIES = 6
_LONGEST_BACKOFF = 60.0
_PERMANENT_PAUSE = 30.0
"""Between attempts when only a person can make the sheet writable."""
_PRUNE_EVERY = 3600.0
_COMPARE_EVERY = 86_400.0
_LOOK_EVERY = 60.0
"""Between two looks whether it is time to compare."""

_log = structlog.get_logger()


class _Every:
    """Tells each so many seconds that something is due; at first at once."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._at = seconds, float("-inf")

    def is_due(self) -> bool:
        if monotonic() < self._at:
            return False
        self._at = monotonic() + self._seconds
        return True


class SheetLoop:
    """The steps of the loop; the lease lets only one of several workers write."""

    def __init__(self, wiring: Wiring, alerts: Alerts, stop: Stop) -> None:
        self._wiring = wiring
        self._settings = wiring.settings
        self._alerts = alerts
        self._stop = stop
        self._flusher = wiring.flusher(stop.sleep, alerts.send)
        self._store = self._flusher.store
        self._is_retried = False
        self._pruning = _Every(_PRUNE_EVERY)
        self._comparing = _Every(_LOOK_EVERY)

    def step(self) -> bool:
        """Do what is due; False if nothing is."""
        if self._pruning.is_due():
            self._wiring.inbox.prune(self._settings.keep_deliveries_days)
        spreadsheet = self._store.spreadsheet
        if self._comparing.is_due() and spreadsheet.is_comparison_due(_COMPARE_EVERY):
            with self._wiring.hold(self._stop.sleep) as held:
                _log.info("compared", differing=reconcile(self._flusher, held))
        if self._store.pending.is_due():
            return self._flush()
        if self._flusher.new_reps - self._flusher.known_reps:
            # Refused where somebody moves columns just now: the next comparison makes the views.
            with suppress(Refused), self._wiring.hold(self._stop.sleep) as held:
                renew(self._flusher, held)
        return False

    def _flush(self) -> bool:
        """Flush until nothing waits; False if another worker does it."""
        leases, name = self._wiring.leases, self._wiring.lease_name()
        held = leases.acquire(name)
        if held is None:
            return False
        trouble: BrightsheetError | None = None
        try:
            self._flush_while_held(held, lambda: leases.acquire(name) == held)
        except BrightsheetError as error:
            trouble = error
        finally:
            leases.release(held)
        if trouble is not None:
            self._pause_after(trouble)
        return True

    def _flush_while_held(self, held: Lease, renew: Callable[[], bool]) -> None:
        lost = Event()

        def beat() -> None:
            if not renew():
                lost.set()

        with beating(beat, self._settings.lease_seconds / 3):
            is_due = True
            while is_due and not (self._stop.is_set() or lost.is_set()):
                self._is_retried = False
                again = retry.policy(self._stop.sleep, _TRIES, _LONGEST_BACKOFF, self._note_retry)
                again(self._flush_once, held)
                is_due = self._store.pending.is_due()

    def _flush_once(self, held: Lease) -> None:
        """Flush, unless a person has paused the writing since the try before."""
        if self._is_retried and not self._store.pending.is_due():
            return
        self._flusher.flush(held)

    def _note_retry(self, state: RetryCallState) -> None:
        self._is_retried = True
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, Retryable):
            _log.info("flush_retried", reason=error.reason, wait=state.upcoming_sleep)
            self._store.spreadsheet.set_trouble(error.reason, error.message)

    def _pause_after(self, error: BrightsheetError) -> None:
        if error.reason in ("stopping", "lease_lost"):
            return
        _log.error("sheet_not_written", reason=error.reason, message=error.message)
        if isinstance(error, Permanent):
            self._alerts.send(error.reason, f"The sheet is not written. {error.message}")
        self._store.spreadsheet.set_trouble(error.reason, error.message)
        self._stop.wait(_PERMANENT_PAUSE if isinstance(error, Permanent) else FAULT_SECONDS)


LOOK_SECONDS = 2.0
"""Between two looks for a request: a person waits for it."""
ONE = "one"
"""The scope of a job that is read alone: no run of it is kept."""
_LEASE = "actions"
_INTERRUPTED = (
    "The worker ended before all jobs were in the new spreadsheet. Ask again, and give the address "
    "of an empty spreadsheet."
)


class ActionLoop:
    """One request after another; a lease lets only one of several workers do them."""

    def __init__(
        self, settings: Settings, database: Database, stop: Stop, wake: Callable[[], object]
    ) -> None:
        # A wiring of its own, so that the sheet's lease is held by either this or the sheet's loop.
        self._wiring = Wiring(settings, database)
        self._actions = ActionLog(database)
        self._stop = stop
        self._wake = wake
        self._tasks = {
            COMPARE: self._compare,
            REBUILD: self._rebuild,
            REPLAY_ALL: self._replay,
            PUT_BACK: self._put_back,
            DO_WITHOUT: self._do_without,
            READ_AGAIN: self._read_again,
            READ_CHANGED: self._read_changed,
        }

    def step(self) -> bool:
        """Do the oldest request; False if there is none, or another worker is at it."""
        if not self._actions.is_requested():
            return False
        held = self._wiring.leases.acquire(_LEASE)
        if held is None:
            return False
        with self._wiring.renewed(held):
            return self._do_one(held)

    def _do_one(self, held: Lease) -> bool:
        taken = self._actions.take(held)
        if taken is None:
            return False
        action, is_again = taken
        if is_again and action.name == REBUILD:
            # Each rebuild fills another spreadsheet: a person decides. The others may be repeated.
            state, result = ActionState.FAILED, _INTERRUPTED
        else:
            state, result = self._done(action)
        self._actions.conclude(held, action.id, state, result)
        self._wake()
        return True

    def _done(self, action: Action) -> tuple[ActionState, str]:
        try:
            return ActionState.DONE, self._tasks[action.name](action.detail)
        except BrightsheetError as error:
            if error.reason in ("stopping", "lease_lost"):
                raise  # It stays taken: the next worker sees to it.
            return ActionState.FAILED, error.message
        except Exception:
            _log.exception("fault", action=action.name)
            return ActionState.FAILED, "An internal error: see the worker's log."

    def _compare(self, _detail: str) -> str:
        return " ".join(compare.lines(compare.compare(self._wiring, self._stop.sleep)))

    def _rebuild(self, spreadsheet: str) -> str:
        setup = Setup(self._wiring.settings, self._wiring.database, self._stop.sleep)
        into = spreadsheet or setup.new_spreadsheet(setup.folder()[0])
        count = setup.fill(into, lambda *_: None)
        return f"{count} jobs. Set SPREADSHEET_ID={into} and restart Brightsheet."

    def _replay(self, _detail: str) -> str:
        return summary(Retry(self._wiring.settings, self._wiring.database).rejected())

    def _put_back(self, _detail: str) -> str:
        """Do what `brightsheet init` does to a spreadsheet that is there."""
        settings = self._wiring.settings
        setup = Setup(settings, self._wiring.database, self._stop.sleep)
        lines = setup.provision(settings.spreadsheet_id)
        return ". ".join(lines) + "." if lines else "Nothing to do: all is there."

    def _do_without(self, _detail: str) -> str:
        self._wiring.sheet_store().spreadsheet.forget_gone_columns()
        return "What is gone stays away, and is not told any more."

    def _read_again(self, site: str) -> str:
        self._wiring.must_have_token()
        run = self._wiring.backfill(ONE, self._stop.sleep).only(site)
        said = "EverBright says nothing that is not known."
        if run.events:
            said = counted(run.events, "event", "events") + " had not been delivered, taken in now."
        return " ".join(
            [said, *(f"Not read: {why}" for why in (*run.not_read.values(), *run.notes))]
        )

    def _read_changed(self, _detail: str) -> str:
        self._wiring.must_have_token()
        since = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - READ_BACK
        backfill = self._wiring.backfill(f"{SINCE}{since:%Y-%m-%d}", self._stop.sleep)
        with self._wiring.hold_backfill(self._stop.sleep) as held:
            return " ".join(backfill.run(held, since).text().splitlines())
