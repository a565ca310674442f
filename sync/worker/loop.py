"""A loop in a thread: repeats a step until it is stopped, with pauses after errors."""

from collections.abc import Callable
from threading import Event, current_thread

import structlog

from sync.errors import BrightsheetError, Retryable

POLL_SECONDS = 0.5
"""Between two checks for work, if nothing wakes the worker."""
FAULT_SECONDS = 15.0
"""After an internal error: then the stored work is tried again."""

_log = structlog.get_logger()


class Stop:
    """Ends the loops of a worker, and whatever waits in them."""

    def __init__(self) -> None:
        self._event = Event()

    def set(self) -> None:
        """End all loops."""
        self._event.set()

    def is_set(self) -> bool:
        """Return whether the loops are to end."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait; True if the end came first."""
        return self._event.wait(seconds)

    def sleep(self, seconds: float) -> None:
        """Wait. Raises Retryable (stopping) if the end came first."""
        if self._event.wait(seconds):
            raise Retryable("stopping", "The worker is ending.")


def loop(stop: Stop, step: Callable[[], bool], idle: Callable[[], object]) -> None:
    """Repeat `step` until the end; call `idle` when it returns that nothing is left to do."""
    while not stop.is_set():
        try:
            if not step():
                idle()
        except BrightsheetError as error:
            if error.reason != "stopping":
                _log.warning("step_failed", thread=current_thread().name, reason=error.reason)
                stop.wait(POLL_SECONDS)
        except Exception:
            _log.exception("fault", thread=current_thread().name)
            stop.wait(FAULT_SECONDS)
