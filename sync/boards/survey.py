"""What is in a spreadsheet before tabs are mapped: Google's answer → values. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sync.boards import formulas
from sync.boards.mapping.tab import ROWS_READ, CellKind, Lock, NativeTable, SeenCell, SeenTab
from sync.sheets.cell_data import DATE_FORMATS, at
from sync.sheets.ids import MetadataEntry, metadata_entries
from sync.sheets.read_requests import METADATA_FIELDS, quoted

Json = Mapping[str, Any]

_T = TypeVar("_T")
ColumnPlace = tuple[int, int]
"""A column: sheet ID and zero-based index."""
Lists = Mapping[str, tuple[str, ...]]
"""The options of drop-downs by the range that they are taken from; () where that is gone."""

TABS = (
    "sheets(properties(sheetId,title,index,sheetType,hidden,gridProperties(rowCount,columnCount)))"
)
"""The mask of the first read: the titles that the ranges of the second are made of."""
TABLES = "tables(range,columnProperties(columnIndex,dataValidationRule))"
"""The mask of Google's own Tables: the drop-downs of their columns aren't in the cells."""
CELLS = (
    "sheets(properties(sheetId,title,index,sheetType,hidden,gridProperties(rowCount,columnCount)),"
    "merges,basicFilter,protectedRanges(range,description,warningOnly,requestingUserCanEdit),"
    f"{TABLES},"
    "data(startRow,rowData(values(formattedValue,userEnteredValue,userEnteredFormat,"
    "effectiveFormat(numberFormat(type)),dataValidation(condition),pivotTable)),"
    f"rowMetadata({METADATA_FIELDS}),columnMetadata(hiddenByUser,{METADATA_FIELDS})))"
)
TEXTS = "sheets(data(rowData(values(formattedValue))))"
"""The mask of the cells that hold the options of drop-downs."""
LOST = "#REF!"
"""In the range of a drop-down: its tab or its cells were deleted."""
_CELLS = re.compile(r"[A-Za-z]{1,3}\d+|[A-Za-z]{0,3}\d*:[A-Za-z]{0,3}\d*")
_MOST_OPTIONS = 500
"""Google's own limit for a drop-down."""
_OURS = "brightsheet."
_WHOLE = 1_000_000


@dataclass(frozen=True)
class Survey:
    """The tabs, and the answer that they were made of."""

    tabs: tuple[SeenTab, ...]
    answer: Json

    def style(self, sheet_id: int, row: int, column: int) -> Json:
        """Return the format that was given to a cell."""
        cell = _cell_at(_values(self._sheet(sheet_id)), row, column)
        return dict(cell.get("userEnteredFormat", {}))

    def basic_filter(self, sheet_id: int) -> Json:
        """Return the filter that is on in a tab, whole; {} where there is none."""
        return dict(self._sheet(sheet_id).get("basicFilter", {}))

    def _sheet(self, sheet_id: int) -> Json:
        sheets = self.answer.get("sheets", ())
        return next((s for s in sheets if s["properties"].get("sheetId", 0) == sheet_id), {})


def ranges(answer: Json) -> tuple[str, ...]:
    """Return the A1 ranges of the first rows of each grid in the answer to TABS."""
    tabs = (sheet["properties"] for sheet in answer.get("sheets", ()))
    return tuple(
        f"{quoted(tab['title'])}!1:{min(count, ROWS_READ)}"
        for tab in tabs
        if (count := tab.get("gridProperties", {}).get("rowCount"))
    )


def option_ranges(answer: Json) -> tuple[str, ...]:
    """Return the A1 ranges that drop-downs in an answer take their options from.

    One for each column, that of most cells.
    """
    ranges = (
        ((sheet_id, index), text)
        for sheet_id, title, index, cell in cells_in(answer)
        if (text := range_of(cell, title))
    )
    return tuple(dict.fromkeys(most_frequent(ranges).values()))


def most_frequent(found: Iterable[tuple[ColumnPlace, _T]]) -> dict[ColumnPlace, _T]:
    """Return the most frequent value of each column: some cells may have another drop-down."""
    by_column = defaultdict[ColumnPlace, Counter[_T]](Counter)
    for column, value in found:
        by_column[column][value] += 1
    return {column: counts.most_common(1)[0][0] for column, counts in by_column.items()}


def cells_in(answer: Json) -> Iterator[tuple[int, str, int, Json]]:
    """Yield sheet id, title, column index and cell."""
    for sheet in answer.get("sheets", ()):
        tab = sheet.get("properties", {})
        for grid in sheet.get("data", ()):
            first = grid.get("startColumn", 0)
            for line in _lines(sheet, grid):
                for index, cell in enumerate(line, first):
                    yield tab.get("sheetId", 0), tab.get("title", ""), index, cell


def _lines(sheet: Json, grid: Json) -> list[list[Json]]:
    """Return the cells of a grid by row, those of a Table with the drop-down of their column."""
    lines = [list(row.get("values", ())) for row in grid.get("rowData", ())]
    top, left = grid.get("startRow", 0), grid.get("startColumn", 0)
    for table in sheet.get("tables", ()):
        area = table["range"]
        first, end = area.get("startRowIndex", 0) + 1 - top, area["endRowIndex"] - top
        if first == len(lines):  # Google leaves out blank rows, here all below the headers.
            lines.append([])
        for column in table.get("columnProperties", ()):
            rule = column.get("dataValidationRule")
            index = area.get("startColumnIndex", 0) + column.get("columnIndex", 0) - left
            if not rule or index < 0:
                continue
            for line in lines[max(first, 0) : max(end, 0)]:
                line += [{}] * (index + 1 - len(line))
                line[index] = {"dataValidation": rule, **line[index]}
    return lines


def survey_of(first: Json, answer: Json, lists: Lists) -> Survey:
    """Return the tabs in the answers to TABS (`first`) and CELLS.

    `lists` are the texts in the ranges of drop-downs.
    """
    sheets = [*first.get("sheets", ()), *answer.get("sheets", ())]
    by_id = {sheet["properties"].get("sheetId", 0): sheet for sheet in sheets}
    return Survey(tuple(_tab(sheet, lists) for sheet in by_id.values()), answer)


def _tab(sheet: Json, lists: Lists) -> SeenTab:
    properties = sheet["properties"]
    size = properties.get("gridProperties", {})
    grid: Json = next(iter(sheet.get("data", ())), {})
    columns = grid.get("columnMetadata", ())
    values = _values(sheet)
    rows = []
    for number, line in enumerate(values):
        cells = (_cell(values, number, n, properties["title"], lists) for n in range(len(line)))
        rows.append(tuple(cells))
    merged_rows = set[int]()
    for area in sheet.get("merges", ()):
        merged = range(area.get("startRowIndex", 0), area.get("endRowIndex", 0))
        if len(merged) > 1:
            merged_rows.update(merged)
    tables = [table["range"] for table in sheet.get("tables", ())]
    return SeenTab(
        sheet_id=properties.get("sheetId", 0),
        title=properties["title"],
        index=properties.get("index", 0),
        row_count=size.get("rowCount", 0),
        column_count=size.get("columnCount", 0),
        is_grid=properties.get("sheetType", "GRID") == "GRID",
        is_hidden=properties.get("hidden", False),
        rows=tuple(rows),
        hidden_columns=frozenset(
            index for index, column in enumerate(columns) if column.get("hiddenByUser")
        ),
        merged_rows=frozenset(merged_rows),
        locks=tuple(_locks(sheet.get("protectedRanges", ()))),
        tables=tuple(
            NativeTable(area.get("startRowIndex", 0), area["endColumnIndex"]) for area in tables
        ),
        has_pivot=any("pivotTable" in cell for row in values for cell in row),
        row_entries=_entries(grid.get("rowMetadata", ())),
        column_entries=_entries(columns),
    )


def _values(sheet: Json) -> list[list[Json]]:
    return _lines(sheet, next(iter(sheet.get("data", ())), {}))


def _cell(
    values: Sequence[Sequence[Json]], row: int, index: int, title: str, lists: Lists
) -> SeenCell:
    cell = values[row][index]
    kind = _kind(cell)
    around = ((near, _formula(values, near, index)) for near in (row - 1, row + 1))
    own = _formula(values, row, index)
    if kind is CellKind.COMPUTED and formulas.is_total(own, row, title, around):
        kind = CellKind.TOTAL
    text, is_for_date = cell.get("formattedValue", ""), _is_for_date(cell)
    return SeenCell(text, kind, options_of(cell, title, lists), is_for_date)


def options_of(cell: Json, title: str, lists: Lists) -> tuple[str, ...] | None:
    """Return the options of the drop-down of a cell on the tab `title`.

    None without one, or if it takes them from another range than most of its column.
    """
    condition = cell.get("dataValidation", {}).get("condition", {})
    if condition.get("type") == "ONE_OF_LIST":
        values = (value.get("userEnteredValue", "") for value in condition.get("values", ()))
        return tuple(dict.fromkeys(values))
    return lists.get(range_of(cell, title))


def range_of(cell: Json, title: str) -> str:
    """Return the range that a cell's drop-down takes its options from, or "".

    With the tab that it is on: a drop-down on the tab `title` may leave out its own.
    """
    condition = cell.get("dataValidation", {}).get("condition", {})
    if condition.get("type") != "ONE_OF_RANGE":
        return ""
    value: Json = next(iter(condition.get("values", ())), {})
    text = str(value.get("userEnteredValue", "")).removeprefix("=") or LOST
    tab, mark, cells = text.rpartition("!")
    cells = cells.replace("$", "")
    is_on_own_tab = not mark and _CELLS.fullmatch(cells)  # Not the name of a range.
    return f"{quoted(title)}!{cells}" if is_on_own_tab else f"{tab}{mark}{cells}"


def texts(answer: Json) -> tuple[str, ...]:
    """Return the texts in the answer to TEXTS for one range, each once, without blank ones."""
    values = (cell.get("formattedValue", "") for *_, cell in cells_in(answer))
    return tuple(dict.fromkeys(text for text in values if text))[:_MOST_OPTIONS]


def _formula(values: Sequence[Sequence[Json]], row: int, index: int) -> str:
    entered = _cell_at(values, row, index).get("userEnteredValue", {})
    return str(entered.get("formulaValue", ""))


def _cell_at(values: Sequence[Sequence[Json]], row: int, index: int) -> Json:
    return at(values[row], index) if 0 <= row < len(values) else {}


def _is_for_date(cell: Json) -> bool:
    form = cell.get("effectiveFormat") or cell.get("userEnteredFormat", {})
    return form.get("numberFormat", {}).get("type") in DATE_FORMATS


def _kind(cell: Json) -> CellKind:
    entered = cell.get("userEnteredValue", {})
    if "formulaValue" in entered or (not entered and cell.get("formattedValue")):
        return CellKind.COMPUTED
    if "numberValue" in entered:
        return CellKind.DATE if _is_for_date(cell) else CellKind.NUMBER
    return CellKind.TEXT if entered else CellKind.BLANK


def _locks(protections: Iterable[Json]) -> Iterator[Lock]:
    for protection in protections:
        if protection.get("warningOnly") or protection.get("requestingUserCanEdit"):
            continue
        area = protection.get("range", {})
        yield Lock(
            area.get("startRowIndex", 0),
            area.get("endRowIndex", _WHOLE),
            area.get("startColumnIndex", 0),
            area.get("endColumnIndex", _WHOLE),
            protection.get("description", ""),
        )


def _entries(lines: Sequence[Json]) -> dict[int, tuple[MetadataEntry, ...]]:
    entries = {
        index: tuple(entry for entry in metadata_entries(line) if entry.key.startswith(_OURS))
        for index, line in enumerate(lines)
    }
    return {index: ours for index, ours in entries.items() if ours}
