"""Searches deliveries for the console and commands, and picks samples of them."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Select, false, func, or_, select
from sqlalchemy.sql import ColumnElement

from sync.jobs.model import Change, FileState
from sync.store.database import Database
from sync.store.inbox import CAN_BE_REPLAYED, Inbox, KeptDelivery
from sync.store.jobs import DocumentToCopy
from sync.store.schema import change, delivery, document, job
from sync.webhooks.schema import Outcome


def latest_job(database: Database) -> str | None:
    """Return the site of the job with the newest webhook; None before the first job."""
    query = select(job.c.site).order_by(job.c.received_at.desc().nulls_last(), job.c.site)
    site: str | None = database.scalar(query.limit(1))
    return site


def sample_document(database: Database) -> DocumentToCopy | None:
    """Return a document, preferably one that was copied; None before the first."""
    columns = (document.c.uuid, document.c.site, document.c.sub_task, document.c.name)
    query = select(*columns).order_by(document.c.link.desc(), document.c.uuid).limit(1)
    rows = database.rows(query)
    return DocumentToCopy(*rows[0]) if rows else None


_ID = re.compile(r"[0-9a-z-]+")  # Those of events read from the API begin with a word.


@dataclass(frozen=True)
class DeliveryFilter:
    """A filter for deliveries; blanks match all.

    `sites` are prefixes of site IDs, one of which has to fit, and `reason` is a prefix of a reason.
    `since` is in seconds since 1970 (UTC). `milestone` is a part of the milestone's name, and
    ignores case.
    """

    outcome: Outcome | None = None
    sites: tuple[str, ...] = ()
    reason: str = ""
    since: float | None = None
    milestone: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = []
        if self.outcome is not None:
            conditions.append(delivery.c.outcome == self.outcome)
        if self.sites:
            fits = (delivery.c.site.startswith(s.lower(), autoescape=True) for s in self.sites)
            conditions.append(or_(*fits))
        if self.reason:
            conditions.append(delivery.c.reason.startswith(self.reason, autoescape=True))
        if self.since is not None:
            conditions.append(delivery.c.received_at >= self.since)
        if self.milestone:
            part = self.milestone.lower()
            names = select(delivery.c.milestone).where(
                delivery.c.milestone.is_not(None),
                func.lower(delivery.c.milestone).contains(part, autoescape=True),
            )
            conditions.append(delivery.c.milestone.in_(names.distinct()))
        return conditions


class Deliveries:
    """Searches the inbox."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._inbox = Inbox(database)

    def newest(
        self,
        limit: int,
        wanted: DeliveryFilter,
        before: int | None = None,
        *,
        with_bodies: bool = False,
    ) -> list[KeptDelivery]:
        """Return the newest of the wanted deliveries, or those before `before` (seq).

        Bodies are large, and not shown in lists.
        """
        columns = [column for column in delivery.c if with_bodies or column.name != "body"]
        query = select(*columns, delivery.c.body.is_not(None).label("has_body"))
        query = query.where(*wanted.conditions())
        if before is not None:
            query = query.where(delivery.c.seq < before)
        return self._inbox.fetch(query.order_by(delivery.c.seq.desc()).limit(limit))

    def statuses(self, ids: Collection[str]) -> dict[str, str]:
        """Return the status code that each delivery gave a milestone, by the delivery's ID."""
        query = select(delivery.c.id, change.c.body).where(
            delivery.c.id.in_(sorted(ids)),
            change.c.site == delivery.c.site,
            change.c.digest == delivery.c.digest,
        )
        found: dict[str, str] = {}
        for row in self._database.rows(query):
            one = Change.model_validate_json(row.body)
            if one.is_milestone_status and one.after:
                found[row.id] = one.after
        return found

    def starting(self, prefix: str, limit: int, *which: ColumnElement[bool]) -> list[KeptDelivery]:
        """Return the newest deliveries whose ID has this prefix."""
        query = select(delivery).where(_starts(delivery.c.id, prefix), *which)
        return self._inbox.fetch(query.order_by(delivery.c.seq.desc()).limit(limit))

    def to_retry(self, prefix: str, limit: int) -> tuple[list[KeptDelivery], list[str]]:
        """Return the deliveries and document UUIDs with this prefix that can be retried."""
        query: Select[tuple[str]] = select(document.c.uuid)
        query = query.where(_starts(document.c.uuid, prefix), document.c.state != FileState.DONE)
        uuids = self._database.scalars(query.order_by(document.c.uuid).limit(limit))
        return self.starting(prefix, limit, CAN_BE_REPLAYED), list(uuids)


def _starts(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """Return the condition that an ID has this prefix; false if `prefix` can't be part of one."""
    plain = prefix.strip().lower()
    return column.startswith(plain) if _ID.fullmatch(plain) else false()
