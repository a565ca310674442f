"""Adds news from the API, or from EverBright's Milestones report, to the inbox like webhooks."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sync.errors import BrightsheetError, Permanent
from sync.jobs import contracts, projection, reads
from sync.jobs.model import Job
from sync.settings.environment import Settings
from sync.store import Inbox, Jobs
from sync.webhooks import parse, report
from sync.webhooks.report import ReportWords
from sync.webhooks.schema import Delivery, Outcome

_USUAL = {"submitted": "SUBMITTED", "rejected": "REJECTED", "completed": "APPROVED"}
_MEANS = {"submitted": "waiting", "rejected": "rejected", "completed": "approved"}


class Intake:
    """Compares payloads with the known state of jobs; only differences become deliveries."""

    def __init__(self, inbox: Inbox, jobs: Jobs, settings: Settings) -> None:
        self._inbox = inbox
        self._jobs = jobs
        self._config = settings.config

    def known(self, site: str) -> Job:
        """Return a job with all its deliveries, including those not projected yet."""
        waiting = self._inbox.unprojected_of(site)
        job = self._jobs.states([site]).get(site, Job(site=site))
        for kept in waiting:
            try:
                delivery = parse.read(kept.body, self._config.webhooks)
            except BrightsheetError:
                continue  # The projector rejects and reports it.
            job = self._applied(job, delivery, kept.digest, kept.received)
        return job

    def is_forgotten(self, site: str) -> bool:
        """Return whether the job's data was deleted on request."""
        return bool(self._jobs.forgotten_of([site]))

    def clock(self) -> datetime:
        """Return the time (UTC) by the clock that also dates received webhooks."""
        return self._inbox.clock()

    def take(
        self, known: Job, payloads: Sequence[dict[str, Any]], requested: datetime | None = None
    ) -> tuple[int, list[str]]:
        """Store a job's news; return the number of events, and the problems.

        `requested` is when EverBright was asked (UTC); if it wasn't, an event's own date counts.
        """
        events, problems = 0, list[str]()
        for body, delivery, moment in self._all_news(known, payloads, requested, problems):
            receipt = self._inbox.keep(body, delivery, requested=moment)
            events += receipt.outcome is Outcome.ACCEPTED and _was_missed(known, delivery, moment)
        return events, problems

    def unknown(self, known: Job, payloads: Sequence[dict[str, Any]], requested: datetime) -> int:
        """Return how many of `payloads` are news for a job, without storing them."""
        # Reading the job reports the problems.
        return len([*self._all_news(known, payloads, requested, [])])

    def _all_news(
        self,
        known: Job,
        payloads: Iterable[dict[str, Any]],
        requested: datetime | None,
        problems: list[str],
    ) -> Iterator[tuple[bytes, Delivery, datetime]]:
        """Yield a job's news; add to `problems` what couldn't be used."""
        for payload in payloads:
            body = json.dumps(payload).encode()
            try:
                delivery = parse.read(body, self._config.webhooks)
                _must_be_dated(delivery)
            except BrightsheetError as error:
                name = str(payload.get("uuid") or payload.get("name"))[:100]
                problems.append(f"milestone {name}: {error.message}")
                continue
            own = delivery.milestone.date_updated if delivery.milestone else None
            moment = requested or own
            assert moment  # noqa: S101 - a report has milestones alone, each with its date
            read = self._news(known, delivery, moment)
            if read is not None:
                known = read
                yield body, delivery, moment

    def _news(self, known: Job, delivery: Delivery, requested: datetime) -> Job | None:
        """Return `known` with what was read, or None if that isn't later or has nothing new."""
        digest, other = reads.as_read(delivery.digest), delivery.other_event
        read = self._applied(known, delivery, digest, requested)
        if delivery.milestone:
            event = projection.milestone_event(delivery.milestone, digest, requested)
            return read if reads.is_news(known, event) else None
        contract = other.contract if other else None
        if not other or not contract or (contract.is_change_order and not contract.new_quote):
            return None
        is_dated = bool(other.moments or contract.signed)
        return read if contracts.is_news(known, read, is_dated=is_dated) else None

    def _applied(self, job: Job, delivery: Delivery, digest: str, received: datetime) -> Job:
        """Return `job` with a milestone or a contract applied, as the projector does."""
        if delivery.milestone:
            event = projection.milestone_event(delivery.milestone, digest, received)
            return projection.apply_event(job, event, self._config)
        other = delivery.other_event
        if other is None or other.contract is None:
            return job
        return projection.apply_other_event(job, other, digest, received)


def _was_missed(known: Job, delivery: Delivery, requested: datetime) -> bool:
    if not (milestone := delivery.milestone):
        return True
    other = milestone.model_copy(update={"ready_to_submit": False})  # which says nothing
    event = projection.milestone_event(other, reads.as_read(delivery.digest), requested)
    return reads.is_news(known, event)


def _must_be_dated(delivery: Delivery) -> None:
    """Raise Permanent if a milestone has no plausible date to compare."""
    if delivery.milestone is None:
        return
    updated = delivery.milestone.date_updated
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
    statuses = {column: _status(settings, column) for column in _MEANS}
    definitions.pop("", None)
    return ReportWords(definitions, statuses, settings.zone)


def _status(settings: Settings, column: str) -> str:
    """Return the webhook's status: the usual one, unless the config only has others."""
    known = [
        code for code, status in settings.config.statuses.items() if status.means == _MEANS[column]
    ]
    usual = _USUAL[column]
    return usual if usual in known or not known else known[0]


def take_report(
    lines: Iterable[str], meanings: ReportWords, intake: Intake
) -> tuple[dict[str, int], list[str]]:
    """Store a report's news; return the number of events by site, and unreadable lines.

    Raises Permanent if the report is missing a column.
    """
    read = report.read(lines, meanings)
    events, problems = dict[str, int](), list(read.problems)
    for site, payloads in read.payloads.items():
        events[site], failed = intake.take(intake.known(site), payloads)
        problems += [f"job {site}: {problem}" for problem in failed]
    return events, problems
