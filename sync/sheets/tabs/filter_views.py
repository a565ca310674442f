"""Builds filter views of tabs, and repairs those whose columns were deleted or moved. Pure.

A view is Google's FilterView as a JSON value.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from sync.field_table import REP
from sync.jobs.cells import Cell
from sync.jobs.status import REJECTED, WAITING, Case, Statuses
from sync.settings.config_file import Config, Meaning
from sync.sheets.cell_data import text_of, typed_text
from sync.sheets.sheet_requests import Request
from sync.sheets.snapshot import Tab, Table
from sync.sheets.surroundings import Surroundings
from sync.sheets.tabs import formatting

View = Mapping[str, Any]
Criteria = Mapping[str, Any]
"""Criteria by column ID, in Google's form (FilterCriteria)."""
ViewFilter = tuple[Criteria, tuple[str, str]]
"""Criteria, and the column and order to sort by."""
_FIRST = 1_126_170_100
"""The first ID of views."""
_STEP = 20
"""The distance to the next ID to try, if one is taken."""
DAYS = "days"
MOST_REPS = 10
"""The number of reps with a view: those with the most open jobs."""
_IDS = 100 * _STEP
"""The range of the IDs of reps' views."""
_REP_MADE = "view:rep:"
"""Prefix of the stored IDs of created views of reps."""
_HISTORY_FIRST = 1_126_170_110
"""The first ID of views of the History tab."""
_IS_SET: Criteria = {"condition": {"type": "NOT_BLANK"}}
_OLDEST = (DAYS, "DESCENDING")
_NEWEST_LINE = ("history:received", "DESCENDING")
LATER = ("Deadlines", "Unpaid")
"""Views whose columns may appear after the tab was created: the daily comparison adds them."""


def of_jobs(table: Table, config: Config, stuck_days: int) -> list[View]:
    """Return the views of a Jobs tab, without those whose columns are missing."""
    return views(table, filters(config, stuck_days), _FIRST)


def of_history(tab: Tab, config: Config) -> list[View]:
    """Return the views of a History tab."""
    approved = (status for status in config.statuses.values() if status.means is Meaning.APPROVED)
    word = next((status.label for status in approved), "")
    week = {"condition": {"type": "DATE_AFTER", "values": [{"relativeDate": "PAST_WEEK"}]}}
    wanted: dict[str, ViewFilter] = {
        "Approved this week": (
            {"history:received": week, "history:after": is_text("TEXT_EQ", word)},
            _NEWEST_LINE,
        ),
        "Since yesterday": (
            {"history:received": is_text("DATE_AFTER", "=TODAY()-2")},
            _NEWEST_LINE,
        ),
    }
    return views(tab, wanted, _HISTORY_FIRST)


def filters(config: Config, stuck_days: int) -> dict[str, ViewFilter]:
    """Return the filters of the Jobs tab's views, by title."""
    return {
        "Open": ({DAYS: _IS_SET}, _OLDEST),
        REJECTED: ({"status": _is_of(Case.REJECTED, config)}, _OLDEST),
        "Ready to submit": ({"next_action": _says(config.phrases.submit)}, _OLDEST),
        WAITING: ({"status": _is_of(Case.WAITING, config)}, _OLDEST),
        "Stuck": ({DAYS: {"condition": formatting.above(stuck_days)}}, _OLDEST),
        "Deadlines": ({"deadline": _IS_SET}, ("deadline", "ASCENDING")),
        "Unpaid": (
            {"payment_due": {"condition": formatting.BEFORE_TODAY}},
            ("payment_due", "ASCENDING"),
        ),
    }


def _is_of(case: Case, config: Config) -> Criteria:
    """Return the criteria for jobs with a status of this case, by its words in the config."""
    return {"condition": formatting.condition(Statuses(config).tint_of(case))}


def _says(phrase: str) -> Criteria:
    """Return the criteria for the texts of a phrase with one name in braces."""
    before, _, rest = phrase.partition("{")
    after = rest.partition("}")[2]
    return (
        is_text("TEXT_STARTS_WITH", before) if before else is_text("TEXT_CONTAINS", after.strip())
    )


def views(tab: Tab, wanted: Mapping[str, ViewFilter], first: int) -> list[View]:
    """Return views with IDs from `first` on, without those whose columns are missing."""
    made: list[View] = []
    columns = tab.columns
    for number, (title, (criteria, (sort, order))) in enumerate(wanted.items(), first):
        if not criteria.keys() <= columns.keys():
            continue
        specs = [
            {"columnIndex": columns[column], "filterCriteria": criterion}
            for column, criterion in criteria.items()
        ]
        sorting = [{"dimensionIndex": columns[sort], "sortOrder": order}] if sort in columns else []
        view = {
            "filterViewId": number,
            "title": title,
            "range": {
                "sheetId": tab.sheet_id,
                "startRowIndex": tab.header_row,
                "startColumnIndex": 0,
            },
            "filterSpecs": specs,
            "sortSpecs": sorting,
        }
        made.append(view)
    return made


def is_text(kind: str, text: str) -> Criteria:
    return {"condition": {"type": kind, "values": [{"userEnteredValue": text}]}}


def add(view: View, beside: Surroundings) -> Request:
    """Add a view, with another ID if its own is taken on any tab."""
    taken = {number for views in beside.views.values() for number in views}
    free = next(n for n in count(view["filterViewId"], _STEP) if n not in taken)
    return {"addFilterView": {"filter": {**view, "filterViewId": free}}}


def set_again(view: View, present: View) -> Request:
    """Reset the filters and the order of an existing view to those of `view`."""
    again = {**view, "filterViewId": present["filterViewId"]}
    return {"updateFilterView": {"filter": again, "fields": "filterSpecs,sortSpecs"}}


def present(view: View, known: Mapping[int, View]) -> View | None:
    """Return the same view among those of its tab (`known`, by ID), by its ID or else its title."""
    by_title = {each.get("title"): each for each in known.values()}
    return known.get(view["filterViewId"], by_title.get(view["title"]))


def is_displaced(view: View, present: View) -> bool:
    """Return whether a view lost its criteria with their column, or has them on another column."""
    wanted, now = _places(view), _places(present)
    if not now:
        return True
    is_unedited = [criteria for criteria, _ in wanted] == [criteria for criteria, _ in now]
    return is_unedited and wanted != now


def _places(view: View) -> list[tuple[str, int]]:
    """Return the criteria (as JSON), each with its column: Google may return them in any order."""
    return sorted(
        (json.dumps(spec.get("filterCriteria"), sort_keys=True), spec.get("columnIndex", 0))
        for spec in view.get("filterSpecs", ())
    )


# The views of reps, each with the rep's open jobs


def busiest(table: Table) -> list[str] | None:
    """Return the reps with the most open jobs; None if a needed column is missing.

    A job is open while its days are counted.
    """
    if not {REP, DAYS} <= table.cells.keys():
        return None
    rows = [rows[0] for rows in table.keys.values()]
    reps = [typed_text(table.cell(REP, row)) for row in rows if text_of(table.cell(DAYS, row))]
    jobs = Counter(filter(None, reps))
    return sorted(jobs, key=lambda rep: (-jobs[rep], rep))[:MOST_REPS]


def made_for(known: Collection[str]) -> set[str]:
    """Return the reps whose views were created, from the IDs of created parts."""
    return {each.removeprefix(_REP_MADE) for each in known if each.startswith(_REP_MADE)}


def without_view(rows: Iterable[Mapping[str, Cell]], known: Collection[str]) -> set[str]:
    """Return the reps of the open jobs among `rows` (cells by column ID) that have no view.

    `known` are the IDs of created parts. If all views are taken, the next comparison decides.
    """
    made = made_for(known)
    if len(made) >= MOST_REPS:
        return set()
    reps = {cells[REP].text.strip() for cells in rows if REP in cells and DAYS in cells}
    return reps - {*made, ""}


def id_of_rep(rep: str) -> str:
    """Return the ID under which it is stored that a rep's view was created."""
    return _REP_MADE + rep


@dataclass(frozen=True)
class RepViews:
    """A view for each rep in a tab, with IDs from `first` on and titles with an `ending`."""

    first: int
    ending: str
    column: str
    """The column of reps."""
    criteria: Criteria
    """The other criteria, by column ID."""
    sort: tuple[str, str]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the views filter and sort."""
        return (self.column, *self.criteria, self.sort[0])

    def renewed(
        self,
        tab: Tab,
        reps: Sequence[str],
        beside: Surroundings,
        made: Collection[str],
        *,
        restores: bool = False,
    ) -> list[Request]:
        """Return the requests that add the views of `reps` to a tab and remove those of others.

        A view that a person renamed or changed is kept. If a view of a rep in `made` is missing, a
        person deleted it: it returns only if `restores`.
        """
        filters: dict[str, ViewFilter] = {
            rep + self.ending: ({self.column: is_text("TEXT_EQ", rep), **self.criteria}, self.sort)
            for rep in reps
        }
        wanted = views(tab, filters, self.first)
        known = beside.views.get(tab.sheet_id, {})
        by_title = {view.get("title"): view for view in known.values()}
        names = {view["title"] for view in wanted}
        requests: list[Request] = [
            {"deleteFilterView": {"filterId": number}}
            for number, view in known.items()
            if self._is_of_rep(number, view) and view["title"] not in names
        ]
        for view in wanted:
            present = by_title.get(view["title"])
            rep = view["title"].removesuffix(self.ending)
            if present is None and (restores or rep not in made):
                requests.append(add(view, beside))
            elif present is not None and is_displaced(view, present):
                requests.append(set_again(view, present))
        return requests

    def _is_of_rep(self, number: int, view: View) -> bool:
        """Return whether a view is one of a rep, as it was created."""
        offset = number - self.first
        if not (0 <= offset < _IDS and offset % _STEP < MOST_REPS):
            return False
        values = [
            value.get("userEnteredValue")
            for spec in view.get("filterSpecs", ())
            for value in spec.get("filterCriteria", {}).get("condition", {}).get("values", ())
        ]
        return values == [view.get("title", "").removesuffix(self.ending)]


JOBS_OF_REPS = RepViews(_FIRST + 200, "'s jobs", REP, {DAYS: _IS_SET}, _OLDEST)
CHANGES_OF_REPS = RepViews(_FIRST + 210, "'s changes", "history:rep", {}, _NEWEST_LINE)
