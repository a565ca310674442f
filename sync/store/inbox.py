"""The inbox: every delivery, as it came."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, RowMapping, Select, case, delete, func, select, text, update
from sqlalchemy.exc import IntegrityError

from sync.errors import Rejected
from sync.jobs.reads import as_read
from sync.store import hours
from sync.store.database import Database, now
from sync.store.forgotten import ERASED, forgotten_of, ids_in
from sync.store.schema import delivery, heartbeat
from sync.webhooks.schema import Delivery, Outcome

_BYTES, _JOBS = 2_000_000, 500
"""Of bodies in a batch: a longer transaction would keep senders waiting. And jobs: the state of one
with ten milestones takes 250 KB of memory, and a flush has as many in hand."""
_MOST = 10_000
"""Deliveries between two writes of the sheet: some seconds' work."""
UNPROJECTED = text("NOT projected")
_IS_WAITING = select(select(delivery.c.seq).where(UNPROJECTED).exists())
_LONGEST_NAME = 200
"""Characters of a milestone's name that are searched."""
BACKFILL = "backfill-"
"""Begins the ids of what was read from EverBright's API: people see it where ids are shown."""
ODD_FIELDS = "odd_fields"
"""The reason of an accepted webhook of which not every field was understood."""
LAST_WEBHOOK = "delivery"
"""A heartbeat's name: when the newest of the deleted webhooks was accepted."""
NEWEST_WEBHOOK = (
    select(delivery.c.received_at)
    .where(
        delivery.c.outcome.in_((Outcome.ACCEPTED, Outcome.DUPLICATE)),
        delivery.c.counts_from.is_(None),  # Neither a read nor a replay came by webhook.
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
    """A delivery as it is stored. In a list it comes without its `body`."""

    seq: int
    id: str
    received: datetime
    """When it was first received (UTC); if it was read from the API, when it was requested."""
    outcome: Outcome
    kind: str
    milestone: str
    reason: str
    site: str
    digest: str
    is_projected: bool
    has_body: bool
    body: bytes = field(repr=False)

    @property
    def can_be_replayed(self) -> bool:
        """Whether it was rejected, and was not taken in since."""
        return self.outcome is Outcome.REJECTED and self.has_body


class Inbox:
    """Stores deliveries, and returns those that are to be projected."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = database.insert(delivery).values(received_at=now()).on_conflict_do_nothing()

    def keep(
        self, body: bytes, understood: Delivery, *, requested: datetime | None = None
    ) -> Receipt:
        """Store a delivery; a webhook with the same canonical hash is a duplicate.

        This returns after the commit. Of a job whose data was deleted, only the arrival is stored.
        What was read from the API has the moment (UTC) at which it was `requested`.
        """
        delivery_id = f"{BACKFILL if requested else ''}{uuid4().hex}"
        row = {
            "id": delivery_id,
            "counts_from": requested.timestamp() if requested else None,
            "body": body,
            **_understood(delivery_id, understood),
        }
        if forgotten_of(self._database, ids_in(understood)):
            row |= ERASED
        return Receipt(delivery_id, self._put(row))

    def keep_rejected(self, body: bytes, error: Rejected) -> str:
        """Store an authenticated body that was rejected, with the reason; return its id.

        The body of a request that was too large is blank: it can't be replayed.
        """
        delivery_id = uuid4().hex
        row = {
            "id": delivery_id,
            "counts_from": None,
            "outcome": Outcome.REJECTED.value,
            "kind": None,
            "reason": f"{error.reason}: {error.message}",
            "site": None,
            "digest": None,
            "body": body or None,
            "projected": True,
            "milestone": None,
        }
        self._put(row)
        return delivery_id

    def _put(self, row: dict[str, Any]) -> Outcome:
        """Insert a row and return its outcome: a repeated digest is a duplicate, without a body."""
        if self._database.append(self._insert, row):
            return Outcome(row["outcome"])
        copy = {"outcome": Outcome.DUPLICATE.value, "body": None, "projected": True}
        self._database.append(self._insert, row | copy)
        return Outcome.DUPLICATE

    def clock(self) -> datetime:
        """Return the time (UTC) by the database's clock."""
        with self._database.reading() as connection:
            return datetime.fromtimestamp(connection.scalars(select(now())).one(), UTC)

    def is_waiting(self) -> bool:
        """Return whether a delivery is in no job yet."""
        with self._database.reading() as connection:
            return bool(connection.scalar(_IS_WAITING))

    def unprojected(self) -> Iterator[list[KeptDelivery]]:
        """Yield the accepted deliveries that are in no job yet and wait now, in batches.

        The oldest are first. What comes meanwhile, and what is too much at once, is left to the
        next call: else a sheet would wait until no more comes.
        """
        # Written as in the partial index: SQLite does not see that "projected = 0" is the same.
        waiting = select(delivery.c.seq, func.length(delivery.c.body), delivery.c.site)
        query = waiting.where(UNPROJECTED).order_by(delivery.c.seq).limit(_MOST)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        for batch in _batches(rows):
            yield self.fetch(
                select(delivery).where(delivery.c.seq.in_(batch)).order_by(delivery.c.seq)
            )

    def unprojected_of(self, site: str) -> list[KeptDelivery]:
        """Return the accepted deliveries of a job that are not in it yet, oldest first."""
        query = select(delivery).where(UNPROJECTED, delivery.c.site == site)
        return self.fetch(query.order_by(delivery.c.seq))

    def recent(self, limit: int, outcome: Outcome | None = None) -> list[KeptDelivery]:
        """Return the newest deliveries, newest first."""
        query = select(delivery).order_by(delivery.c.seq.desc()).limit(limit)
        return self.fetch(query if outcome is None else query.where(delivery.c.outcome == outcome))

    def rejected(self) -> Iterator[KeptDelivery]:
        """Yield the rejected deliveries that can be replayed, oldest first, each read by itself.

        Together they may be gigabytes.
        """
        kept = delivery.c.outcome == Outcome.REJECTED, delivery.c.body.is_not(None)
        with self._database.reading() as connection:
            numbers = connection.scalars(select(delivery.c.seq).where(*kept)).all()
        for number in sorted(numbers):
            yield from self.fetch(select(delivery).where(delivery.c.seq == number, *kept))

    def find(self, delivery_id: str) -> KeptDelivery | None:
        """Return one delivery."""
        return next(iter(self.fetch(select(delivery).where(delivery.c.id == delivery_id))), None)

    def fetch(self, query: Select[Any]) -> list[KeptDelivery]:
        """Return the deliveries that a query selects."""
        with self._database.reading() as connection:
            return [_kept(row) for row in connection.execute(query).mappings()]

    def readmit(self, kept: KeptDelivery, understood: Delivery) -> Outcome:
        """Accept a rejected delivery that is understood now. It counts from its first receipt."""
        values = _understood(kept.id, understood)
        first = func.coalesce(delivery.c.counts_from, delivery.c.received_at)
        row = update(delivery).where(delivery.c.seq == kept.seq)
        with self._database.writing() as connection:
            try:
                with connection.begin_nested():
                    accepted = row.values(**values, received_at=now(), counts_from=first)
                    connection.execute(accepted)
            except IntegrityError:
                values = {"outcome": Outcome.DUPLICATE.value, "reason": None, "body": None}
                connection.execute(row.values(values))
        return Outcome(values["outcome"])

    def prune(self, days: int) -> int:
        """Delete deliveries older than `days` that are in their job already; return how many."""
        old = delivery.c.received_at < now() - days * 86_400.0
        with self._database.writing() as connection:
            remember_newest(self._database, connection)
            hours.prune(connection)
            used = delivery.c.projected & delivery.c.about.is_(None)
            return connection.execute(delete(delivery).where(old, used)).rowcount

    def counts(self) -> dict[str, int]:
        """Return how many deliveries are stored, by outcome."""
        query = select(delivery.c.outcome, func.count()).group_by(delivery.c.outcome)
        with self._database.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}


def _understood(delivery_id: str, understood: Delivery) -> dict[str, Any]:
    """Return the columns of a delivery that say what was understood of it."""
    milestone, other = understood.milestone, understood.other_event
    is_used = milestone is not None or other is not None
    is_read = delivery_id.startswith(BACKFILL)
    digest = as_read(understood.digest) if is_read else understood.digest
    # Without a date, the same body may be a new event: A, B, and A again.
    is_unique = is_read or (other is not None and not other.is_dated)
    return {
        "outcome": (Outcome.ACCEPTED if is_used else Outcome.IGNORED).value,
        "kind": understood.kind.value,
        "reason": _odd(understood.odd_fields),
        "site": understood.site,
        "digest": f"{digest}:{delivery_id}" if is_unique else digest,
        "projected": not is_used,
        # An index takes no text of any length.
        "milestone": milestone.name[:_LONGEST_NAME] or None if milestone else None,
    }


def _odd(fields: Sequence[str]) -> str | None:
    """Return the reason that says which fields of an accepted webhook were left out."""
    names = ", ".join(f"`{name}`" for name in fields)
    return f"{ODD_FIELDS}: left out because their type is unexpected: {names}" if names else None


def _batches(waiting: Iterable[Row[Any, Any, Any]]) -> Iterator[list[int]]:
    """Divide deliveries (seq, bytes, site) into batches; one larger than a batch is alone."""
    batch, total, jobs = list[int](), 0, set[object]()
    for seq, size, site in waiting:
        job = site or seq
        if batch and (total + (size or 0) > _BYTES or (len(jobs) == _JOBS and job not in jobs)):
            yield batch
            batch, total, jobs = [], 0, set()
        batch.append(seq)
        total += size or 0
        jobs.add(job)
    if batch:
        yield batch


def _kept(row: RowMapping) -> KeptDelivery:
    return KeptDelivery(
        seq=row["seq"],
        id=row["id"],
        received=datetime.fromtimestamp(row["counts_from"] or row["received_at"], UTC),
        outcome=Outcome(row["outcome"]),
        kind=row["kind"] or "",
        milestone=row["milestone"] or "",
        reason=row["reason"] or "",
        site=row["site"] or "",
        digest=row["digest"] or "",
        is_projected=row["projected"] and row["about"] is None,
        has_body=bool(row["body"] if "body" in row else row["has_body"]),
        body=row.get("body") or b"",
    )


def remember_newest(database: Database, connection: Connection) -> None:
    """Keep when the newest webhook was accepted, before its delivery is deleted."""
    newest = connection.scalar(NEWEST_WEBHOOK)
    if newest is not None:
        later = case((heartbeat.c.at > newest, heartbeat.c.at), else_=newest)
        statement = database.insert(heartbeat).values(name=LAST_WEBHOOK, at=newest)
        again = statement.on_conflict_do_update(index_elements=["name"], set_={"at": later})
        connection.execute(again)
