"""What people do to a spreadsheet, each deed as the request that does it.

A deed takes the tab, and returns a request of spreadsheets.batchUpdate. Rows and columns count
from 0, ends are exclusive.
"""

from typing import Any

from emulator.sheets import cells, coerce, ranges, values
from emulator.sheets.edit import Edit, change
from emulator.sheets.grid import Json, Sheet, Spreadsheet
from emulator.sheets.methods import HANDLERS
from emulator.sheets.ranges import Box


def do(
    spreadsheet: Spreadsheet, name: str, *, sheet_id: int = 0, user: str | None = None, **given: Any
) -> None:
    """Do a deed in a tab (by default the first made) as `user` (by default the owner).

    It succeeds as a whole, or raises ApiError and changes nothing. ValueError if it is unknown.
    """
    if name not in DEEDS:
        raise ValueError(f"unknown edit: {name}")

    def whole(edit: Edit) -> None:
        deed = DEEDS[name](ranges.need_sheet(spreadsheet, sheet_id), **given)
        ((kind, request),) = deed.items()
        HANDLERS[kind](edit, request)

    change(spreadsheet, user or spreadsheet.owner, whole)


def type_cell(sheet: Sheet, row: int, column: int, text: str) -> Json:
    """Type into a cell: a formula, a number, a date or a text; an empty text clears it."""
    box = Box(row, row + 1, column, column + 1)
    if not ranges.whole(sheet).holds(box):
        raise ranges.exceeds(sheet, box)
    value, form = coerce.read_typed(text)
    typed = values.typed(sheet.cell(row, column), None if value == "" else value, form)
    data: Json = {"userEnteredFormat": typed.format}
    if typed.value is not None:
        data["userEnteredValue"] = cells.extended(typed.value)
    return _update(sheet, row, column, data, "userEnteredValue,userEnteredFormat")


def add_note(sheet: Sheet, row: int, column: int, text: str) -> Json:
    """Set a cell's note; an empty text removes it."""
    return _update(sheet, row, column, {"note": text}, "note")


def _update(sheet: Sheet, row: int, column: int, data: Json, fields: str) -> Json:
    start = {"sheetId": sheet.sheet_id, "rowIndex": row, "columnIndex": column}
    return {"updateCells": {"start": start, "rows": [{"values": [data]}], "fields": fields}}


def sort(sheet: Sheet, column: int, ascending: bool = True) -> Json:
    """Sort the whole tab below its header by a column, as Data > Sort sheet does."""
    area = {"sheetId": sheet.sheet_id, "startRowIndex": max(1, sheet.frozen("ROWS"))}
    order = {"dimensionIndex": column, "sortOrder": "ASCENDING" if ascending else "DESCENDING"}
    return {"sortRange": {"range": area, "sortSpecs": [order]}}


def insert_rows(sheet: Sheet, index: int, count: int = 1) -> Json:
    """Insert rows above the row at `index`."""
    return {"insertDimension": {"range": _lines(sheet, "ROWS", index, count)}}


def insert_columns(sheet: Sheet, index: int, count: int = 1) -> Json:
    """Insert columns left of the column at `index`."""
    return {"insertDimension": {"range": _lines(sheet, "COLUMNS", index, count)}}


def delete_rows(sheet: Sheet, index: int, count: int = 1) -> Json:
    """Delete rows from `index` on."""
    return {"deleteDimension": {"range": _lines(sheet, "ROWS", index, count)}}


def delete_columns(sheet: Sheet, index: int, count: int = 1) -> Json:
    """Delete columns from `index` on."""
    return {"deleteDimension": {"range": _lines(sheet, "COLUMNS", index, count)}}


def move_column(sheet: Sheet, column: int, to: int) -> Json:
    """Drag a column so that its index becomes `to`."""
    before = to if to <= column else to + 1
    source = _lines(sheet, "COLUMNS", column, 1)
    return {"moveDimension": {"source": source, "destinationIndex": before}}


def _lines(sheet: Sheet, dimension: str, start: int, count: int) -> Json:
    span = {"startIndex": start, "endIndex": start + count}
    return {"sheetId": sheet.sheet_id, "dimension": dimension, **span}


def copy_rows(sheet: Sheet, start: int, end: int, to: int) -> Json:
    """Copy whole rows and paste them from row `to` on, over what is there."""
    source, target = (
        {"sheetId": sheet.sheet_id, "startRowIndex": at, "endRowIndex": at + end - start}
        for at in (start, to)
    )
    return {"copyPaste": {"source": source, "destination": target}}


def add_tab(_sheet: Sheet, title: str) -> Json:
    """Add a tab at the end."""
    return {"addSheet": {"properties": {"title": title}}}


def delete_tab(sheet: Sheet) -> Json:
    """Delete the tab."""
    return {"deleteSheet": {"sheetId": sheet.sheet_id}}


DEEDS = {
    deed.__name__: deed
    for deed in (
        *(type_cell, add_note, sort, copy_rows, move_column, add_tab, delete_tab),
        *(insert_rows, insert_columns, delete_rows, delete_columns),
    )
}
