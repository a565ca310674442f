"""Finds rows that show another customer than their site ID's. Pure.

`key_repairs` (sheets/key_writes.py) comes first, in comparisons and in some flushes:

| if a job's key is beside another customer, and  | the key                  | by             |
|-------------------------------------------------|--------------------------|----------------|
| also in a row that differs in less from the job | is removed               | `key_repairs`  |
| a row without a key is certainly the job's      | moves to that row        | `key_repairs`  |
| else                                            | stays; its row is listed | `foreign_keys` |

The comparison leaves the jobs of listed rows as they are; flushes still write news there.
"""

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
        if (row := texts.get((sheet_id, number))) and (shown := jobs.shown_job(row, site)) != site
    )


class _Customers:
    """The customers of all jobs, by site."""

    def __init__(self, customers: Mapping[str, Customer], criteria: Sequence[str]) -> None:
        texts = {site: texts_of_customer(customer) for site, customer in customers.items()}
        self._criteria = criteria
        self._parties = {site: Party.of(each) for site, each in texts.items()}
        self._values = cache(lambda site: criteria_values(texts[site], criteria))
        self._index = TextIndex(texts)

    def shown_job(self, row: Texts, site: str) -> str:
        """Return the job whose customer a row shows: `site`, its own, if in doubt; "" if none.

        It is its own if most agrees (`_mostly_agrees`), unless it is `_named_like` another. Others
        agree by the criteria of a match, or by everything that both have (`_shows`), because a
        board may have no column that a criterion needs. Two jobs of one customer may both be shown.
        """
        there, mine = Party.of(row), self._parties[site]
        own = mine.agreements(there)
        if own.get("customer") is False and (named := self._named_like(row, there, mine)):
            return min(named)
        if _mostly_agrees(own):
            return site  # Nearly every row, so few are compared with other jobs, which is slow.
        values = criteria_values(row, self._criteria)
        shown = {
            job
            for job in self._index.near(row)
            if agreeing(self._values(job), values) or _shows(there, self._parties[job], own)
        }
        if shown and site not in shown:
            return min(shown)  # The same one in every comparison, because findings are dismissed.
        is_nobodys = len(own) > 1 and not any(own.values())
        return "" if is_nobodys and not shown else site

    def _named_like(self, row: Texts, there: Party, mine: Party) -> set[str]:
        """Return the jobs of which a row has the full name, or the last name and the address.

        None if anything of them agrees with its own job: those are jobs of one household. `there`
        is the row's customer, and `mine` its own job's.
        """
        jobs = {job: self._parties[job] for job in self._index.near(row)}
        return {
            job
            for job, party in jobs.items()
            if not any(mine.agreements(party).values())
            and (party.has_name_of(there) or _is_at(party.agreements(there)))
        }


def _is_at(agreements: Mapping[str, bool]) -> bool:
    return all(agreements.get(column) for column in ("customer", "address"))


def _mostly_agrees(own: Mapping[str, bool]) -> bool:
    """Return whether nothing differs; or email or address agrees, and half of all or more.

    Then a single column was sorted, or typed into: the row is still the job's.
    """
    is_certain = own.get("address") or own.get("email")
    return all(own.values()) or bool(is_certain and 2 * sum(own.values()) >= len(own))


def _shows(row: Party, job: Party, own: Mapping[str, bool]) -> bool:
    """Return whether a row shows a job's customer: two things agree, or the full name.

    None may differ, except those that agree with the row's own job (`own`), if they are fewer:
    people sort one column back, and forget the others. For example, the row has the email of its
    own job again, but name, phone and street of another: that job is shown.
    """
    agreements = job.agreements(row)
    count = sum(agreements.values())
    is_more = count > sum(own.values())
    is_all = all(agrees or (is_more and own.get(column)) for column, agrees in agreements.items())
    return is_all and (count > 1 or job.has_person_of(row))
