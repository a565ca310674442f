"""Sends messages about what happened, each once, and lists all messages in `MESSAGES`."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from time import time

from sync.jobs.milestones import Milestones, ReachedMilestone
from sync.jobs.model import Change
from sync.ops.alerts import Alerts
from sync.status.digests import send_digests
from sync.store import Confirmations, Jobs
from sync.store.history import recent_changes
from sync.store.reported import Reported
from sync.wiring import Wiring

_DAY = 86_400.0
_UNKNOWN_STATUS = (
    "EverBright sends a status that has no meaning yet: {}. A milestone with it counts as open. "
    "Choose its meaning on the console (Statuses), or add it to [statuses] in the config."
)


def report_unknown_statuses(wiring: Wiring, alerts: Alerts) -> None:
    """Send one alert about each status without a meaning. Raises BrightsheetError."""
    for code in Confirmations(wiring.database).unexplained(wiring.settings.config):
        deliver = partial(alerts.deliver, _UNKNOWN_STATUS.format(code))
        Reported(wiring.database).once(f"unknown_status:{code}", deliver)


def changed_milestones(wiring: Wiring, means: str) -> Iterator[tuple[Change, ReachedMilestone]]:
    """Yield the milestones whose status got a meaning in the last day, and still has it.

    `means` is a meaning in [statuses]. Changes dated more than four days ago are left out, and
    milestones that a backfill found: nobody saw those change. Raises BrightsheetError.
    """
    config = wiring.config()  # With the confirmed order.
    milestones, meaning = Milestones(config), config.configured_meaning
    changes = [
        change
        for change in recent_changes(wiring.database, time() - _DAY)
        if change.is_milestone_status and not change.is_found and meaning(change.after) == means
    ]
    jobs = Jobs(wiring.database).states(sorted({change.site for change in changes}))
    for change in changes:
        shown = milestones.shown(jobs[change.site]) if change.site in jobs else ()
        key = milestones.key(change.milestone)
        for reached in shown:
            if reached.key == key and meaning(reached.event.milestone.status) == means:
                yield change, reached


MESSAGES: Sequence[Callable[[Wiring, Alerts], None]] = (
    report_unknown_statuses,
    send_digests,
)
"""They send what is due, and are called every 30 s in each web process, if ALERT_URLS is set."""
