"""Stores what only boards need: unsettled jobs, answers about rows, and replaced words."""

import json
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from sync.field_table import KEY
from sync.jobs.model import Customer
from sync.store.database import Database, Lease, clock, now, utc
from sync.store.schema import cell_history, customer, job, look_alike, row_answer

_ADDED = json.dumps({KEY: "added"})
"""In place of a row's texts: the job's row wasn't there before, but was added for it."""
_IS_ANSWER = row_answer.c.texts != _ADDED


@dataclass(frozen=True)
class RowAnswer:
    """The user's answer to whether a row is a job's.

    It is about all rows that have these texts, by column ID. They may have more, because a cell
    that was blank may be filled now. But if that agrees with the job, a "no" doesn't count: the
    user didn't see it, and the row may be the job's own. If one of the texts changes, the user is
    asked again.
    """

    site: str
    texts: Mapping[str, str]
    is_same: bool

    def is_about(self, row: Mapping[str, str]) -> bool:
        return all(row.get(column) == text for column, text in self.texts.items())


@dataclass(frozen=True)
class ReplacedText:
    """A text that a person had typed into a mapped cell, and what replaced it."""

    column: str
    at: datetime
    before: str
    after: str


class Boards:
    """The boards in one spreadsheet."""

    def __init__(self, database: Database, spreadsheet_id: str) -> None:
        self._database = database
        self._id = spreadsheet_id
        self._mine = look_alike.c.spreadsheet_id == spreadsheet_id

    def customers_without_row(self) -> dict[str, Customer]:
        """Return the customers of the jobs that have no row, by site."""
        query = select(job.c.site, customer.c.body)
        rows = self._database.rows(query.where(~job.c.has_row, job.c.site == customer.c.site))
        return {row.site: Customer.model_validate_json(row.body) for row in rows}

    def mark_unsettled(self, lease: Lease, sites: Iterable[str], hours: float) -> None:
        """Record that jobs are unsettled; new ones wait so many hours for an answer."""
        if not (marked := frozenset(sites)):
            return
        with self._database.writing(lease) as connection:
            known = connection.scalars(select(look_alike.c.site).where(self._mine))
            since = clock(connection)
            row = {"spreadsheet_id": self._id, "since": since, "until": since + hours * 3600.0}
            for site in sorted(marked.difference(known)):
                connection.execute(insert(look_alike).values(site=site, **row))

    def would_wait(self, unsettled: Set[str], hours: float) -> frozenset[str]:
        """Return which jobs will wait once they are recorded (`mark_unsettled`), for previews."""
        new = unsettled - self.unsettled() if hours else set()
        return (self.waiting() & unsettled) | new

    def unsettled(self) -> frozenset[str]:
        query = select(look_alike.c.site).where(self._mine)
        return frozenset(self._database.scalars(query))

    def waiting(self) -> frozenset[str]:
        """Return the unsettled jobs that get no row yet, because they wait for an answer."""
        query = select(look_alike.c.site).where(self._mine, look_alike.c.until > now())
        return frozenset(self._database.scalars(query))

    def keep_unsettled(self, lease: Lease, unsettled: Collection[str]) -> None:
        """Drop the recorded jobs that aren't among these."""
        with self._database.writing(lease) as connection:
            others = look_alike.c.site.not_in(sorted(unsettled))
            connection.execute(delete(look_alike).where(self._mine, others))

    def answer(self, lease: Lease, sites: Collection[str], answers: Iterable[RowAnswer]) -> None:
        """Store answers in place of earlier ones about `sites`, which are no longer recorded."""
        known = row_answer.c.spreadsheet_id == self._id, row_answer.c.site.in_(sites), _IS_ANSWER
        with self._database.writing(lease) as connection:
            connection.execute(delete(look_alike).where(self._mine, look_alike.c.site.in_(sites)))
            connection.execute(delete(row_answer).where(*known))
            lines = {
                (each.site, json.dumps(dict(each.texts), sort_keys=True)): each.is_same
                for each in answers
            }
            for (site, texts), is_same in lines.items():
                row = {"spreadsheet_id": self._id, "site": site, "texts": texts}
                connection.execute(insert(row_answer).values(is_same=is_same, **row))

    def answers(self) -> list[RowAnswer]:
        query = select(row_answer.c.site, row_answer.c.texts, row_answer.c.is_same)
        mine = row_answer.c.spreadsheet_id == self._id
        rows = self._database.rows(query.where(mine, _IS_ANSWER))
        return [RowAnswer(row.site, json.loads(row.texts), row.is_same) for row in rows]

    def added(self) -> frozenset[str]:
        """Return the jobs whose row was added for them."""
        mine = row_answer.c.spreadsheet_id == self._id
        return frozenset(self._database.scalars(select(row_answer.c.site).where(mine, ~_IS_ANSWER)))

    def replaced(self, site: str) -> list[ReplacedText]:
        """Return the typed texts of a job's mapped cells that were replaced, the oldest first."""
        query = select(cell_history).order_by(cell_history.c.id)
        query = query.where(cell_history.c.site == site, cell_history.c.spreadsheet_id == self._id)
        return [
            ReplacedText(row.column, utc(row.at), row.before, row.after)
            for row in self._database.rows(query)
        ]


def record_added(
    connection: Connection, spreadsheet_id: str, added: Collection[str], keyed: Collection[str]
) -> None:
    """Record that jobs got a row that was `added` for them, or a row that was there (`keyed`)."""
    here = row_answer.c.spreadsheet_id == spreadsheet_id
    changed = row_answer.c.site.in_(sorted({*added, *keyed}))
    if added or keyed:
        connection.execute(delete(row_answer).where(here, changed, ~_IS_ANSWER))
    if added:
        row = {"spreadsheet_id": spreadsheet_id, "texts": _ADDED, "is_same": True}
        connection.execute(insert(row_answer), [{**row, "site": site} for site in sorted(added)])
