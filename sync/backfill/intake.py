"""Adds news from the API, or from EverBright's Milestones report, to the inbox like webhooks."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sync.errors import BrightsheetError, Permanent
from sync.jobs import contracts, projection, reads
from sync.jobs.model import Job
from sync.settings.config_file import Meaning
from sync.settings.environment import Settings
from sync.store import Inbox, Jobs
from sync.webhooks import parse, report
from sync.webhooks.report import ReportWords
from sync.webhooks.schema import Outcome, ParsedWebhook

_USUAL_STATUSES = {"submitted": "SUBMITTED", "rejected": "REJECTED", "completed": "APPROVED"}
_MEANINGS = {
    "submitted": Meaning.WAITING,
    "rejected": Meaning.REJECTED,
    "completed": Meaning.APPROVED,
}


@dataclass(frozen=True)
class _News:
    """A job's new events, each as body, webhook and date, and the payloads' problems."""

    events: list[tuple[bytes, ParsedWebhook, datetime]]
    problems: list[str]


class Intake:
    """Compares payloads with the known state of jobs, and stores what is new as deliveries."""

    def __init__(self, inbox: Inbox, jobs: Jobs, settings: Settings) -> None:
        self._inbox = inbox
        self._jobs = jobs
        self._config = settings.config

    def known_job(self, site: str) -> Job:
        """Return a job with all its deliveries, including the queued ones."""
        queued = self._inbox.queued_of(site)
        job = self._jobs.states([site]).get(site, Job(site=site))
        for kept in queued:
            try:
                webhook = parse.read(kept.body, self._config.webhooks)
            except BrightsheetError:
                continue  # The projector rejects and reports it.
            job = self._apply(job, webhook, kept.digest, kept.received)
        return job

    def is_forgotten(self, site: str) -> bool:
        """Return whether the job's data was deleted on request."""
        return bool(self._jobs.forgotten_of([site]))

    def clock(self) -> datetime:
        """Return the time (UTC) by the clock that also dates received webhooks."""
        return self._inbox.clock()

    def store_news(
        self, known: Job, payloads: Sequence[dict[str, Any]], requested: datetime | None = None
    ) -> tuple[int, list[str]]:
        """Store what is new about a job; return the number of missed webhooks, and the problems.

        `requested` is when it was requested from EverBright (UTC); None: each event's own date.
        """
        missed, news = 0, self._find_news(known, payloads, requested)
        for body, webhook, moment in news.events:
            receipt = self._inbox.keep(body, webhook, requested=moment)
            is_new = receipt.outcome is Outcome.ACCEPTED
            missed += is_new and _sends_webhook(known, webhook, moment)
        return missed, news.problems

    def count_missed(
        self, known: Job, payloads: Sequence[dict[str, Any]], requested: datetime
    ) -> int:
        """Return how many webhooks of a job were missed, without storing its news."""
        # Reading the job reports the problems.
        news = self._find_news(known, payloads, requested).events
        return sum(_sends_webhook(known, webhook, moment) for _, webhook, moment in news)

    def _find_news(
        self, known: Job, payloads: Iterable[dict[str, Any]], requested: datetime | None
    ) -> _News:
        """Compare each payload with the job as it is after the events found before."""
        job, news = known, _News([], [])
        for payload in payloads:
            body = json.dumps(payload).encode()
            try:
                webhook = parse.read(body, self._config.webhooks)
                _check_date(webhook)
            except BrightsheetError as error:
                name = str(payload.get("uuid") or payload.get("name"))[:100]
                news.problems.append(f"milestone {name}: {error.message}")
                continue
            own = webhook.milestone.date_updated if webhook.milestone else None
            moment = requested or own
            assert moment  # noqa: S101 - a report has milestones alone, each with its date
            updated = self._apply_news(job, webhook, moment)
            if updated is not None:
                job = updated
                news.events.append((body, webhook, moment))
        return news

    def _apply_news(self, known: Job, webhook: ParsedWebhook, requested: datetime) -> Job | None:
        """Return `known` with what was read, or None if that isn't later or has nothing new."""
        digest, other = reads.as_read(webhook.digest), webhook.other_event
        read = self._apply(known, webhook, digest, requested)
        if webhook.milestone:
            event = projection.milestone_event(webhook.milestone, digest, requested)
            return read if reads.is_news(known, event) else None
        contract = other.contract if other else None
        if not other or not contract or (contract.is_change_order and not contract.new_quote):
            return None
        is_dated = bool(other.moments or contract.signed)
        return read if contracts.is_news(known, read, is_dated=is_dated) else None

    def _apply(self, job: Job, webhook: ParsedWebhook, digest: str, received: datetime) -> Job:
        """Return `job` with a milestone or a contract applied, as the projector does."""
        if webhook.milestone:
            event = projection.milestone_event(webhook.milestone, digest, received)
            return projection.apply_event(job, event, self._config)
        other = webhook.other_event
        if other is None or other.contract is None:
            return job
        return projection.apply_other_event(job, other, digest, received)


def _sends_webhook(known: Job, webhook: ParsedWebhook, requested: datetime) -> bool:
    """Return whether EverBright sends webhooks of such news: not of `ready_to_submit` alone."""
    if not (milestone := webhook.milestone):
        return True
    milestone = milestone.model_copy(update={"ready_to_submit": False})
    event = projection.milestone_event(milestone, reads.as_read(webhook.digest), requested)
    return reads.is_news(known, event)


def _check_date(webhook: ParsedWebhook) -> None:
    """Raise Permanent if a milestone has no plausible date to compare."""
    if webhook.milestone is None:
        return
    updated = webhook.milestone.date_updated
    if updated is None or updated < projection.EARLIEST:
        raise Permanent("undated", "EverBright has no date of its last change.")
    if updated > datetime.now(UTC) + projection.CLOCK_SKEW:
        raise Permanent("undated", "EverBright's date of its last change is in the future.")


def report_words(settings: Settings, jobs: Iterable[Job]) -> ReportWords:
    """Return the report's vocabulary: milestone names from the config and from `jobs`."""
    definitions: dict[str, str] = {}
    for job in jobs:
        for definition, event in sorted(job.events.items()):
            definitions.setdefault(event.milestone.name.lower(), definition)
    for step in settings.config.milestones:
        if step.header:
            definitions[step.header.lower()] = step.definitions[0]
    statuses = {column: _choose_status(settings, column) for column in _MEANINGS}
    definitions.pop("", None)
    return ReportWords(definitions, statuses, settings.zone)


def _choose_status(settings: Settings, column: str) -> str:
    """Return a column's status: the usual one, unless the config only has others."""
    statuses, meaning = settings.config.statuses, _MEANINGS[column]
    codes = [code for code, status in statuses.items() if status.means is meaning]
    usual = _USUAL_STATUSES[column]
    return usual if usual in codes or not codes else codes[0]


def take_report(
    lines: Iterable[str], words: ReportWords, intake: Intake
) -> tuple[dict[str, int], list[str]]:
    """Store a report's news; return the number of missed webhooks by site, and the problems.

    Raises Permanent if the report is missing a column.
    """
    read = report.read(lines, words)
    missed, problems = dict[str, int](), list(read.problems)
    for site, payloads in read.payloads.items():
        if intake.is_forgotten(site):
            continue
        missed[site], failed = intake.store_news(intake.known_job(site), payloads)
        problems += [f"job {site}: {problem}" for problem in failed]
    return missed, problems
