"""Applies deliveries to their jobs, whatever becomes of the sheet meanwhile."""

from collections.abc import Callable
from functools import partial

from sync.ops.heartbeat import beating
from sync.wiring import PROJECTION, Wiring


class ProjectionLoop:
    """The lease lets one of several workers do it; `wake` has the sheet's loop check for work.

    A pause, a refused batch or Google being away stops the writing of the sheet, and nothing else:
    documents and customers are asked for as soon as their delivery is in its job.
    """

    def __init__(self, wiring: Wiring, wake: Callable[[], object]) -> None:
        self._inbox = wiring.inbox
        self._leases = wiring.leases
        self._beat_seconds = wiring.settings.lease_seconds / 3
        self._projector = wiring.projector()
        self._wake = wake

    def step(self) -> bool:
        """Apply what waits; False if nothing does, or another worker is at it."""
        if not self._inbox.is_waiting():
            return False
        held = self._leases.acquire(PROJECTION)
        if held is None:
            return False
        try:
            with beating(partial(self._leases.acquire, PROJECTION), self._beat_seconds):
                did_something = self._projector.run(held)
        finally:
            self._leases.release(held)
        if did_something:
            self._wake()
        return did_something
