"""Finds rows that show another customer than their site ID's. Pure."""

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
    """Return the rows with a site ID that show another customer than their job's.

    That is the customer of another of the jobs: only some columns were sorted. They agree by the
    criteria of a match, or by everything that both have, because a board may have no column that a
    criterion needs. A row that agrees with its own job, too, is left out: a customer may have two
    jobs. Or nothing agrees with its own job: the row was reused for a customer without one.
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
            job, party = criteria_values(own, criteria), Party.of(own)
            for place in places:
                by_criteria = agreeing(job, criteria_values(odd[place], criteria))
                if by_criteria or _is_all_of(party, Party.of(odd[place])):
                    shown_by[place].append(site)
    return tuple(
        ForeignKey(
            site=sites[place], row=row_name(titles[place[0]], place[1]), customer_of=min(owners)
        )
        for place, row in sorted(odd.items())
        if (owners := shown_by.get(place) or _nobody(row, customers[sites[place]]))
        and sites[place] not in owners
    )


def _nobody(row: Texts, customer: Customer) -> list[str]:
    """Return [""] if two things or more differ from the row's own job, and nothing agrees."""
    agreements = Party.of(texts_of_customer(customer)).agreements(Party.of(row))
    return [""] if len(agreements) > 1 and not any(agreements.values()) else []


def _is_plainly(row: Texts, customer: Customer) -> bool:
    """Return whether a row has an email address of its job, its house number and street, or
    nothing that is different.

    Nearly every row of a large tab does, and parsing an address takes ten times as long.
    """
    job, there = Party.of(texts_of_customer(customer)), Party.of(row)
    agreements = job.agreements(there)
    is_its_own = agreements.get("address") or agreements.get("email")
    return bool(is_its_own or all(agreements.values()))


def _is_all_of(job: Party, row: Party) -> bool:
    """Return whether all agrees that both have: two things or more, or the full name alone."""
    agreements = job.agreements(row)
    return all(agreements.values()) and (len(agreements) > 1 or job.has_person_of(row))
