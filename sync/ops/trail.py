"""Which deliveries a job's row is waiting for, so that the log names them when it is written."""

from collections import OrderedDict

_MOST = 10_000
"""Jobs that are remembered; of the oldest beyond that the log names the job alone."""


class Trail:
    """Kept in this process alone: after a restart the log names the job of what waited before."""

    def __init__(self) -> None:
        self._of: OrderedDict[str, list[str]] = OrderedDict()

    def add(self, site: str, delivery: str) -> None:
        """Note that a delivery (its id) is in a job, whose row does not show it yet."""
        self._of.setdefault(site, []).append(delivery)
        if len(self._of) > _MOST:
            self._of.popitem(last=False)

    def take(self, site: str) -> list[str]:
        """Return the deliveries that the row of a job shows now, and forget them."""
        return self._of.pop(site, [])
