"""Applies stored deliveries to their jobs, in the order of receipt."""

from datetime import UTC, datetime

import structlog

from sync.core.database import Lease
from sync.core.events import Job, JobDocument, Line, apply, event_of
from sync.core.standing import Statuses
from sync.core.store import Store
from sync.errors import Rejected, Retryable
from sync.webhooks import parse

_BATCH = 500
_FAULT = "Brightsheet had an internal error. Replay it after an upgrade."

_log = structlog.get_logger()


def apply_waiting(store: Store, lease: Lease, statuses: Statuses) -> bool:
    """Apply waiting deliveries, of which a bad one stops no other; return whether any waited."""
    waiting, rejected, changed = store.waiting(_BATCH), dict[int, str](), dict[str, Job]()
    lines, documents = list[tuple[str, Line]](), list[tuple[str, JobDocument]]()
    for delivery in waiting:
        try:
            webhook = parse.read(delivery.body, statuses.config.webhooks)
            event = event_of(webhook, datetime.fromtimestamp(delivery.received, UTC))
            if event is None:
                continue
            site = event.site
            job = changed.get(site) or store.job_states([site]).get(site, Job())
            applied = apply(job, event, statuses.is_rejected)
        except Rejected as error:
            rejected[delivery.id] = error.what
            continue
        except Retryable:
            raise
        except Exception as error:
            _log.exception("fault", error=type(error).__name__, delivery=delivery.id)
            rejected[delivery.id] = _FAULT
            continue
        changed[site] = applied.job
        lines += [(site, line) for line in applied.lines]
        documents += [(site, document) for document in event.documents]
    if waiting:
        ids = [delivery.id for delivery in waiting]
        store.applied(lease, ids, changed, lines, documents, rejected)
    return bool(waiting)
