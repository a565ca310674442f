"""Puts what was read into the inbox, as far as it is news, as if it had been delivered."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sync.errors import BrightsheetError, Permanent
from sync.jobs import projection, reads
from sync.jobs.model import Event, Job
from sync.settings.environment import Settings
from sync.store import Inbox, Jobs
from sync.webhooks import parse
from sync.webhooks.schema import Delivery, Outcome


class Intake:
    """Compares with what is known: a milestone that says nothing new makes no delivery."""

    def __init__(self, inbox: Inbox, jobs: Jobs, settings: Settings) -> None:
        self._inbox = inbox
        self._jobs = jobs
        self._shapes = settings.config.webhooks
        self._re_sign = re.compile(settings.config.words.re_sign, re.IGNORECASE)

    def known(self, site: str) -> Job:
        """Return a job with all that came of it, also what is not projected yet."""
        waiting = self._inbox.unprojected_of(site)
        job = self._jobs.states([site]).get(site, Job(site=site))
        for kept in waiting:
            try:
                delivery = parse.read(kept.body, self._shapes)
            except BrightsheetError:
                continue  # The projector sets it aside, and says so.
            if delivery.milestone:
                job = self._applied(job, self._event(delivery, kept.received, kept.is_read))
        return job

    def take(self, known: Job, payloads: Sequence[dict[str, Any]]) -> tuple[int, list[str]]:
        """Keep what is news of a job; return how many events, and what could not be taken."""
        events, problems = 0, list[str]()
        for payload in payloads:
            body = json.dumps(payload).encode()
            try:
                delivery = parse.read(body, self._shapes)
                event = self._event(delivery, datetime.now(UTC), is_read=True)
                _must_be_dated(event)
            except BrightsheetError as error:
                name = str(payload.get("uuid") or payload.get("name"))[:100]
                problems.append(f"milestone {name}: {error.message}")
                continue
            if reads.is_news(known, event):
                known = self._applied(known, event)
                receipt = self._inbox.keep(body, delivery, is_read=True)
                events += receipt.outcome is Outcome.ACCEPTED
        return events, problems

    def _event(self, delivery: Delivery, received: datetime, is_read: bool) -> Event:
        if delivery.milestone is None:
            raise Permanent("everbright_odd", "It is no milestone.")
        digest = reads.as_read(delivery.digest) if is_read else delivery.digest
        return projection.milestone_event(delivery.milestone, digest, received)

    def _applied(self, job: Job, event: Event) -> Job:
        return projection.apply_event(job, event, self._re_sign)


def _must_be_dated(event: Event) -> None:
    """Raise Permanent where a read has no date to believe: nothing tells what it is newer than."""
    updated = event.milestone.date_updated
    if updated is None or updated < projection.EARLIEST:
        raise Permanent("undated", "EverBright does not say when it was last changed.")
    if updated > datetime.now(UTC) + projection.CLOCK_SKEW:
        raise Permanent("undated", "EverBright says that it was last changed in the future.")
