"""Finds rows that show another customer than their site ID's. Pure."""

from collections.abc import Mapping, Sequence
from functools import cache

from sync.boards.customer_texts import TextIndex, texts_of_customer, texts_of_rows
from sync.boards.match import agreeing, criteria_values
from sync.boards.party import Party, Texts
from sync.jobs.model import Customer
from sync.sheets.cell_data import Rows
from sync.sheets.keys import ForeignKey, row_name
from sync.sheets.snapshot import Table


def foreign_keys(
    tables: Sequence[Table],
    rows: Rows,
    customers: Mapping[str, Customer],
    criteria: Sequence[str],
) -> tuple[ForeignKey, ...]:
    """Return the rows with a site ID that show another customer than their job's.

    That is the customer of another of the jobs: only some columns were sorted. Or nothing agrees
    with its own job: the row was reused for a customer without one.
    """
    texts, jobs = texts_of_rows(tables, rows), _Customers(customers, criteria)
    keyed = sorted(
        (table.sheet_id, number, site, row_name(table.title, number))
        for table in tables
        for site, numbers in table.keys.items()
        for number in numbers
        if site in customers
    )
    return tuple(
        ForeignKey(site=site, row=name, customer_of=shown)
        for sheet_id, number, site, name in keyed
        if (row := texts.get((sheet_id, number))) and (shown := jobs.shown_in(row, site)) != site
    )


class _Customers:
    """The customers of all jobs, by site."""

    def __init__(self, customers: Mapping[str, Customer], criteria: Sequence[str]) -> None:
        texts = {site: texts_of_customer(customer) for site, customer in customers.items()}
        self._criteria = criteria
        self._parties = {site: Party.of(each) for site, each in texts.items()}
        self._values = cache(lambda site: criteria_values(texts[site], criteria))
        self._index = TextIndex(texts)

    def shown_in(self, row: Texts, site: str) -> str:
        """Return the job whose customer a row shows: `site`, its own, if in doubt; "" if none.

        They agree by the criteria of a match, or by everything that both have, because a board may
        have no column that a criterion needs. Two jobs of one customer may both be shown.
        """
        there = Party.of(row)
        own = self._parties[site].agreements(there)
        if own.get("address") or own.get("email") or all(own.values()):
            return site  # Nearly every row does, and parsing an address takes ten times as long.
        values = criteria_values(row, self._criteria)
        shown = {
            job
            for job in self._index.near(row)
            if agreeing(self._values(job), values) or _is_all_of(self._parties[job], there)
        }
        is_nobodys = len(own) > 1 and not any(own.values())
        return site if site in shown else min(shown, default="" if is_nobodys else site)


def _is_all_of(job: Party, row: Party) -> bool:
    """Return whether all agrees that both have: two things or more, or the full name alone."""
    agreements = job.agreements(row)
    return all(agreements.values()) and (len(agreements) > 1 or job.has_person_of(row))
