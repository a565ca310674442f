"""Marks jobs whose rows are to be written, and since when they wait."""

from sqlalchemy import ColumnElement, Connection, case, func, update

from sync.store.clock import now
from sync.store.schema import job


def bumped(received: ColumnElement[float] | None = None) -> dict[str, ColumnElement[object]]:
    """Return what changes in a job whose row is out of date since `received` (None: since now).

    If it waits already, the earlier time stays.
    """
    since: ColumnElement[object] = func.coalesce(job.c.waiting_since, now())
    if received is not None:
        is_later = job.c.waiting_since.is_(None) | (job.c.waiting_since > received)
        since = case((is_later, received), else_=job.c.waiting_since)
    return {"version": job.c.version + 1, "waiting_since": since}


def touch(connection: Connection, site: str) -> None:
    """Mark a job whose row is to change, inside the caller's transaction."""
    connection.execute(update(job).where(job.c.site == site).values(bumped()))
