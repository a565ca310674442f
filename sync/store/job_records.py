"""Reads everything that is stored of a job, for the console and commands."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, or_, select
from sqlalchemy.sql import ColumnElement

from sync.jobs.cells import Cell, cells_in
from sync.jobs.model import Change, Customer, FileState, Job
from sync.store.database import Database, utc
from sync.store.lookups import customers
from sync.store.schema import (
    change,
    customer,
    detail,
    document,
    folder,
    job,
    quarantine,
    shared_document,
)
from sync.types import Personal

_LINES = 200
"""Maximum number of changes and of documents, newest first; a job has a few dozen."""


@dataclass(frozen=True)
class KeptChange:
    """A line of the History: when it was recorded (UTC), and whether the sheet has it."""

    change: Change
    noted: datetime
    is_shown: bool


@dataclass(frozen=True)
class KeptDocument:
    """A document and the state of its copy; times are in UTC. `reason` is the last try's error."""

    uuid: str
    site: str
    name: Personal
    state: FileState
    attempts: int
    due: datetime
    link: str
    reason: str
    message: str
    wanted: datetime | None


@dataclass(frozen=True)
class JobRecord:
    """A job; `resolved` has the cells of its row, by column ID, as `Target.resolved` does."""

    site: str
    job: Job
    name: Personal
    """The customer's name."""
    resolved: dict[str, Cell]
    is_pending: bool
    """Whether a change isn't in the sheet yet."""
    is_shown: bool
    """Whether it has a row, and nothing is pending; a deleted row returns with the next change."""
    waiting_since: datetime | None
    is_quarantined: bool
    folder: str
    """The address of its folder in Drive."""
    failed_lookups: tuple[str, ...]
    """"customer" or "details", or both: EverBright didn't return them when it was last asked."""
    changes: tuple[KeptChange, ...]
    documents: tuple[KeptDocument, ...]


@dataclass(frozen=True)
class JobRecords:
    """Reads jobs with all that is stored of them."""

    _database: Database

    def find(self, site: str) -> JobRecord | None:
        with self._database.reading() as connection:
            row = connection.execute(select(job).where(job.c.site == site)).first()
            if row is None:
                return None
            rests = select(quarantine.c.site).where(quarantine.c.site == site)
            where = select(folder.c.link).where(folder.c.site == site)
            shared = select(shared_document.c.uuid).where(shared_document.c.site == site)
            query = select(change).where(change.c.site == site).order_by(change.c.seq.desc())
            return JobRecord(
                site=site,
                job=Job.model_validate_json(row.state),
                name=Personal(customers(connection, [site]).get(site, Customer()).name),
                resolved=cells_in(row.written),
                is_pending=row.version != row.shown_version,
                is_shown=row.has_row and row.version == row.shown_version,
                waiting_since=_moment(row.waiting_since),
                is_quarantined=connection.scalar(rests) is not None,
                folder=connection.scalar(where) or "",
                failed_lookups=tuple(
                    name
                    for name, table in (("customer", customer), ("details", detail))
                    if connection.scalar(select(table.c.attempts).where(table.c.site == site))
                ),
                changes=tuple(
                    KeptChange(
                        Change.model_validate_json(row.body),
                        utc(row.kept_at),
                        row.shown,
                    )
                    for row in connection.execute(query.limit(_LINES))
                ),
                documents=_documents(
                    connection, _LINES, or_(document.c.site == site, document.c.uuid.in_(shared))
                ),
            )

    def documents(self, limit: int, state: FileState | None = None) -> tuple[KeptDocument, ...]:
        """Return documents of a state, those whose last try failed first; or only all of these."""
        which = document.c.state == state if state else document.c.reason != ""
        with self._database.reading() as connection:
            return _documents(connection, limit, which)

    def names(self, sites: Collection[str]) -> dict[str, Personal]:
        with self._database.reading() as connection:
            known = customers(connection, sites)
        return {site: Personal(person.name) for site, person in known.items() if person.name}

    def of_customer(self, text: str, limit: int) -> list[str]:
        """Return the sites of customers with `text` in their name, address, phone, or e-mail.

        Python compares them, because each database searches JSON differently and ignores case only
        in ASCII. There are a few thousand customers.
        """
        part, sites = text.casefold(), list[str]()
        for site, body in self._database.rows(select(customer.c.site, customer.c.body)):
            known = json.loads(body)
            values = (str(known.get(key, "")) for key in ("name", "address", "phone", "email"))
            if any(part in value.casefold() for value in values):
                sites.append(site)
            if len(sites) == limit:
                break
        return sites


def _documents(
    connection: Connection, limit: int, which: ColumnElement[bool]
) -> tuple[KeptDocument, ...]:
    query = select(document).where(which)
    order = (document.c.reason == "", document.c.wanted_at.desc(), document.c.uuid)
    return tuple(
        KeptDocument(
            uuid=row.uuid,
            site=row.site,
            name=Personal(row.name),
            state=FileState(row.state),
            attempts=row.attempts,
            due=utc(row.due_at),
            link=row.link,
            reason=row.reason,
            message=row.message,
            wanted=_moment(row.wanted_at),
        )
        for row in connection.execute(query.order_by(*order).limit(limit))
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else utc(seconds)
