"""Stores the changes of jobs, which the tab *History* and messages show."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, delete, func, insert, literal, select, update

from sync.field_table import REP
from sync.jobs.model import Change, Customer
from sync.store.database import Database, Lease, now
from sync.store.lookups import IS_AWAITED, NAME_WAIT_SECONDS, NAME_WAIT_TRIES, customers
from sync.store.schema import NEW, change, customer, detail, history_written, job

_END_OF_TIME = 1e12
"""Later than every change: if none waits, all are due."""


class PendingLine(NamedTuple):
    """A line of the History that isn't written yet; `rep` is the job's rep in the sheet."""

    seq: int
    change: Change
    customer: Customer
    rep: str


@dataclass(frozen=True)
class History:
    """The changes that aren't in the sheet yet.

    A line isn't rewritten. So if customers are looked up (`waits_for_names`), a line of a new job
    waits up to a minute for the name, or until two lookups have failed; if details are looked up,
    too (`waits_for_reps`), also for who sold it. Later lines wait with it, because the newest are
    on top.
    """

    _database: Database
    waits_for_names: bool = False
    waits_for_reps: bool = False

    def due(self) -> Select[tuple[int, str]]:
        """Return the query for the changes that are due."""
        query = select(change.c.seq, change.c.body).where(NEW)
        if not self.waits_for_names:
            return query
        nameless = select(customer.c.site).where(IS_AWAITED, customer.c.attempts < NAME_WAIT_TRIES)
        unsold = select(detail.c.site).where(
            detail.c.due_at.is_not(None),
            detail.c.question == "",
            detail.c.attempts < NAME_WAIT_TRIES,
        )
        unknown = nameless.union(unsold) if self.waits_for_reps else nameless
        waits = (
            change.c.site.in_(unknown),
            change.c.kept_at.between(now() - NAME_WAIT_SECONDS, now()),
        )
        first = select(func.min(change.c.at)).where(NEW, *waits)
        until = func.coalesce(first.scalar_subquery(), _END_OF_TIME)
        return query.where(change.c.at < until)

    def read(self, connection: Connection, due: Select[Any], limit: int) -> list[PendingLine]:
        """Return due changes, in the order of receipt."""
        rows = connection.execute(due.order_by(change.c.at, change.c.seq).limit(limit)).all()
        changes = [(row[0], Change.model_validate_json(row[1])) for row in rows]
        sites = {line.site for _, line in changes}
        known, reps = customers(connection, sites), _reps(connection, sites)
        return [
            PendingLine(seq, line, known.get(line.site, Customer()), reps.get(line.site, ""))
            for seq, line in changes
        ]

    def write_again(self, lease: Lease) -> bool:
        """Mark every line as not written, for a new tab; return whether there are any."""
        written = update(change).where(change.c.shown).values(shown=False)
        return self._database.execute(written, lease) > 0

    def drop(self, lease: Lease, seqs: Sequence[int]) -> None:
        """Mark changes as written without writing them: the tab or the milestone isn't shown."""
        if seqs:
            with self._database.writing(lease) as connection:
                mark_written(connection, seqs)


_LATE_SECONDS = 3 * 86_400.0


def recent_changes(database: Database, since: float) -> list[Change]:
    """Return the changes noted since a moment (Unix seconds), in order, without much older ones.

    A backfill reads old changes back by the thousand. Reads only rows since then, from the end.
    """
    older = select(change.c.seq).where(change.c.kept_at < since).order_by(change.c.seq.desc())
    last = func.coalesce(older.limit(1).scalar_subquery(), 0)
    query = select(change.c.body).where(change.c.seq > last).order_by(change.c.seq)
    changes = map(Change.model_validate_json, database.scalars(query))
    recent = (one for one in changes if one.stamp.timestamp() >= since - _LATE_SECONDS)
    return sorted(recent, key=lambda one: one.stamp)


def _reps(connection: Connection, sites: Collection[str]) -> dict[str, str]:
    """Return the reps of jobs in the sheet, by site: the typed one, else the one we wrote."""
    query = select(job.c.site, job.c.typed_rep, job.c.written)
    rows = connection.execute(query.where(job.c.site.in_(sorted(sites))))
    return {
        site: typed or json.loads(written).get(REP, {}).get("text", "")
        for site, typed, written in rows
    }


def keep(database: Database, connection: Connection, changes: Iterable[Change]) -> None:
    """Store new changes inside the caller's transaction."""
    rows = [
        {
            "site": line.site,
            "subject": line.subject,
            "digest": line.digest,
            "body": line.model_dump_json(),
            "at": line.received.timestamp(),
        }
        for line in changes
    ]
    if rows:
        connection.execute(database.insert_new(change).values(kept_at=now()), rows)


def mark_written(connection: Connection, seqs: Sequence[int]) -> None:
    """Mark changes as written, inside the caller's transaction."""
    if seqs:
        connection.execute(update(change).where(change.c.seq.in_(seqs)).values(shown=True))


def switch(connection: Connection, old: str, new: str) -> None:
    """Store which changes are in the spreadsheet `old`, and make those due that `new` lacks."""
    written = select(literal(old), change.c.seq).where(change.c.shown)
    connection.execute(delete(history_written).where(history_written.c.spreadsheet_id == old))
    connection.execute(insert(history_written).from_select(["spreadsheet_id", "seq"], written))
    known = select(history_written.c.seq).where(history_written.c.spreadsheet_id == new)
    connection.execute(update(change).values(shown=change.c.seq.in_(known)))
