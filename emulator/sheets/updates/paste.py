"""Requests that copy, move, sort and replace: copyPaste, cutPaste, sortRange, findReplace."""

import re
from typing import Any

from emulator.errors import invalid, unsupported
from emulator.sheets import ranges
from emulator.sheets.conditions import ordered
from emulator.sheets.edit import Edit
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.formula import Formula, copied
from emulator.sheets.grid import BLANK, Cell, Json, Sheet
from emulator.sheets.ranges import Box
from emulator.sheets.updates import rules

Cells = list[list[Cell]]

VALIDATION = "PASTE_DATA_VALIDATION"
PASTES = ("PASTE_NORMAL", "PASTE_VALUES", "PASTE_FORMULA", "PASTE_FORMAT", VALIDATION)
CONTENT = ("note", "textFormatRuns", "chipRuns", "pivotTable", "dataSourceTable")


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


def _rest(cell: Cell, *names: str) -> Json:
    """Return those of these parts that a cell has."""
    return {name: item for name, item in (cell.rest or {}).items() if name in names}


def pasted(kind: str, source: Cell, old: Cell, value: Any) -> Cell:
    """Return `old` after `source`, whose effective value is `value`, was pasted on it.

    PASTE_NORMAL carries notes, as people's pasting does.
    """
    if kind in ("PASTE_VALUES", "PASTE_FORMULA"):
        entered = value if kind == "PASTE_VALUES" else source.value
        return Cell(entered, old.format, _rest(old, "dataValidation", "note") or None)
    if kind == "PASTE_FORMAT":
        rest = _rest(old, *CONTENT) | _rest(source, "dataValidation")
        return Cell(old.value, source.format, rest or None)
    if kind == VALIDATION:
        kept = {name: one for name, one in (old.rest or {}).items() if name != "dataValidation"}
        rest = kept | _rest(source, "dataValidation")
        return Cell(old.value, old.format, rest or None)
    return source


def copy_paste(edit: Edit, request: Json) -> None:
    """Copy a range, repeated where the target is a multiple, whole where it is smaller."""
    sheet, source = ranges.resolve(edit.spreadsheet, request.get("source", {}))
    target_sheet, target = ranges.resolve(edit.spreadsheet, request.get("destination", {}))
    kind = request.get("pasteType", "PASTE_NORMAL")
    if kind not in PASTES or request.get("pasteOrientation", "NORMAL") != "NORMAL":
        raise unsupported(f"copyPaste of type {kind}, {request.get('pasteOrientation', 'NORMAL')}")
    cells = take(sheet, source)
    high, wide = len(cells), len(cells[0]) if cells else 0
    if not high or not wide:
        return
    target = _repeated(target, high, wide)
    whole = ranges.whole(target_sheet)
    if not whole.holds(target):
        raise ranges.exceeds(target_sheet, target)
    edit.guard(target_sheet, target)
    evaluator = Evaluator(edit.spreadsheet)
    for at in range(target.top, target.bottom):
        for across in range(target.left, target.right):
            up, left = (at - target.top) % high, (across - target.left) % wide
            cell = cells[up][left]
            value = evaluator.value(sheet, cell) if kind == "PASTE_VALUES" else None
            cell = moved(cell, at - source.top - up, across - source.left - left)
            old = target_sheet.cell(at, across)
            new = pasted(kind, cell, old, value)
            if new is not old:
                put(edit, target_sheet, at, across, new)
    if kind in ("PASTE_NORMAL", "PASTE_FORMAT"):
        rules.carry(edit, sheet, source, target_sheet, target)


def _repeated(target: Box, high: int, wide: int) -> Box:
    tall, broad = target.bottom - target.top, target.right - target.left
    return Box(
        target.top,
        target.top + max(high, tall - tall % high),
        target.left,
        target.left + max(wide, broad - broad % wide),
    )


def cut_paste(edit: Edit, request: Json) -> None:
    """Move a range's cells over others."""
    sheet, source = ranges.resolve(edit.spreadsheet, request.get("source", {}))
    start = request.get("destination", {})
    to = ranges.need_sheet(edit.spreadsheet, start.get("sheetId", 0))
    top, left = start.get("rowIndex", 0), start.get("columnIndex", 0)
    high, wide = source.bottom - source.top, source.right - source.left
    target = Box(top, top + high, left, left + wide)
    if not ranges.whole(to).holds(target):
        raise ranges.exceeds(to, target)
    edit.guard(sheet, source)
    edit.guard(to, target)
    cells = take(sheet, source)
    for up in range(source.top, source.bottom):
        for across in range(source.left, source.right):
            put(edit, sheet, up, across, BLANK)
    for down, line in enumerate(cells):
        for right, cell in enumerate(line):
            put(edit, to, top + down, left + right, cell)


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


def find_replace(edit: Edit, request: Json) -> Json:
    """Replace what is found in a range, a sheet or all sheets, and reply with the counts."""
    pattern, replacement = _pattern(request), request.get("replacement", "")
    if request.get("searchByRegex"):  # Google's groups are $1 or \\1
        replacement = re.sub(r"\$(\d)", r"\\g<\1>", replacement)
    else:
        replacement = replacement.replace("\\", r"\\")
    counts = dict.fromkeys(("valuesChanged", "formulasChanged", "occurrencesChanged"), 0)
    rows: set[tuple[int, int]] = set()
    for sheet, box in _areas(edit, request):
        for at in range(box.top, box.bottom):
            for across in range(box.left, box.right):
                cell = sheet.cell(at, across)
                is_formula = isinstance(cell.value, Formula)
                text = cell.value.text if isinstance(cell.value, Formula) else cell.value
                if not isinstance(text, str) or (is_formula and not request.get("includeFormulas")):
                    continue
                new, count = pattern.subn(replacement, text)
                if not count:
                    continue
                edit.guard(sheet, box._replace(top=at, bottom=at + 1))
                value = Formula(new) if is_formula else new or None
                put(edit, sheet, at, across, Cell(value, cell.format, cell.rest))
                counts["formulasChanged" if is_formula else "valuesChanged"] += 1
                counts["occurrencesChanged"] += count
                rows.add((sheet.sheet_id, at))
    counts["rowsChanged"] = len(rows)
    counts["sheetsChanged"] = len({sheet for sheet, _ in rows})
    return {name: count for name, count in counts.items() if count}


def _pattern(request: Json) -> re.Pattern[str]:
    text = request.get("find", "")
    if not text:
        raise invalid("find must be set.")
    if not request.get("searchByRegex"):
        text = re.escape(text)
    if request.get("matchEntireCell"):
        text = rf"\A(?:{text})\Z"
    try:
        return re.compile(text, 0 if request.get("matchCase") else re.IGNORECASE)
    except re.error as error:
        raise invalid(f"find is no regular expression: {error}.") from None


def _areas(edit: Edit, request: Json) -> list[tuple[Sheet, Box]]:
    if len(request.keys() & {"range", "sheetId", "allSheets"}) != 1:
        raise invalid("Exactly one of range, sheetId and allSheets must be set.")
    if "range" in request:
        return [ranges.resolve(edit.spreadsheet, request["range"])]
    sheets = edit.spreadsheet.sheets
    if "sheetId" in request:
        sheets = [ranges.need_sheet(edit.spreadsheet, request["sheetId"])]
    return [(sheet, ranges.whole(sheet)) for sheet in sheets]
