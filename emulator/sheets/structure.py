"""Insertion, deletion and moves of rows and columns."""

from typing import Any

from emulator.errors import invalid
from emulator.sheets import shifts
from emulator.sheets.edit import Edit
from emulator.sheets.following import follow
from emulator.sheets.grid import Cell, Column, Row, Sheet

LISTS = {"ROWS": "rows", "COLUMNS": "columns"}
FROZEN = {"ROWS": "frozenRowCount", "COLUMNS": "frozenColumnCount"}
SINGULAR = {"ROWS": "row", "COLUMNS": "column"}


def insert(
    edit: Edit, sheet: Sheet, dimension: str, at: int, count: int, *, like: int | None = None
) -> None:
    """Insert empty rows or columns before index `at`, in size and format like the one at `like`."""
    lines = sheet.line(dimension)
    across = len(sheet.columns if dimension == "ROWS" else sheet.rows)
    wider = count if dimension == "COLUMNS" else 0
    edit.limit_grid(len(sheet.columns) + wider, count * across)
    model = lines[like] if like is not None else None
    fresh = _fresh(edit, sheet, dimension, count, model.size if model else None)
    edit.set(sheet, LISTS[dimension], [*lines[:at], *fresh, *lines[at:]])
    if at < sheet.frozen(dimension):
        _freeze(edit, sheet, dimension, sheet.frozen(dimension) + count)
    if model is not None:
        _dress(edit, sheet, fresh, model)
    follow(edit, sheet, shifts.Insert(at, count), dimension)


def _fresh(edit: Edit, sheet: Sheet, dimension: str, count: int, size: int | None) -> list[Any]:
    if dimension == "ROWS":
        return [Row(size) for _ in range(count)]
    first = sheet.next_key
    edit.set(sheet, "next_key", first + count)
    return [Column(key, size) for key in range(first, first + count)]


def _dress(edit: Edit, sheet: Sheet, fresh: list[Any], model: Row | Column) -> None:
    """Give new cells the format and validation of their neighbours."""
    if isinstance(model, Row):
        pairs = [
            (row, column, model.cells.get(column.key)) for row in fresh for column in sheet.columns
        ]
    else:
        pairs = [(row, column, row.cells.get(model.key)) for column in fresh for row in sheet.rows]
    for row, column, cell in pairs:
        if cell is None:
            continue
        validation = (cell.rest or {}).get("dataValidation")
        rest = {"dataValidation": validation} if validation else None
        if cell.format or rest:
            edit.put(row.cells, column.key, Cell(None, cell.format, rest))


def delete(edit: Edit, sheet: Sheet, dimension: str, start: int, end: int) -> None:
    """Delete rows or columns with all that is on them; one that is not frozen must remain."""
    lines = sheet.line(dimension)
    noun = SINGULAR[dimension]
    if end > len(lines):
        missing = max(start, len(lines))
        raise invalid(
            f"Cannot delete a {noun} that doesn't exist. Tried to delete {noun} index {missing} "
            f"but there are only {len(lines)} {noun}s."
        )
    if start == 0 and end == len(lines):
        raise invalid(f"You can't delete all the {noun}s on the sheet.")
    frozen = sheet.frozen(dimension)
    remains = frozen - max(0, min(end, frozen) - start)
    if remains and len(lines) - (end - start) <= remains:
        raise invalid(f"Sorry, it is not possible to delete all non-frozen {noun}s.")
    gone = set(lines[start:end])
    edit.set(sheet, LISTS[dimension], [*lines[:start], *lines[end:]])
    for metadata in list(edit.spreadsheet.metadata.values()):
        if metadata.place in gone:
            edit.drop(edit.spreadsheet.metadata, metadata.metadata_id)
    if remains != frozen:
        _freeze(edit, sheet, dimension, remains)
    follow(edit, sheet, shifts.Delete(start, end - start), dimension)


def move(edit: Edit, sheet: Sheet, dimension: str, start: int, end: int, destination: int) -> None:
    """Move rows or columns before index `destination`, as counted before the move."""
    lines = sheet.line(dimension)
    if end > len(lines) or not 0 <= destination <= len(lines):
        raise invalid(f"Cannot move {start} to {end} before {destination}: there are {len(lines)}.")
    if start <= destination <= end:
        return
    block, rest = lines[start:end], [*lines[:start], *lines[end:]]
    at = destination - len(block) if destination > start else destination
    edit.set(sheet, LISTS[dimension], [*rest[:at], *block, *rest[at:]])
    follow(edit, sheet, shifts.Move(start, end, destination), dimension)


def resize(edit: Edit, sheet: Sheet, dimension: str, size: int) -> None:
    """Add or take away rows or columns at the end until there are `size`."""
    have = len(sheet.line(dimension))
    if size < 1:
        raise invalid(f"A sheet must have at least one {SINGULAR[dimension]}.")
    if size > have:
        insert(edit, sheet, dimension, have, size - have)
    elif size < have:
        delete(edit, sheet, dimension, size, have)


def _freeze(edit: Edit, sheet: Sheet, dimension: str, count: int) -> None:
    grid = {**sheet.properties.get("gridProperties", {}), FROZEN[dimension]: count}
    edit.set(sheet, "properties", {**sheet.properties, "gridProperties": grid})
