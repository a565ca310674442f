"""Parses what a read returns as a `Snapshot`; `read_requests` has what it asks for. Pure.

A tab is recognized by the metadata of its header row and columns, not by titles or texts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.field_table import KEY
from sync.sheets.cell_data import CellData, Row, note_of, text_of
from sync.sheets.ids import (
    COLUMN_KEY,
    FENCE_KEY,
    FENCE_TAB,
    FORMAT_KEY,
    GUARD_KEY,
    HEADER,
    HEADER_KEY,
    HISTORY_KEY,
    HISTORY_TAB,
    JOBS_TAB,
    PIPELINE_KEY,
    PIPELINE_LABEL,
    PIPELINE_TAB,
    TAB_KINDS,
    WORDS_KEY,
    MetadataEntry,
    mapping_id,
    metadata_entries,
    moment_mapped,
    parsed_words,
    stable_id,
)
from sync.sheets.snapshot import Fence, HiddenTab, PipelineTab, Snapshot, Tab, Table, rows_by_site

Json = Mapping[str, Any]


def rows_of(answer: Json, sheet_id: int) -> dict[int, Row]:
    """Return the rows of a tab by index, from all parts that were read; unread cells are {}."""
    rows: dict[int, Row] = {}
    sheets = (sheet for sheet in answer.get("sheets", ()) if _id(sheet) == sheet_id)
    for grid in (grid for sheet in sheets for grid in sheet.get("data", ())):
        first = grid.get("startColumn", 0)
        for number, data in enumerate(grid.get("rowData", ()), grid.get("startRow", 0)):
            row, values = [*rows.get(number, ())], data.get("values", ())
            row += [{}] * (first - len(row))
            row[first : first + len(values)] = values
            rows[number] = row
    return rows


def _id(sheet: Json) -> int:
    return int(sheet["properties"].get("sheetId", 0))


def _entries(dimensions: Sequence[Json], first: int = 0) -> list[tuple[int, MetadataEntry]]:
    """Return the metadata of rows or columns, with their indexes from `first` on."""
    return [
        (index, entry)
        for index, dimension in enumerate(dimensions, first)
        for entry in metadata_entries(dimension)
    ]


@dataclass(frozen=True)
class HeaderRow:
    """The header row of a tab: its zero-based index, its metadata, and what its columns have."""

    sheet: Json
    kind: str
    """The metadata key of such tabs, one of TAB_KINDS."""
    grid: Json
    row: int
    entries: Sequence[MetadataEntry]
    columns: Sequence[tuple[int, MetadataEntry]]
    """The metadata of columns, with their indexes, from the left."""
    cells: Mapping[int, CellData]
    """By column index."""


def _header_row(sheet: Json) -> HeaderRow | None:
    """Return the row with the metadata of one of our tabs, if there is one."""
    widest: HeaderRow | None = None
    for grid in sheet.get("data", ()):
        entries = [entry for _, entry in _entries(grid.get("rowMetadata", ())[:1])]
        kinds = [entry.key for entry in entries if entry.key in TAB_KINDS]
        columns = grid.get("columnMetadata", ())
        # The read asks for the row and for columns. If it is row 1 and the keys are in column F,
        # Google returns the grids A1:Z1 and F1:F900. Both have its metadata; the widest is its own.
        if kinds and (widest is None or len(columns) > len(widest.grid.get("columnMetadata", ()))):
            first, row = grid.get("startColumn", 0), grid.get("startRow", 0)
            values = (grid.get("rowData") or [{}])[0].get("values", ())
            kind, cells = min(kinds, key=TAB_KINDS.index), dict(enumerate(values, first))
            widest = HeaderRow(sheet, kind, grid, row, entries, _entries(columns, first), cells)
    return widest


def snapshot_of(answer: Json, choose: Callable[[Sequence[Table]], tuple[Table, ...]]) -> Snapshot:
    """Parse `answer` (a Spreadsheet); `choose` is `JobTabs.tables`."""
    sheets = sorted(answer.get("sheets", ()), key=lambda each: each["properties"].get("index", 0))
    found = [header for sheet in sheets if (header := _header_row(sheet))]
    all_tables = tuple(_table(header) for header in found if header.kind == HEADER_KEY)
    histories = (_tab(header) for header in found if header.kind == HISTORY_KEY)
    pipelines = (_pipeline(header) for header in found if header.kind == PIPELINE_KEY)
    hidden = {_id(header.sheet): header.sheet for header in found if header.kind == FENCE_KEY}
    protected = hidden.get(FENCE_TAB, {}).get("protectedRanges", ())
    properties = answer.get("properties", {})
    return Snapshot(
        time_zone=properties.get("timeZone") or "Etc/UTC",
        locale=properties.get("locale", ""),
        tables=choose(all_tables),
        all_tables=all_tables,
        without_header={
            _id(sheet): sheet["properties"]["title"]
            for sheet in sheets
            if all(header.sheet is not sheet for header in found)
        },
        fences=tuple(map(Fence.of, protected)),
        hidden_tabs={
            tab: HiddenTab(sheet["properties"]["title"], len(sheet.get("conditionalFormats", ())))
            for tab, sheet in hidden.items()
        },
        # If a person has duplicated one of these tabs, the one with our sheet ID counts.
        history=max(histories, key=lambda tab: tab.sheet_id == HISTORY_TAB, default=None),
        pipeline=max(pipelines, key=lambda tab: tab.sheet_id == PIPELINE_TAB, default=None),
    )


def _tab(header: HeaderRow) -> Tab:
    properties, sheet_id = header.sheet["properties"], _id(header.sheet)
    size = properties["gridProperties"]
    # The leftmost column with an ID counts.
    columns = {e.value: index for index, e in reversed(header.columns) if e.key == COLUMN_KEY}
    guard = stable_id(sheet_id, HEADER)
    return Tab(
        sheet_id=sheet_id,
        title=properties["title"],
        header_row=header.row,
        row_count=size["rowCount"],
        column_count=size["columnCount"],
        columns=columns,
        guards={
            entry.value: index
            for index, entry in header.columns
            # A duplicated tab also has other tabs' guards.
            if entry.key == GUARD_KEY and entry.id == stable_id(sheet_id, entry.value)
        },
        has_header_guard=any(entry.id == guard for entry in header.entries),
        headers={index: text for index, cell in header.cells.items() if (text := text_of(cell))},
    )


def _cells_below(header: HeaderRow, columns: Mapping[str, int]) -> dict[str, dict[int, CellData]]:
    """Return the cells below the header of each column that was read, by column ID and row."""
    by_index = {index: column for column, index in columns.items()}
    found: dict[str, dict[int, CellData]] = {}
    for grid in header.sheet.get("data", ()):
        column = by_index.get(grid.get("startColumn", 0))
        if not column or grid is header.grid or len(grid.get("columnMetadata", ())) != 1:
            continue
        cells = found.setdefault(column, {})
        for row, data in enumerate(grid.get("rowData", ()), grid.get("startRow", 0)):
            if row > header.row and (values := data.get("values")):
                cells[row] = values[0]
    return found


def _pipeline(header: HeaderRow) -> PipelineTab:
    tab = _tab(header)
    labels = _cells_below(header, tab.columns).get(PIPELINE_LABEL, {})
    row_guards = {
        entry.value: row
        for grid in header.sheet.get("data", ())
        for row, entry in _entries(grid.get("rowMetadata", ()), grid.get("startRow", 0))
        if row > header.row and entry.key == GUARD_KEY
    }
    return PipelineTab(
        **vars(tab),
        labels={row: text for row, cell in labels.items() if (text := text_of(cell))},
        row_guards=row_guards,
        guard_value=next((e.value for e in header.entries if e.key == GUARD_KEY), ""),
        charts=frozenset(chart["chartId"] for chart in header.sheet.get("charts", ())),
    )


def _table(header: HeaderRow) -> Table:
    tab = _tab(header)
    on_row = {entry.key: entry.value for entry in header.entries}
    mapped_at = moment_mapped(on_row[HEADER_KEY])
    is_original = tab.sheet_id == JOBS_TAB
    if mapped_at:
        is_original = tab.has_header_guard or any(
            entry.id == mapping_id(tab.sheet_id) for entry in header.entries
        )
    cells = _cells_below(header, tab.columns)
    words = {index: parsed_words(e.value) for index, e in header.columns if e.key == WORDS_KEY}
    return Table(
        **vars(tab),
        keys=rows_by_site(cells.get(KEY, {})),
        format_version=on_row.get(FORMAT_KEY),
        header_notes={c: note_of(header.cells.get(n, {})) for c, n in tab.columns.items()},
        mapped_at=mapped_at,
        native_end=native_end(header.sheet, header.row),
        is_original=is_original,
        words={c: words[index] for c, index in tab.columns.items() if index in words},
        cells=cells,
    )


def native_end(sheet: Json, header_row: int) -> int | None:
    """Return the row below Google's own Table with this header row; None without one."""
    areas = (table["range"] for table in sheet.get("tables", ()))
    ends = (a["endRowIndex"] for a in areas if a.get("startRowIndex", 0) == header_row)
    return next(ends, None)
