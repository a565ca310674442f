"""Reads what is stored."""

from sqlalchemy import select

from sync.store import Database, Inbox, KeptDelivery
from sync.store.schema import delivery, job, quarantine
from sync.webhooks.schema import Outcome


def newest(inbox: Inbox, limit: int, outcome: Outcome | None = None) -> list[KeptDelivery]:
    query = select(delivery).order_by(delivery.c.seq.desc()).limit(limit)
    return inbox.fetch(query if outcome is None else query.where(delivery.c.outcome == outcome))


def stored_sites(database: Database) -> set[str]:
    return set(database.scalars(select(job.c.site)))


def quarantined(database: Database) -> dict[str, int]:
    rows = database.rows(select(quarantine.c.site, quarantine.c.refusals))
    return {row.site: row.refusals for row in rows}
