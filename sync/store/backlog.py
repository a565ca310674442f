"""Reads the figures of everything that is pending or has failed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, and_, func, literal, select
from sqlalchemy.sql import ColumnElement

from sync.jobs.model import FileState
from sync.settings.environment import Settings
from sync.store import refusals
from sync.store.backfills import Scope
from sync.store.confirmed import read_unexplained
from sync.store.database import SETUP, Database, now
from sync.store.findings import is_dismissed, is_open
from sync.store.heartbeats import (
    ALERTS_FAILING,
    CUSTOMERS_FAILING,
    DETAILS_FAILING,
    TOKEN_REFUSED,
    WORKER,
)
from sync.store.inbox import LAST_WEBHOOK, NEWEST_WEBHOOK
from sync.store.lookups import is_unanswered
from sync.store.schema import (
    NEW,
    QUEUED,
    REJECTED,
    attempt,
    backfill,
    change,
    delivery,
    document,
    finding,
    heartbeat,
    job,
    look_alike,
    quarantine,
    sheet,
)
from sync.store.sheet_state import ReadColumns, Trial
from sync.types import Mode

REJECTED_SECONDS = 3600.0
"""Rejected deliveries are counted for an hour: older ones don't show the present state."""
_NAMED = 3
"""Maximum number of items of a finding that are named."""
_REASONS = 200
_FAILING = 3
"""Failed copies of a document before there is a warning: one failure may be anything."""


@dataclass(frozen=True)
class Backlog:
    """Counts, and ages in seconds by the database's clock (None: there is none)."""

    deliveries: int = 0
    """Accepted deliveries that aren't part of a job yet."""
    oldest_deliveries: float | None = None
    jobs: int = 0
    """Jobs whose row may be out of date, those in quarantine included."""
    oldest_jobs: float | None = None
    """Seconds since the oldest event that a row doesn't show yet was received."""
    quarantined: int = 0
    oldest_quarantined: float | None = None
    """The same for rows in quarantine."""
    lines: int = 0
    """Pending lines of the History."""
    unverified: int = 0
    """Batches that Google may or may not have carried out."""
    documents: int = 0
    oldest_documents: float | None = None
    failing: int = 0
    """Documents that are pending after several failed tries, and their age."""
    oldest_failing: float | None = None
    failing_for: str = ""
    """The most frequent reason."""
    failed_documents: int = 0
    """Documents that are no longer retried."""
    oldest_failed_documents: float | None = None
    unplaced: int = 0
    """Deliveries that name only a milestone whose job is unknown."""
    oldest_unplaced: float | None = None
    rejected_last_hour: int = 0
    """Deliveries that were rejected in the last hour and not replayed since."""
    oldest_rejected_last_hour: float | None = None
    rejected_last_hour_for: str = ""
    """The most frequent reason."""
    rejected: int = 0
    """Rejected deliveries of any age that were not replayed since."""
    oldest_rejected: float | None = None
    refused_requests: int = 0
    """Requests refused since yesterday (UTC), such as with a wrong secret; they aren't stored."""
    wrong_secret_age: float | None = None
    """Seconds since the last request with a wrong secret or none."""
    worker_age: float | None = None
    """Seconds since the last heartbeat of a worker."""
    alerts_failing_age: float | None = None
    """Seconds since alerts began to arrive nowhere; None if they arrive."""
    token_refused_age: float | None = None
    """Seconds since EverBright rejected the token; None if it works or isn't set."""
    lookups_failing_age: float | None = None
    """Seconds since requests for customers, or for details, began to fail; None if they don't."""
    unsettled: int = 0
    """Jobs that resemble a row of a mapped tab and wait for a decision."""
    oldest_unsettled: float | None = None
    unanswered_customers: int = 0
    """Jobs whose customer EverBright did not return in several tries."""
    backfill_age: float | None = None
    """Seconds since the last regular backfill ended, or, if it didn't, since it began.

    None if it is turned off.
    """
    backfill_hours: int = 0
    trouble: str = ""
    """Why the sheet isn't written (a code)."""
    trouble_message: str = ""
    """The same as a message with the fix; it may contain the address of an account."""
    trouble_age: float | None = None
    doubt: str = ""
    """Why nothing is written, if the fence isn't one that this database set (a FenceDoubt)."""
    doubt_age: float | None = None
    is_trashed: bool = False
    """Whether the spreadsheet was in the trash when Drive was last asked."""
    paused_age: float | None = None
    """Seconds since writing was paused; None if it isn't."""
    comparison_age: float | None = None
    """Seconds since the whole sheet was last compared, or since that became due after a mapping.

    None if it wasn't written yet.
    """
    findings: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The findings of the last comparison as texts, by the code of their warning."""
    is_mapped: bool = False
    """Whether the jobs are in mapped tabs."""
    is_set_up: bool = False
    """Whether the jobs have tabs: the one that Brightsheet created, or mapped ones."""
    gone_columns: tuple[str, ...] = ()
    """Columns that are gone, as people know them: 'Status' in 'Jobs'."""
    oldest_gone_column: float | None = None
    """Seconds since a read first showed that one is gone."""
    accepts_taken_ids: bool = False
    """Whether a trial found that Google accepts metadata with an ID that is taken."""
    unknown_statuses: tuple[str, ...] = ()
    """Statuses that neither the config nor a person in the console explains."""
    disk_free: int | None = None
    """Free bytes on the database's disk; None if that can't be read from here."""
    disk_size: int = 0
    arrived_at: float | None = None
    """When the newest webhook was accepted, in seconds since 1970."""
    set_up_at: float | None = None
    """When the database was set up, in seconds since 1970."""
    clock: float = 0.0
    """The database's time, in seconds since 1970."""
    silence_days: int = 0
    """Working days without a webhook before there is a warning; 0 turns it off."""
    zone: tzinfo = UTC

    @property
    def oldest(self) -> float | None:
        """Age in seconds of the oldest event that the sheet doesn't show."""
        return max(
            (age for age in (self.oldest_deliveries, self.oldest_jobs) if age is not None),
            default=None,
        )

    @property
    def gone(self) -> str:
        """The columns that are gone, in a sentence."""
        return ", ".join(self.gone_columns)

    def found(self, code: str) -> int:
        """Return how many items of a warning the last comparison found."""
        return len(self.findings.get(code, ()))

    def named(self, code: str) -> str:
        """Return the first of these items, in a sentence."""
        items = self.findings.get(code, ())
        more = len(items) - _NAMED
        return "; ".join(items[:_NAMED]) + (f"; and {more} more" if more > 0 else "")

    @property
    def unknown(self) -> str:
        """The statuses that nobody has explained, in a sentence."""
        return ", ".join(self.unknown_statuses)

    @property
    def waiting(self) -> int:
        """Deliveries and jobs that are waiting to be written."""
        return self.deliveries + self.jobs


def backlog(database: Database, settings: Settings) -> Backlog:
    """Return the backlog of the configured spreadsheet, in one consistent read.

    Without a folder in Drive, documents aren't copied, so none are pending. Raises Retryable
    also if the file is damaged elsewhere, because deliveries may not be applied then.
    """
    database.check_intact()
    spreadsheet = settings.spreadsheet_id
    figures = {**_inbox(), **_jobs(spreadsheet), "clock": select(now())}
    if settings.drive_folder_id:
        figures |= _documents()
    if settings.alert_urls:
        figures["alerts_failing_age"] = _heartbeat_age(ALERTS_FAILING)
    if settings.everbright_api_token:
        figures["token_refused_age"] = _heartbeat_age(TOKEN_REFUSED)
        figures["lookups_failing_age"] = _heartbeat_age(CUSTOMERS_FAILING, DETAILS_FAILING)
        figures["unanswered_customers"] = _count(is_unanswered())
        if settings.backfill_hours:
            moment = func.coalesce(backfill.c.finished_at, backfill.c.started_at)
            figures["backfill_age"] = _age(moment, backfill.c.scope == Scope.REGULAR)
    columns = [query.scalar_subquery().label(name) for name, query in figures.items()]
    with database.reading() as connection:
        row = dict(connection.execute(select(*columns)).mappings().one())
        if row["rejected_last_hour"]:
            row["rejected_last_hour_for"] = _most_frequent(
                connection, delivery.c.reason, _is_rejected_lately()
            )
        if row.get("failing"):
            row["failing_for"] = _most_frequent(connection, document.c.reason, _is_failing())
        row["unknown_statuses"] = read_unexplained(connection, settings.config)
        row["findings"] = _findings(connection, spreadsheet)
        kept = connection.execute(select(sheet).where(sheet.c.spreadsheet_id == spreadsheet))
        row |= _sheet(kept.first(), row["clock"])
    if room := database.room():
        row["disk_free"], row["disk_size"] = room
    arrivals = row.pop("last_webhook"), row["arrived_at"]
    row["arrived_at"] = max((at for at in arrivals if at is not None), default=None)
    return Backlog(
        **row,
        silence_days=settings.silence_days,
        backfill_hours=settings.backfill_hours,
        zone=settings.zone,
    )


def _inbox() -> dict[str, Select[Any]]:
    received_at = delivery.c.received_at
    is_unplaced = delivery.c.about.is_not(None) & ~is_dismissed(delivery.c.id)
    return {
        **_counted("deliveries", received_at, QUEUED),
        **_counted("unplaced", received_at, is_unplaced),
        **_counted("rejected_last_hour", received_at, _is_rejected_lately()),
        **_counted("rejected", received_at, _is_rejected()),
        "refused_requests": refusals.count_since_yesterday(),
        "wrong_secret_age": refusals.wrong_secret_age(),
        "arrived_at": NEWEST_WEBHOOK,
        "last_webhook": select(heartbeat.c.at).where(heartbeat.c.name == LAST_WEBHOOK),
        "set_up_at": select(heartbeat.c.at).where(heartbeat.c.name == SETUP),
    }


def _jobs(spreadsheet: str) -> dict[str, Select[Any]]:
    is_dirty = job.c.version != job.c.shown_version
    # A job that waits for an answer doesn't make the sheet late.
    waits = look_alike.c.spreadsheet_id == spreadsheet, look_alike.c.until > now()
    is_late = and_(is_dirty, job.c.site.not_in(select(look_alike.c.site).where(*waits)))
    refused = select(quarantine.c.site).where(quarantine.c.spreadsheet_id == spreadsheet)
    return {
        **_counted("jobs", job.c.waiting_since, is_late),
        **_counted("quarantined", job.c.waiting_since, job.c.site.in_(refused)),
        **_counted("unsettled", look_alike.c.since, look_alike.c.spreadsheet_id == spreadsheet),
        "unverified": _count(attempt.c.spreadsheet_id == spreadsheet),
        "lines": _count(NEW).select_from(change),
        "worker_age": _heartbeat_age(WORKER),
    }


def _sheet(kept: Row[Any] | None, clock: float) -> dict[str, Any]:
    """Return the figures in a spreadsheet's row."""
    if kept is None:
        return {}

    def age(moment: float | None) -> float | None:
        return None if moment is None else clock - moment

    trial = Trial.model_validate_json(kept.trial) if kept.trial else None
    read = kept.read_columns
    gone = ReadColumns.model_validate_json(read).gone if read else ()
    return {
        "trouble": kept.reason,
        "trouble_message": kept.message,
        "trouble_age": age(kept.since),
        "doubt": kept.doubt,
        "doubt_age": age(kept.doubt_since),
        "is_trashed": kept.trashed,
        "paused_age": age(kept.paused_at),
        # If it is negative, a comparison has been due since then.
        "comparison_age": age(abs(kept.compared_at) if kept.compared_at else None),
        "is_mapped": kept.mode == Mode.MAPPED,
        "is_set_up": bool(kept.mode) or kept.landed_at is not None,
        "gone_columns": tuple(f"{column.header!r} in {column.tab!r}" for column in gone),
        "oldest_gone_column": age(min((c.gone_at for c in gone if c.gone_at), default=None)),
        "accepts_taken_ids": trial is not None and not trial.refuses_taken_id,
    }


def _findings(connection: Connection, spreadsheet: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    query = select(finding.c.code, finding.c.text).where(is_open(spreadsheet))
    for code, text in connection.execute(query.order_by(finding.c.text)):
        found.setdefault(code, []).append(text)
    return found


def _documents() -> dict[str, Select[Any]]:
    wanted_at = document.c.wanted_at
    return {
        **_counted("documents", wanted_at, _is_document(FileState.PENDING)),
        **_counted("failing", wanted_at, _is_failing()),
        **_counted("failed_documents", wanted_at, _is_document(FileState.FAILED)),
    }


def _is_document(state: FileState) -> ColumnElement[bool]:
    """Return the condition for documents in this state that nobody dismissed."""
    return and_(document.c.state == state, ~is_dismissed(document.c.uuid))


def _counted(name: str, moment: Column[Any], which: Any) -> dict[str, Select[Any]]:
    """Return the queries for the count and for the age of the oldest."""
    count = _count(which).select_from(moment.table)
    return {name: count, f"oldest_{name}": _age(moment, which)}


def _heartbeat_age(*names: str) -> Select[Any]:
    return _age(heartbeat.c.at, heartbeat.c.name.in_(names))


def _count(which: Any) -> Select[Any]:
    return select(func.count(literal(1))).where(which)


def _age(moment: ColumnElement[float | None], which: Any) -> Select[Any]:
    # A sum instead of the plain column, because for the minimum of a few times SQLite would scan
    # the index of all of them (a third of a second with 300,000 deliveries).
    return select(now() - func.min(moment + 0.0)).where(which)


def _is_rejected() -> ColumnElement[bool]:
    return and_(REJECTED, ~is_dismissed(delivery.c.id))


def _is_rejected_lately() -> ColumnElement[bool]:
    return and_(_is_rejected(), delivery.c.received_at > now() - REJECTED_SECONDS)


def _is_failing() -> ColumnElement[bool]:
    is_pending = _is_document(FileState.PENDING)
    return and_(is_pending, document.c.attempts >= _FAILING, document.c.reason != "")


def _most_frequent(
    connection: Connection, reason: ColumnElement[str], which: ColumnElement[bool]
) -> str:
    query = select(reason).where(which).limit(_REASONS)
    codes = Counter((text or "").partition(":")[0] for text in connection.scalars(query))
    return codes.most_common(1)[0][0] if codes else ""
