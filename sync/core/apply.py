"""Applies stored deliveries to their jobs, in the order of receipt."""

from datetime import UTC, datetime

import structlog

from sync.core.database import Lease
from sync.core.events import Event, Job, JobDocument, Line, apply, event_of
from sync.core.standing import Statuses
from sync.core.store import Store
from sync.errors import Rejected
from sync.webhooks import parse

_BATCH = 500
_FAULT = "Brightsheet had an internal error. Replay it after an upgrade."

_log = structlog.get_logger()


def apply_waiting(store: Store, lease: Lease, statuses: Statuses) -> bool:
    """Apply waiting deliveries, of which a bad one stops no other; return whether any waited."""
    waiting = store.waiting(_BATCH)
    events, rejected = list[tuple[int, Event]](), dict[int, str]()
    for delivery in waiting:
        try:
            webhook = parse.read(delivery.body, statuses.config.webhooks)
            event = event_of(webhook, datetime.fromtimestamp(delivery.received, UTC))
        except Rejected as error:
            rejected[delivery.id] = error.what
            continue
        except Exception as error:
            _log.exception("fault", error=type(error).__name__, delivery=delivery.id)
            rejected[delivery.id] = _FAULT
            continue
        if event is not None:
            events.append((delivery.id, event))
    jobs = store.job_states(event.site for _, event in events)
    lines, documents = list[tuple[str, Line]](), list[tuple[str, JobDocument]]()
    changed = dict[str, Job]()
    for number, event in events:
        try:
            applied = apply(jobs.get(event.site, Job()), event, statuses.is_rejected)
        except Exception as error:
            _log.exception("fault", error=type(error).__name__, delivery=number)
            rejected[number] = _FAULT
            continue
        jobs[event.site] = changed[event.site] = applied.job
        lines += [(event.site, line) for line in applied.lines]
        documents += [(event.site, document) for document in event.documents]
    if waiting:
        ids = [delivery.id for delivery in waiting]
        store.applied(lease, ids, changed, lines, documents, rejected)
    return bool(waiting)
