"""What people do to a spreadsheet, each as a function of it.

Every function takes, by name, also `sheet_id` (the tab; the first made by default) and `user`
(who does it; the owner by default, protections refuse others). Rows and columns count from 0, ends
are exclusive. Each succeeds as a whole, or raises ApiError and changes nothing.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from emulator.sheets import coerce, ranges, structure, values
from emulator.sheets.edit import Edit, change
from emulator.sheets.grid import Cell, Json, Sheet, Spreadsheet
from emulator.sheets.ranges import Box
from emulator.sheets.updates import cells, paste, tabs

T = TypeVar("T")


def _whole_change(action: Callable[..., T]) -> Callable[..., T]:
    """Turn a function of an edit and a tab into a whole change of a spreadsheet."""

    @wraps(action)
    def done(
        spreadsheet: Spreadsheet, *, sheet_id: int = 0, user: str | None = None, **given: Any
    ) -> T:
        def whole(edit: Edit) -> T:
            return action(edit, ranges.need_sheet(spreadsheet, sheet_id), **given)

        return change(spreadsheet, user or spreadsheet.owner, whole)

    return done


def _inside(sheet: Sheet, box: Box) -> Box:
    if not ranges.whole(sheet).holds(box):
        raise ranges.exceeds(sheet, box)
    return box


def _cell(edit: Edit, sheet: Sheet, row: int, column: int) -> Cell:
    """Return a cell that the person may change."""
    edit.guard(sheet, _inside(sheet, Box(row, row + 1, column, column + 1)))
    return sheet.cell(row, column)


def _header_row(sheet: Sheet) -> int:
    """Return the header row: the last frozen one, else the first."""
    return max(0, sheet.frozen("ROWS") - 1)


@_whole_change
def type_cell(edit: Edit, sheet: Sheet, *, row: int, column: int, text: str) -> None:
    """Type into a cell: a formula, a number, a date or a text; an empty text clears it."""
    old = _cell(edit, sheet, row, column)
    value, form = coerce.read_typed(text)
    typed = values.typed(old, None if value == "" else value, form)
    paste.put(edit, sheet, row, column, typed)


@_whole_change
def rename_header(edit: Edit, sheet: Sheet, *, column: int, text: str) -> None:
    """Type another header over a column's."""
    row = _header_row(sheet)
    old = _cell(edit, sheet, row, column)
    paste.put(edit, sheet, row, column, values.typed(old, text, None))


@_whole_change
def add_note(edit: Edit, sheet: Sheet, *, row: int, column: int, text: str) -> None:
    """Set a cell's note; an empty text removes it."""
    _cell(edit, sheet, row, column)
    cells.write(edit, sheet, row, column, {"note": text}, {"note": None})


@_whole_change
def sort(edit: Edit, sheet: Sheet, *, column: int, ascending: bool = True) -> None:
    """Sort the whole tab below its header by a column, as Data > Sort sheet does."""
    area = {"sheetId": sheet.sheet_id, "startRowIndex": _header_row(sheet) + 1}
    order = {"dimensionIndex": column, "sortOrder": "ASCENDING" if ascending else "DESCENDING"}
    paste.sort_range(edit, {"range": area, "sortSpecs": [order]})


@_whole_change
def insert_rows(
    edit: Edit, sheet: Sheet, *, index: int, count: int = 1, below: bool = False
) -> None:
    """Insert rows above the row at `index`, or below it."""
    structure.insert(edit, sheet, "ROWS", index + below, count, like=index)


@_whole_change
def insert_columns(
    edit: Edit, sheet: Sheet, *, index: int, count: int = 1, right: bool = False
) -> None:
    """Insert columns left of the column at `index`, or right of it."""
    structure.insert(edit, sheet, "COLUMNS", index + right, count, like=index)


@_whole_change
def delete_rows(edit: Edit, sheet: Sheet, *, index: int, count: int = 1) -> None:
    """Delete rows from `index` on."""
    edit.guard(sheet, ranges.whole(sheet)._replace(top=index, bottom=index + count))
    structure.delete(edit, sheet, "ROWS", index, index + count)


@_whole_change
def delete_columns(edit: Edit, sheet: Sheet, *, index: int, count: int = 1) -> None:
    """Delete columns from `index` on."""
    edit.guard(sheet, ranges.whole(sheet)._replace(left=index, right=index + count))
    structure.delete(edit, sheet, "COLUMNS", index, index + count)


@_whole_change
def move_column(edit: Edit, sheet: Sheet, *, column: int, to: int) -> None:
    """Drag a column so that its index becomes `to`."""
    structure.move(edit, sheet, "COLUMNS", column, column + 1, to if to <= column else to + 1)


def _rows(sheet: Sheet, start: int, end: int) -> Json:
    return {"sheetId": sheet.sheet_id, "startRowIndex": start, "endRowIndex": end}


@_whole_change
def copy_rows(edit: Edit, sheet: Sheet, *, start: int, end: int, to: int) -> None:
    """Copy whole rows and paste them from row `to` on, over what is there."""
    target = _rows(sheet, to, to + end - start)
    paste.copy_paste(edit, {"source": _rows(sheet, start, end), "destination": target})


@_whole_change
def cut_rows(
    edit: Edit, sheet: Sheet, *, start: int, end: int, to: int, to_sheet: int | None = None
) -> None:
    """Cut the contents of whole rows and paste them from row `to` on; metadata stays behind."""
    target = {"sheetId": sheet.sheet_id if to_sheet is None else to_sheet, "rowIndex": to}
    paste.cut_paste(edit, {"source": _rows(sheet, start, end), "destination": target})


@_whole_change
def delete_tab(edit: Edit, sheet: Sheet) -> None:
    """Delete the tab."""
    tabs.delete_sheet(edit, {"sheetId": sheet.sheet_id})


def add_tab(spreadsheet: Spreadsheet, *, title: str, user: str | None = None) -> int:
    """Add a tab at the end, and return its sheet id."""
    request = {"properties": {"title": title}}
    made = change(
        spreadsheet, user or spreadsheet.owner, lambda edit: tabs.add_sheet(edit, request)
    )
    sheet_id: int = made["properties"]["sheetId"]
    return sheet_id
