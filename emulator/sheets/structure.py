"""Insertion, deletion and moves of rows and columns, which ranges and formulas follow."""

from typing import Any

from emulator.errors import invalid
from emulator.sheets import formula
from emulator.sheets.edit import Edit
from emulator.sheets.formula import BOUNDS, Formula, Shift, grid_range, shifted
from emulator.sheets.grid import FROZEN, Cell, Column, Json, Row, Sheet
from emulator.sheets.ranges import remade

MOVED = (
    *("merges", "conditional_formats", "basic_filter", "filter_views"),
    *("protected_ranges", "tables"),
)
"""What a sheet has on ranges of its own."""


def follow(edit: Edit, sheet: Sheet, shift: Shift, dimension: str) -> None:
    """Update ranges and formulas after rows or columns of `sheet` have shifted.

    A range of which nothing is left goes, and with it what has no other.
    """

    def moved(part: Json) -> Json | None:
        if part.get("range", part) is None or part.get("ranges") == []:
            return None
        part = {name: item for name, item in part.items() if item is not None}
        is_here = part.get("sheetId", 0) == sheet.sheet_id
        if is_here and not part.keys().isdisjoint(BOUNDS[dimension]):
            return grid_range(shift, dimension, part)
        is_filter = "range" in part and dimension == "COLUMNS"
        return _criteria(part, shift) if is_filter else part

    for name in MOVED:
        stored = getattr(sheet, name)
        found = remade(stored, moved)
        edit.set(sheet, name, tuple(found) if isinstance(stored, tuple) else found)
    _follow_formulas(edit, sheet, shift, dimension)


def _criteria(stored: Json, shift: Shift) -> Json:
    """Return a filter with its columns moved."""
    for name, field in (("filterSpecs", "columnIndex"), ("sortSpecs", "dimensionIndex")):
        if name in stored:
            pairs = [
                (one, shift.span(one.get(field, 0), one.get(field, 0) + 1)) for one in stored[name]
            ]
            stored = stored | {name: [one | {field: span[0]} for one, span in pairs if span]}
    return stored


def _follow_formulas(edit: Edit, sheet: Sheet, shift: Shift, dimension: str) -> None:
    for other in edit.spreadsheet.sheets:
        is_here = other is sheet
        for row in other.formula_rows & set(other.rows):
            for column, cell in list(row.cells.items()):
                if isinstance(cell.value, Formula):
                    value = shifted(cell.value, shift, dimension, here=is_here, title=sheet.title)
                    edit.cell(other, row, column, Cell(value, cell.format, cell.rest))


LISTS = {"ROWS": "rows", "COLUMNS": "columns"}
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
    kind, size = Row if dimension == "ROWS" else Column, model.size if model else None
    fresh = [kind(size) for _ in range(count)]
    edit.set(sheet, LISTS[dimension], [*lines[:at], *fresh, *lines[at:]])
    if at < sheet.frozen(dimension):
        _freeze(edit, sheet, dimension, sheet.frozen(dimension) + count)
    if model is not None:
        _dress(edit, sheet, fresh, model)
    ending = [] if like is None or like >= at else _tables_ending(sheet, dimension, at)
    follow(edit, sheet, formula.Insert(at, count), dimension)
    for number in ending:  # Inserted like its last line, it is the table's.
        table, (_, end) = sheet.tables[number], BOUNDS[dimension]
        area = {**table["range"], end: at + count}
        edit.set(sheet, "tables", {**sheet.tables, number: {**table, "range": area}})


def _tables_ending(sheet: Sheet, dimension: str, at: int) -> list[str]:
    _, end = BOUNDS[dimension]
    return [number for number, table in sheet.tables.items() if table["range"][end] == at]


def _dress(edit: Edit, sheet: Sheet, fresh: list[Any], model: Row | Column) -> None:
    """Give new cells the format and validation of their neighbors."""
    if isinstance(model, Row):
        pairs = [
            (row, column, model.cells.get(column)) for row in fresh for column in sheet.columns
        ]
    else:
        pairs = [(row, column, row.cells.get(model)) for column in fresh for row in sheet.rows]
    for row, column, cell in pairs:
        if cell is None:
            continue
        validation = (cell.rest or {}).get("dataValidation")
        rest = {"dataValidation": validation} if validation else None
        if cell.format or rest:
            edit.put(row.cells, column, Cell(None, cell.format, rest))


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
        if metadata.line in gone:
            edit.drop(edit.spreadsheet.metadata, metadata.metadata_id)
    if remains != frozen:
        _freeze(edit, sheet, dimension, remains)
    follow(edit, sheet, formula.Delete(start, end - start), dimension)


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
    follow(edit, sheet, formula.Move(start, end, destination), dimension)


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
