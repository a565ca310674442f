"""What waits, by stage, and since when: all that shows whether the sheet is in step."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, func, literal, select
from sqlalchemy.sql import ColumnElement

from sync.jobs.model import FileState
from sync.store import refusals
from sync.store.clock import now
from sync.store.database import Database
from sync.store.heartbeat import WORKER
from sync.store.history import NEW
from sync.store.inbox import UNPROJECTED
from sync.store.schema import (
    REJECTED,
    attempt,
    change,
    delivery,
    document,
    heartbeat,
    job,
    quarantine,
    sheet,
)

REFUSED_SECONDS = 3600.0
"""Refused deliveries of the last hour are counted: older ones say nothing about the present."""
_REASONS = 200
_NOT_JSON = ("not_json", "too_deep")


@dataclass(frozen=True)
class Backlog:
    """Counts, and ages in seconds by the database's clock (None: there is none)."""

    deliveries: int = 0
    """Accepted deliveries that are in no job yet."""
    oldest_delivery: float | None = None
    jobs: int = 0
    """Jobs whose row may be out of date, those in quarantine included."""
    oldest_job: float | None = None
    """Since the oldest event was received that a row does not show."""
    quarantined: int = 0
    lines: int = 0
    """Lines of the History that are to be written."""
    unverified: int = 0
    """Batches of which it is not known yet whether they landed."""
    documents: int = 0
    oldest_document: float | None = None
    given_up: int = 0
    """Documents that are not tried any more."""
    unplaced: int = 0
    """Deliveries that name a milestone whose job is unknown."""
    refused: int = 0
    """Deliveries of the last hour that were not understood, and not replayed since."""
    refused_for: str = ""
    """The most frequent reason."""
    not_taken_in: int = 0
    """Refused deliveries, however old, that seem to be webhooks and were not replayed since."""
    turned_away: int = 0
    """Requests that were refused since yesterday (UTC), with a wrong secret, say; not kept."""
    worker: float | None = None
    """Since a worker's last sign of life."""
    trouble: str = ""
    """The reason why the sheet is not written."""
    trouble_age: float | None = None
    paused: float | None = None
    """Since a person paused the writing; None if it is not paused."""

    @property
    def oldest(self) -> float | None:
        """The age of the oldest event that the sheet does not show."""
        return max(
            (age for age in (self.oldest_delivery, self.oldest_job) if age is not None),
            default=None,
        )

    @property
    def waiting(self) -> int:
        """Deliveries and jobs that wait for the sheet."""
        return self.deliveries + self.jobs


def backlog(database: Database, spreadsheet: str, *, with_documents: bool = True) -> Backlog:
    """Return what waits for a spreadsheet, in one consistent look.

    Without a folder in Drive (not `with_documents`) documents are never copied: they do not wait.
    """
    figures = {**_inbox(), **_sheet(spreadsheet), **(_documents() if with_documents else {})}
    columns = [query.scalar_subquery().label(name) for name, query in figures.items()]
    with database.reading() as connection:
        row = connection.execute(select(*columns)).mappings().one()
        reason = _most_frequent(connection) if row["refused"] else ""
    return Backlog(**{**row, "trouble": row["trouble"] or ""}, refused_for=reason)


def _inbox() -> dict[str, Select[Any]]:
    return {
        "deliveries": select(func.count()).select_from(delivery).where(UNPROJECTED),
        "oldest_delivery": _age(delivery.c.received_at, UNPROJECTED),
        "unplaced": _count(delivery.c.about.is_not(None)),
        "refused": _count(_is_refused()),
        "turned_away": refusals.count(days=2),
        "not_taken_in": _count(and_(REJECTED, delivery.c.body.is_not(None), *_are_webhooks())),
    }


def _sheet(spreadsheet: str) -> dict[str, Select[Any]]:
    is_dirty = job.c.version != job.c.shown_version
    is_in_trouble = and_(sheet.c.spreadsheet_id == spreadsheet, sheet.c.reason != "")
    return {
        "jobs": _count(is_dirty),
        "oldest_job": _age(job.c.waiting_since, is_dirty),
        "quarantined": _count(quarantine.c.spreadsheet_id == spreadsheet),
        "unverified": _count(attempt.c.spreadsheet_id == spreadsheet),
        "lines": select(func.count()).select_from(change).where(NEW),
        "worker": _age(heartbeat.c.at, heartbeat.c.name == WORKER),
        "trouble": select(sheet.c.reason).where(is_in_trouble),
        "trouble_age": _age(sheet.c.since, is_in_trouble),
        "paused": _age(sheet.c.paused_at, sheet.c.spreadsheet_id == spreadsheet),
    }


def _documents() -> dict[str, Select[Any]]:
    is_pending = document.c.state == FileState.PENDING
    return {
        "documents": _count(is_pending),
        "oldest_document": _age(document.c.wanted_at, is_pending),
        "given_up": _count(document.c.state == FileState.FAILED),
    }


def _count(which: ColumnElement[bool]) -> Select[Any]:
    return select(func.count(literal(1))).where(which)


def _age(moment: ColumnElement[float | None], which: Any) -> Select[Any]:
    return select(now() - func.min(moment)).where(which)


def _is_refused() -> ColumnElement[bool]:
    # One that was replayed has no body any more.
    is_recent = delivery.c.received_at > now() - REFUSED_SECONDS
    return and_(REJECTED, is_recent, delivery.c.body.is_not(None))


def _are_webhooks() -> list[ColumnElement[bool]]:
    """Return the conditions for what EverBright may have sent, not a person who tries the URL."""
    return [~delivery.c.reason.startswith(reason, autoescape=True) for reason in _NOT_JSON]


def _most_frequent(connection: Connection) -> str:
    query = select(delivery.c.reason).where(_is_refused()).limit(_REASONS)
    codes = Counter((reason or "").partition(":")[0] for reason in connection.scalars(query))
    return codes.most_common(1)[0][0] if codes else ""
