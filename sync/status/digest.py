"""The daily digest: counts, and nothing of any job or person. Sent once, at DIGEST_HOUR."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from sync.jobs.model import Change
from sync.jobs.status import Statuses
from sync.ops.alerts import Alerts
from sync.status.verdict import evaluate
from sync.store import Backlog
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
            layout.cells(work.job, work.files, work.customer).get("follow_up")
            for work in self._wiring.sheet_store().pending.every()
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


def digest(
    changes: Iterable[Change],
    means: Callable[[str | None], str],
    follow_ups: Iterable[date],
    today: date,
    now: Backlog,
) -> str:
    """Return the text.

    `changes` are those since the last digest, `means` returns "approved", "rejected" or "" for a
    status, `follow_ups` the days on which jobs are to be checked.
    """
    latest = {(change.site, change.subject): means(change.after) for change in changes}
    meanings = list(latest.values())
    days = list(follow_ups)
    stuck = sum(day < today for day in days)
    approved, rejected = meanings.count("approved"), meanings.count("rejected")
    lines = [
        f"Approved since yesterday: {approved}, rejected: {rejected}.",
        f"Jobs to follow up today: {days.count(today)}, stuck (their day has passed): {stuck}.",
        f"Documents: {now.given_up} given up, {now.documents} waiting.",
    ]
    problems = evaluate(now)
    if not any(problem.is_behind for problem in problems):
        lines.append("The sheet shows everything that came.")
    return "\n".join([*lines, *(problem.explained for problem in problems)])
