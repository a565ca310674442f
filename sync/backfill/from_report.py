"""Takes EverBright's Milestones report in: the words of the account, then the inbox."""

from collections.abc import Iterable
from datetime import UTC
from zoneinfo import ZoneInfo

from sync.backfill.intake import Intake
from sync.jobs.model import Job
from sync.settings.environment import Settings
from sync.webhooks import report
from sync.webhooks.report import Words

_USUAL = {"submitted": "SUBMITTED", "rejected": "REJECTED", "completed": "APPROVED"}
_MEANS = {"submitted": "waiting", "rejected": "rejected", "completed": "approved"}


def words(settings: Settings, jobs: Iterable[Job]) -> Words:
    """Return what the report's words mean: the names of milestones are the config's and `jobs`'."""
    definitions: dict[str, str] = {}
    for job in jobs:
        for definition, event in sorted(job.events.items()):
            definitions.setdefault(event.milestone.name.lower(), definition)
    for step in settings.config.milestones:
        if step.header:
            definitions[step.header.lower()] = step.definitions[0]
    zone = ZoneInfo(settings.time_zone) if settings.time_zone else UTC
    statuses = {column: _status(settings, column) for column in _MEANS}
    return Words({name: one for name, one in definitions.items() if name}, statuses, zone)


def _status(settings: Settings, column: str) -> str:
    """Return the webhook's word: the usual one, unless the config has only others for that."""
    known = [code for code, one in settings.config.statuses.items() if one.means == _MEANS[column]]
    usual = _USUAL[column]
    return usual if usual in known or not known else known[0]


def take(lines: Iterable[str], meanings: Words, intake: Intake) -> tuple[dict[str, int], list[str]]:
    """Keep what is news in a report; return how many events by site, and what could not be read.

    Raises Permanent where the report lacks a column.
    """
    found = report.read(lines, meanings)
    events, problems = dict[str, int](), list(found.problems)
    for site, payloads in found.payloads.items():
        events[site], failed = intake.take(intake.known(site), payloads)
        problems += [f"job {site}: {one}" for one in failed]
    return events, problems
