"""Reads the inbox."""

from sqlalchemy import select

from sync.store import Inbox, KeptDelivery
from sync.store.schema import delivery
from sync.webhooks.schema import Outcome


def newest(inbox: Inbox, limit: int, outcome: Outcome | None = None) -> list[KeptDelivery]:
    """Return the newest deliveries, newest first."""
    query = select(delivery).order_by(delivery.c.seq.desc()).limit(limit)
    return inbox.fetch(query if outcome is None else query.where(delivery.c.outcome == outcome))
