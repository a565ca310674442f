"""What makes a job's row to be written anew."""

from sqlalchemy import Connection, update

from sync.store.schema import job


def touch(connection: Connection, site: str) -> None:
    """Mark a job that is to be shown otherwise, inside the caller's transaction."""
    connection.execute(update(job).where(job.c.site == site).values(version=job.c.version + 1))
