"""How long a sheet could not be written: told once it is long, and once it is over."""

from collections.abc import Callable
from time import monotonic

from sync.ops.alerts import Alerts

OUTAGE_SECONDS = 900.0
"""For so long a sheet may not be written before somebody is told; most outages are shorter."""


class OutageTimer:
    """Alerts when a sheet could not be written for OUTAGE_SECONDS, and when it is again."""

    def __init__(self, alerts: Alerts, clock: Callable[[], float] = monotonic) -> None:
        self._alerts = alerts
        self._clock = clock
        self._since: float | None = None
        self._is_said = False

    @property
    def is_on(self) -> bool:
        """Whether the last that was noted is a failure."""
        return self._since is not None

    def failed(self, reason: str) -> None:
        """Note a failure; `reason` is an error's reason."""
        now = self._clock()
        if self._since is None:
            self._since = now
        if not self._is_said and now - self._since >= OUTAGE_SECONDS:
            minutes = round((now - self._since) / 60)
            text = f"The sheet could not be written for {minutes} minutes ({reason}). "
            text += "Every delivery is kept; it is written as soon as that is over."
            # Each trouble is said, however soon it follows the last: the moment tells them apart.
            self._is_said = self._alerts.send(f"sheet_trouble {self._since}", text)

    def ended(self) -> None:
        """Note that the sheet is written, or that another worker writes it."""
        if self._is_said:
            text = "The sheet is written again."
            self._alerts.send(f"sheet_written {self._since}", text)
        self._since, self._is_said = None, False
