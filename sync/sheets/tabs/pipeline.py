"""Builds the Pipeline tab: open jobs by the milestone they wait at, a chart, and an update time.

It is the same beside our Jobs tab and beside mapped tabs, and has numbers because formulas could
count only the columns and words that a tab has. A flush writes them in its batch, if they differ
from those stored on the header row. Pure.
"""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from sync.jobs.cells import Column
from sync.jobs.pipeline import PipelineLine
from sync.settings.config_file import Config, Meaning
from sync.sheets import encode, sheet_requests
from sync.sheets.ids import PIPELINE_KEY, PIPELINE_LABEL, PIPELINE_TAB
from sync.sheets.sheet_requests import CellWrite, Request, RowWrite
from sync.sheets.snapshot import PipelineTab
from sync.sheets.surroundings import Surroundings
from sync.sheets.tabs import formatting

CHART = 1_126_170_201
LATE_HOURS = 26
"""The tab is written at least once a day: if it is older than this, the worker isn't running."""

_OPEN, _REJECTED, _REVIEW, _NEXT, _MEDIAN, _OVER = (
    f"pipeline:{name}" for name in ("open", "rejected", "review", "next", "median", "over")
)
_NUMBERS = (_OPEN, _REJECTED, _REVIEW, _NEXT, _MEDIAN, _OVER)
"""The columns of numbers, in the order of a PipelineLine."""
_UPDATED = "pipeline:updated"
_OVER_TITLE = "Over {days} days"
_OVER_DAYS = re.compile(r"Over \d+ days")
_COLUMNS = (
    Column(
        id=PIPELINE_LABEL,
        header="Waiting at",
        width=200,
        header_note="The milestone that a job waits for: EverBright is reviewing it or rejected "
        "it, or you have to start or finish it. Each open job is counted once.",
    ),
    Column(id=_OPEN, header="Open jobs", width=70),
    Column(id=_REJECTED, header="Rejected", width=80),
    Column(id=_REVIEW, header="Under review", width=80),
    Column(id=_NEXT, header="In progress or next", width=100),
    Column(
        id=_MEDIAN,
        header="Median days in status",
        width=95,
        header_note="How long these jobs have had their status: half of them longer, half shorter.",
    ),
    Column(
        id=_OVER,
        header=_OVER_TITLE,
        width=70,
        header_note="How many of these jobs have had their status longer than that.",
    ),
    None,
    Column(
        id=_UPDATED,
        header="Updated",
        width=135,
        header_note="When Brightsheet last wrote to this spreadsheet: after each change, and at "
        f"least once a day. Red means that it was more than {LATE_HOURS} hours ago.",
    ),
)
"""The columns; None leaves one blank."""
_SIZE = (60, 14)
_TITLE = "Open jobs by milestone"
_COLORS = {_REJECTED: Meaning.REJECTED, _REVIEW: Meaning.WAITING, _NEXT: Meaning.OPEN}
"""The series of the chart: each has the color of the first status with that meaning."""
_STRONGER = 2.2
_RED = "#e06666"


@dataclass(frozen=True)
class Figures:
    """The content of the tab: the numbers of each milestone by its title, and the update time."""

    lines: Mapping[str, PipelineLine]
    order: Callable[[], Sequence[str]]
    """Returns the titles of milestones from first to last, needed to add rows."""
    config: Config
    stuck_days: int
    now: datetime
    zone: tzinfo
    """The spreadsheet's time zone, which its NOW() uses."""

    def line(self, milestone: str) -> PipelineLine:
        """Return the numbers of a milestone: zeros if no job waits there."""
        return self.lines.get(milestone, PipelineLine())


def make(
    title: str, position: int, beside: Surroundings, stuck_days: int, locale: str
) -> tuple[list[Request], PipelineTab]:
    """Return the requests that create the tab, without milestones, and the tab afterward."""
    sheet_id = beside.free(PIPELINE_TAB)
    columns = {
        index: column.model_copy(update={"header": column.header.format(days=stuck_days)})
        for index, column in enumerate(_COLUMNS)
        if column
    }
    places = {column.id: index for index, column in columns.items()}
    headers = {index: column.header for index, column in columns.items()}
    updated = places[_UPDATED]
    requests = sheet_requests.make_tab(sheet_id, title, PIPELINE_KEY, _SIZE, index=position)
    for index, column in columns.items():
        requests += formatting.column(sheet_id, index, column, protects=False)
    requests += sheet_requests.headers(sheet_id, columns)
    requests.append(formatting.as_moments(sheet_id, updated, locale))
    requests.append(formatting.older_than(sheet_id, updated, LATE_HOURS, _RED))
    requests.append(formatting.protected({"sheetId": sheet_id}))
    # All columns get guards: if people insert one between two, those become ends of runs, too.
    tab = PipelineTab(sheet_id, title, 0, *_SIZE, columns=places, headers=headers)
    requests += [*sheet_requests.header_guard(tab), *sheet_requests.column_guards(tab, places)]
    return requests, replace(tab, guards=places, has_header_guard=True)


def show(
    tab: PipelineTab, figures: Figures, *, is_daily: bool = False, draws: bool = False
) -> list[Request]:
    """Return the requests that make the tab show the figures; [] if it does already.

    If `is_daily`, everything is rewritten. If `draws`, a missing chart is drawn again.
    """
    if PIPELINE_LABEL not in tab.columns:
        return []  # A person deleted that column.
    before = _rows(tab, figures)
    missing = [milestone for milestone in figures.lines if milestone not in before.values()]
    rows = _with_rows(tab, before, missing, figures.order()) if missing else before
    if not rows:
        return []
    chart: list[Request] = []
    if missing or draws or not before:
        draws = draws or not before
        chart = _chart(tab, rows, figures.config, draws=draws, grows=bool(missing))
    columns = _places(tab, (*_NUMBERS, _UPDATED))
    digest = _digest(rows, columns, figures)
    if digest == tab.guard_value and not (is_daily or chart):
        return []
    requests = sheet_requests.header_guard(tab, digest)
    if missing:
        requests += _guards(tab, before, columns | _places(tab, (PIPELINE_LABEL,)))
        requests += _new_rows(tab, {row: m for row, m in rows.items() if m in missing})
    else:
        requests += _guards(tab, rows, columns)
    requests += _block(tab, rows, columns, figures)
    over, title = tab.columns.get(_OVER, -1), _OVER_TITLE.format(days=figures.stuck_days)
    header = tab.headers.get(over, "")
    if header != title and _OVER_DAYS.fullmatch(header):  # It is ours, with another number.
        cells = (_cell(over, _OVER, title),)
        write = RowWrite(sheet_id=tab.sheet_id, row=tab.header_row, cells=cells)
        requests += sheet_requests.write([write])
    return requests + chart


def stamp(tab: PipelineTab, figures: Figures) -> list[Request]:
    """Return the requests that write only the update time."""
    rows = _rows(tab, figures)
    if not rows or _UPDATED not in tab.columns:
        return []
    first, columns = {min(rows): rows[min(rows)]}, _places(tab, (_UPDATED,))
    return [*_guards(tab, first, columns), *_block(tab, first, columns, figures)]


def _places(tab: PipelineTab, columns: Sequence[str]) -> dict[str, int]:
    """Return the indexes of columns, without those that a person deleted."""
    return {column: tab.columns[column] for column in columns if column in tab.columns}


def _rows(tab: PipelineTab, figures: Figures) -> dict[int, str]:
    """Return the milestones by row, without rows that people added."""
    return {
        row: label
        for row, label in sorted(tab.labels.items())
        if label in figures.lines or _row_name(label) in tab.row_guards
    }


def _row_name(label: str) -> str:
    return f"row {label}"


def _with_rows(
    tab: PipelineTab, rows: Mapping[int, str], missing: Sequence[str], order: Sequence[str]
) -> dict[int, str]:
    """Return the milestones by row after `missing` ones are added, in their order or at the end."""
    places = {title: place for place, title in enumerate(order)}

    def place(milestone: str) -> int:
        return places.get(milestone, len(places))

    labels = dict(rows)
    for milestone in sorted(missing, key=lambda title: (place(title), title)):
        later = [row for row, label in labels.items() if place(label) > place(milestone)]
        at = min(later, default=max(labels, default=tab.header_row) + 1)
        labels = {row + (row >= at): label for row, label in labels.items()}
        labels[at] = milestone
    return dict(sorted(labels.items()))


def _guards(
    tab: PipelineTab, rows: Mapping[int, str], columns: Mapping[str, int]
) -> Iterator[Request]:
    """Make Google reject the batch if a row or column that it writes has moved since the read.

    Any insertion, deletion or move into or out of a run of neighbors moves its first or last one.
    Those between may change places with each other: then the next read finds them elsewhere, and
    all of them are written again.
    """
    ids = {index: column for column, index in columns.items()}
    yield from sheet_requests.column_guards(tab, [ids[index] for index in _ends(ids)])
    for row in _ends(rows):
        yield from sheet_requests.row_guard(tab, _row_name(rows[row]), row)


def _ends(indexes: Collection[int]) -> list[int]:
    """Return the first and the last of each run of neighbors."""
    return [i for i in sorted(indexes) if i - 1 not in indexes or i + 1 not in indexes]


def _new_rows(tab: PipelineTab, rows: Mapping[int, str]) -> Iterator[Request]:
    """Insert guarded rows for milestones."""
    for number, (row, label) in enumerate(rows.items()):
        cell = _cell(tab.columns[PIPELINE_LABEL], PIPELINE_LABEL, label)
        yield sheet_requests.insert(tab.sheet_id, "ROWS", row, 1, tab.row_count + number)
        yield from sheet_requests.row_guard(tab, _row_name(label), row)
        yield from sheet_requests.write([RowWrite(sheet_id=tab.sheet_id, row=row, cells=(cell,))])


def _block(
    tab: PipelineTab, rows: Mapping[int, str], columns: Mapping[str, int], figures: Figures
) -> Iterator[Request]:
    """Write `columns` of `rows`, with the update time in the first row.

    Milestones' names aren't written: if a person sorts the rows just then, the next read finds each
    elsewhere, and the numbers are written again.
    """
    for run in sheet_requests.runs(rows):
        written = []
        for row in run:
            values = dict[str, float | None](zip(_NUMBERS, figures.line(rows[row]), strict=True))
            if row == min(rows):
                values[_UPDATED] = encode.serial(figures.now, figures.zone)
            cells = tuple(_cell(index, c, values.get(c)) for c, index in columns.items())
            written.append(RowWrite(sheet_id=tab.sheet_id, row=row, cells=cells))
        yield from sheet_requests.write_block(written, "userEnteredValue")


def _cell(index: int, column: str, value: str | float | None) -> CellWrite:
    kind = "stringValue" if isinstance(value, str) else "numberValue"
    data = {} if value is None else {"userEnteredValue": {kind: value}}
    return CellWrite(index=index, column=column, data=data, fields="userEnteredValue")


def _digest(rows: Mapping[int, str], columns: Mapping[str, int], figures: Figures) -> str:
    """Return what is stored on the header row: a digest of all places and numbers."""
    lines = [[row, label, *figures.line(label)] for row, label in rows.items()]
    shown = json.dumps([lines, sorted(columns.items()), figures.stuck_days])
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def _chart(
    tab: PipelineTab, rows: Mapping[int, str], config: Config, *, draws: bool, grows: bool
) -> list[Request]:
    """Return the request that draws or updates the chart; none if a person removed it."""
    shown = [column for column in _COLORS if column in tab.columns]
    if not (rows and shown):
        return []
    is_there = CHART in tab.charts
    if not (grows if is_there else draws):
        return []
    spec = _spec(tab, rows, shown, config)
    if is_there:
        return [{"updateChartSpec": {"chartId": CHART, "spec": spec}}]
    corner = {
        "sheetId": tab.sheet_id,
        "rowIndex": min(max(rows) + 2, tab.row_count - 1),
        "columnIndex": tab.columns[PIPELINE_LABEL],
    }
    place = {"anchorCell": corner, "widthPixels": 760, "heightPixels": 380}
    chart = {"chartId": CHART, "spec": spec, "position": {"overlayPosition": place}}
    return [{"addChart": {"chart": chart}}]


def _spec(
    tab: PipelineTab, rows: Mapping[int, str], shown: Sequence[str], config: Config
) -> Request:
    colors: dict[Meaning, str] = {}
    for status in config.statuses.values():
        if status.color:
            colors.setdefault(status.means, status.color)

    def source(column: str) -> Request:
        """Return the header and the cells of a column as a chart's source."""
        whole = formatting.column_range(tab.sheet_id, tab.columns[column])
        area = whole | {"startRowIndex": tab.header_row, "endRowIndex": max(rows) + 1}
        return {"sourceRange": {"sources": [area]}}

    series = []
    for column in shown:
        color = colors.get(_COLORS[column])
        style = {"colorStyle": formatting.color(_stronger(color))} if color else {}
        series.append({"series": source(column), "targetAxis": "BOTTOM_AXIS", **style})
    basic: dict[str, Any] = {
        "chartType": "BAR",
        "stackedType": "STACKED",
        "legendPosition": "BOTTOM_LEGEND",
        "headerCount": 1,
        "domains": [{"domain": source(PIPELINE_LABEL)}],
        "series": series,
        "axis": [{"position": "BOTTOM_AXIS", "title": "Jobs"}],
    }
    return {"title": _TITLE, "basicChart": basic}


def _stronger(color: str) -> str:
    """Return a stronger version of a cell's pale color, for the chart."""
    parts = (255 - min(255, round((255 - part) * _STRONGER)) for part in bytes.fromhex(color[1:]))
    return "#" + "".join(f"{part:02x}" for part in parts)
