"""Finds rows that were separated from their site ID, since only some columns were sorted. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sync.boards.customer_texts import RowIndex, texts_of_customer, texts_of_rows
from sync.boards.match import agreeing, criteria_values
from sync.boards.party import Party, Texts
from sync.jobs.model import Customer
from sync.sheets.cell_data import Rows
from sync.sheets.keys import ForeignKey, row_name
from sync.sheets.row_identity import Place
from sync.sheets.snapshot import Table


def foreign_keys(
    tables: Sequence[Table],
    rows: Rows,
    customers: Mapping[str, Customer],
    criteria: Sequence[str],
) -> tuple[ForeignKey, ...]:
    """Return the rows with a site ID that show the customer of another of the jobs.

    A row that agrees with its own job, too, is left out: a customer may have two jobs.
    """
    titles = {table.sheet_id: table.title for table in tables}
    sites = {
        (table.sheet_id, number): site
        for table in tables
        for site, numbers in table.keys.items()
        for number in numbers
    }
    texts = texts_of_rows(tables, rows)
    odd = {
        place: texts[place]
        for place, site in sites.items()
        if site in customers and place in texts and not _is_plainly(texts[place], customers[site])
    }
    index, shown_by = RowIndex(odd), defaultdict[Place, list[str]](list)
    for site, customer in customers.items():
        own = texts_of_customer(customer)
        if places := index.near(own):
            job = criteria_values(own, criteria)
            for place in places:
                if agreeing(job, criteria_values(odd[place], criteria)):
                    shown_by[place].append(site)
    return tuple(
        ForeignKey(
            site=sites[sheet_id, row],
            row=row_name(titles[sheet_id], row),
            customer_of=min(owners),
        )
        for (sheet_id, row), owners in sorted(shown_by.items())
        if sites[sheet_id, row] not in owners
    )


def _is_plainly(row: Texts, customer: Customer) -> bool:
    """Return whether a row has an email address of its job, or its house number and street.

    Nearly every row of a large tab does, and parsing an address takes ten times as long.
    """
    job, there = Party.of(texts_of_customer(customer)), Party.of(row)
    is_home = job.house == there.house != "" and job.is_on_street_of(there)
    return is_home or not job.emails.isdisjoint(there.emails)
