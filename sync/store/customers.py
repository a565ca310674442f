"""The customers of jobs: requested from EverBright, and considered fresh for a day."""

from collections.abc import Collection

from sqlalchemy import Connection, func, select, update

from sync.jobs.model import Customer
from sync.store.clock import now
from sync.store.database import Database
from sync.store.dirty import touch
from sync.store.schema import customer

FRESH_SECONDS = 86_400.0
"""For how long an answer is considered true, whatever happens to the job."""
_CLAIM_SECONDS = 120.0


class Customers:
    """The customers' loop's side of the store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self) -> tuple[str, int] | None:
        """Return a site whose customer is to be requested, and how often that failed.

        It is due again after two minutes unless an answer is stored: asking twice does no harm.
        """
        due = (
            select(customer.c.site, customer.c.attempts)
            .where(customer.c.due_at <= now())
            .order_by(customer.c.due_at)
            .limit(1)
        )
        with self._database.reading() as connection:
            if connection.execute(due).first() is None:
                return None
        with self._database.writing() as connection:
            found = connection.execute(due.with_for_update(skip_locked=True)).first()
            if found is None:
                return None
            _set(connection, found.site, due_at=now() + _CLAIM_SECONDS)
            return found.site, found.attempts

    def keep(self, site: str, answer: Customer) -> bool:
        """Store EverBright's answer; if it changed (True), the row is written again."""
        body = answer.model_dump_json(exclude_defaults=True)
        with self._database.writing() as connection:
            known = connection.scalar(select(customer.c.body).where(customer.c.site == site))
            if known != body:
                touch(connection, site)  # First: whoever stores jobs locks them in this order, too.
            _set(connection, site, body=body, attempts=0, fetched_at=now(), due_at=None)
        return known != body

    def unknown(self) -> int:
        """Return for how many jobs no customer is known."""
        query = select(func.count()).where(customer.c.body == "{}")
        with self._database.reading() as connection:
            return int(connection.scalar(query) or 0)

    def postpone(self, site: str, seconds: float | None) -> None:
        """Ask again after `seconds`; None: only when the job changes."""
        due = None if seconds is None else now() + seconds
        with self._database.writing() as connection:
            _set(connection, site, attempts=customer.c.attempts + 1, due_at=due)


def _set(connection: Connection, site: str, **values: object) -> None:
    connection.execute(update(customer).where(customer.c.site == site).values(values))


def want(database: Database, connection: Connection, sites: Collection[str]) -> None:
    """Request the customers of jobs that changed, unless the answer is less than a day old."""
    stale = customer.c.fetched_at.is_(None) | (customer.c.fetched_at < now() - FRESH_SECONDS)
    statement = database.insert(customer).values(due_at=now())
    statement = statement.on_conflict_do_update(
        index_elements=["site"],
        set_={"due_at": now(), "attempts": 0},
        where=stale & customer.c.due_at.is_(None),
    )
    rows = [{"site": site, "body": "{}", "attempts": 0} for site in sites]
    if rows:
        connection.execute(statement, rows)


def customers(connection: Connection, sites: Collection[str]) -> dict[str, Customer]:
    """Return what is known of the customers of `sites`."""
    query = select(customer.c.site, customer.c.body).where(customer.c.site.in_(sorted(sites)))
    return {site: Customer.model_validate_json(body) for site, body in connection.execute(query)}
