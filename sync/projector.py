"""Projects deliveries: inbox → jobs, their documents and their history."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from sync.errors import BrightsheetError, Permanent
from sync.jobs import projection, reads
from sync.jobs.model import Change, Job
from sync.jobs.remarks import Remarks
from sync.settings.environment import Settings
from sync.store import Inbox, Jobs, KeptDelivery, Lease, Projected
from sync.store.jobs import Wanted
from sync.webhooks import parse
from sync.webhooks.schema import Delivery, Milestone

_DELIVERIES = 200

_log = structlog.get_logger()


@dataclass(frozen=True)
class _Understood:
    """A delivery that was parsed, and the site of its job: "" where that is not known yet."""

    kept: KeptDelivery
    delivery: Delivery
    site: str


class Projector:
    """Applies deliveries to their jobs; the flusher's lease makes that happen once for each."""

    def __init__(self, inbox: Inbox, jobs: Jobs, settings: Settings) -> None:
        self._inbox = inbox
        self._jobs = jobs
        self._creation_types = settings.document_creation_types
        self._re_sign = re.compile(settings.config.words.re_sign, re.IGNORECASE)
        self._shapes = settings.config.webhooks
        self._remarks = Remarks(settings.config)

    def run(self, held: Lease) -> None:
        """Take every delivery that came into its job; one that cannot be is set aside."""
        while deliveries := self._inbox.unprojected(_DELIVERIES):
            understood, poisoned = self._read(deliveries)
            self._jobs.take_in(held, self._projected(understood, poisoned))
            _log.info("projected", deliveries=len(understood), poisoned=len(poisoned))

    def _read(self, deliveries: Iterable[KeptDelivery]) -> tuple[list[_Understood], dict[int, str]]:
        read: list[tuple[KeptDelivery, Delivery]] = []
        poisoned: dict[int, str] = {}
        for kept in deliveries:
            try:
                read.append((kept, _again(parse.read(kept.body, self._shapes))))
            except BrightsheetError as error:
                poisoned[kept.seq] = f"{error.reason}: {error.message}"
            except Exception as error:
                # A fault of ours with one delivery must not keep every job waiting.
                _log.exception("fault", delivery=kept.id)
                poisoned[kept.seq] = f"fault: {type(error).__name__}"
        owners = self._owners([delivery for _, delivery in read])
        return [
            _Understood(kept, one, one.site or owners.get(_about(one), "")) for kept, one in read
        ], poisoned

    def _owners(self, deliveries: Iterable[Delivery]) -> dict[str, str]:
        """Return the sites of the milestones that deliveries without a site tell of."""
        abouts = {about for one in deliveries if not one.site and (about := _about(one))}
        known = self._jobs.sites_of(abouts) if abouts else {}
        return known | _milestones(deliveries)

    def _projected(self, understood: list[_Understood], poisoned: dict[int, str]) -> Projected:
        owned = [one for one in understood if one.site]
        jobs = self._jobs.states(sorted({one.site for one in owned}))
        changes: list[Change] = []
        known: list[_Understood] = []
        for one in owned:
            before = jobs.get(one.site, Job(site=one.site))
            try:
                jobs[one.site], found = self._applied(before, one)
            except Exception as error:
                _log.exception("fault", delivery=one.kept.id)
                poisoned[one.kept.seq] = f"fault: {type(error).__name__}"
                continue
            changes += found
            known.append(one)
        milestones = [one.delivery.milestone for one in known if one.delivery.milestone]
        return Projected(
            jobs=list(jobs.values()),
            documents=self._wanted(milestones),
            changes=changes,
            milestones=_milestones(one.delivery for one in known),
            deliveries=[one.kept.seq for one in known],
            waiting={one.kept.seq: _about(one.delivery) for one in understood if not one.site},
            poisoned=poisoned,
        )

    def _applied(self, before: Job, one: _Understood) -> tuple[Job, list[Change]]:
        """Return the job with a delivery applied, and the lines of the history for it."""
        received, digest = one.kept.received, one.delivery.digest
        if one.kept.is_read:
            digest = reads.as_read(digest)
        if one.delivery.milestone:
            event = projection.milestone_event(one.delivery.milestone, digest, received)
            changes = projection.status_changes(before, event, self._remarks)
            return projection.apply_event(before, event, self._re_sign), changes
        other = one.delivery.other_event
        if other is None:
            return before, []
        # Without a date, each delivery of the same body is an event of its own.
        digest = digest if other.is_dated else one.kept.id
        after = projection.apply_other_event(before, other, digest, received)
        # Before the first milestone event there is no row that the history could be of.
        return after, projection.fact_changes(before, after) if before.events else []

    def _wanted(self, milestones: Iterable[Milestone]) -> list[Wanted]:
        found = {
            document.uuid: _wanted(milestone, sub_task.uuid, document.uuid, document.name)
            for milestone in milestones
            for sub_task, document in milestone.documents()
            if document.creation_type in self._creation_types
        }
        return list(found.values())


def _wanted(milestone: Milestone, sub_task: str | None, uuid: str, name: str) -> Wanted:
    return Wanted(uuid=uuid, site=milestone.site, sub_task=sub_task or "", name=name[:300])


def _again(delivery: Delivery) -> Delivery:
    """Return a delivery that is still what it was when it came."""
    if delivery.milestone is None and delivery.other_event is None:
        raise Permanent("not_understood", "It was understood when it came, and is not now.")
    return delivery


def _about(delivery: Delivery) -> str:
    return (delivery.other_event.about if delivery.other_event else None) or ""


def _milestones(deliveries: Iterable[Delivery]) -> dict[str, str]:
    """Return whose the milestones are that came, by UUID."""
    found = (one.milestone for one in deliveries)
    return {one.uuid: one.site for one in found if one and one.uuid}
