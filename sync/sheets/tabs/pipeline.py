"""The Pipeline tab: jobs by milestone and status, and a chart. Pure.

The numbers are formulas over named ranges, which follow the Jobs tab's columns wherever people put
them: they are right at every moment and cost no call. What is written is a row for a new milestone
and a column for a new status; both are inserted, so that nothing of anybody's is overwritten.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sync.jobs.columns import KEY, Column
from sync.jobs.status import Statuses
from sync.settings.config_file import Config
from sync.sheets import request
from sync.sheets.identifiers import (
    COLUMN_KEY,
    PIPELINE_COUNT,
    PIPELINE_KEY,
    PIPELINE_LABEL,
    PIPELINE_TAB,
)
from sync.sheets.request import Request
from sync.sheets.snapshot import Tab, Table
from sync.sheets.surroundings import Surroundings
from sync.sheets.tabs import formatting
from sync.sheets.writes import CellWrite, RowWrite
from sync.types import letters

CHART = 1_126_170_201
NAMES = {
    "current_milestone": "Brightsheet_Milestone",
    "status": "Brightsheet_Status",
    KEY: "Brightsheet_Site",
}
"""Named ranges, by the column that each lies over."""

_TOTAL = "pipeline:total"
_SIZE = (60, 14)
_LABEL = Column(
    id=PIPELINE_LABEL,
    header="Milestone",
    about="How many jobs stand where. The numbers are formulas over the Jobs tab; a row is added "
    "for each new milestone, a column for each new status.",
)
_TITLE = "Jobs by milestone"
_STRONGER = 2.2


@dataclass(frozen=True)
class Counted:
    """What the jobs of a batch show: `pairs` of milestone and status."""

    pairs: frozenset[tuple[str, str]] = frozenset()
    ranks: Mapping[str, int] = field(default_factory=dict)
    """The place of each configured milestone, by its header."""
    order: Sequence[str] = ()
    """All milestones in the order of their columns: what is not configured, as it was first met."""


def names(
    sheet_id: int,
    columns: Mapping[str, int],
    taken: Iterable[str],
    wanted: Container[str],
) -> list[Request]:
    """Return the requests that lay `wanted` named ranges over their columns.

    Those with `taken` ids go first.
    """
    requests: list[Request] = [{"deleteNamedRange": {"namedRangeId": name}} for name in taken]
    for column, name in NAMES.items():
        if name not in wanted:
            continue
        index = columns[column]
        area = {"sheetId": sheet_id, "startColumnIndex": index, "endColumnIndex": index + 1}
        requests.append({"addNamedRange": {"namedRange": {"name": name, "range": area}}})
    return requests


def displaced(table: Table, beside: Surroundings) -> Iterator[str]:
    """Give the names of ranges that do not lie over their column of `table`."""
    for column, name in NAMES.items():
        _, area = beside.names.get(name, ("", {}))
        place = (area.get("sheetId", 0), area.get("startColumnIndex", 0))
        if not area or place != (table.sheet_id, table.columns[column]):
            yield name


def is_possible(columns: Mapping[str, int]) -> bool:
    """Tell whether the columns that are counted exist: which there are is config."""
    return NAMES.keys() <= columns.keys()


def make(title: str, position: int, beside: Surroundings) -> tuple[list[Request], Tab]:
    """Return the requests that make the tab, without milestones yet, and the tab as it is then."""
    sheet_id = beside.free(PIPELINE_TAB)
    titles = [_LABEL, Column(id=_TOTAL, header="Jobs")]
    requests = request.make_tab(sheet_id, title, PIPELINE_KEY, _SIZE, position, frozen=1)
    requests += [
        request.metadata(COLUMN_KEY, column.id, sheet_id, "COLUMNS", index)
        for index, column in enumerate(titles)
    ]
    requests += formatting.sized(sheet_id, [200, 70])
    requests += request.headers(sheet_id, titles)
    requests.append(formatting.protected(sheet_id))
    places = {column.id: index for index, column in enumerate(titles)}
    headers = {index: column.header for index, column in enumerate(titles)}
    return requests, Tab(sheet_id, 0, *_SIZE, columns=places, headers=headers)


def grow(tab: Tab, counted: Counted, config: Config) -> tuple[list[Request], Tab]:
    """Return the requests for milestones and statuses that the tab has not, and the tab then."""
    if PIPELINE_LABEL not in tab.columns:
        return [], tab  # A person deleted that column.
    grown = _with_rows(tab, counted)
    new_rows = [row for row, text in grown.labels.items() if text not in tab.labels.values()]
    requests = [
        request.insert(tab.sheet_id, "ROWS", row, 1, tab.row_count + number)
        for number, row in enumerate(new_rows)
    ]
    grown, texts = _with_columns(grown, counted, config)
    for number, (index, text) in enumerate(texts.items()):
        requests.append(
            request.insert(tab.sheet_id, "COLUMNS", index, 1, tab.column_count + number)
        )
        requests.append(
            request.metadata(COLUMN_KEY, PIPELINE_COUNT, tab.sheet_id, "COLUMNS", index)
        )
        cell = request.header(index, Column(id=PIPELINE_COUNT, header=text))
        header = RowWrite(sheet_id=tab.sheet_id, row=tab.header_row, cells=(cell,))
        requests += request.write([header])
    requests += request.write(_cells(grown, new_rows, texts))
    return requests, grown


def _with_rows(tab: Tab, counted: Counted) -> Tab:
    """Return the tab with a row for each new milestone: in their order, else at the end."""
    labels, known = dict(tab.labels), set(tab.labels.values())
    last = len(counted.ranks)
    new = {milestone for milestone, _ in counted.pairs if milestone} - known
    met = {text: number for number, text in enumerate(dict.fromkeys(counted.order))}

    def place(label: str) -> tuple[int, int]:
        return (counted.ranks.get(label, last), met.get(label, len(met)))

    for text in sorted(new, key=lambda label: (place(label), label)):
        later = [row for row, label in labels.items() if place(label) > place(text)]
        row = min(later, default=max(labels, default=tab.header_row) + 1)
        labels = {at + (at >= row): label for at, label in labels.items()}
        labels[row] = text
    return replace(tab, labels=labels, row_count=tab.row_count + len(new))


def _with_columns(tab: Tab, counted: Counted, config: Config) -> tuple[Tab, dict[int, str]]:
    """Return the tab with a column for each new status, and the new headers by column index."""
    order = Statuses(config).words()
    known = {tab.headers.get(index) for index in tab.counts}
    new = {status for _, status in counted.pairs if status} - known
    own = (tab.columns.get(column, 0) for column in (PIPELINE_LABEL, _TOTAL))
    first = max([*tab.counts, *own]) + 1
    ranked = sorted(
        new, key=lambda word: (order.index(word) if word in order else len(order), word)
    )
    texts = dict(enumerate(ranked, first))

    def moved(index: int) -> int:
        return index + len(new) * (index >= first)

    grown = replace(
        tab,
        columns={column: moved(index) for column, index in tab.columns.items()},
        guards={column: moved(index) for column, index in tab.guards.items()},
        headers={**{moved(i): text for i, text in tab.headers.items()}, **texts},
        counts=(*tab.counts, *texts),
        column_count=tab.column_count + len(new),
    )
    return grown, texts


def _cells(tab: Tab, new_rows: Sequence[int], new_columns: Iterable[int]) -> list[RowWrite]:
    """Return the cells of new rows and columns; the label column is A, wherever it is now."""
    label, fresh = tab.columns[PIPELINE_LABEL], set(new_columns)
    rows = []
    for row, text in tab.labels.items():
        where = f"${letters(label)}{row + 1}"
        cells = [_cell(label, {"stringValue": text})] if row in new_rows else []
        counted = dict.fromkeys(tab.counts, True)
        if _TOTAL in tab.columns:
            counted[tab.columns[_TOTAL]] = False
        for index, by_status in counted.items():
            if row in new_rows or index in fresh:
                status = f"{letters(index)}${tab.header_row + 1}" if by_status else ""
                cells.append(_cell(index, {"formulaValue": _formula(where, status)}))
        rows.append(RowWrite(sheet_id=tab.sheet_id, row=row, cells=tuple(cells)))
    return rows


def _formula(milestone: str, status: str) -> str:
    """Return what counts the jobs, each once however many rows it has.

    A status is counted by its word, wherever in it the milestones are named. Semicolons are taken
    in every locale.
    """
    parts = [NAMES[KEY], NAMES["current_milestone"], milestone]
    texts = (status, f'{status}&" *"', f'"* "&{status}', f'"* "&{status}&",*"')
    by_status = [[*parts, NAMES["status"], text] for text in texts]
    terms = by_status if status else [parts]
    return "=" + "+".join(f"COUNTUNIQUEIFS({';'.join(term)})" for term in terms)


def _cell(index: int, value: dict[str, str]) -> CellWrite:
    data = {"userEnteredValue": value}
    return CellWrite(index=index, column="", data=data, fields="userEnteredValue")


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
    colors = Statuses(config).colors()
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
