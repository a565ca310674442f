"""Searches deliveries, for people who ask what came."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping, Select, false, func, select
from sqlalchemy.sql import ColumnElement

from sync.jobs.model import FileState
from sync.store.database import Database
from sync.store.inbox import Inbox, KeptDelivery
from sync.store.schema import delivery, document
from sync.webhooks.schema import Outcome

_ID = re.compile(r"[0-9a-f-]+")


@dataclass(frozen=True)
class Wanted:
    """A filter for deliveries; blanks match all.

    `site` is the beginning of a job's site ID, `reason` that of a reason, `since` a moment in
    seconds since 1970 (UTC). `sites` are the jobs that it may be of; `milestone` is a part of the
    milestone's name, in any case.
    """

    outcome: Outcome | None = None
    site: str = ""
    reason: str = ""
    since: float | None = None
    sites: frozenset[str] | None = None
    milestone: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions of the query."""
        found: list[ColumnElement[bool]] = []
        if self.outcome is not None:
            found.append(delivery.c.outcome == self.outcome)
        if self.site:
            found.append(delivery.c.site.startswith(self.site.lower(), autoescape=True))
        if self.reason:
            found.append(delivery.c.reason.startswith(self.reason, autoescape=True))
        if self.since is not None:
            found.append(delivery.c.received_at >= self.since)
        if self.sites is not None:
            found.append(delivery.c.site.in_(sorted(self.sites)))
        if self.milestone:
            part = self.milestone.lower()
            names = select(delivery.c.milestone).where(
                delivery.c.milestone.is_not(None),
                func.lower(delivery.c.milestone).contains(part, autoescape=True),
            )
            found.append(delivery.c.milestone.in_(names.distinct()))
        return found


@dataclass(frozen=True)
class Line:
    """A delivery without its body; `received` is in UTC."""

    seq: int
    id: str
    received: datetime
    outcome: Outcome
    kind: str
    milestone: str
    reason: str
    site: str
    is_projected: bool
    has_body: bool

    @property
    def can_be_replayed(self) -> bool:
        """Whether it was rejected, and was not taken in since."""
        return self.outcome is Outcome.REJECTED and self.has_body


class Deliveries:
    """Reads the inbox by what people know of a delivery."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._inbox = Inbox(database)

    def newest(self, limit: int, wanted: Wanted) -> list[KeptDelivery]:
        """Return the newest of the wanted deliveries, newest first."""
        query = select(delivery).where(*wanted.conditions())
        return self._inbox.fetch(query.order_by(delivery.c.seq.desc()).limit(limit))

    def lines(self, limit: int, wanted: Wanted, before: int | None = None) -> list[Line]:
        """Return the newest of the wanted deliveries, or those before `before` (seq)."""
        query = _select_lines().where(*wanted.conditions())
        if before is not None:
            query = query.where(delivery.c.seq < before)
        return self._lines(query.order_by(delivery.c.seq.desc()).limit(limit))

    def _lines(self, query: Select[Any]) -> list[Line]:
        with self._database.reading() as connection:
            return [_line(row) for row in connection.execute(query).mappings()]

    def line(self, delivery_id: str) -> Line | None:
        """Return one delivery without its body."""
        return next(iter(self._lines(_select_lines().where(delivery.c.id == delivery_id))), None)

    def starting(self, prefix: str, limit: int) -> list[KeptDelivery]:
        """Return the newest deliveries whose ID starts so."""
        query = select(delivery).where(_starts(delivery.c.id, prefix))
        return self._inbox.fetch(query.order_by(delivery.c.seq.desc()).limit(limit))

    def to_retry(self, prefix: str, limit: int) -> tuple[list[KeptDelivery], list[str]]:
        """Return what can be retried whose ID starts so: deliveries, and UUIDs of documents."""
        is_rejected = delivery.c.outcome == Outcome.REJECTED, delivery.c.body.is_not(None)
        query: Select[tuple[str]] = select(document.c.uuid)
        query = query.where(_starts(document.c.uuid, prefix), document.c.state != FileState.DONE)
        with self._database.reading() as connection:
            uuids = connection.scalars(query.order_by(document.c.uuid).limit(limit))
            documents = [str(uuid) for uuid in uuids]
        found = select(delivery).where(_starts(delivery.c.id, prefix), *is_rejected)
        return self._inbox.fetch(found.order_by(delivery.c.seq.desc()).limit(limit)), documents


def _select_lines() -> Select[Any]:
    """Return the query for lines: bodies are large, and a list shows none."""
    columns = [one for one in delivery.c if one.name != "body"]
    return select(*columns, delivery.c.body.is_not(None).label("has_body"))


def _line(row: RowMapping) -> Line:
    return Line(
        seq=row["seq"],
        id=row["id"],
        received=datetime.fromtimestamp(row["received_at"], UTC),
        outcome=Outcome(row["outcome"]),
        kind=row["kind"] or "",
        milestone=row["milestone"] or "",
        reason=row["reason"] or "",
        site=row["site"] or "",
        is_projected=row["projected"] and row["about"] is None,
        has_body=bool(row["has_body"]),
    )


def _starts(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """Return the condition that an ID starts so; none does if `prefix` cannot be part of one."""
    plain = prefix.strip().lower()
    return column.startswith(plain) if _ID.fullmatch(plain) else false()
