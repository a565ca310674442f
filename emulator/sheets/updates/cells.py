"""Requests that write cells: updateCells, repeatCell, setDataValidation."""

from typing import Any

from emulator import masks
from emulator.errors import invalid
from emulator.sheets import cells, ranges
from emulator.sheets.edit import Edit, need_mask
from emulator.sheets.formula import Formula, copied
from emulator.sheets.grid import BLANK, Cell, Json, Sheet
from emulator.sheets.ranges import Box


def write(edit: Edit, sheet: Sheet, row: int, column: int, data: Json, mask: Any) -> None:
    """Update one cell of the grid with CellData, limited to the mask (None: all)."""
    line, key = sheet.rows[row], sheet.columns[column]
    old = line.cells.get(key, BLANK)
    edit.cell(sheet, line, key, cells.updated(old, data, mask))


def update_cells(edit: Edit, request: Json) -> None:
    """Write rows of CellData into a range (clearing its other cells) or from a start."""
    mask = need_mask(request, "CellData")
    rows = [row.get("values", []) for row in request.get("rows", [])]
    if "range" in request:
        sheet, box = ranges.resolve(edit.spreadsheet, request["range"])
    elif "start" in request:
        sheet, box = _from_start(edit, request["start"], rows)
    else:
        raise invalid("Either 'start' or 'range' must be set.")
    _check_extent(rows, box)
    edit.guard(sheet, box)
    if "range" in request:
        rows += [[] for _ in range(box.bottom - box.top - len(rows))]
    for at, values in enumerate(rows, box.top):
        for column, data in enumerate(values, box.left):
            write(edit, sheet, at, column, data, mask)
        if "range" in request and (there := sheet.rows[at].cells):
            for column in range(box.left + len(values), box.right):
                if sheet.columns[column] in there:
                    write(edit, sheet, at, column, {}, mask)


def _from_start(edit: Edit, start: Json, rows: list[list[Json]]) -> tuple[Sheet, Box]:
    sheet = ranges.need_sheet(edit.spreadsheet, start.get("sheetId", 0))
    top, left = start.get("rowIndex", 0), start.get("columnIndex", 0)
    for name, at, size in (
        ("rowIndex", top, len(sheet.rows)),
        ("columnIndex", left, len(sheet.columns)),
    ):
        if not 0 <= at < size:
            noun = name.removesuffix("Index")
            raise invalid(f"GridCoordinate.{name}[{at}] is after last {noun} in grid[{size - 1}]")
    wide = max(map(len, rows), default=0)
    bottom, right = min(top + len(rows), len(sheet.rows)), min(left + wide, len(sheet.columns))
    return sheet, Box(top, bottom, left, right)


def _check_extent(rows: list[list[Json]], box: Box) -> None:
    """Refuse data that do not fit into the box."""
    wide = max(map(len, rows), default=0)
    for noun, start, size, end in (
        ("row", box.top, len(rows), box.bottom),
        ("column", box.left, wide, box.right),
    ):
        if start + size > end:
            raise invalid(
                f"Attempting to write {noun}: {end}, beyond the last requested {noun} of: {end - 1}"
            )


def repeat_cell(edit: Edit, request: Json) -> None:
    """Write one CellData into every cell of a range; its formula shifts as if copied."""
    mask = need_mask(request, "CellData")
    sheet, box = edit.area(request.get("range", {}))
    data = request.get("cell", {})
    value = cells.entered(data.get("userEnteredValue"))
    shifts = isinstance(value, Formula) and masks.wants(mask, "userEnteredValue")
    fresh: Cell | None = None  # what becomes of a blank cell
    for at in range(box.top, box.bottom):
        row = sheet.rows[at]
        for across in range(box.left, box.right):
            column = sheet.columns[across]
            if shifts:
                moved = copied(value, at - box.top, across - box.left)
                formula = {**data, "userEnteredValue": {"formulaValue": moved.text}}
                write(edit, sheet, at, across, formula, mask)
            elif column in row.cells:
                write(edit, sheet, at, across, data, mask)
            else:
                if fresh is None:
                    fresh = cells.updated(BLANK, data, mask)
                edit.cell(sheet, row, column, fresh)


def set_data_validation(edit: Edit, request: Json) -> None:
    """Set the rule of every cell of a range; without a rule, clear it."""
    cell = {"dataValidation": request["rule"]} if "rule" in request else {}
    repeat_cell(edit, {**request, "cell": cell, "fields": "dataValidation"})
