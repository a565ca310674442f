"""What people do to a spreadsheet with their hands, each as a function.

Rows and columns count from 0, ends are exclusive, a tab is named by its sheet id. Each is done as
a whole or, with ApiError, not at all. `user` is who does it, the owner by default: protections
refuse others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.sheets import entry, ranges, structure, values
from emulator.sheets.edit import Edit, change
from emulator.sheets.grid import Cell
from emulator.sheets.ranges import Box
from emulator.sheets.updates import cells, paste, rules, tabs

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.sheets.grid import Sheet, Spreadsheet


def _do(
    spreadsheet: Spreadsheet, sheet_id: int, user: str | None, deed: Callable[[Edit, Sheet], None]
) -> None:
    """Run a deed on a tab as one change."""
    change(
        spreadsheet,
        user or spreadsheet.owner,
        lambda edit: deed(edit, ranges.need_sheet(spreadsheet, sheet_id)),
    )


def _one(sheet: Sheet, row: int, column: int) -> Box:
    box = Box(row, row + 1, column, column + 1)
    if not ranges.whole(sheet).holds(box):
        raise ranges.exceeds(sheet, ranges.show(sheet, box))
    return box


def type_cell(
    spreadsheet: Spreadsheet,
    *,
    row: int,
    column: int,
    text: str,
    sheet_id: int = 0,
    user: str | None = None,
) -> None:
    """Type into a cell: a formula, a number, a date or a text; an empty text clears it."""

    def deed(edit: Edit, sheet: Sheet) -> None:
        edit.guard(sheet, _one(sheet, row, column))
        value, form = entry.read(text)
        new = values.typed(sheet.cell(row, column), None if value == "" else value, form)
        paste.put(edit, sheet, row, column, new)

    _do(spreadsheet, sheet_id, user, deed)


def add_note(
    spreadsheet: Spreadsheet,
    *,
    row: int,
    column: int,
    text: str,
    sheet_id: int = 0,
    user: str | None = None,
) -> None:
    """Put a note on a cell, in the place of the one there was; an empty text takes it away."""

    def deed(edit: Edit, sheet: Sheet) -> None:
        edit.guard(sheet, _one(sheet, row, column))
        cells.write(edit, sheet, row, column, {"note": text}, {"note": None})

    _do(spreadsheet, sheet_id, user, deed)


def clear_cells(
    spreadsheet: Spreadsheet,
    *,
    top: int,
    bottom: int,
    left: int,
    right: int,
    sheet_id: int = 0,
    user: str | None = None,
) -> None:
    """Select cells and press Delete: the values go, formats and notes stay."""

    def deed(edit: Edit, sheet: Sheet) -> None:
        values.clear(edit, sheet, Box(top, bottom, left, right))

    _do(spreadsheet, sheet_id, user, deed)


def header_row(sheet: Sheet) -> int:
    """The row with the headers: the last frozen one, else the first."""
    return max(0, sheet.frozen("ROWS") - 1)


def sort(
    spreadsheet: Spreadsheet,
    *,
    column: int,
    ascending: bool = True,
    sheet_id: int = 0,
    user: str | None = None,
) -> None:
    """Sort the whole tab below its header by a column, as Data > Sort sheet does."""

    def deed(edit: Edit, sheet: Sheet) -> None:
        box = ranges.whole(sheet)._replace(top=header_row(sheet) + 1)
        edit.guard(sheet, box)
        paste.sort(edit, sheet, box, [(column, not ascending)])

    _do(spreadsheet, sheet_id, user, deed)


def _insert(
    spreadsheet: Spreadsheet,
    dimension: str,
    at: tuple[int, int],
    *,
    after: bool,
    sheet_id: int,
    user: str | None,
) -> None:
    index, count = at

    def deed(edit: Edit, sheet: Sheet) -> None:
        structure.insert(edit, sheet, dimension, index + after, count, like=index)

    _do(spreadsheet, sheet_id, user, deed)


def insert_rows(
    spreadsheet: Spreadsheet,
    *,
    index: int,
    count: int = 1,
    below: bool = False,
    sheet_id: int = 0,
    user: str | None = None,
) -> None:
    """Insert rows above the row at `index`, or below it."""
    at = (index, count)
    _insert(spreadsheet, "ROWS", at, after=below, sheet_id=sheet_id, user=user)


def insert_columns(
    spreadsheet: Spreadsheet,
    *,
    index: int,
    count: int = 1,
    right: bool = False,
    sheet_id: int = 0,
    user: str | None = None,
) -> None:
    """Insert columns left of the column at `index`, or right of it."""
    at = (index, count)
    _insert(spreadsheet, "COLUMNS", at, after=right, sheet_id=sheet_id, user=user)


def add_column(
    spreadsheet: Spreadsheet, *, text: str, sheet_id: int = 0, user: str | None = None
) -> None:
    """A column of one's own after the last one: with a header in the header row."""

    def deed(edit: Edit, sheet: Sheet) -> None:
        at = len(sheet.columns)
        structure.insert(edit, sheet, "COLUMNS", at, 1, like=at - 1)
        paste.put(edit, sheet, header_row(sheet), at, Cell(text))

    _do(spreadsheet, sheet_id, user, deed)


def delete_rows(
    spreadsheet: Spreadsheet,
    *,
    index: int,
    count: int = 1,
    sheet_id: int = 0,
    user: str | None = None,
) -> None:
    """Delete rows from `index` on."""

    def deed(edit: Edit, sheet: Sheet) -> None:
        edit.guard(sheet, ranges.whole(sheet)._replace(top=index, bottom=index + count))
        structure.delete(edit, sheet, "ROWS", index, index + count)

    _do(spreadsheet, sheet_id, user, deed)


def delete_columns(
    spreadsheet: Spreadsheet,
    *,
    index: int,
    count: int = 1,
    sheet_id: int = 0,
    user: str | None = None,
) -> None:
    """Delete columns from `index` on."""

    def deed(edit: Edit, sheet: Sheet) -> None:
        edit.guard(sheet, ranges.whole(sheet)._replace(left=index, right=index + count))
        structure.delete(edit, sheet, "COLUMNS", index, index + count)

    _do(spreadsheet, sheet_id, user, deed)


def move_row(
    spreadsheet: Spreadsheet, *, row: int, to: int, sheet_id: int = 0, user: str | None = None
) -> None:
    """Drag a row so that its index becomes `to`."""
    destination = to if to <= row else to + 1

    def deed(edit: Edit, sheet: Sheet) -> None:
        structure.move(edit, sheet, "ROWS", row, row + 1, destination)

    _do(spreadsheet, sheet_id, user, deed)


def move_column(
    spreadsheet: Spreadsheet, *, column: int, to: int, sheet_id: int = 0, user: str | None = None
) -> None:
    """Drag a column so that its index becomes `to`."""
    destination = to if to <= column else to + 1

    def deed(edit: Edit, sheet: Sheet) -> None:
        structure.move(edit, sheet, "COLUMNS", column, column + 1, destination)

    _do(spreadsheet, sheet_id, user, deed)


def copy_cells(
    spreadsheet: Spreadsheet,
    *,
    top: int,
    bottom: int,
    left: int,
    right: int,
    to_row: int,
    to_column: int,
    sheet_id: int = 0,
    to_sheet_id: int | None = None,
    user: str | None = None,
) -> None:
    """Copy cells and paste them elsewhere, over what is there."""

    def deed(edit: Edit, sheet: Sheet) -> None:
        to = sheet if to_sheet_id is None else ranges.need_sheet(spreadsheet, to_sheet_id)
        source = Box(top, bottom, left, right)
        target = Box(to_row, to_row + bottom - top, to_column, to_column + right - left)
        if not ranges.whole(to).holds(target):
            raise ranges.exceeds(to, ranges.show(to, target))
        edit.guard(to, target)
        for down, line in enumerate(paste.take(sheet, source)):
            for across, cell in enumerate(line):
                new = paste.moved(cell, to_row - top, to_column - left)
                paste.put(edit, to, to_row + down, to_column + across, new)
        rules.carry(edit, sheet, source, to, target)

    _do(spreadsheet, sheet_id, user, deed)


def copy_rows(
    spreadsheet: Spreadsheet,
    *,
    start: int,
    end: int,
    to: int,
    sheet_id: int = 0,
    user: str | None = None,
) -> None:
    """Copy whole rows and paste them from row `to` on, over what is there."""
    sheet = ranges.need_sheet(spreadsheet, sheet_id)
    copy_cells(
        spreadsheet,
        top=start,
        bottom=end,
        left=0,
        right=len(sheet.columns),
        to_row=to,
        to_column=0,
        sheet_id=sheet_id,
        user=user,
    )


def cut_cells(
    spreadsheet: Spreadsheet,
    *,
    top: int,
    bottom: int,
    left: int,
    right: int,
    to_row: int,
    to_column: int,
    sheet_id: int = 0,
    to_sheet_id: int | None = None,
    user: str | None = None,
) -> None:
    """Cut cells and paste them elsewhere: the contents move, the rows and columns do not."""

    def deed(edit: Edit, sheet: Sheet) -> None:
        to = sheet if to_sheet_id is None else ranges.need_sheet(spreadsheet, to_sheet_id)
        paste.cut(edit, sheet, Box(top, bottom, left, right), to, (to_row, to_column))

    _do(spreadsheet, sheet_id, user, deed)


def cut_rows(
    spreadsheet: Spreadsheet,
    *,
    start: int,
    end: int,
    to: int,
    sheet_id: int = 0,
    user: str | None = None,
) -> None:
    """Cut the contents of whole rows and paste them from row `to` on; metadata stays behind."""

    def deed(edit: Edit, sheet: Sheet) -> None:
        source = ranges.whole(sheet)._replace(top=start, bottom=end)
        paste.cut(edit, sheet, source, sheet, (to, 0))

    _do(spreadsheet, sheet_id, user, deed)


def cut_columns(
    spreadsheet: Spreadsheet,
    *,
    start: int,
    end: int,
    to: int,
    sheet_id: int = 0,
    user: str | None = None,
) -> None:
    """Cut the contents of whole columns and paste them at column `to`; metadata stays behind."""

    def deed(edit: Edit, sheet: Sheet) -> None:
        source = ranges.whole(sheet)._replace(left=start, right=end)
        paste.cut(edit, sheet, source, sheet, (0, to))

    _do(spreadsheet, sheet_id, user, deed)


def rename_header(
    spreadsheet: Spreadsheet, *, column: int, text: str, sheet_id: int = 0, user: str | None = None
) -> None:
    """Type another header over a column's."""
    row = header_row(ranges.need_sheet(spreadsheet, sheet_id))
    type_cell(spreadsheet, row=row, column=column, text=text, sheet_id=sheet_id, user=user)


def hide_rows(
    spreadsheet: Spreadsheet,
    *,
    index: int,
    count: int = 1,
    hidden: bool = True,
    sheet_id: int = 0,
    user: str | None = None,
) -> None:
    """Hide rows, or show them again."""

    def deed(edit: Edit, sheet: Sheet) -> None:
        for row in sheet.rows[index : index + count]:
            edit.set(row, "hidden", hidden)

    _do(spreadsheet, sheet_id, user, deed)


def hide_columns(
    spreadsheet: Spreadsheet,
    *,
    index: int,
    count: int = 1,
    hidden: bool = True,
    sheet_id: int = 0,
    user: str | None = None,
) -> None:
    """Hide columns, or show them again."""

    def deed(edit: Edit, sheet: Sheet) -> None:
        for column in sheet.columns[index : index + count]:
            edit.set(column, "hidden", hidden)

    _do(spreadsheet, sheet_id, user, deed)


def add_tab(spreadsheet: Spreadsheet, *, title: str, user: str | None = None) -> int:
    """A new tab at the end; its sheet id."""
    request = {"properties": {"title": title}}
    made = change(
        spreadsheet, user or spreadsheet.owner, lambda edit: tabs.add_sheet(edit, request)
    )
    sheet_id: int = made["properties"]["sheetId"]
    return sheet_id


def rename_tab(
    spreadsheet: Spreadsheet, *, title: str, sheet_id: int = 0, user: str | None = None
) -> None:
    """Give a tab another title."""
    _do(spreadsheet, sheet_id, user, lambda edit, sheet: tabs.rename(edit, sheet, title))


def duplicate_tab(spreadsheet: Spreadsheet, *, sheet_id: int = 0, user: str | None = None) -> int:
    """Duplicate a tab, right of it; the copy's sheet id."""
    sheet = ranges.need_sheet(spreadsheet, sheet_id)
    index = spreadsheet.sheets.index(sheet) + 1
    request = {"sourceSheetId": sheet_id, "insertSheetIndex": index}
    made = change(
        spreadsheet, user or spreadsheet.owner, lambda edit: tabs.duplicate_sheet(edit, request)
    )
    twin_id: int = made["properties"]["sheetId"]
    return twin_id


def delete_tab(spreadsheet: Spreadsheet, *, sheet_id: int = 0, user: str | None = None) -> None:
    """Delete a tab."""
    _do(
        spreadsheet,
        sheet_id,
        user,
        lambda edit, _: tabs.delete_sheet(edit, {"sheetId": sheet_id}),
    )


def hide_tab(
    spreadsheet: Spreadsheet, *, hidden: bool = True, sheet_id: int = 0, user: str | None = None
) -> None:
    """Hide a tab, or show it again."""
    request = {"properties": {"sheetId": sheet_id, "hidden": hidden}, "fields": "hidden"}
    _do(spreadsheet, sheet_id, user, lambda edit, _: tabs.update_sheet_properties(edit, request))
