"""Spreadsheets as answers: properties, sheets and grid data, as a field mask asks."""

from typing import Any

from emulator import masks
from emulator.masks import Mask
from emulator.sheets import metadata, ranges
from emulator.sheets.cells import Writer
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.grid import (
    BLANK,
    COLUMN_PIXELS,
    ROW_PIXELS,
    Cell,
    Column,
    Json,
    Row,
    Sheet,
    Spilled,
    Spreadsheet,
)
from emulator.sheets.ranges import Box, answered

URL = "https://docs.google.com/spreadsheets/d/{}/edit"
Boxes = list[tuple["Sheet", Box]]


class Reader:
    """Answers what a spreadsheet holds, as `user` sees it and a mask wants it.

    A read by data filters is, as seen on live Google, without conditional formats, without cells
    that have no value, formula or number format, and without a box below the last other cell.
    """

    def __init__(self, evaluator: Evaluator, user: str, *, by_filters: bool) -> None:
        self._by_filters = by_filters
        self._evaluator = evaluator
        self._spreadsheet: Spreadsheet = evaluator.spreadsheet
        self._user = user
        self._entries: dict[Sheet, dict[Row | Column, list[Json]]] = {}

    def answer(self, boxes: Boxes | None, mask: Mask | None, *, grid: bool) -> Json:
        """Return the Spreadsheet; `boxes` None is all of it, an empty list no sheet.

        `grid` says that grid data is wanted.
        """
        spreadsheet = self._spreadsheet
        found: Json = {
            "spreadsheetId": spreadsheet.spreadsheet_id,
            "properties": spreadsheet.properties,
        }
        found["spreadsheetUrl"] = URL.format(spreadsheet.spreadsheet_id)
        selected: Json = masks.select(mask, found)
        below = masks.below(mask, "sheets")
        if not isinstance(below, bool) and (sheets := self._sheets(boxes, below, grid=grid)):
            selected["sheets"] = sheets
        return selected

    def _sheets(self, boxes: Boxes | None, mask: Mask | None, *, grid: bool) -> list[Json]:
        found = []
        for index, sheet in enumerate(self._spreadsheet.sheets):
            if boxes is None:
                own = [ranges.whole(sheet)]
            else:
                own = [box for other, box in boxes if other is sheet]
            if own:
                described = describe(self._spreadsheet, sheet, index, self._user, mask)
                if self._by_filters:
                    described.pop("conditionalFormats", None)
                if masks.wants(mask, "tables") and (tables := native_tables(sheet, own)):
                    described["tables"] = tables
                answer: Json = masks.select(mask, described)
                below = masks.below(mask, "data")
                own = [box for box in own if box.top < self._end(sheet)]
                if grid and not isinstance(below, bool) and own:
                    answer["data"] = [self.grid_data(sheet, box, below) for box in own]
                found.append(answer)
        return found

    def _end(self, sheet: Sheet) -> int:
        """Return where what is read of a sheet ends: in a read by filters, at its last cell."""
        end = len(sheet.rows)
        while self._by_filters and end and not self._line(sheet, end - 1, ranges.whole(sheet)):
            end -= 1
        return end

    def _line(self, sheet: Sheet, at: int, box: Box) -> list[Cell]:
        found = self._evaluator.line(sheet, at, box.left, box.right)
        if self._by_filters:
            found = [cell if _is_read(cell) else BLANK for cell in found]
            while found and found[-1] is BLANK:
                found.pop()
        return found

    def grid_data(self, sheet: Sheet, box: Box, mask: Mask | None) -> Json:
        """Return GridData of a box, up to its last filled row and each row's last cell."""
        found: Json = {}
        if box.top and masks.wants(mask, "startRow"):
            found["startRow"] = box.top
        if box.left and masks.wants(mask, "startColumn"):
            found["startColumn"] = box.left
        below = masks.below(mask, "rowData")
        if not isinstance(below, bool) and (rows := self._row_data(sheet, box, below)):
            found["rowData"] = rows
        for name, lines in (
            ("rowMetadata", sheet.rows[box.top : box.bottom]),
            ("columnMetadata", sheet.columns[box.left : box.right]),
        ):
            below = masks.below(mask, name)
            if isinstance(below, bool):
                continue
            default = ROW_PIXELS if name == "rowMetadata" else COLUMN_PIXELS
            found[name] = [
                masks.select(below, _line(line, default, self._on_lines(sheet))) for line in lines
            ]
        return found

    def _on_lines(self, sheet: Sheet) -> dict[Row | Column, list[Json]]:
        if sheet not in self._entries:
            self._entries[sheet] = metadata.on_lines(self._spreadsheet, sheet)
        return self._entries[sheet]

    def _row_data(self, sheet: Sheet, box: Box, mask: Mask | None) -> list[Json]:
        below = masks.below(mask, "values")
        if isinstance(below, bool):
            return []
        writer = Writer(self._evaluator, sheet, below)
        found: list[Json] = []
        blanks = 0
        for at in range(box.top, box.bottom):
            cells = self._line(sheet, at, box)
            if not cells:
                blanks += 1
                continue
            found.extend({} for _ in range(blanks))
            blanks = 0
            values = [writer.write(cell, at, column) for column, cell in enumerate(cells, box.left)]
            found.append({"values": values})
        return found


def _is_read(cell: Cell) -> bool:
    """Return whether a read by filters has the cell."""
    has_value = cell.value is not None or isinstance(cell, Spilled)
    return has_value or "numberFormat" in (cell.format or {})


def _line(line: Row | Column, default: int, entries: dict[Any, list[Json]]) -> Json:
    found: Json = {}
    if isinstance(line, Row) and line.filtered:
        found["hiddenByFilter"] = True
    if line.hidden:
        found["hiddenByUser"] = True
    found["pixelSize"] = line.size if line.size is not None else default
    if line in entries:
        found["developerMetadata"] = entries[line]
    return found


def properties(sheet: Sheet, index: int) -> Json:
    """Return the SheetProperties, without false and zero values."""
    grid: Json = {"rowCount": len(sheet.rows), "columnCount": len(sheet.columns)}
    grid |= {
        name: item for name, item in sheet.properties.get("gridProperties", {}).items() if item
    }
    found: Json = {
        "sheetId": sheet.sheet_id,
        "title": sheet.title,
        "index": index,
        "sheetType": "GRID",
        "gridProperties": grid,
    }
    others = {name: item for name, item in sheet.properties.items() if name != "gridProperties"}
    return found | {name: item for name, item in others.items() if item}


def describe(
    spreadsheet: Spreadsheet, sheet: Sheet, index: int, user: str, mask: Mask | None
) -> Json:
    """Return a Sheet without its grid data and tables."""
    found: Json = {"properties": properties(sheet, index)}
    protections = sheet.protected_ranges.values()
    parts: dict[str, Any] = {
        "merges": sheet.merges,
        "conditionalFormats": sheet.conditional_formats,
        "filterViews": [filter_shown(one) for one in sheet.filter_views.values()],
        "protectedRanges": [protected(spreadsheet, one, user) for one in protections],
        "charts": list(sheet.charts.values()),
        "basicFilter": sheet.basic_filter and filter_shown(sheet.basic_filter),
    }
    for name, items in parts.items():
        if items and masks.wants(mask, name):
            found[name] = answered(items)
    return found


def filter_shown(stored: Json) -> Json:
    """Return a stored filter with its criteria in the older form, too."""
    specs = stored.get("filterSpecs", ())
    criteria = {str(one.get("columnIndex", 0)): one.get("filterCriteria", {}) for one in specs}
    return {**stored, "criteria": criteria} if criteria else stored


def native_tables(sheet: Sheet, read: list[Box]) -> list[Json]:
    """Return the Tables whose header row a read reaches: Google leaves out the others."""
    areas = [(one, ranges.box_of(sheet, one["range"])) for one in sheet.tables.values()]
    return [
        answered(ranges.native_table(sheet, one))
        for one, area in areas
        if any(box.meets(area._replace(bottom=area.top + 1)) for box in read)
    ]


def protected(spreadsheet: Spreadsheet, stored: Json, user: str) -> Json:
    """Return a ProtectedRange as `user` sees it; its editors only for those who may edit."""
    found = {name: item for name, item in stored.items() if name != "editors"}
    if spreadsheet.may_edit(user, stored):
        found |= {"requestingUserCanEdit": True, "editors": stored.get("editors", {})}
    return found
