"""What only tabs that people made need: whose row a job may be matched with, and replaced words."""

from collections.abc import Iterable

from sqlalchemy import delete, insert, select

from sync.jobs.model import Customer
from sync.store.database import Database, Lease, now
from sync.store.limits import IS_REFUSED
from sync.store.schema import cell_history, customer, job, own_row, quarantine


class Boards:
    """The tabs that people made in one spreadsheet.

    A job that waits for a person's word on its row is a line of the quarantine without a refusal.
    """

    def __init__(self, database: Database, spreadsheet_id: str) -> None:
        self._database = database
        self._id = spreadsheet_id
        self._mine = quarantine.c.spreadsheet_id == spreadsheet_id
        self._own_rows = select(own_row.c.site).where(own_row.c.spreadsheet_id == spreadsheet_id)

    def customers_without_row(self) -> dict[str, Customer]:
        """Return the customers of the jobs for which a row that people made is looked for, by site.

        These are all without a row, but for those of which a person said that none is theirs.
        """
        query = select(job.c.site, customer.c.body).where(
            ~job.c.has_row,
            job.c.site == customer.c.site,
            job.c.site.not_in(self._own_rows),
        )
        rows = self._database.rows(query)
        return {row.site: Customer.model_validate_json(row.body) for row in rows}

    def hold_back(self, held: Lease, sites: Iterable[str], hours: float) -> frozenset[str]:
        """Have jobs wait for a person's word on their row; return those that are to wait now.

        Each waits once, for so many hours: it stands here as refused by nobody.
        """
        known = select(quarantine.c.site).where(self._mine)
        if not hours or not (asked := frozenset(sites)):
            return frozenset()
        with self._database.writing(held) as connection:
            new = asked - frozenset(connection.scalars(known))
            row = {"spreadsheet_id": self._id, "refusals": 0, "until": now() + hours * 3600.0}
            for site in sorted(new):
                connection.execute(insert(quarantine).values(site=site, **row))
        return new

    def waiting(self) -> frozenset[str]:
        """Return the jobs that wait for a person's word on their row."""
        waits = self._mine, ~IS_REFUSED, quarantine.c.until > now()
        return frozenset(self._database.scalars(select(quarantine.c.site).where(*waits)))

    def answer(self, held: Lease, with_row: Iterable[str], without: Iterable[str]) -> None:
        """Keep what a person said of jobs: which have a row of his, and which have none.

        They wait no more. One `without` gets a row of its own, and is not asked about again.
        """
        own = frozenset(without)
        answered = sorted(own.union(with_row))
        waits = self._mine, ~IS_REFUSED, quarantine.c.site.in_(answered)
        known = own_row.c.spreadsheet_id == self._id, own_row.c.site.in_(answered)
        with self._database.writing(held) as connection:
            connection.execute(delete(quarantine).where(*waits))
            connection.execute(delete(own_row).where(*known))
            for site in sorted(own):
                connection.execute(insert(own_row).values(spreadsheet_id=self._id, site=site))

    def with_own_row(self) -> frozenset[str]:
        """Return the jobs of which a person said that no row of his is theirs."""
        return frozenset(self._database.scalars(self._own_rows))

    def replaced(self, site: str) -> list[tuple[str, str]]:
        """Return what people had typed into mapped cells of a job, and what replaced it."""
        query = select(cell_history.c.before, cell_history.c.after).order_by(cell_history.c.id)
        query = query.where(cell_history.c.site == site, cell_history.c.spreadsheet_id == self._id)
        return [(row.before, row.after) for row in self._database.rows(query)]
