"""The History: changes of jobs, each written once."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, literal, select, text, update
from sqlalchemy.sql import ColumnElement

from sync.jobs.model import Change, Customer
from sync.store.clock import now
from sync.store.database import Database
from sync.store.leases import Lease, hold
from sync.store.lookups import customers
from sync.store.schema import change, customer, history_written

NEW = text("NOT shown")
TRIES = 2
"""How often a customer is asked for before others no longer wait for it."""
_NEVER = 1e12
PATIENCE = 60.0
"""Seconds for which a line, or a match, waits for a name."""


class History:
    """The changes that are not in the sheet yet.

    A line is never written again. So if customers are requested (`waits_for_names`), a line of a
    new job waits a minute for the name, unless it was requested twice without an answer; later
    lines wait with it, because the newest are to be on top.
    """

    def __init__(self, database: Database, waits_for_names: bool = False) -> None:
        self._database = database
        self.waits_for_names = waits_for_names

    def due(self, *columns: ColumnElement[Any]) -> Select[Any]:
        """Return the query for the changes that are to be written now."""
        query = select(*columns).where(NEW)
        if not self.waits_for_names:
            return query
        asked = customer.c.due_at.is_not(None) & customer.c.fetched_at.is_(None)
        nameless = select(customer.c.site).where(asked, customer.c.attempts < TRIES)
        waits = change.c.site.in_(nameless), change.c.kept_at.between(now() - PATIENCE, now())
        held = select(func.min(change.c.at)).where(NEW, *waits)
        until = func.coalesce(held.scalar_subquery(), _NEVER)
        return query.where(change.c.at < until)

    def read(
        self, connection: Connection, due: Select[Any], limit: int
    ) -> list[tuple[int, Change, Customer]]:
        """Return changes that are to be written, the oldest first, each with its customer."""
        rows = connection.execute(due.order_by(change.c.at, change.c.seq).limit(limit)).all()
        changes = [(row[0], Change.model_validate_json(row[1])) for row in rows]
        known = customers(connection, {line.site for _, line in changes})
        return [(seq, line, known.get(line.site, Customer())) for seq, line in changes]

    def write_again(self, held: Lease) -> bool:
        """Have every line written again, into a new tab; return whether there are any."""
        with self._database.writing() as connection:
            hold(connection, held)
            written = update(change).where(change.c.shown).values(shown=False)
            return connection.execute(written).rowcount > 0

    def drop(self, held: Lease, seqs: Sequence[int]) -> None:
        """Mark changes as written though they are not: the tab or the milestone is not shown."""
        if seqs:
            with self._database.writing() as connection:
                hold(connection, held)
                mark_written(connection, seqs)


def keep(database: Database, connection: Connection, changes: Iterable[Change]) -> None:
    """Store changes inside the caller's transaction, each once."""
    rows = [
        {
            "site": line.site,
            "subject": line.subject,
            "digest": line.digest,
            "body": line.model_dump_json(),
            "at": line.stamp.timestamp(),
            "shown": False,
        }
        for line in changes
    ]
    if rows:
        insert = database.insert(change).values(kept_at=now()).on_conflict_do_nothing()
        connection.execute(insert, rows)


def mark_written(connection: Connection, seqs: Sequence[int]) -> None:
    """Record inside the caller's transaction that changes are in the sheet."""
    if seqs:
        connection.execute(update(change).where(change.c.seq.in_(seqs)).values(shown=True))


def switch(connection: Connection, old: str, new: str) -> None:
    """Store which changes are in `old`, and have those written that are not in `new`."""
    written = select(literal(old), change.c.seq).where(change.c.shown)
    connection.execute(delete(history_written).where(history_written.c.spreadsheet_id == old))
    connection.execute(insert(history_written).from_select(["spreadsheet_id", "seq"], written))
    known = select(history_written.c.seq).where(history_written.c.spreadsheet_id == new)
    connection.execute(update(change).values(shown=change.c.seq.in_(known)))
