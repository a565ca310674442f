"""The daily digest: counts, and nothing of any job or person. Sent once, at DIGEST_HOUR."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import structlog

from sync.jobs.status import Statuses
from sync.ops.alerts import Alerts
from sync.status.verdict import evaluate
from sync.store.digests import Digests
from sync.wiring import Wiring

_LATEST = timedelta(hours=6)
"""So long after its hour it is still sent; a worker that starts later waits for the next."""
_DAY = timedelta(days=1)

_NOW = partial(datetime.now, UTC)

_log = structlog.get_logger()


class Daily:
    """Sends it where it is due; `clock` returns the time in UTC."""

    def __init__(
        self,
        wiring: Wiring,
        alerts: Alerts,
        clock: Callable[[], datetime] = _NOW,
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
        now, days = self._wiring.backlog(), self._follow_ups()
        approved, rejected = self._decided((slot - _DAY).timestamp())
        today = slot.date()
        stuck = sum(day < today for day in days)
        problems = evaluate(now)
        lines = [
            f"Approved since yesterday: {approved}, rejected: {rejected}.",
            f"Jobs to follow up today: {days.count(today)}, stuck (their day has passed): {stuck}.",
            f"Documents: {now.given_up} given up, {now.documents} waiting.",
        ]
        if not any(problem.is_behind for problem in problems):
            lines.append("The sheet shows everything that came.")
        return "\n".join([*lines, *(problem.explained for problem in problems)])

    def _decided(self, since: float) -> tuple[int, int]:
        """Return how many milestones were approved and rejected since, by their latest status."""
        statuses = Statuses(self._wiring.settings.config)
        changes = self._digests.changes(since)
        latest = {(change.site, change.subject): change.after for change in changes}.values()
        return sum(map(statuses.is_approved, latest)), sum(map(statuses.is_rejected, latest))

    def _follow_ups(self) -> list[date]:
        """Return the days on which jobs are to be checked."""
        layout = self._wiring.layout()
        cells = (
            layout.cells(work.job, work.files, work.customer).get("follow_up")
            for work in self._wiring.sheet_store().pending.every()
        )
        return [cell.when.astimezone(self._zone).date() for cell in cells if cell and cell.when]
