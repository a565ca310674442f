"""Schedules the lookups of jobs' customers and details at EverBright, and stores the answers.

Customers and details have a table each, with a row per job.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Table, Update, and_, case, func, null, select, update
from sqlalchemy.sql import ColumnElement

from sync.field_table import SITE_FIELDS
from sync.jobs.model import Customer, Details, Job
from sync.store.database import Database, clock, mark_dirty, now, utc
from sync.store.findings import is_dismissed
from sync.store.reported import Reported
from sync.store.schema import customer, detail, job
from sync.types import Value

FRESH_SECONDS = 86_400.0
"""Seconds for which a customer counts as current, even if the job changes."""
_CLAIM_SECONDS = 120.0
_WARNING_TRIES = 9
"""Failed lookups of a customer before there is a warning: about 15 minutes with their pauses."""
_TRIED = case((customer.c.attempts > _WARNING_TRIES, _WARNING_TRIES), else_=customer.c.attempts)
"""The attempts of a customer that is requested again: the warning about it must stay."""

AnswerT = TypeVar("AnswerT", bound=Value)


@dataclass(frozen=True)
class DueLookup(Generic[AnswerT]):
    """A job whose lookup is due, with the stored answer."""

    job: Job
    known: AnswerT
    attempts: int
    events: int
    """How many events it had: a later one makes another lookup due."""
    claimed_at: datetime
    """In UTC, by the database's clock."""


@dataclass
class Lookups(Generic[AnswerT]):
    """One table of lookups. `stamp` has values stored with each answer."""

    _database: Database
    _table: Table
    _kind: type[AnswerT]
    _stamp: dict[str, Any]

    def count_due(self) -> int:
        query = select(func.count()).where(self._table.c.due_at <= now())
        return int(self._database.scalar(query) or 0)

    def claim(self) -> DueLookup[AnswerT] | None:
        """Return the most overdue job.

        It is due again after two minutes if no answer is stored: a second request does no harm.
        """
        table = self._table
        due = (
            select(table.c.site, table.c.body, table.c.attempts, job.c.state, job.c.events)
            .join(job, job.c.site == table.c.site)
            .where(table.c.due_at <= now())
            .order_by(table.c.due_at)
            .limit(1)
        )
        if not self._database.rows(due):
            return None
        with self._database.writing() as connection:
            locked = due.with_for_update(of=table, skip_locked=True)
            row = connection.execute(locked).first()
            if row is None:
                return None
            connection.execute(self._update(row.site, {"due_at": now() + _CLAIM_SECONDS}))
            claimed_at = utc(clock(connection))
        return DueLookup(
            Job.model_validate_json(row.state),
            self._kind.model_validate_json(row.body),
            row.attempts,
            row.events,
            claimed_at,
        )

    def keep(self, site: str, answer: AnswerT | None, events: int) -> bool:
        """Store an answer; if it changes the row, mark that as out of date and return True.

        None is stored as a blank one.
        If the job has had more than `events` by now, its next lookup stays due.
        """
        table, answer = self._table, answer or self._kind()
        count = select(job.c.events).where(job.c.site == site).scalar_subquery()
        next_due = case((count == events, null()), else_=table.c.due_at)
        body = answer.model_dump_json(exclude_defaults=True)
        values = {"body": body, "attempts": 0, "due_at": next_due}
        with self._database.writing() as connection:
            before = connection.scalar(select(table.c.body).where(table.c.site == site))
            known = self._kind.model_validate_json(before or "{}")
            is_new = _shown(known) != _shown(answer)
            if is_new:
                mark_dirty(
                    connection, site
                )  # First, because the projection locks in this order, too.
            connection.execute(self._update(site, values | self._stamp))
        return is_new

    def postpone(self, site: str, seconds: float | None) -> None:
        """Make the lookup due after `seconds`, or only when the job changes (None)."""
        due_at = None if seconds is None else now() + seconds
        values = {"attempts": self._table.c.attempts + 1, "due_at": due_at}
        self._database.execute(self._update(site, values))

    def schedule_outdated(self, rate: float) -> None:
        """Make lookups due that failed, or answered another question, at most `rate` a second."""
        table = self._table
        is_outdated = (table.c.question != self._stamp["question"]) & table.c.due_at.is_(None)
        which = is_outdated | (table.c.attempts > 0)
        query = select(table.c.site).where(which).order_by(table.c.site)
        with self._database.writing() as connection:
            for number, site in enumerate(connection.scalars(query).all()):
                connection.execute(self._update(site, {"due_at": now() + number / rate}))

    def _update(self, site: str, values: Mapping[str, Any]) -> Update:
        return update(self._table).where(self._table.c.site == site).values(values)


def _shown(answer: Value) -> object:
    """Return what a row depends on: a customer with its date, or the values of details."""
    return answer.values if isinstance(answer, Details) else answer


class Customers(Lookups[Customer]):
    """The customers of jobs. An answer counts as current for a day."""

    def __init__(self, database: Database) -> None:
        keys = (f"{entry.id}={entry.site_key}" for entry in SITE_FIELDS)
        fields = " ".join(sorted([*Customer.model_fields, *keys]))
        question = sha256(fields.encode()).hexdigest()[:16]
        stamp = {"fetched_at": now(), "question": question}
        super().__init__(database, customer, Customer, stamp)

    def make_due(self, site: str) -> None:
        """Make a job's lookup due now, even if the last answer is current."""
        self._database.execute(self._update(site, {"due_at": now(), "attempts": _TRIED}))

    def unanswered(self, limit: int) -> list[str]:
        """Return the first jobs whose customer EverBright did not return in several tries."""
        query = select(customer.c.site).where(is_unanswered()).order_by(customer.c.site)
        return list(self._database.scalars(query.limit(limit)))

    def unknown(self) -> int:
        """Return the number of jobs without a known customer."""
        query = select(func.count()).where(customer.c.body == "{}")
        return int(self._database.scalar(query) or 0)


class DetailStore(Lookups[Details]):
    """Further details of jobs, looked up after each change. `question` has the wanted fields."""

    def __init__(self, database: Database, question: str) -> None:
        super().__init__(database, detail, Details, {"question": question})
        self.reported = Reported(database)

    def every(self) -> Iterator[Details]:
        """Yield the details of each job that was looked up."""
        query = select(detail.c.body).where(detail.c.body != "{}")
        yield from map(Details.model_validate_json, self._database.scalars(query))


def schedule(database: Database, connection: Connection, sites: Collection[str]) -> None:
    """Make the lookups of changed jobs due, without customers whose answer is current."""
    rows = [{"site": site} for site in sites]
    if not rows:
        return
    stale = customer.c.fetched_at.is_(None) | (customer.c.fetched_at < now() - FRESH_SECONDS)
    is_new = stale & customer.c.due_at.is_(None)
    customers_due = database.upsert(customer, {"due_at": now(), "attempts": _TRIED}, is_new)
    connection.execute(customers_due.values(due_at=now()), rows)
    details_due = database.upsert(detail, {"due_at": now(), "attempts": 0})
    connection.execute(details_due.values(due_at=now()), rows)


def customers(connection: Connection, sites: Collection[str]) -> dict[str, Customer]:
    query = select(customer.c.site, customer.c.body).where(customer.c.site.in_(sorted(sites)))
    return {site: Customer.model_validate_json(body) for site, body in connection.execute(query)}


def details(connection: Connection, sites: Collection[str]) -> dict[str, Details]:
    query = select(detail.c.site, detail.c.body).where(detail.c.site.in_(sorted(sites)))
    return {site: Details.model_validate_json(body) for site, body in connection.execute(query)}


def is_unanswered() -> ColumnElement[bool]:
    """Return the condition that a customer stayed unknown, and that nobody dismissed it."""
    return and_(
        customer.c.fetched_at.is_(None),
        customer.c.attempts >= _WARNING_TRIES,
        ~is_dismissed(customer.c.site),
    )


NAME_WAIT_TRIES = 2
"""Tries to look up a customer before other jobs stop waiting for it."""
NAME_WAIT_SECONDS = 60.0
"""Seconds for which a History line, a match, or a folder waits for a customer's name."""
IS_AWAITED = customer.c.due_at.is_not(None) & customer.c.fetched_at.is_(None)
"""Whether a customer is being looked up and was never answered."""
