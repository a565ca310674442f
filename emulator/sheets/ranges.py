"""Ranges of cells: as Google's JSON, as A1 notation, and as boxes inside a grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from emulator.errors import ApiError, invalid
from emulator.sheets import formula
from emulator.sheets.formula import End
from emulator.sheets.grid import Json, Sheet, Spreadsheet

KEYS = ("startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex")


class Box(NamedTuple):
    """A bounded, half-open, zero-based box of cells."""

    top: int
    bottom: int
    left: int
    right: int

    def meets(self, other: Box) -> bool:
        """Return whether the two share a cell."""
        return (
            self.top < other.bottom
            and other.top < self.bottom
            and self.left < other.right
            and other.left < self.right
        )

    def holds(self, other: Box) -> bool:
        """Return whether the other lies inside."""
        return (
            self.top <= other.top
            and other.bottom <= self.bottom
            and self.left <= other.left
            and other.right <= self.right
        )


def whole(sheet: Sheet) -> Box:
    """Return the box of the whole grid."""
    return Box(0, len(sheet.rows), 0, len(sheet.columns))


def lines(sheet: Sheet, dimension: str, start: int, end: int) -> Box:
    """Return the box of whole ROWS or COLUMNS."""
    if dimension == "ROWS":
        return whole(sheet)._replace(top=start, bottom=end)
    return whole(sheet)._replace(left=start, right=end)


def _bounds(sheet: Sheet, grid_range: Json) -> Box:
    """Return a GridRange as it is given, closed at the grid where it is open."""
    return Box(
        grid_range.get("startRowIndex", 0),
        grid_range.get("endRowIndex", len(sheet.rows)),
        grid_range.get("startColumnIndex", 0),
        grid_range.get("endColumnIndex", len(sheet.columns)),
    )


def box_of(sheet: Sheet, grid_range: Json) -> Box:
    """Return the box of a stored GridRange, cut to the grid."""
    return _cut(sheet, _bounds(sheet, grid_range))


def _cut(sheet: Sheet, box: Box) -> Box:
    limits = (len(sheet.rows), len(sheet.rows), len(sheet.columns), len(sheet.columns))
    return Box(*map(min, box, limits))


def need_sheet(spreadsheet: Spreadsheet, sheet_id: int) -> Sheet:
    """Return the sheet. ApiError where there is none."""
    found = spreadsheet.sheet(sheet_id)
    if found is None:
        raise invalid(f"No grid with id: {sheet_id}")
    return found


def resolve(spreadsheet: Spreadsheet, grid_range: Json) -> tuple[Sheet, Box]:
    """Return the sheet and box of a request's GridRange. ApiError if it exceeds the grid."""
    sheet = need_sheet(spreadsheet, grid_range.get("sheetId", 0))
    for start, end in (KEYS[:2], KEYS[2:]):
        low, high = grid_range.get(start, 0), grid_range.get(end)
        if low < 0 or (high is not None and high < low):
            raise invalid(f"GridRange.{end}[{high}] must be after {start}[{low}]")
    box = _bounds(sheet, grid_range)
    if not whole(sheet).holds(box) or box.top > len(sheet.rows) or box.left > len(sheet.columns):
        raise exceeds(sheet, box)
    return sheet, box


def exceeds(sheet: Sheet, box: Box) -> ApiError:
    """Return the error for a range outside the grid."""
    top, left = box.top, box.left
    shown = show(sheet, Box(top, max(box.bottom, top + 1), left, max(box.right, left + 1)))
    return invalid(
        f"Range ({shown}) exceeds grid limits. Max rows: {len(sheet.rows)}, "
        f"max columns: {len(sheet.columns)}"
    )


def parse(spreadsheet: Spreadsheet, text: str, *, for_writing: bool = False) -> tuple[Sheet, Box]:
    """Return the sheet and box of A1 notation, cut to the grid.

    ApiError where it cannot be parsed, names no sheet, or starts outside the grid; for writing
    also where it ends outside.
    """
    try:
        title, cells = formula.split(text)
    except ValueError:
        raise invalid(f"Unable to parse range: {text}") from None
    reference = formula.parse_range(cells) if cells is not None else None
    if reference is None and title is None:
        title, cells = cells, None
    sheet = next((one for one in spreadsheet.sheets if not one.properties.get("hidden")), None)
    if title is not None:
        sheet = spreadsheet.titled(title)
    if sheet is None or (cells is not None and reference is None):
        raise invalid(f"Unable to parse range: {text}")
    if reference is None:
        return sheet, whole(sheet)
    box = box_between(sheet, reference)
    outside = box.top >= len(sheet.rows) or box.left >= len(sheet.columns)
    if outside or (for_writing and not whole(sheet).holds(box)):
        raise exceeds(sheet, box)
    return sheet, _cut(sheet, box)


def box_between(sheet: Sheet, ends: Sequence[End]) -> Box:
    """Return the box from one end of a reference to the other; what is open ends at the grid."""
    one, other = ends[0], ends[-1]
    top, bottom = _span(one.row, other.row, len(sheet.rows))
    left, right = _span(one.column, other.column, len(sheet.columns))
    return Box(top, bottom, left, right)


def _span(one: int | None, other: int | None, size: int) -> tuple[int, int]:
    known = [index for index in (one, other) if index is not None]
    return min(known, default=0), max(known) + 1 if len(known) == 2 else size


def show(sheet: Sheet, box: Box) -> str:
    """Return `Sheet1!A1:B2`, as Google writes ranges into its answers."""
    return formula.format_box(sheet.title, *box)


def fixed(sheet: Sheet, grid_range: Json) -> Json:
    """Return a request's GridRange as it is stored: with its sheet's id."""
    return {"sheetId": sheet.sheet_id} | {key: grid_range[key] for key in KEYS if key in grid_range}


def area(sheet: Sheet, box: Box) -> Json:
    """Return a box as a GridRange."""
    return {"sheetId": sheet.sheet_id} | dict(zip(KEYS, box, strict=True))


TYPED = "typed"
"""Key of a stored Table's columns: their properties, by the column in the grid."""


def native_table(sheet: Sheet, stored: Json) -> Json:
    """Return one of Google's own Tables as it is answered, with its columns where they are now."""
    box = box_of(sheet, stored["range"])
    properties = [
        {**stored[TYPED][column], "columnIndex": index}
        for index, column in enumerate(sheet.columns[box.left : box.right])
        if column in stored[TYPED]
    ]
    found = {name: item for name, item in stored.items() if name != TYPED}
    return found | ({"columnProperties": properties} if properties else {})


def remade(value: Any, change: Callable[[Json], Json | None]) -> Any:
    """Return an object with each dict in it, from the innermost on, as `change` returns it.

    In a list, what becomes None is left out.
    """
    if isinstance(value, list | tuple):
        items = (remade(item, change) for item in value)
        return [item for item in items if item is not None]
    if isinstance(value, dict):
        return change({name: remade(item, change) for name, item in value.items()})
    return value


def answered(value: Any) -> Any:
    """Return a stored object as Google answers it, without a sheetId of 0."""

    def without(part: Json) -> Json:
        return {name: item for name, item in part.items() if name != "sheetId" or item != 0}

    return remade(value, without)
