"""Takes what came into the jobs: inbox → projection → jobs and their documents."""

import re

import structlog

from sync import payload, projection
from sync.errors import BrightsheetError, Permanent
from sync.model import Event, Job, Milestone
from sync.settings import Settings
from sync.store import Inbox, Jobs, KeptDelivery, Lease
from sync.store.jobs import Wanted

_DELIVERIES = 200

_log = structlog.get_logger()


class Intake:
    """Projects deliveries. It needs the flusher's lease, so that each is taken in once."""

    def __init__(self, inbox: Inbox, jobs: Jobs, settings: Settings) -> None:
        self._inbox = inbox
        self._jobs = jobs
        self._creation_types = settings.document_creation_types
        self._re_sign = re.compile(settings.config.words.re_sign, re.IGNORECASE)

    def is_waiting(self) -> bool:
        """Tell whether a delivery is in no job yet."""
        return self._inbox.is_waiting()

    def run(self, held: Lease) -> None:
        """Take every delivery that came into its job; one that cannot be is set aside."""
        while deliveries := self._inbox.unprojected(_DELIVERIES):
            events: list[Event] = []
            done: list[int] = []
            poisoned: dict[int, str] = {}
            for kept in deliveries:
                try:
                    events.append(_event(kept))
                    done.append(kept.seq)
                except BrightsheetError as error:
                    poisoned[kept.seq] = f"{error.reason}: {error.message}"
                except Exception as error:
                    # A fault of ours with one delivery must not keep every job waiting.
                    _log.exception("fault", delivery=kept.id)
                    poisoned[kept.seq] = f"fault: {type(error).__name__}"
            self._jobs.take_in(held, self._joined(events), self._wanted(events), done, poisoned)
            _log.info("projected", deliveries=len(done), poisoned=len(poisoned))

    def _joined(self, events: list[Event]) -> list[Job]:
        sites = {event.milestone.site for event in events}
        jobs = self._jobs.states(list(sites))
        for event in events:
            site = event.milestone.site
            jobs[site] = projection.joined(jobs.get(site, Job(site=site)), event, self._re_sign)
        return list(jobs.values())

    def _wanted(self, events: list[Event]) -> list[Wanted]:
        found = {
            document.uuid: _wanted(event.milestone, sub_task.uuid, document.uuid, document.name)
            for event in events
            for sub_task, document in event.milestone.documents()
            if document.creation_type in self._creation_types
        }
        return list(found.values())


def _wanted(milestone: Milestone, sub_task: str | None, uuid: str, name: str) -> Wanted:
    return Wanted(uuid=uuid, site=milestone.site, sub_task=sub_task or "", name=name[:300])


def _event(kept: KeptDelivery) -> Event:
    delivery = payload.read(kept.body)
    if delivery.milestone is None:
        raise Permanent("not_a_milestone", "It was a milestone when it came.")
    return projection.event(delivery.milestone, delivery.digest, kept.received)
