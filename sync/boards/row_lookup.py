"""Decides which row of a board is the job's, for jobs that have none. Pure.

| a job is | if | so |
|---------|----|-----|
| matched | the user chose a row, or one is its for certain (`match.py`) | the row gets its key |
| unsettled | it has candidates (`candidates.py`) that the user hasn't ruled out | it waits |
| settled | it has none, or the user ruled out all of them | it gets a new row |

A job waits for an answer for `wait_hours` at most, and only once. Then it gets a new row, too, and
stays unsettled, because its customer may appear twice.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from sync.boards import match
from sync.boards.candidates import CandidateFinder
from sync.boards.customer_texts import RowTexts, identity_texts
from sync.field_table import KEY
from sync.jobs.model import Customer
from sync.sheets.cell_data import site_in_text
from sync.sheets.job_tabs import Match
from sync.sheets.row_identity import Place
from sync.store.boards import RowAnswer


@dataclass(frozen=True)
class Lookup:
    """The rows of jobs without one, by site. A job in none of the three is settled."""

    matches: Mapping[str, Match]
    candidates: Mapping[str, Sequence[Place]]
    """Of unsettled jobs, and of settled ones whose candidates the user ruled out."""
    unsettled: frozenset[str]


def look_up(
    texts: RowTexts,
    customers: Mapping[str, Customer],
    criteria: Sequence[str],
    answers: Collection[RowAnswer] = (),
    *,
    added: Collection[str] = (),
) -> Lookup:
    """Return the rows and candidates of the jobs without a row (`customers` by site).

    Rows are matched by what people answered, then by `criteria`. Of jobs with a row, those have
    candidates whose row was `added` (sites).
    """
    keyed = {site_in_text(row.get(KEY, "")) for row in texts.values()}
    jobs = {site: customer for site, customer in customers.items() if site not in keyed}
    rows = {place: row for place, row in texts.items() if not row.get(KEY)}
    by_user = _Answers(answers, rows)
    matches = by_user.chosen_rows(jobs.keys())
    taken = {found.place for found in matches.values()}
    matches |= match.match_rows(
        {site: customer for site, customer in jobs.items() if site not in matches},
        {place: row for place, row in rows.items() if place not in taken},
        criteria,
        by_user.is_ruled_out,
    )
    taken = {found.place for found in matches.values()}
    finder = CandidateFinder(rows)
    candidates, unsettled = dict[str, list[Place]](), set[str]()
    for site, customer in customers.items():
        if site in added or (site in jobs and site not in matches):
            places = [place for place in finder.candidates_of(customer) if place not in taken]
            if places:
                candidates[site] = places
            if not all(by_user.is_ruled_out(site, place) for place in places):
                unsettled.add(site)
    return Lookup(matches, candidates, frozenset(unsettled))


class _Answers:
    """What the user answered about rows."""

    def __init__(self, answers: Iterable[RowAnswer], rows: RowTexts) -> None:
        self._rows = rows
        self._by_site = defaultdict[str, list[RowAnswer]](list)
        for answer in answers:
            self._by_site[answer.site].append(answer)

    def _has(self, site: str, place: Place, *, is_same: bool) -> bool:
        row, answers = self._rows[place], self._by_site.get(site, ())
        return any(answer.is_same == is_same and answer.is_about(row) for answer in answers)

    def is_ruled_out(self, site: str, place: Place) -> bool:
        """Return whether the user answered that a row is not the job's."""
        return self._has(site, place, is_same=False)

    def chosen_rows(self, sites: Set[str]) -> dict[str, Match]:
        """Return the rows that the user chose for jobs, if each is still unambiguous."""
        found = {
            site: [
                Match(place, identity_texts(row))
                for place, row in self._rows.items()
                if self._has(site, place, is_same=True)
            ]
            for site in sites & self._by_site.keys()
        }
        return match.unambiguous(found)
