"""Stores every delivery as it arrived, and returns those to be projected.

| `outcome` | `projected` | `about` | what happens next |
|---|---|---|---|
| accepted | False | | It is queued: the projector applies it to its job. |
| accepted | True | | Nothing: it was applied. |
| accepted | True | a milestone's UUID | It is applied with the first webhook that names its job. |
| rejected | True | | A replay queues it, if it can be parsed by then. |
| duplicate, ignored | True | | Nothing. |
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, RowMapping, Select, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from sync.errors import Rejected
from sync.jobs.reads import as_read
from sync.store import hourly_counts
from sync.store.database import Database, now, utc
from sync.store.findings import is_dismissed
from sync.store.forgotten import ERASED, names_forgotten
from sync.store.schema import QUEUED, delivery, heartbeat
from sync.webhooks.schema import Kind, Outcome, ParsedWebhook

_MAX_BYTES, _MAX_BATCH = 2_000_000, 500
"""Maximum bytes of bodies, and number of deliveries, in a batch.

A longer transaction would keep senders waiting. The state of a job with ten milestones takes 250 KB
of memory, and a flush holds 500.
"""
_MAX_DELIVERIES = 10_000
"""Maximum number of deliveries between two writes of the sheet: a few seconds' work."""
_HAS_QUEUED = select(select(delivery.c.seq).where(QUEUED).exists())
_MAX_NAME = 200
"""Number of characters of a milestone's name that can be searched."""
_BACKFILL = "backfill-"
"""Prefix of the IDs of events read from EverBright's API; people see it with the IDs."""
IS_WEBHOOK = delivery.c.id.not_like(f"{_BACKFILL}%")
"""Whether a delivery was sent to us, not read from the API; a replay was, too."""
CAN_BE_REPLAYED = (delivery.c.outcome == Outcome.REJECTED) & delivery.c.body.is_not(None)
"""Whether a delivery was rejected and hasn't been accepted since."""
ODD_FIELDS = "odd_fields"
"""The reason of an accepted webhook with fields of an unexpected type."""
LAST_WEBHOOK = "delivery"
"""A heartbeat's name: when the newest of the deleted webhooks was accepted."""
NEWEST_WEBHOOK = (
    select(delivery.c.received_at)
    .where(
        delivery.c.outcome.in_((Outcome.ACCEPTED, Outcome.DUPLICATE)),
        delivery.c.kind != Kind.OTHER,
        delivery.c.counts_from.is_(None),  # Reads from the API and replays aren't new webhooks.
    )
    .order_by(delivery.c.received_at.desc())
    .limit(1)
)


@dataclass(frozen=True)
class Receipt:
    """The answer to the sender."""

    id: str
    outcome: Outcome


@dataclass(frozen=True)
class KeptDelivery:
    """A stored delivery. In lists it has no `body`."""

    seq: int
    id: str
    received: datetime
    """When it was first received (UTC), or requested, if it was read from the API."""
    outcome: Outcome
    kind: str
    milestone: str
    reason: str
    site: str
    digest: str
    """That of the body; `-` and that if it was read from the API. With `:` and `id` appended if the
    same body may be another event."""
    is_pending: bool
    """Whether it is queued, or awaits its milestone's job."""
    has_body: bool
    body: bytes = field(repr=False)

    @property
    def can_be_replayed(self) -> bool:
        """As CAN_BE_REPLAYED."""
        return self.outcome is Outcome.REJECTED and self.has_body


class Inbox:
    """Stores deliveries, and returns those to be projected."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # `now()` is SQL: the database evaluates it on each insert.
        self._insert = database.insert_new(delivery).values(received_at=now())

    def keep(
        self, body: bytes, webhook: ParsedWebhook, *, requested: datetime | None = None
    ) -> Receipt:
        """Store a delivery; a webhook with the same canonical hash is a duplicate.

        Returns after the commit. If the job's data was deleted on request, the projector erases the
        delivery; one that isn't projected is erased here. `requested` is when an event read from
        the API was requested (UTC).
        """
        delivery_id = f"{_BACKFILL if requested else ''}{uuid4().hex}"
        row = {
            "id": delivery_id,
            "counts_from": requested.timestamp() if requested else None,
            "body": body,
            **_event_columns(delivery_id, webhook, is_from_api=requested is not None),
        }
        return Receipt(delivery_id, self._put(row))

    def keep_rejected(self, body: bytes, error: Rejected) -> str:
        """Store an authenticated body that was rejected, with the reason; return its ID.

        The body of a request that was too large is blank, so it can't be replayed.
        """
        delivery_id = uuid4().hex
        row = {
            "id": delivery_id,
            "outcome": Outcome.REJECTED.value,
            "reason": f"{error.reason}: {error.message}",
            "body": body or None,
            "projected": True,
        }
        self._put(row)
        return delivery_id

    def _put(self, row: dict[str, Any]) -> Outcome:
        """Insert a row, and return its outcome: with a known digest, a duplicate without a body."""
        if row["projected"] and names_forgotten(self._database, row["body"] or b""):
            row |= ERASED
        if self._database.append(self._insert, row):
            return Outcome(row["outcome"])
        # The unique index of digests has no duplicates.
        copy = {"outcome": Outcome.DUPLICATE.value, "body": None, "projected": True}
        self._database.append(self._insert, row | copy)
        return Outcome.DUPLICATE

    def clock(self) -> datetime:
        """Return the time (UTC) by the database's clock."""
        return utc(self._database.scalar(select(now())))

    def is_waiting(self) -> bool:
        """Return whether any delivery is queued."""
        return bool(self._database.scalar(_HAS_QUEUED))

    def queued(self) -> Iterator[list[KeptDelivery]]:
        """Yield the queued deliveries in batches, oldest first.

        Deliveries that arrive meanwhile, or exceed the limit, are left to the next call, so that
        the sheet isn't kept waiting while more arrive.
        """
        waiting = select(delivery.c.seq, func.length(delivery.c.body))
        query = waiting.where(QUEUED).order_by(delivery.c.seq).limit(_MAX_DELIVERIES)
        for batch in _batches(self._database.rows(query)):
            yield self._fetch_batch(batch)

    def awaiting(self, milestones: Collection[str]) -> list[KeptDelivery]:
        """Return the deliveries that wait for any of these milestones, oldest first: one batch."""
        waiting = select(delivery.c.seq, func.length(delivery.c.body)).order_by(delivery.c.seq)
        query = waiting.where(delivery.c.about.in_(sorted(milestones)))
        oldest = next(_batches(self._database.rows(query)), None)
        return self._fetch_batch(oldest) if oldest else []

    def _fetch_batch(self, seqs: Sequence[int]) -> list[KeptDelivery]:
        return self.fetch(select(delivery).where(delivery.c.seq.in_(seqs)).order_by(delivery.c.seq))

    def queued_of(self, site: str) -> list[KeptDelivery]:
        """Return the queued deliveries of a job, oldest first."""
        query = select(delivery).where(QUEUED, delivery.c.site == site)
        return self.fetch(query.order_by(delivery.c.seq))

    def rejected(self) -> Iterator[KeptDelivery]:
        """Yield the rejected deliveries that can be replayed, oldest first.

        Each is read separately, because together they may be gigabytes.
        """
        seqs = self._database.scalars(select(delivery.c.seq).where(CAN_BE_REPLAYED))
        for seq in sorted(seqs):
            yield from self.fetch(select(delivery).where(delivery.c.seq == seq, CAN_BE_REPLAYED))

    def find(self, delivery_id: str) -> KeptDelivery | None:
        return next(iter(self.fetch(select(delivery).where(delivery.c.id == delivery_id))), None)

    def fetch(self, query: Select[Any]) -> list[KeptDelivery]:
        with self._database.reading() as connection:
            return [_kept(row) for row in connection.execute(query).mappings()]

    def readmit(self, kept: KeptDelivery, webhook: ParsedWebhook) -> Outcome | None:
        """Accept a rejected delivery that parses now. It counts from its first receipt.

        Return None if it was replayed or erased after it was read.
        """
        is_from_api = kept.id.startswith(_BACKFILL)
        values = _event_columns(kept.id, webhook, is_from_api=is_from_api) | {"about": None}
        first = func.coalesce(delivery.c.counts_from, delivery.c.received_at)
        is_rejected = delivery.c.outcome == Outcome.REJECTED
        row = update(delivery).where(delivery.c.seq == kept.seq, is_rejected)
        with self._database.writing() as connection:
            try:
                with connection.begin_nested():
                    accepted = row.values(**values, received_at=now(), counts_from=first)
                    count = connection.execute(accepted).rowcount
            except IntegrityError:
                values = {"outcome": Outcome.DUPLICATE.value, "reason": None, "body": None}
                count = connection.execute(row.values(values)).rowcount
        return Outcome(values["outcome"]) if count else None

    def prune(self, days: int) -> int:
        """Delete processed deliveries older than `days`; return how many.

        A rejected one is kept until it is replayed or dismissed: the sheet may lack its event.
        """
        old = delivery.c.received_at < now() - days * 86_400.0
        used = delivery.c.projected & delivery.c.about.is_(None)
        is_settled = (delivery.c.outcome != Outcome.REJECTED) | is_dismissed(delivery.c.id)
        some = select(delivery.c.seq).where(old, used, is_settled).limit(_MAX_BATCH)
        with self._database.writing() as connection:
            remember_newest(self._database, connection)
            hourly_counts.prune(connection)
        total = 0
        while count := self._database.execute(delete(delivery).where(delivery.c.seq.in_(some))):
            total += count
        return total

    def counts(self) -> dict[str, int]:
        """Return the number of stored deliveries by outcome."""
        query = select(delivery.c.outcome, func.count()).group_by(delivery.c.outcome)
        return dict(self._database.rows(query))


def _event_columns(
    delivery_id: str, webhook: ParsedWebhook, *, is_from_api: bool
) -> dict[str, Any]:
    """Return the columns of a delivery that its parsed event determines."""
    milestone, other = webhook.milestone, webhook.other_event
    odd = ", ".join(f"`{name}`" for name in webhook.odd_fields)
    left_out = f"{ODD_FIELDS}: left out because their type is unexpected: {odd}"
    digest = as_read(webhook.digest) if is_from_api else webhook.digest
    # Without a date, the same body may be a new event: A, B, and A again. But EverBright's
    # milestones have dates, so even without one, the same was most likely sent twice. An ignored
    # one isn't the original of a duplicate: another [webhooks] may make it understood.
    can_be_duplicate = milestone is not None or (other is not None and other.is_dated)
    if is_from_api or not can_be_duplicate:
        digest = f"{digest}:{delivery_id}"
    return {
        "outcome": (Outcome.ACCEPTED if webhook.has_event else Outcome.IGNORED).value,
        "kind": webhook.kind.value,
        "reason": left_out if odd else None,
        "site": webhook.site,
        "digest": digest,
        "projected": not webhook.has_event,
        # An index doesn't accept texts of any length.
        "milestone": milestone.name[:_MAX_NAME] or None if milestone else None,
    }


def _batches(waiting: Iterable[tuple[int, int]]) -> Iterator[list[int]]:
    """Divide deliveries (seq, bytes) into batches; a larger one gets its own batch."""
    batch, total = list[int](), 0
    for seq, size in waiting:
        if batch and (total + size > _MAX_BYTES or len(batch) == _MAX_BATCH):
            yield batch
            batch, total = [], 0
        batch.append(seq)
        total += size
    if batch:
        yield batch


def _kept(row: RowMapping) -> KeptDelivery:
    return KeptDelivery(
        seq=row["seq"],
        id=row["id"],
        received=utc(row["counts_from"] or row["received_at"]),
        outcome=Outcome(row["outcome"]),
        kind=row["kind"] or "",
        milestone=row["milestone"] or "",
        reason=row["reason"] or "",
        site=row["site"] or "",
        digest=row["digest"] or "",
        is_pending=not row["projected"] or row["about"] is not None,
        has_body=bool(row["body"] if "body" in row else row["has_body"]),
        body=row.get("body") or b"",
    )


def remember_newest(database: Database, connection: Connection) -> None:
    """Store when the newest webhook was accepted, before its delivery is deleted."""
    newest = connection.scalar(NEWEST_WEBHOOK)
    if newest is not None:
        later = database.upsert(heartbeat, {"at": newest}, heartbeat.c.at < newest)
        connection.execute(later.values(name=LAST_WEBHOOK, at=newest))
