"""Alerts for an outage of the sheet: once it is long, and once it is over."""

from collections.abc import Callable
from time import monotonic

from sync.ops.alerts import Alerts

OUTAGE_SECONDS = 900.0
"""How long the sheet may be unwritable before an alert; most outages are shorter."""


class OutageTimer:
    """Alerts when a sheet could not be written for OUTAGE_SECONDS, and when it is again."""

    def __init__(self, alerts: Alerts, clock: Callable[[], float] = monotonic) -> None:
        self._alerts = alerts
        self._clock = clock
        self._since: float | None = None
        self._is_sent = False

    @property
    def is_on(self) -> bool:
        """Whether the last attempt that was reported failed."""
        return self._since is not None

    def failed(self, reason: str) -> None:
        """Note a failure; `reason` is an error's reason."""
        now = self._clock()
        if self._since is None:
            self._since = now
        if not self._is_sent and now - self._since >= OUTAGE_SECONDS:
            minutes = round((now - self._since) / 60)
            text = f"The sheet could not be written for {minutes} minutes ({reason}). "
            text += "Every delivery is stored, and written as soon as that is over. "
            text += "Where it does not pass by itself, this says what to do: brightsheet doctor"
            # Each outage is sent, however soon it follows the last: the time makes it distinct.
            self._is_sent = self._alerts.send(
                f"sheet_trouble {self._since}", text, age=now - self._since
            )

    def ended(self) -> None:
        """Note that the sheet is written, or that another worker writes it."""
        if self._is_sent:
            text = "The sheet is written again."
            self._alerts.send(f"sheet_written {self._since}", text)
        self._since, self._is_sent = None, False
