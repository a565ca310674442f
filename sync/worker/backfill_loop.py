"""Reads jobs that changed back from EverBright, once a day: for webhooks that were missed."""

from collections.abc import Callable
from datetime import timedelta
from time import monotonic

import structlog

from sync.backfill.summary import Summary
from sync.errors import BrightsheetError, Retryable
from sync.ops.alerts import Alerts
from sync.store import Lease
from sync.wiring import Wiring
from sync.worker.loop import Stop

LOOK_SECONDS = 60.0
"""Between looks whether a run is due."""
OVERLAP = timedelta(hours=1)
"""What changed so long before the last run began is read again: clocks differ."""
_PAUSE_SECONDS = 900.0
"""After a run that could not go on."""
_SCOPE = "nightly"

_log = structlog.get_logger()


class BackfillLoop:
    """Runs every BACKFILL_HOURS; `wake` has the sheet's loop look at once."""

    def __init__(
        self, wiring: Wiring, alerts: Alerts, stop: Stop, wake: Callable[[], object]
    ) -> None:
        self._wiring = wiring
        self._backfill = wiring.backfill(_SCOPE, stop.sleep)
        self._store = wiring.backfills(_SCOPE)
        self._every = wiring.settings.backfill_hours * 3600.0
        self._alerts = alerts
        self._stop = stop
        self._wake = wake
        self._not_before = float("-inf")

    def step(self) -> bool:
        """Read what is due; always False: there is nothing to go on with at once."""
        if monotonic() < self._not_before or not self._is_due():
            return False
        try:
            with self._wiring.hold_backfill(self._stop.sleep) as held:
                if self._is_due():  # Another worker may have done it while this one waited.
                    self._run(held)
        except BrightsheetError as error:
            self._not_before = monotonic() + _PAUSE_SECONDS
            self._note(error)
        return False

    def _is_due(self) -> bool:
        ago = self._store.seconds_since_start()
        return ago is None or ago >= self._every

    def _run(self, held: Lease) -> None:
        if self._store.seconds_since_start() is None:
            # What was before is for `brightsheet backfill`: it may take hours.
            self._store.mark_finished(held)
            return
        last = self._store.last()
        # What the last one did not see of the list may have changed before it began.
        since = last.since if last.problems else last.started - OVERLAP
        self._say(self._backfill.run(held, since, [*last.not_read]))

    def _say(self, run: Summary) -> None:
        _log.info(
            "backfill",
            events=run.events,
            jobs=run.jobs_with_events,
            read=run.jobs,
            not_read=len(run.not_read),
            problems=run.problems,
            requests=run.requests,
        )
        if run.events:
            self._wake()
            text = f"{run.events} events of {run.jobs_with_events} jobs had not been delivered."
            text += " They were read from EverBright now. Is its webhook active?"
            self._alerts.send("events_missed", text)
        if run.not_read or run.problems:
            count = len(run.not_read)
            text = f"{count} jobs could not be read from EverBright, and are tried with the next"
            self._alerts.send("jobs_not_read", " ".join([f"{text} run.", *run.problems]))

    def _note(self, error: BrightsheetError) -> None:
        if error.reason in ("stopping", "lease_lost", "lease_taken"):
            return
        _log.warning("backfill_stopped", reason=error.reason, message=error.message)
        if not isinstance(error, Retryable):
            text = f"Jobs are not read from EverBright. {error.message}"
            self._alerts.send(error.reason, text)
