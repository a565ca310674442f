"""Deletes everything that is stored of one job, in one transaction, also from SQLite's log."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, or_, select, update

from sync.store.database import Database, Lease, must_hold
from sync.store.forgotten import remember_forgotten
from sync.store.inbox import remember_newest
from sync.store.schema import (
    action,
    attempt,
    change,
    delivery,
    dismissed,
    document,
    folder,
    history_written,
    job,
    metadata,
    milestone,
    shared_document,
    undo,
)

_PAGE = 200
"""How many bodies are searched at once."""


@dataclass(frozen=True)
class StoredData:
    """How much is stored of a job, and the address of its folder in Drive."""

    deliveries: int
    documents: int
    changes: int
    is_job: bool
    folder: str

    @property
    def is_empty(self) -> bool:
        return not (self.is_job or self.deliveries or self.documents or self.changes)


def stored_data(database: Database, site: str) -> StoredData:
    with database.reading() as connection:
        counts = [
            int(connection.scalar(select(func.count()).where(table.c.site == site)) or 0)
            for table in (document, change, job)
        ]
        link = connection.scalar(select(folder.c.link).where(folder.c.site == site)) or ""
        found = len(_deliveries(connection, site))
    return StoredData(found, counts[0], counts[1], counts[2] > 0, link)


def erase(database: Database, leases: Iterable[Lease], site: str) -> None:
    """Delete what is stored of a job, and keep a hash of its ID and of its milestones' IDs.

    `leases` are the leases for writing jobs and the sheet.
    """
    with database.writing() as connection:
        for lease in leases:
            must_hold(connection, lease)
        remember_newest(database, connection)
        found = delivery.c.seq.in_(_deliveries(connection, site))
        connection.execute(delete(delivery).where(found))
        remember_forgotten(database, connection, _ids(connection, site))
        _hand_over_shared_documents(connection, site)
        seqs = select(change.c.seq).where(change.c.site == site)
        connection.execute(delete(history_written).where(history_written.c.seq.in_(seqs)))
        for table in metadata.sorted_tables:
            if "site" in table.c:
                connection.execute(delete(table).where(table.c.site == site))
        connection.execute(delete(dismissed).where(dismissed.c.item == site))
        named = or_(attempt.c.shown.contains(site), attempt.c.trace.contains(site))
        connection.execute(delete(attempt).where(named))
        connection.execute(delete(undo).where(undo.c.body.contains(site)))
        connection.execute(update(action).where(action.c.detail.contains(site)).values(detail=""))
    database.empty_log()


def _hand_over_shared_documents(connection: Connection, site: str) -> None:
    """Make each document that a job shares with others the document of one of these."""
    shared = shared_document.c
    connection.execute(delete(shared_document).where(shared.site == site))
    own = select(document.c.uuid).where(document.c.site == site)
    heirs = select(shared.uuid, func.min(shared.site)).where(shared.uuid.in_(own))
    for uuid, heir in connection.execute(heirs.group_by(shared.uuid)).all():
        connection.execute(update(document).where(document.c.uuid == uuid).values(site=heir))
        is_heir = shared.uuid == uuid, shared.site == heir
        connection.execute(delete(shared_document).where(*is_heir))


def _ids(connection: Connection, site: str) -> list[str]:
    query = select(milestone.c.uuid).where(milestone.c.site == site)
    return [site, *connection.scalars(query)]


def _deliveries(connection: Connection, site: str) -> list[int]:
    """Return the deliveries (seq) about a job; one that wasn't understood may name it, too."""
    found = list(connection.scalars(select(delivery.c.seq).where(delivery.c.site == site)))
    ids = [one.lower().encode() for one in _ids(connection, site)]
    without_site = delivery.c.site.is_(None) & delivery.c.body.is_not(None)
    query = select(delivery.c.seq, delivery.c.body).where(without_site)
    for seq, body in connection.execute(query.execution_options(yield_per=_PAGE)):
        text = body.lower()
        if any(one in text for one in ids):
            found.append(seq)
    return found
