"""Decides which row of a board is the job's, for jobs that have none. Pure.

| a job is | if | so |
|---------|----|-----|
| matched | the user chose a row, or one is its for certain (`match.py`) | the row gets its key |
| unsettled | it has candidates (`candidates.py`) that the user hasn't ruled out | it waits |
| settled | it has none, or the user ruled out all of them | it gets a new row |

A row with other text in place of a site ID ("n/a") is at most a candidate: a key doesn't replace
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

from sync.boards import match
from sync.boards.candidates import CandidateFinder
from sync.boards.customer_texts import RowTexts, identity_texts, texts_of_customer
from sync.boards.party import Party, Texts
from sync.field_table import KEY
from sync.jobs.model import Customer
from sync.sheets.cell_data import site_in_text
from sync.sheets.job_tabs import Match
from sync.sheets.row_identity import Place
from sync.store.boards import RowAnswer


@dataclass(frozen=True)
class Lookup:
    """The rows of jobs without one, by site. Jobs neither matched nor unsettled are settled."""

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
    """Return the rows and candidates of jobs (`customers` by site).

    Rows are matched by what the user answered, then by `criteria`. A job with a row has candidates
    only if its row was `added` for it (sites).
    """
    sites = {place: site_in_text(row.get(KEY, "")) for place, row in texts.items()}
    keyed = {*sites.values()}
    without_row = {site: customer for site, customer in customers.items() if site not in keyed}
    free_rows = {place: row for place, row in texts.items() if sites[place] is None}
    by_user = _RowAnswers(answers, free_rows, customers)
    chosen = by_user.chosen_rows(without_row.keys())
    chosen_places = {found.place for found in chosen.values()}
    certain = match.match_rows(
        {site: customer for site, customer in without_row.items() if site not in chosen},
        {place: row for place, row in free_rows.items() if place not in chosen_places},
        criteria,
        by_user.is_ruled_out,
    )
    matches = {
        site: found for site, found in (chosen | certain).items() if KEY not in texts[found.place]
    }
    matched_places = {found.place for found in matches.values()}
    finder = CandidateFinder(free_rows)
    candidates, unsettled = dict[str, list[Place]](), set[str]()
    for site, customer in customers.items():
        if site in added or (site in without_row and site not in matches):
            alike = finder.candidates_of(customer)
            if places := [place for place in alike if place not in matched_places]:
                candidates[site] = places
            if not all(by_user.is_ruled_out(site, place) for place in places):
                unsettled.add(site)
    return Lookup(matches, candidates, frozenset(unsettled))


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
