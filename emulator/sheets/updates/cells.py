"""Requests that write cells, and addTable."""

from itertools import count
from typing import Any

from emulator import masks
from emulator.errors import invalid
from emulator.sheets import cells, ranges, structure
from emulator.sheets.coerce import text
from emulator.sheets.edit import Edit, need_mask
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.formula import Formula, copied
from emulator.sheets.grid import BLANK, Cell, Json, Sheet, Spreadsheet
from emulator.sheets.ranges import Box, answered
from emulator.sheets.updates.paste import put


def need_table(edit: Edit, table_id: str) -> tuple[Sheet, Json]:
    """Return the sheet and the table of an id. ApiError where there is none."""
    for sheet in edit.spreadsheet.sheets:
        if table_id in sheet.tables:
            return sheet, sheet.tables[table_id]
    raise invalid(f"No table with id: {table_id}")


def free_name(spreadsheet: Spreadsheet, wanted: str) -> str:
    """Return a name that no table has: they are unique in a spreadsheet."""
    taken = {
        one["name"].casefold() for sheet in spreadsheet.sheets for one in sheet.tables.values()
    }
    names = (wanted if number == 1 else f"{wanted}_{number}" for number in count(1))
    return next(name for name in names if name.casefold() not in taken)


def add_table(edit: Edit, request: Json) -> Json:
    """Make a table of a range, whose first row are its headers, and return it."""
    given = request.get("table", {})
    sheet, box = ranges.resolve(edit.spreadsheet, given.get("range", {}))
    edit.guard(sheet, box)
    taken = {key for one in edit.spreadsheet.sheets for key in one.tables}
    number = given.get("tableId") or str(edit.spreadsheet.new_id(taken))
    if number in taken:
        raise invalid(f"A table with id: {number} already exists.")
    name = given.get("name") or free_name(edit.spreadsheet, "Table1")
    if free_name(edit.spreadsheet, name) != name:
        raise invalid(f"A table with name: {name} already exists.")
    if any(box.meets(ranges.box_of(sheet, one["range"])) for one in sheet.tables.values()):
        raise invalid("A table cannot overlap another table.")
    stored = {
        **given,
        "tableId": number,
        "name": name,
        "range": ranges.bounded(sheet, given.get("range", {})),
        "columnProperties": _columns(edit, sheet, box, given.get("columnProperties", [])),
    }
    edit.set(sheet, "tables", {**sheet.tables, number: stored})
    return {"table": answered(stored)}


def _columns(edit: Edit, sheet: Sheet, box: Box, given: list[Json]) -> list[Json]:
    """Return the properties of all columns; a name that is given is written into the header."""
    by_index = {one.get("columnIndex", 0): one for one in given}
    evaluator = Evaluator(edit.spreadsheet)
    found = []
    for index, across in enumerate(range(box.left, box.right)):
        one = by_index.get(index, {})
        if one.get("columnType") == "DROPDOWN" and "dataValidationRule" not in one:
            raise invalid("A column of the type DROPDOWN must have a data validation rule.")
        shown = text(evaluator.value(sheet, sheet.cell(box.top, across)))
        title = one.get("columnName") or shown or f"Column {index + 1}"
        if title != shown:
            old = sheet.cell(box.top, across)
            put(edit, sheet, box.top, across, Cell(title, old.format, old.rest))
        found.append({**one, "columnName": title} | ({"columnIndex": index} if index else {}))
    return found


def grow_table(edit: Edit, sheet: Sheet, table: Json, rows: int) -> None:
    """Extend a table downwards."""
    area = {**table["range"], "endRowIndex": table["range"]["endRowIndex"] + rows}
    number = table["tableId"]
    edit.set(sheet, "tables", {**sheet.tables, number: {**table, "range": area}})


def write(edit: Edit, sheet: Sheet, row: int, column: int, data: Json, mask: Any) -> None:
    """Update one cell of the grid with CellData, as far as the mask (None: all) says."""
    line, key = sheet.rows[row], sheet.columns[column]
    old = line.cells.get(key.key, BLANK)
    new = cells.updated(old, data, mask)
    if new.format is not old.format:
        new.format = edit.style(new.format)
    edit.cell(sheet, line, key, new)


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
    width = box.right - box.left if "range" in request else 0
    if "range" in request:
        rows += [[] for _ in range(box.bottom - box.top - len(rows))]
    for at, values in enumerate(rows, box.top):
        padded = values + [{}] * (width - len(values)) if width else values
        for column, data in enumerate(padded, box.left):
            write(edit, sheet, at, column, data, mask)


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


def append_cells(edit: Edit, request: Json) -> None:
    """Write rows of CellData after the last row with content; the grid grows as needed."""
    mask = need_mask(request, "CellData")
    if "tableId" in request:
        _append_to_table(edit, request, mask)
        return
    sheet = ranges.need_sheet(edit.spreadsheet, request.get("sheetId", 0))
    rows = [row.get("values", []) for row in request.get("rows", [])]
    top = last_row(sheet) + 1
    wide = max(map(len, rows), default=0)
    _check_extent([[{}] * wide], Box(0, 1, 0, len(sheet.columns)))
    if top + len(rows) > len(sheet.rows):
        structure.resize(edit, sheet, "ROWS", top + len(rows))
    edit.guard(sheet, Box(top, top + len(rows), 0, wide))
    for at, values in enumerate(rows, top):
        for column, data in enumerate(values):
            write(edit, sheet, at, column, data, mask)


def _append_to_table(edit: Edit, request: Json, mask: Any) -> None:
    """Write rows below the last filled row of a table's body, which grows as needed."""
    sheet, table = need_table(edit, request["tableId"])
    rows = [row.get("values", []) for row in request.get("rows", [])]
    box = ranges.box_of(sheet, table["range"])
    _check_extent([[{}] * max(map(len, rows), default=0)], box._replace(bottom=box.top + 1))
    keys = {column.key for column in sheet.columns[box.left : box.right]}
    body = range(box.top + 1, box.bottom)
    used = [at for at in body if not keys.isdisjoint(sheet.rows[at].cells)]
    top = max(used, default=box.top) + 1
    if (more := top + len(rows) - box.bottom) > 0:
        structure.insert(edit, sheet, "ROWS", box.bottom, more, like=box.bottom - 1)
        grow_table(edit, sheet, table, more)
    edit.guard(sheet, Box(top, top + len(rows), box.left, box.right))
    for at, values in enumerate(rows, top):
        for column, data in enumerate(values, box.left):
            write(edit, sheet, at, column, data, mask)


def last_row(sheet: Sheet) -> int:
    """Return the last row with any content, format or checkbox, -1 if there is none."""
    keys = {column.key for column in sheet.columns}
    for at in range(len(sheet.rows) - 1, -1, -1):
        if not keys.isdisjoint(sheet.rows[at].cells):
            return at
    return -1


def repeat_cell(edit: Edit, request: Json) -> None:
    """Write one CellData into every cell of a range; its formula shifts as if copied."""
    mask = need_mask(request, "CellData")
    sheet, box = ranges.resolve(edit.spreadsheet, request.get("range", {}))
    edit.guard(sheet, box)
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
            elif column.key in row.cells:
                write(edit, sheet, at, across, data, mask)
            else:
                if fresh is None:
                    fresh = cells.updated(BLANK, data, mask)
                    fresh.format = edit.style(fresh.format)
                edit.cell(sheet, row, column, fresh)


def set_data_validation(edit: Edit, request: Json) -> None:
    """Set the rule of every cell of a range; without a rule, clear it."""
    sheet, box = ranges.resolve(edit.spreadsheet, request.get("range", {}))
    edit.guard(sheet, box)
    data = {"dataValidation": request["rule"]} if "rule" in request else {}
    mask: masks.Mask = {"dataValidation": None}
    for at in range(box.top, box.bottom):
        for across in range(box.left, box.right):
            write(edit, sheet, at, across, data, mask)
