"""Applies stored deliveries to their jobs, documents and history."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import structlog

from sync.errors import BrightsheetError, Permanent
from sync.jobs import projection
from sync.jobs.history import HistoryLines
from sync.jobs.model import Change, Job
from sync.settings.config_file import ConsoleAnswers
from sync.settings.environment import Settings
from sync.store import Inbox, Jobs, KeptDelivery, Lease, Projected
from sync.store.jobs import DocumentToCopy
from sync.webhooks import parse
from sync.webhooks.schema import Document, ParsedWebhook

_MAX_STATUSES = 100
"""The number of unknown statuses to ask about: a dozen exist, and a sender may invent more."""
_STATUS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_ -]{0,59}")
"""The form of a status to ask about; EverBright's are such codes, and each becomes a label."""

_log = structlog.get_logger()


class _Parsed(NamedTuple):
    """A stored delivery, and its content, which has no `site` while its job isn't known."""

    kept: KeptDelivery
    webhook: ParsedWebhook


class Projector:
    """Applies deliveries to their jobs, each once, under a lease."""

    def __init__(self, inbox: Inbox, jobs: Jobs, settings: Settings) -> None:
        self._inbox = inbox
        self._jobs = jobs
        self._config = settings.config
        self._answers = ConsoleAnswers()
        # Jobs are built without the answers: what a status means is looked up whenever it is shown.
        self._history = HistoryLines(self._config)
        self._asked: set[str] = set()

    def run(self, lease: Lease) -> bool:
        """Project the queued deliveries; return whether there were any, as there may be more then.

        Each is applied to its job, waits until its milestone's job is known, is erased because its
        job was forgotten, or is rejected because it causes an error.
        """
        did_something = False
        for deliveries in self._inbox.queued():
            applied, projected = self._project(deliveries)
            self._ask(applied)  # First, so that it is retried with the deliveries.
            self._jobs.take_in(lease, projected)
            for kept, webhook in applied:
                _log.info("projected", delivery=kept.id, site=webhook.site)
            did_something = True
        return did_something

    def _project(self, deliveries: Iterable[KeptDelivery]) -> tuple[list[_Parsed], Projected]:
        """Return the applied deliveries, and what to store for all of them.

        One that causes an error doesn't delay the others.
        """
        parsed, rejected = self._parse(deliveries)
        waited, unparsed = self._parse(self._inbox.awaiting(_sites_by_milestone(parsed)))
        # By receipt, because History has no line for a value that is older than the known one.
        parsed = sorted([*waited, *parsed], key=lambda each: each.kept.seq)
        rejected |= unparsed
        if not all(each.webhook.site for each in parsed):
            parsed = self._with_sites(parsed)
        remembered, forgotten, forgotten_milestones = self._split_forgotten(parsed)
        if (answers := self._jobs.confirmations.read()) != self._answers:
            self._answers = answers
            self._history = HistoryLines(self._config.with_answers(answers))
        sites = {webhook.site for _, webhook in remembered if webhook.site}
        known = self._jobs.states(sorted(sites))
        jobs: dict[str, Job] = {}
        changes: list[Change] = []
        applied: list[_Parsed] = []
        for kept, webhook in remembered:
            if site := webhook.site:
                try:
                    before = jobs.get(site) or known.get(site) or Job(site=site)
                    jobs[site], of_webhook = self._apply(before, kept, webhook)
                except Exception as error:
                    rejected[kept.seq] = _logged_reason(kept, error)
                else:
                    changes += of_webhook
                    applied.append(_Parsed(kept, webhook))
        return applied, Projected(
            jobs=list(jobs.values()),
            documents=_documents_to_copy(webhook for _, webhook in applied),
            changes=changes,
            milestones=_sites_by_milestone(applied),
            applied=[kept.seq for kept, _ in applied],
            found_sites={
                kept.seq: webhook.site
                for kept, webhook in applied
                if webhook.site and webhook.site != kept.site
            },
            waiting={
                kept.seq: webhook.milestone_uuid or ""
                for kept, webhook in remembered
                if not webhook.site
            },
            rejected=rejected,
            forgotten=[kept.seq for kept, _ in forgotten],
            forgotten_milestones=forgotten_milestones,
        )

    def _ask(self, parsed: Iterable[_Parsed]) -> None:
        """Ask people to explain statuses that the config doesn't name."""
        milestones = [webhook.milestone for _, webhook in parsed if webhook.milestone]
        codes = {milestone.status for milestone in milestones}
        codes |= {task.status for milestone in milestones for task in milestone.tasks}
        new = codes - self._asked - self._config.statuses.keys()
        unknown = sorted(code for code in new if code and _STATUS.fullmatch(code))
        if unknown := unknown[: _MAX_STATUSES - len(self._asked)]:
            for code in self._jobs.confirmations.ask(unknown):
                _log.warning("unknown_status", status=code)
            self._asked.update(unknown)

    def _parse(self, deliveries: Iterable[KeptDelivery]) -> tuple[list[_Parsed], dict[int, str]]:
        """Return the parsed deliveries, and the reasons of those (seq) that can't be parsed."""
        parsed: list[_Parsed] = []
        unparsed: dict[int, str] = {}
        for kept in deliveries:
            try:
                webhook = parse.read(kept.body, self._config.webhooks)
                if not webhook.has_event:
                    message = "It was accepted on arrival, but can't be parsed now."
                    raise Permanent("not_understood", message)
                parsed.append(_Parsed(kept, webhook))
            except Exception as error:
                unparsed[kept.seq] = _logged_reason(kept, error)
        return parsed, unparsed

    def _with_sites(self, parsed: Sequence[_Parsed]) -> list[_Parsed]:
        """Add the site to deliveries that name only a milestone, if its job is known."""
        milestones = {
            webhook.milestone_uuid
            for _, webhook in parsed
            if webhook.milestone_uuid and not webhook.site
        }
        sites = self._jobs.sites_of(milestones) | _sites_by_milestone(parsed)
        found = []
        for kept, webhook in parsed:
            if not webhook.site:
                site = sites.get(webhook.milestone_uuid or "")
                webhook = webhook.model_copy(update={"site": site})
            found.append(_Parsed(kept, webhook))
        return found

    def _split_forgotten(
        self, parsed: Sequence[_Parsed]
    ) -> tuple[list[_Parsed], list[_Parsed], set[str]]:
        """Return the deliveries to apply, those of deleted jobs, and these jobs' milestones."""
        ids = [
            {one for one in (webhook.site, webhook.milestone_uuid) if one} for _, webhook in parsed
        ]
        gone = self._jobs.forgotten_of(set().union(*ids))
        remembered: list[_Parsed] = []
        forgotten: list[_Parsed] = []
        for each, named in zip(parsed, ids, strict=True):
            (forgotten if named & gone else remembered).append(each)
        # A delivery may be forgotten because of its milestone only; its site is another job then.
        sites = _sites_by_milestone(forgotten)
        return remembered, forgotten, {uuid for uuid, site in sites.items() if site in gone}

    def _apply(
        self, before: Job, kept: KeptDelivery, webhook: ParsedWebhook
    ) -> tuple[Job, list[Change]]:
        """Return the job with a delivery applied, and the lines of the history for it."""
        if webhook.milestone:
            event = projection.milestone_event(webhook.milestone, kept.digest, kept.received)
            after = projection.apply_event(before, event, self._config)
            return after, self._history.milestone_changes(before, after, event)
        other = webhook.other_event
        if other is None:
            return before, []
        after = projection.apply_other_event(before, other, kept.digest, kept.received)
        return after, self._history.other_changes(before, after, other, kept.digest, kept.received)


def _logged_reason(kept: KeptDelivery, error: Exception) -> str:
    """Log the error that a delivery causes, and return it as the reason of its rejection."""
    if isinstance(error, BrightsheetError):
        _log.warning("not_projected", delivery=kept.id, reason=error.reason)
        return f"{error.reason}: {error.message}"
    _log.error("fault", delivery=kept.id, exc_info=error)
    return f"fault: {type(error).__name__}"


def _documents_to_copy(webhooks: Iterable[ParsedWebhook]) -> list[DocumentToCopy]:
    """Return the uploaded documents in webhooks, each once."""
    found: dict[tuple[str, str], DocumentToCopy] = {}
    for webhook in webhooks:
        documents: list[tuple[str, Document]] = []
        if webhook.milestone:
            documents += webhook.milestone.documents()
        if webhook.other_event and (contract := webhook.other_event.contract):
            documents += [(contract.sub_task, document) for document in contract.documents]
        for sub_task, document in documents:
            if webhook.site and document.is_uploaded:
                found[webhook.site, document.uuid] = DocumentToCopy(
                    document.uuid, webhook.site, sub_task, document.name[:300]
                )
    return list(found.values())


def _sites_by_milestone(parsed: Iterable[_Parsed]) -> dict[str, str]:
    """Return the sites of the milestones in deliveries, by UUID."""
    return {
        webhook.milestone_uuid: webhook.site
        for _, webhook in parsed
        if webhook.milestone_uuid and webhook.site
    }
