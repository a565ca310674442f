"""Decides which row of a board is the job's, for jobs that have none. Pure.

| a job is | if | so |
|---------|----|-----|
| matched | the user chose a row, or one is its for certain (`match.py`) | the row gets its key |
| unsettled | it has candidates that the user hasn't ruled out | it waits |
| settled | it has none, or the user ruled out all of them | it gets a new row |

A candidate looks like the job's customer (`Party.looks_like`), or matches, but not for certain. A
row with other text in place of a site ID ("n/a") is at most a candidate: a key doesn't replace
typed text, so the user has to clear that cell first.

The table `look_alike` records unsettled jobs, and until when each waits:

| a job                      | when                                          | in                 |
|----------------------------|-----------------------------------------------|--------------------|
| is recorded and waits      | a flush would add its row                     | `BoardTabs.rows`   |
| gets a row, stays recorded | its `wait_hours` are over                     | `BoardTabs.rows`   |
| is recorded, doesn't wait  | a whole read has candidates and its added row | `record_unsettled` |
| is dropped, may come back  | a whole read finds it matched or settled,     | `record_unsettled` |
|                            | or text typed into its added row              |                    |
| is dropped                 | the user answers                              | `Boards.answer`    |

Whole reads are comparisons and the user's reviews. Flushes don't look at jobs that wait, so a row
that begins to match is found by the next whole read.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache

from sync.boards import match
from sync.boards.customer_texts import RowTexts, TextIndex, identity_texts, texts_of_customer
from sync.boards.party import Party, Texts
from sync.field_table import KEY
from sync.jobs.model import Customer
from sync.jobs.target import Target
from sync.sheets.cell_data import (
    CellData,
    Row,
    Rows,
    content,
    is_formula,
    site_in_text,
    text_of,
)
from sync.sheets.diff import CellDecider
from sync.sheets.job_tabs import JobTabs, Match
from sync.sheets.row_identity import Place
from sync.sheets.snapshot import Table
from sync.store.boards import RowAnswer


@dataclass(frozen=True)
class Lookup:
    """The rows of jobs without one, by site. Jobs neither matched nor unsettled are settled."""

    matches: Mapping[str, Match]
    candidates: Mapping[str, Sequence[Place]]
    """Of unsettled jobs, and of settled ones whose candidates the user ruled out."""
    unsettled: frozenset[str]
    added: Mapping[str, Place]
    """The rows that were added for jobs, and that nobody typed into (`added_rows`)."""


def look_up(
    texts: RowTexts,
    customers: Mapping[str, Customer],
    criteria: Sequence[str],
    answers: Collection[RowAnswer] = (),
    added: Mapping[str, Place] = {},
) -> Lookup:
    """Return the rows and candidates of jobs (`customers` by site).

    Rows are matched by what the user answered, then by `criteria`. A job with a row has candidates
    only if that was `added` for it.
    """
    sites = {place: site_in_text(row.get(KEY, "")) for place, row in texts.items()}
    keyed = {*sites.values()}
    free_rows = {place: row for place, row in texts.items() if sites[place] is None}
    jobs = {site: each for site, each in customers.items() if site in added or site not in keyed}
    matching = match.match_rows(jobs, free_rows, criteria)
    by_user = _RowAnswers(answers, free_rows, customers)
    chosen = by_user.chosen_rows(jobs.keys() - keyed)
    chosen_places = {found.place for found in chosen.values()}
    # All jobs without a row count, so that two of them never both take one.
    certain = match.unambiguous(
        {
            site: [
                one
                for one in found
                if one.place not in chosen_places and not by_user.is_ruled_out(site, one.place)
            ]
            for site, found in matching.items()
            if site not in keyed and site not in chosen
        }
    )
    # Only now, because a row with typed text for a site ID makes the job's other rows doubtful.
    matches = {
        site: found for site, found in (chosen | certain).items() if KEY not in texts[found.place]
    }
    matched_places = {found.place for found in matches.values()}
    unmatched = {site: customer for site, customer in jobs.items() if site not in matches}
    alike = _rows_alike(unmatched, free_rows)
    candidates = {
        site: sorted({*alike[site], *(one.place for one in matching[site])} - matched_places)
        for site in unmatched
    }
    unsettled = frozenset(
        site
        for site, places in candidates.items()
        if not all(by_user.is_ruled_out(site, place) for place in places)
    )
    with_candidates = {site: places for site, places in candidates.items() if places}
    return Lookup(matches, with_candidates, unsettled, added)


def _rows_alike(jobs: Mapping[str, Customer], rows: RowTexts) -> dict[str, set[Place]]:
    """Return the rows that look like the customer of each job."""
    index, party_at = TextIndex(rows), cache(lambda place: Party.of(rows[place]))
    alike = dict[str, set[Place]]()
    for site, customer in jobs.items():
        texts = texts_of_customer(customer)
        job = Party.of(texts)
        alike[site] = {place for place in index.near(texts) if job.looks_like(party_at(place))}
    return alike


def added_rows(
    tables: Iterable[Table], rows: Rows, targets: Iterable[Target], tabs: JobTabs, zone: tzinfo
) -> dict[str, Place]:
    """Return the rows of jobs that nobody typed into, by site, if each is the job's only one.

    `targets` are jobs whose row was added for them.
    """
    added: dict[str, Place] = {}
    for target in targets:
        mine = [(table, row) for table in tables for row in table.keys.get(target.site, ())]
        if len(mine) != 1:
            continue
        ((table, number),) = mine
        row = rows[table.sheet_id][number]
        if _is_untouched(row, CellDecider(tabs, table, target, zone)):
            added[target.site] = table.sheet_id, number
    return added


def _is_untouched(row: Row, decider: CellDecider) -> bool:
    """Return whether a row holds nothing but what was written there, and formulas."""
    mapped = {index: column for column, index in decider.table.columns.items()}

    def is_written(column: str, cell: CellData) -> bool:
        if column == KEY:
            return text_of(cell) == decider.target.site
        last = decider.last_written_as_seen(column, content(cell))
        return last is not None and last.text == content(cell).text

    return all(
        not text_of(cell)
        or is_formula(cell)
        or (index in mapped and is_written(mapped[index], cell))
        for index, cell in enumerate(row)
    )


class _RowAnswers:
    """What the user answered about rows.

    For example, the user chose the row {"customer": "Bea Ortiz"} for a job, and so ruled out the
    other candidate, {"customer": "Bea Ortiz", "phone": "303.555.0101"}. The first answer is about
    both rows (see `RowAnswer`). For the second row, the second answer counts: it has more texts.
    """

    def __init__(
        self, answers: Iterable[RowAnswer], rows: RowTexts, customers: Mapping[str, Customer]
    ) -> None:
        self._rows, self._customers = rows, customers
        self._by_site = defaultdict[str, list[RowAnswer]](list)
        for answer in answers:
            self._by_site[answer.site].append(answer)

    def chosen_rows(self, sites: Set[str]) -> dict[str, Match]:
        """Return the rows that the user chose for jobs, if each is still unambiguous."""
        found = {
            site: [
                Match(place, identity_texts(row))
                for place, row in self._rows.items()
                if (answer := self._answer(site, row)) and answer.is_same
            ]
            for site in sites & self._by_site.keys()
        }
        return match.unambiguous(found)

    def is_ruled_out(self, site: str, place: Place) -> bool:
        """Return whether the user answered that a row isn't the job's, and nothing beyond the
        answer's texts agrees with the job."""
        row = self._rows[place]
        answer = self._answer(site, row)
        if answer is None or answer.is_same:
            return False
        job = Party.of(texts_of_customer(self._customers[site]))
        beyond = {column: text for column, text in row.items() if column not in answer.texts}
        return not any(job.agreements(Party.of(beyond)).values())

    def _answer(self, site: str, row: Texts) -> RowAnswer | None:
        """Return the answer that counts for a row; None if there is none, or two contradict."""
        about_row = [each for each in self._by_site.get(site, ()) if each.is_about(row)]
        most = max((len(each.texts) for each in about_row), default=0)
        counting = [each for each in about_row if len(each.texts) == most]
        return counting[0] if len({each.is_same for each in counting}) == 1 else None
