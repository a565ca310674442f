"""Which deliveries a job's row is waiting for, so that the log names them when it is written."""

from collections import OrderedDict
from threading import Lock
from time import monotonic

_MOST = 10_000
"""Jobs that are remembered; of the oldest beyond that the log names the job alone."""


class Trail:
    """Kept in this process alone: after a restart the log names the job of what waited before.

    Projection adds to it while a flush is under way.
    """

    def __init__(self) -> None:
        self._deliveries: OrderedDict[str, list[tuple[float, str]]] = OrderedDict()
        self._lock = Lock()

    def add(self, site: str, delivery: str) -> None:
        """Note that a delivery (its id) is in a job, whose row does not show it yet."""
        with self._lock:
            self._deliveries.setdefault(site, []).append((monotonic(), delivery))
            if len(self._deliveries) > _MOST:
                self._deliveries.popitem(last=False)

    def take(self, site: str, before: float) -> list[str]:
        """Return the deliveries that the row of a job shows now, and forget them.

        They are those that were in the job `before` (monotonic seconds) its state was read.
        """
        with self._lock:
            noted = self._deliveries.pop(site, [])
            later = [entry for entry in noted if entry[0] >= before]
            if later:
                self._deliveries[site] = later
        return [delivery for at, delivery in noted if at < before]
