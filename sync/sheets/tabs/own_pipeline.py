"""The Pipeline beside a person's own tabs: jobs by milestone and status, as numbers. Pure.

Formulas would count his words, and only what he has a column for; these are counted from what is
stored. What they were written for is remembered on the header row: where the tab shows it, nothing
is written. Rows and columns are guarded like those of jobs, and new ones are inserted.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sync.jobs.cells import EMPTY, Cell, Column
from sync.jobs.status import Statuses
from sync.settings.config_file import Config
from sync.sheets import batch, request
from sync.sheets.answer import (
    COLUMN_KEY,
    LOOK_KEY,
    PIPELINE_COUNT,
    PIPELINE_KEY,
    PIPELINE_LABEL,
    PIPELINE_TAB,
    guard_id,
)
from sync.sheets.request import Request
from sync.sheets.snapshot import Tab
from sync.sheets.surroundings import Surroundings
from sync.sheets.tabs import formatting
from sync.sheets.writes import CellWrite, RowWrite

TOTAL = "pipeline:total"
_SIZE = (60, 14)
_WIDTHS = (200, 70)
_TITLES = (
    Column(
        id=PIPELINE_LABEL,
        header="Milestone",
        about="How many jobs stand where, counted from what EverBright says, whatever your own "
        "tabs say; at most a minute old. Archived jobs are left out.",
    ),
    Column(id=TOTAL, header="Jobs", about="Jobs whose furthest milestone it is."),
)


@dataclass(frozen=True)
class Figures:
    """How many jobs have a status at a milestone; "" as status: whose furthest milestone it is."""

    numbers: Mapping[tuple[str, str], int]
    milestones: Sequence[str]
    """In their order."""
    statuses: Sequence[str]


def count(
    jobs: Iterable[Mapping[str, Cell]], headers: Mapping[str, str], config: Config
) -> Figures:
    """Return the figures of jobs (cells by column id), without those that are archived.

    `headers` are those of the milestones' columns for their status, by id.
    """
    archived = Statuses(config).label("ARCHIVED")
    numbers: Counter[tuple[str, str]] = Counter()
    for cells in jobs:
        if cells.get("status", EMPTY).text == archived:
            continue
        numbers[cells.get("current_milestone", EMPTY).text, ""] += 1
        numbers.update((header, cells[c].text) for c, header in headers.items() if c in cells)
    order = [status.label for status in config.statuses.values()]
    statuses = {status for _, status in numbers if status}
    ranked = sorted(statuses, key=lambda s: (order.index(s) if s in order else len(order), s))
    return Figures(numbers, list(dict.fromkeys(headers.values())), ranked)


def make(title: str, position: int, beside: Surroundings) -> tuple[list[Request], Tab]:
    """Return the requests that make the tab, without milestones yet, and the tab as it is then."""
    sheet_id = beside.free(PIPELINE_TAB)
    requests = request.make_tab(sheet_id, title, PIPELINE_KEY, _SIZE, position)
    requests += [
        request.metadata(COLUMN_KEY, column.id, sheet_id, "COLUMNS", index)
        for index, column in enumerate(_TITLES)
    ]
    requests += formatting.sized(sheet_id, _WIDTHS)
    requests += request.headers(sheet_id, _TITLES)
    requests.append(formatting.protected(sheet_id))
    places = {column.id: index for index, column in enumerate(_TITLES)}
    headers = {index: column.header for index, column in enumerate(_TITLES)}
    return requests, Tab(sheet_id, 0, *_SIZE, columns=places, headers=headers)


def written(tab: Tab, figures: Figures) -> list[Request]:
    """Return the requests that make the tab show the figures; [] where it shows them."""
    if PIPELINE_LABEL not in tab.columns:
        return []  # A person deleted that column.
    rows, columns = _rows(tab, figures), _columns(tab, figures)
    look = _digest(rows, columns, figures)
    if look == tab.look:
        return []
    return [
        *_guards(tab),
        *(
            request.insert(tab.sheet_id, "ROWS", row, 1, tab.row_count)
            for row, label in rows.items()
            if label not in tab.labels.values()
        ),
        *_made_columns(tab, columns),
        *request.write(_numbers(tab, rows, columns, figures)),
        *_remember(tab, look),
    ]


def _rows(tab: Tab, figures: Figures) -> dict[int, str]:
    """Return the label of each row, with rows for new milestones: in their order, else last."""
    place = {label: number for number, label in enumerate(figures.milestones)}
    labels = dict(tab.labels)
    for new in figures.milestones:
        if new in labels.values():
            continue
        later = [row for row, label in labels.items() if place.get(label, -1) > place[new]]
        at = min(later, default=max(labels, default=tab.header_row) + 1)
        labels = {row + (row >= at): label for row, label in labels.items()}
        labels[at] = new
    return dict(sorted(labels.items()))


def _columns(tab: Tab, figures: Figures) -> dict[int, str]:
    """Return the status of each column ("" for all jobs), with new ones at the right."""
    known = {index: tab.headers.get(index, "") for index in tab.counts}
    new = [status for status in figures.statuses if status not in known.values()]
    first = max([*known, *tab.columns.values()]) + 1
    total = {tab.columns[TOTAL]: ""} if TOTAL in tab.columns else {}
    return {**total, **known, **dict(enumerate(new, first))}


def _made_columns(tab: Tab, columns: Mapping[int, str]) -> list[Request]:
    requests: list[Request] = []
    for number, (index, status) in enumerate(columns.items()):
        if index in (*tab.counts, tab.columns.get(TOTAL)):
            continue
        size = tab.column_count + number
        requests.append(request.insert(tab.sheet_id, "COLUMNS", index, 1, size))
        requests.append(
            request.metadata(COLUMN_KEY, PIPELINE_COUNT, tab.sheet_id, "COLUMNS", index)
        )
        cell = request.header(index, Column(id=PIPELINE_COUNT, header=status))
        header = RowWrite(sheet_id=tab.sheet_id, row=tab.header_row, cells=(cell,))
        requests += request.write([header])
    return requests


def _numbers(
    tab: Tab, rows: Mapping[int, str], columns: Mapping[int, str], figures: Figures
) -> list[RowWrite]:
    label_at = tab.columns[PIPELINE_LABEL]

    def cell(index: int, value: dict[str, object]) -> CellWrite:
        data = {"userEnteredValue": value}
        return CellWrite(index=index, column="", data=data, fields="userEnteredValue")

    lines = []
    for row, label in rows.items():
        cells = [
            cell(index, {"numberValue": figures.numbers.get((label, status), 0)})
            for index, status in columns.items()
        ]
        if label not in tab.labels.values():
            cells.append(cell(label_at, {"stringValue": label}))
        is_counted = label in figures.milestones  # A person's own row is left alone.
        if is_counted:
            lines.append(RowWrite(sheet_id=tab.sheet_id, row=row, cells=tuple(cells)))
    return lines


def _guards(tab: Tab) -> list[Request]:
    """Refuse the batch where the header row, a column or a row was moved since the read."""
    requests = batch.header_guard(tab)
    requests += batch.column_guards(tab, [c for c in (PIPELINE_LABEL, TOTAL) if c in tab.columns])
    for index in tab.counts:
        name = f"count {tab.headers.get(index, '')}"
        requests += batch.place_guard(tab, name, "COLUMNS", index)
    for row, label in tab.labels.items():
        requests += batch.place_guard(tab, f"row {label}", "ROWS", row)
    return requests


def _digest(rows: Mapping[int, str], columns: Mapping[int, str], figures: Figures) -> str:
    """Return what tells whether other numbers are due, or the same at another place."""
    numbers = sorted((*key, number) for key, number in figures.numbers.items())
    places = [sorted(rows.items()), sorted(columns.items()), numbers]
    return hashlib.sha256(json.dumps(places).encode()).hexdigest()[:24]


def _remember(tab: Tab, look: str) -> list[Request]:
    number = guard_id(tab.sheet_id, "figures")
    lookup = {"developerMetadataLookup": {"metadataId": number}}
    return [
        {"deleteDeveloperMetadata": {"dataFilter": lookup}},
        request.metadata(LOOK_KEY, look, tab.sheet_id, "ROWS", tab.header_row, number),
    ]
