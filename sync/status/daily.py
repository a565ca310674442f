"""Sends the digest once a day, at an hour of a person's choice (DIGEST_HOUR)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from sync.jobs.status import Statuses
from sync.ops.alerts import Alerts
from sync.status.digest import digest
from sync.store.digests import Digests
from sync.wiring import Wiring

_LATEST = timedelta(hours=6)
"""So long after its hour it is still sent; a worker that starts later waits for the next."""
_DAY = timedelta(days=1)

_log = structlog.get_logger()


def _now() -> datetime:
    return datetime.now(UTC)


class Daily:
    """Sends it where it is due; `clock` returns the time in UTC."""

    def __init__(
        self, wiring: Wiring, alerts: Alerts, clock: Callable[[], datetime] = _now
    ) -> None:
        self._wiring = wiring
        self._alerts = alerts
        self._clock = clock
        zone = wiring.settings.time_zone
        self._zone = ZoneInfo(zone) if zone else UTC
        self._digests = Digests(wiring.database)

    def step(self) -> bool:
        """Send the digest if it is due; return whether it was sent. Raises BrightsheetError."""
        hour = self._wiring.settings.digest_hour
        now = self._clock().astimezone(self._zone)
        if hour is None:
            return False
        slot = now.replace(hour=hour, minute=0, second=0, microsecond=0)
        if not slot <= now < slot + _LATEST or not self._digests.claim(slot.timestamp()):
            return False
        did_arrive = False
        try:
            did_arrive = self._alerts.deliver(self._text(slot))
        finally:
            if not did_arrive:
                self._digests.release(slot.timestamp())
        _log.info("digest", sent=did_arrive)
        return did_arrive

    def _text(self, slot: datetime) -> str:
        layout = self._wiring.layout()
        statuses = Statuses(self._wiring.settings.config)
        cells = (
            layout.cells(one.job, one.files, one.customer).get("follow_up")
            for one in self._wiring.sheet_store().pending.every()
        )
        return digest(
            self._digests.changes((slot - _DAY).timestamp()),
            lambda code: _meaning(statuses, code),
            [cell.when.astimezone(self._zone).date() for cell in cells if cell and cell.when],
            slot.date(),
            self._wiring.backlog(),
        )


def _meaning(statuses: Statuses, code: str | None) -> str:
    if statuses.is_approved(code):
        return "approved"
    return "rejected" if statuses.is_rejected(code) else ""
