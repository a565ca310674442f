"""One job and one document of those that came, to try EverBright's API with."""

from dataclasses import dataclass

from sqlalchemy import select

from sync.store.database import Database
from sync.store.schema import document, job


@dataclass(frozen=True)
class SampleDocument:
    """What a document is asked for by."""

    uuid: str
    sub_task: str
    name: str


def sample_job(database: Database) -> str | None:
    """Return the site of a job; None before the first."""
    with database.reading() as connection:
        site: str | None = connection.scalar(select(job.c.site).order_by(job.c.site).limit(1))
    return site


def latest_job(database: Database) -> str | None:
    """Return the site of the job of which a webhook came last; None before the first."""
    query = select(job.c.site).where(job.c.received_at.is_not(None))
    with database.reading() as connection:
        site: str | None = connection.scalar(query.order_by(job.c.received_at.desc()).limit(1))
    return site


def sample_document(database: Database) -> SampleDocument | None:
    """Return a document, one that was copied where there is any; None before the first."""
    columns = (document.c.uuid, document.c.sub_task, document.c.name)
    query = select(*columns).order_by(document.c.link.desc(), document.c.uuid).limit(1)
    with database.reading() as connection:
        row = connection.execute(query).first()
    return SampleDocument(row[0], row[1], row[2]) if row else None
