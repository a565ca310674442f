"""Requests about rows and columns: insert, delete, move, append, their size and visibility."""

from emulator import masks
from emulator.errors import invalid
from emulator.sheets import metadata, ranges, structure
from emulator.sheets.edit import Edit, need_mask
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.grid import Json, Sheet

PIXELS_A_LETTER = 7
PADDING_PIXELS = 8


def _span(edit: Edit, given: Json) -> tuple[Sheet, str, int, int]:
    """Return sheet, dimension, start and end of a DimensionRange, closed at the grid."""
    sheet = ranges.need_sheet(edit.spreadsheet, given.get("sheetId", 0))
    dimension = metadata.need_dimension(given)
    start = given.get("startIndex", 0)
    end = given.get("endIndex", len(sheet.line(dimension)))
    if start < 0 or end <= start:
        raise invalid(
            f"range.endIndex[{end}] must be greater than range.startIndex[{start}] and both must "
            "not be negative."
        )
    return sheet, dimension, start, end


def insert_dimension(edit: Edit, request: Json) -> None:
    """Insert empty rows or columns, formatted like those before or after them."""
    given = request.get("range", {})
    if "endIndex" not in given:
        raise invalid("range.endIndex is required.")
    sheet, dimension, start, end = _span(edit, given)
    before = request.get("inheritFromBefore", False)
    size = len(sheet.line(dimension))
    noun = structure.SINGULAR[dimension]
    if before and start == 0:
        raise invalid(
            "inheritFromBefore must be false when inserting at the beginning of a dimension."
        )
    if start > size or (start == size and not before):
        raise invalid(
            f"range.startIndex[{start}] is after last {noun} in grid[{size - 1}]"
            + ("" if start > size else ", which only inheritFromBefore allows.")
        )
    _guard_inside(edit, sheet, dimension, start)
    like = start - 1 if before else start
    structure.insert(edit, sheet, dimension, start, end - start, like=like)


def _guard_inside(edit: Edit, sheet: Sheet, dimension: str, at: int) -> None:
    """Refuse an insertion strictly inside a range that is protected from the user."""
    if 0 < at < len(sheet.line(dimension)):
        for protection in sheet.protected_ranges.values():
            box = ranges.box_of(sheet, protection.get("range", {}))
            low, high = (box.top, box.bottom) if dimension == "ROWS" else (box.left, box.right)
            if low < at < high and not edit.may_edit(protection):
                edit.guard(sheet, box)


def delete_dimension(edit: Edit, request: Json) -> None:
    """Delete rows or columns, with their metadata."""
    sheet, dimension, start, end = _span(edit, request.get("range", {}))
    edit.guard(sheet, ranges.lines(sheet, dimension, start, end))
    structure.delete(edit, sheet, dimension, start, end)


def append_dimension(edit: Edit, request: Json) -> None:
    """Append empty rows or columns."""
    sheet = ranges.need_sheet(edit.spreadsheet, request.get("sheetId", 0))
    dimension = metadata.need_dimension(request)
    length = request.get("length", 0)
    if length < 1:
        raise invalid("length must be greater than 0.")
    structure.insert(edit, sheet, dimension, len(sheet.line(dimension)), length)


def move_dimension(edit: Edit, request: Json) -> None:
    """Move rows or columns to an index that counts as before the move."""
    sheet, dimension, start, end = _span(edit, request.get("source", {}))
    destination = request.get("destinationIndex", 0)
    if start < destination < end:
        raise invalid("destinationIndex must not be inside the source.")
    edit.guard(sheet, ranges.lines(sheet, dimension, start, end))
    _guard_inside(edit, sheet, dimension, destination)
    structure.move(edit, sheet, dimension, start, end, destination)


def update_dimension_properties(edit: Edit, request: Json) -> None:
    """Set pixel size and visibility of rows or columns."""
    mask, new = need_mask(request, "DimensionProperties"), request.get("properties", {})
    sheet, dimension, start, end = _span(edit, request.get("range", {}))
    lines = sheet.line(dimension)
    if end > len(lines):
        noun = structure.SINGULAR[dimension]
        raise invalid(f"range.endIndex[{end}] is after last {noun} in grid[{len(lines) - 1}]")
    size = new.get("pixelSize")
    if masks.wants(mask, "pixelSize") and size is not None and size < 0:
        raise invalid("pixelSize must not be negative.")
    for line in lines[start:end]:
        if masks.wants(mask, "hiddenByUser"):
            edit.set(line, "hidden", new.get("hiddenByUser", False))
        if masks.wants(mask, "pixelSize") and size is not None:
            edit.set(line, "size", size)


def auto_resize_dimensions(edit: Edit, request: Json) -> None:
    """Fit columns to their longest text (an estimate), rows to the default."""
    sheet, dimension, start, end = _span(edit, request.get("dimensions", {}))
    if dimension == "ROWS":
        for row in sheet.rows[start:end]:
            edit.set(row, "size", None)
        return
    evaluator = Evaluator(edit.spreadsheet)
    for column in sheet.columns[start:end]:
        longest = 0
        for row in sheet.rows:
            cell = row.cells.get(column.key)
            if cell is not None and cell.value is not None:
                text = evaluator.shown(sheet, cell)
                longest = max(longest, max(map(len, text.split("\n"))))
        if longest:
            edit.set(column, "size", longest * PIXELS_A_LETTER + PADDING_PIXELS)
