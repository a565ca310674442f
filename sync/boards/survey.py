"""What is in a spreadsheet before tabs are mapped: Google's answer → values. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.boards import formulas
from sync.boards.mapping.tab import LOOKED_AT, CellKind, Entry, Lock, SeenCell, SeenTab
from sync.sheets.cell_data import DATE_FORMATS
from sync.sheets.read import quoted

Json = Mapping[str, Any]

Lists = Mapping[str, tuple[str, ...]]
"""The options of drop-downs by the range that they are taken from; () where that is gone."""

TABS = (
    "sheets(properties(sheetId,title,index,sheetType,hidden,gridProperties(rowCount,columnCount)))"
)
"""The mask of the first read: the titles that the ranges of the second are made of."""
_ENTRY = "developerMetadata(metadataId,metadataKey,metadataValue)"
CELLS = (
    "sheets(properties(sheetId,title,index,sheetType,hidden,gridProperties(rowCount,columnCount)),"
    "merges,basicFilter,protectedRanges(range,description,warningOnly,requestingUserCanEdit),"
    "tables(name),"
    "data(startRow,rowData(values(formattedValue,userEnteredValue,userEnteredFormat,"
    "effectiveFormat(numberFormat(type)),dataValidation(condition),pivotTable)),"
    f"rowMetadata({_ENTRY}),columnMetadata(hiddenByUser,{_ENTRY})))"
)
TEXTS = "sheets(data(rowData(values(formattedValue))))"
"""The mask of the cells that hold the options of drop-downs."""
_LOST = "#REF!"
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
        values = _values(self._sheet(sheet_id))
        cells = values[row] if row < len(values) else ()
        cell: Json = cells[column] if column < len(cells) else {}
        return dict(cell.get("userEnteredFormat", {}))

    def basic_filter(self, sheet_id: int) -> Json:
        """Return the filter that is on in a tab, whole; {} where there is none."""
        return dict(self._sheet(sheet_id).get("basicFilter", {}))

    def _sheet(self, sheet_id: int) -> Json:
        sheets = self.answer.get("sheets", ())
        return next((s for s in sheets if s["properties"].get("sheetId", 0) == sheet_id), {})


def ranges(answer: Json) -> tuple[str, ...]:
    """Return the A1 ranges of the first rows of each grid in the answer to TABS."""
    rows = []
    for sheet in answer.get("sheets", ()):
        properties = sheet["properties"]
        if count := properties.get("gridProperties", {}).get("rowCount"):
            rows.append(f"{quoted(properties['title'])}!1:{min(count, LOOKED_AT)}")
    return tuple(rows)


def option_ranges(answer: Json) -> tuple[str, ...]:
    """Return the A1 ranges that drop-downs in the answer to CELLS take their options from.

    One for each column: that of its first cell with such a drop-down.
    """
    by_column: dict[tuple[int, int], str] = {}
    for number, sheet in enumerate(answer.get("sheets", ())):
        for row in _values(sheet):
            for index, cell in enumerate(row):
                if text := range_of(cell, sheet["properties"]["title"]):
                    by_column.setdefault((number, index), text)
    return tuple(dict.fromkeys(by_column.values()))


def survey(first: Json, answer: Json, lists: Lists) -> Survey:
    """Return the tabs; `lists` are the texts in the ranges of drop-downs."""
    by_id = {sheet["properties"].get("sheetId", 0): sheet for sheet in answer.get("sheets", ())}
    tabs = []
    for sheet in first.get("sheets", ()):
        sheet_id = sheet["properties"].get("sheetId", 0)
        tabs.append(_tab(by_id.get(sheet_id, sheet), lists))
    return Survey(tuple(tabs), answer)


def _tab(sheet: Json, lists: Lists) -> SeenTab:
    properties = sheet["properties"]
    size = properties.get("gridProperties", {})
    grid: Json = next(iter(sheet.get("data", ())), {})
    values = _values(sheet)
    columns = grid.get("columnMetadata", ())
    return SeenTab(
        sheet_id=properties.get("sheetId", 0),
        title=properties["title"],
        index=properties.get("index", 0),
        row_count=size.get("rowCount", 0),
        column_count=size.get("columnCount", 0),
        is_grid=properties.get("sheetType", "GRID") == "GRID",
        is_hidden=properties.get("hidden", False),
        rows=tuple(
            tuple(
                _cell(values, row, index, properties["title"], lists) for index in range(len(line))
            )
            for row, line in enumerate(values)
        ),
        hidden_columns=frozenset(
            index for index, column in enumerate(columns) if column.get("hiddenByUser")
        ),
        merged_rows=frozenset(_merged(sheet.get("merges", ()))),
        locks=tuple(_locks(sheet.get("protectedRanges", ()))),
        tables=tuple(table.get("name", "Table") for table in sheet.get("tables", ())),
        has_pivot=any("pivotTable" in cell for row in values for cell in row),
        row_entries=_entries(grid.get("rowMetadata", ())),
        column_entries=_entries(columns),
    )


def _values(sheet: Json) -> list[Sequence[Json]]:
    grid: Json = next(iter(sheet.get("data", ())), {})
    return [row.get("values", ()) for row in grid.get("rowData", ())]


def _cell(
    values: Sequence[Sequence[Json]], row: int, index: int, title: str, lists: Lists
) -> SeenCell:
    cell = values[row][index]
    own = listed(cell)
    if own is None and (text := range_of(cell, title)):
        own = lists.get(text, ())
    kind = _kind(cell)
    if kind is CellKind.COMPUTED and _is_total(values, row, index, title):
        kind = CellKind.TOTAL
    return SeenCell(cell.get("formattedValue", ""), kind, own, _is_for_date(cell))


def listed(cell: Json) -> tuple[str, ...] | None:
    """Return the options of a cell whose drop-down lists them; None for any other cell."""
    condition = cell.get("dataValidation", {}).get("condition", {})
    if condition.get("type") != "ONE_OF_LIST":
        return None
    values = (value.get("userEnteredValue", "") for value in condition.get("values", ()))
    return tuple(dict.fromkeys(values))


def range_of(cell: Json, title: str) -> str:
    """Return the range that a cell's drop-down takes its options from, or "".

    With the tab that it is on: a drop-down on the tab `title` may leave out its own.
    """
    condition = cell.get("dataValidation", {}).get("condition", {})
    if condition.get("type") != "ONE_OF_RANGE":
        return ""
    value: Json = next(iter(condition.get("values", ())), {})
    text = str(value.get("userEnteredValue", "")).removeprefix("=").replace("$", "") or _LOST
    is_cells = re.fullmatch(r"[A-Za-z]*\d*:?[A-Za-z]*\d*", text) and "!" not in text
    return f"{quoted(title)}!{text}" if is_cells else text


def is_lost(cells: str) -> bool:
    """Tell whether a range is on a tab, or was in cells, that were deleted."""
    return _LOST in cells


def texts(answer: Json) -> tuple[str, ...]:
    """Return the texts in the answer to TEXTS for one range, each once, without blank ones."""
    rows = (
        row.get("values", ())
        for sheet in answer.get("sheets", ())
        for grid in sheet.get("data", ())
        for row in grid.get("rowData", ())
    )
    values = (cell.get("formattedValue", "") for row in rows for cell in row)
    return tuple(dict.fromkeys(text for text in values if text))[:_MOST_OPTIONS]


def _is_total(values: Sequence[Sequence[Json]], row: int, index: int, title: str) -> bool:
    around = ((near, _formula(values, near, index)) for near in (row - 1, row + 1))
    return formulas.is_total(_formula(values, row, index), row, title, around)


def _formula(values: Sequence[Sequence[Json]], row: int, index: int) -> str:
    line = values[row] if 0 <= row < len(values) else ()
    cell: Json = line[index] if index < len(line) else {}
    return str(cell.get("userEnteredValue", {}).get("formulaValue", ""))


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


def _merged(merges: Iterable[Json]) -> Iterator[int]:
    for area in merges:
        first, last = area.get("startRowIndex", 0), area.get("endRowIndex", 0)
        if last - first > 1:
            yield from range(first, last)


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


def _entries(lines: Sequence[Json]) -> dict[int, tuple[Entry, ...]]:
    entries = {}
    for index, line in enumerate(lines):
        ours = tuple(
            Entry(entry["metadataId"], entry["metadataKey"], entry.get("metadataValue", ""))
            for entry in line.get("developerMetadata", ())
            if entry["metadataKey"].startswith(_OURS)
        )
        if ours:
            entries[index] = ours
    return entries
