"""Requests that copy and sort: copyPaste, sortRange."""

from emulator.errors import invalid, unsupported
from emulator.sheets import ranges
from emulator.sheets.conditions import ordered
from emulator.sheets.edit import Edit
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.formula import Formula, copied
from emulator.sheets.grid import Cell, Json, Sheet
from emulator.sheets.ranges import Box

Cells = list[list[Cell]]
NORMAL, VALIDATION = "PASTE_NORMAL", "PASTE_DATA_VALIDATION"


def take(sheet: Sheet, box: Box) -> Cells:
    """Return the cells of a box."""
    return [
        [sheet.cell(at, across) for across in range(box.left, box.right)]
        for at in range(box.top, box.bottom)
    ]


def put(edit: Edit, sheet: Sheet, at: int, across: int, cell: Cell) -> None:
    """Set a cell at coordinates inside the grid; a blank one removes what is there."""
    edit.cell(sheet, sheet.rows[at], sheet.columns[across], cell)


def moved(cell: Cell, down: int, right: int) -> Cell:
    """Return the cell after copying it elsewhere: relative references shift."""
    if isinstance(cell.value, Formula) and (down or right):
        return Cell(copied(cell.value, down, right), cell.format, cell.rest)
    return cell


def copy_paste(edit: Edit, request: Json) -> None:
    """Copy a range, repeated where the target is a multiple, whole where it is smaller.

    Notes are carried along, as by people's pasting, and conditional formats are not.
    """
    sheet, source = ranges.resolve(edit.spreadsheet, request.get("source", {}))
    to, target = ranges.resolve(edit.spreadsheet, request.get("destination", {}))
    kind = request.get("pasteType", NORMAL)
    if kind not in (NORMAL, VALIDATION) or request.get("pasteOrientation", "NORMAL") != "NORMAL":
        raise unsupported(f"copyPaste of type {kind}, {request.get('pasteOrientation', 'NORMAL')}")
    cells = take(sheet, source)
    high, wide = len(cells), len(cells[0]) if cells else 0
    if not high or not wide:
        return
    target = _repeated(target, high, wide)
    if not ranges.whole(to).holds(target):
        raise ranges.exceeds(to, target)
    edit.guard(to, target)
    for at in range(target.top, target.bottom):
        for across in range(target.left, target.right):
            up, left = (at - target.top) % high, (across - target.left) % wide
            cell = cells[up][left]
            new = moved(cell, at - source.top - up, across - source.left - left)
            if kind == VALIDATION:
                new = _validated(to.cell(at, across), cell)
            put(edit, to, at, across, new)


def _validated(old: Cell, source: Cell) -> Cell:
    """Return a cell with the drop-down of another."""
    name = "dataValidation"
    rest = {key: one for key, one in (old.rest or {}).items() if key != name}
    rest |= {key: one for key, one in (source.rest or {}).items() if key == name}
    return Cell(old.value, old.format, rest or None)


def _repeated(target: Box, high: int, wide: int) -> Box:
    tall, broad = target.bottom - target.top, target.right - target.left
    return Box(
        target.top,
        target.top + max(high, tall - tall % high),
        target.left,
        target.left + max(wide, broad - broad % wide),
    )


def sort_range(edit: Edit, request: Json) -> None:
    """Sort the cells of a range by columns, each ascending or descending; rows stay in place."""
    sheet, box = ranges.resolve(edit.spreadsheet, request.get("range", {}))
    specs = []
    for one in request.get("sortSpecs", []):
        column = one.get("dimensionIndex", 0)
        if not box.left <= column < box.right:
            raise invalid(f"sortSpecs.dimensionIndex[{column}] is outside the range.")
        specs.append((column, one.get("sortOrder") == "DESCENDING"))
    edit.guard(sheet, box)
    order = ordered(Evaluator(edit.spreadsheet), sheet, range(box.top, box.bottom), specs)
    cells = take(sheet, box)
    for at, was in enumerate(order, box.top):
        if at != was:
            for across, cell in enumerate(cells[was - box.top], box.left):
                put(edit, sheet, at, across, moved(cell, at - was, 0))
