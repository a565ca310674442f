"""The Pipeline tab: jobs by milestone and that milestone's own status, and a chart. Pure.

The numbers are formulas over whole columns of the Jobs tab, which follow wherever people put them:
they are right at every moment and cost no call. What is written is a row for a new milestone and a
column for a new status; both are inserted, so that nothing of anybody's is overwritten. A formula
is written again where a read shows that it counts something else.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from sync.field_table import KEY
from sync.jobs.cells import Column
from sync.jobs.status import Statuses
from sync.settings.config_file import Config
from sync.sheets import request
from sync.sheets.answer import (
    COLUMN_KEY,
    PIPELINE_COUNT,
    PIPELINE_KEY,
    PIPELINE_LABEL,
    PIPELINE_TAB,
)
from sync.sheets.request import Request
from sync.sheets.snapshot import Tab
from sync.sheets.surroundings import Surroundings
from sync.sheets.tabs import formatting
from sync.sheets.tabs.pipeline_formulas import (
    DAYS,
    MEDIAN,
    NO_COLUMN,
    OVERDUE,
    TOTAL,
    Counted,
    Formulas,
    JobsTab,
    entered,
    outdated,
)
from sync.sheets.writes import RowWrite
from sync.types import letters

CHART = 1_126_170_201
ADDED = (MEDIAN, OVERDUE)
"""Those that an older tab has not."""

_SIZE = (60, 14)
_LABEL = Column(
    id=PIPELINE_LABEL,
    header="Milestone",
    width=200,
    about="How many jobs stand where. The numbers are formulas over the Jobs tab; a row is added "
    "for each new milestone, a column for each new status: how many jobs have that status at that "
    f"milestone, without those that are archived. A number reads {NO_COLUMN!r} where a column of "
    "the Jobs tab that it needs was deleted.",
)
_COLUMNS = {
    TOTAL: Column(
        id=TOTAL,
        header="Jobs",
        width=70,
        about="Open jobs that stand here: the milestone is not approved, or it is and the next one "
        "has not started. A job can stand at several.",
    ),
    MEDIAN: Column(
        id=MEDIAN,
        header="Median days",
        width=70,
        about="Half of the jobs that stand here have waited longer, by *Days* in the Jobs tab.",
    ),
    OVERDUE: Column(
        id=OVERDUE,
        header="Over {days} days",
        width=70,
        about="How many of the jobs that stand here have waited longer than {days} days.",
    ),
}
_TITLE = "Jobs by milestone"
_STRONGER = 2.2
_WIDTH = 90
"""Pixels of the column of a status."""
_NUMBER = re.compile(r"\d+")


def is_possible(columns: Mapping[str, int]) -> bool:
    """Tell whether jobs can be counted: which columns there are is config."""
    return KEY in columns and any(column.startswith("status") for column in columns)


def make(
    title: str, position: int, beside: Surroundings, jobs: JobsTab, stuck_days: int
) -> tuple[list[Request], Tab]:
    """Return the requests that make the tab, without milestones yet, and the tab as it is then."""
    sheet_id = beside.free(PIPELINE_TAB)
    titles = [_LABEL, *(_titled(column, stuck_days) for column in _possible(jobs))]
    requests = request.make_tab(sheet_id, title, PIPELINE_KEY, _SIZE, position, frozen=1)
    requests += [
        request.metadata(COLUMN_KEY, column.id, sheet_id, "COLUMNS", index)
        for index, column in enumerate(titles)
    ]
    requests += formatting.sized(sheet_id, [column.width for column in titles])
    requests += request.headers(sheet_id, titles)
    requests.append(formatting.protected(sheet_id))
    places = {column.id: index for index, column in enumerate(titles)}
    headers = {index: column.header for index, column in enumerate(titles)}
    return requests, Tab(sheet_id, 0, *_SIZE, columns=places, headers=headers)


def _possible(jobs: JobsTab) -> list[str]:
    """Return the columns with formulas that do not stand for a status: which there can be."""
    return [TOTAL, *((MEDIAN, OVERDUE) if DAYS in jobs.columns else ())]


def _titled(column: str, stuck_days: int) -> Column:
    made = _COLUMNS[column]
    header, about = (text.format(days=stuck_days) for text in (made.header, made.about))
    return made.model_copy(update={"header": header, "about": about})


def with_columns(
    tab: Tab, jobs: JobsTab, stuck_days: int, known: Collection[str]
) -> tuple[list[Request], Tab]:
    """Return what adds the columns that an older tab has not, and the tab then.

    Those that are `known` were made before: a person deleted them.
    """
    requests: list[Request] = []
    for column in _possible(jobs):
        if column in tab.columns:
            requests += _retitled(tab, _titled(column, stuck_days))
        if column in {*tab.columns, *known} or PIPELINE_LABEL not in tab.columns:
            continue
        own = [tab.columns[c] for c in (PIPELINE_LABEL, *_COLUMNS) if c in tab.columns]
        index, made = max(own) + 1, _titled(column, stuck_days)
        header = RowWrite(
            sheet_id=tab.sheet_id, row=tab.header_row, cells=(request.header(index, made),)
        )
        requests += [
            request.insert(tab.sheet_id, "COLUMNS", index, 1, tab.column_count),
            request.metadata(COLUMN_KEY, column, tab.sheet_id, "COLUMNS", index),
            formatting.sized_column(tab.sheet_id, index, made.width),
            *request.write([header]),
        ]
        tab = _widened(tab, index, {index: made.header})
        formulas = {**tab.formulas, index: {}}
        tab = replace(tab, columns={**tab.columns, column: index}, formulas=formulas)
    return requests, tab


def _retitled(tab: Tab, column: Column) -> list[Request]:
    """Return what writes a header of ours again that names another number of days."""
    index = tab.columns[column.id]
    present, wanted = tab.headers.get(index, ""), column.header
    if present == wanted or _NUMBER.sub("", present) != _NUMBER.sub("", wanted):
        return []
    cells = (request.header(index, column),)
    return request.write([RowWrite(sheet_id=tab.sheet_id, row=tab.header_row, cells=cells)])


def grow(tab: Tab, counted: Counted, config: Config, jobs: JobsTab) -> tuple[list[Request], Tab]:
    """Return the requests for milestones and statuses that the tab has not, and the tab then.

    Formulas that were read and count something else are written again.
    """
    if PIPELINE_LABEL not in tab.columns:
        return [], tab  # A person deleted that column.
    grown = _with_rows(tab, counted)
    new_rows = [row for row, text in grown.labels.items() if text not in tab.labels.values()]
    requests = [
        request.insert(tab.sheet_id, "ROWS", row, 1, tab.row_count + number)
        for number, row in enumerate(new_rows)
    ]
    columns, grown, new_columns = _with_statuses(grown, counted, config)
    formulas = _formulas(grown, counted, config, jobs)
    requests += columns + request.write(_labels(grown, new_rows))
    requests += request.write(outdated(grown, formulas, new_rows, new_columns))
    return requests, replace(grown, formulas={})


def _formulas(tab: Tab, counted: Counted, config: Config, jobs: JobsTab) -> Formulas:
    statuses = Statuses(config)
    known = (status.label for status in config.statuses.values() if status.means == "approved")
    approved = {label: statuses.ending_with(label).text for label in sorted(set(known))}
    label = f"${letters(tab.columns[PIPELINE_LABEL])}"
    return Formulas(jobs, counted, label, statuses.label("ARCHIVED"), approved)


def _with_rows(tab: Tab, counted: Counted) -> Tab:
    """Return the tab with a row for each new milestone: in their order, else at the end."""
    labels, known = dict(tab.labels), set(tab.labels.values())
    last = len(counted.ranks)
    new = {milestone for milestone, _ in counted.pairs if milestone} - known
    met = {text: number for number, text in enumerate(counted.keys)}

    def place(label: str) -> tuple[int, int]:
        return (counted.ranks.get(label, last), met.get(label, len(met)))

    formulas = tab.formulas
    for text in sorted(new, key=lambda label: (place(label), label)):
        later = [row for row, label in labels.items() if place(label) > place(text)]
        row = min(later, default=max(labels, default=tab.header_row) + 1)
        labels = {at + (at >= row): label for at, label in labels.items()}
        labels[row] = text
        formulas = {
            index: {at + (at >= row): formula for at, formula in column.items()}
            for index, column in formulas.items()
        }
    count = tab.row_count + len(new)
    return replace(tab, labels=labels, row_count=count, formulas=formulas)


def _with_statuses(
    tab: Tab, counted: Counted, config: Config
) -> tuple[list[Request], Tab, set[int]]:
    """Return what adds a column for each new status, the tab then, and where those columns are.

    What needs somebody comes first, what is approved last.
    """
    places = {text: place for place, text in enumerate(_statuses(config))}

    def place(text: str) -> tuple[int, str]:
        return (places.get(text, _UNKNOWN), text)

    requests, known = list[Request](), {tab.headers.get(index) for index in tab.counts}
    new = {status for _, status in counted.pairs if status} - known
    for text in sorted(new, key=place):
        own = (tab.columns.get(column, 0) for column in (PIPELINE_LABEL, *_COLUMNS))
        later = [i for i in tab.counts if place(tab.headers.get(i, "")) > place(text)]
        index = min(later, default=max([*tab.counts, *own]) + 1)
        made = Column(id=PIPELINE_COUNT, header=text, width=_WIDTH)
        header = RowWrite(
            sheet_id=tab.sheet_id, row=tab.header_row, cells=(request.header(index, made),)
        )
        requests += [
            request.insert(tab.sheet_id, "COLUMNS", index, 1, tab.column_count),
            request.metadata(COLUMN_KEY, PIPELINE_COUNT, tab.sheet_id, "COLUMNS", index),
            formatting.sized_column(tab.sheet_id, index, _WIDTH),
            *request.write([header]),
        ]
        tab = _widened(tab, index, {index: text})
        tab = replace(tab, counts=tuple(sorted((*tab.counts, index))))
    return requests, tab, {index for index in tab.counts if tab.headers.get(index) in new}


_MEANINGS = ("rejected", "waiting", None, "approved", "cancelled")
"""Of statuses, in the order of their columns."""
_UNKNOWN = 1000
"""The place of a status that the config does not name: the last."""


def _statuses(config: Config) -> list[str]:
    """Return how milestones' statuses read, in the order of their columns."""
    known = sorted(config.statuses.values(), key=lambda status: _MEANINGS.index(status.means))
    return list(dict.fromkeys(status.label for status in known))


def _widened(tab: Tab, first: int, texts: Mapping[int, str]) -> Tab:
    """Return the tab with columns inserted before `first`; `texts` are their headers by index."""

    def moved(index: int) -> int:
        return index + len(texts) * (index >= first)

    return replace(
        tab,
        columns={column: moved(index) for column, index in tab.columns.items()},
        guards={column: moved(index) for column, index in tab.guards.items()},
        headers={**{moved(index): text for index, text in tab.headers.items()}, **texts},
        counts=tuple(map(moved, tab.counts)),
        formulas={moved(index): column for index, column in tab.formulas.items()},
        column_count=tab.column_count + len(texts),
    )


def _labels(tab: Tab, new_rows: Iterable[int]) -> list[RowWrite]:
    label = tab.columns[PIPELINE_LABEL]
    return [
        RowWrite(
            sheet_id=tab.sheet_id,
            row=row,
            cells=(entered(label, {"stringValue": tab.labels[row]}),),
        )
        for row in new_rows
    ]


def chart(tab: Tab, config: Config, *, is_new: bool) -> list[Request]:
    """Return the request that draws `tab`, or draws it again; none if a person removed it."""
    if not tab.labels or not tab.counts:
        return []
    spec = _spec(tab, config)
    if CHART in tab.charts:
        return [{"updateChartSpec": {"chartId": CHART, "spec": spec}}]
    if not is_new:
        return []
    corner = {
        "sheetId": tab.sheet_id,
        "rowIndex": min(max(tab.labels) + 2, tab.row_count - 1),
        "columnIndex": tab.columns[PIPELINE_LABEL],
    }
    place = {"anchorCell": corner, "widthPixels": 760, "heightPixels": 380}
    position = {"overlayPosition": place}
    return [{"addChart": {"chart": {"chartId": CHART, "spec": spec, "position": position}}}]


def _spec(tab: Tab, config: Config) -> Request:
    colors = {status.label: status.color for status in config.statuses.values() if status.color}
    series = []
    for index in tab.counts:
        color = colors.get(tab.headers.get(index, ""))
        style = {"colorStyle": formatting.color(_stronger(color))} if color else {}
        series.append({"series": _source(tab, index), "targetAxis": "BOTTOM_AXIS", **style})
    basic: dict[str, Any] = {
        "chartType": "BAR",
        "stackedType": "STACKED",
        "legendPosition": "BOTTOM_LEGEND",
        "headerCount": 1,
        "domains": [{"domain": _source(tab, tab.columns[PIPELINE_LABEL])}],
        "series": series,
        "axis": [{"position": "BOTTOM_AXIS", "title": "Jobs"}],
    }
    return {"title": _TITLE, "basicChart": basic}


def _source(tab: Tab, index: int) -> Request:
    """Return the header and the numbers of a column as a chart takes them."""
    area = {
        "sheetId": tab.sheet_id,
        "startRowIndex": tab.header_row,
        "endRowIndex": max(tab.labels) + 1,
        "startColumnIndex": index,
        "endColumnIndex": index + 1,
    }
    return {"sourceRange": {"sources": [area]}}


def _stronger(color: str) -> str:
    """Return a cell's pale colour as it is seen in a chart."""
    parts = (255 - min(255, round((255 - part) * _STRONGER)) for part in bytes.fromhex(color[1:]))
    return "#" + "".join(f"{part:02x}" for part in parts)
