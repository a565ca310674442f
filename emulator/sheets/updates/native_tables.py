"""Requests about Google's own Tables ("Convert to table"): enough of them to be recognised.

Source: the Sheets v4 discovery document (Table, AddTableRequest). Its cells are ordinary ones.
"""

from itertools import count

from emulator.errors import invalid
from emulator.sheets import ranges
from emulator.sheets.coerce import text
from emulator.sheets.edit import Edit
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.grid import Cell, Json, Sheet, Spreadsheet
from emulator.sheets.ranges import Box, answered
from emulator.sheets.updates.paste import put


def need(edit: Edit, table_id: str) -> tuple[Sheet, Json]:
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


def add(edit: Edit, request: Json) -> Json:
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


def grow(edit: Edit, sheet: Sheet, table: Json, rows: int) -> None:
    """Extend a table downwards."""
    area = {**table["range"], "endRowIndex": table["range"]["endRowIndex"] + rows}
    number = table["tableId"]
    edit.set(sheet, "tables", {**sheet.tables, number: {**table, "range": area}})
