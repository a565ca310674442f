"""The request findReplace: texts and, if asked for, formulas, wherever they stand by now."""

import re
from collections.abc import Iterator
from typing import Any

from emulator.errors import invalid
from emulator.sheets import ranges
from emulator.sheets.edit import Edit
from emulator.sheets.formula import Formula
from emulator.sheets.grid import Cell, Json, Sheet
from emulator.sheets.ranges import Box


def find_replace(edit: Edit, request: Json) -> Json:
    """Replace what is found in a range, a sheet or all sheets, and reply with the counts."""
    pattern = _pattern(request)
    replacement = _replacement(request)
    counts = dict.fromkeys(("valuesChanged", "formulasChanged", "occurrencesChanged"), 0)
    rows: set[tuple[int, int]] = set()
    for sheet, box in _areas(edit, request):
        for at in range(box.top, box.bottom):
            for across in range(box.left, box.right):
                cell = sheet.cell(at, across)
                found = _replaced(cell, pattern, replacement, request)
                if found is None:
                    continue
                edit.guard(sheet, box._replace(top=at, bottom=at + 1))
                edit.cell(sheet, sheet.rows[at], sheet.columns[across], found[0])
                is_formula = isinstance(cell.value, Formula)
                counts["formulasChanged" if is_formula else "valuesChanged"] += 1
                counts["occurrencesChanged"] += found[1]
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


def _replacement(request: Json) -> str:
    """Return the replacement as Python writes it: Google's groups are $1 or \\1."""
    text: str = request.get("replacement", "")
    if not request.get("searchByRegex"):
        return text.replace("\\", r"\\")
    return re.sub(r"\$(\d)", r"\\g<\1>", text)


def _areas(edit: Edit, request: Json) -> Iterator[tuple[Sheet, Box]]:
    scopes = [name for name in ("range", "sheetId", "allSheets") if name in request]
    if len(scopes) != 1:
        raise invalid("Exactly one of range, sheetId and allSheets must be set.")
    if "range" in request:
        yield ranges.resolve(edit.spreadsheet, request["range"])
    elif "sheetId" in request:
        sheet = ranges.need_sheet(edit.spreadsheet, request["sheetId"])
        yield sheet, ranges.whole(sheet)
    else:
        yield from ((sheet, ranges.whole(sheet)) for sheet in edit.spreadsheet.sheets)


def _replaced(
    cell: Cell, pattern: re.Pattern[str], replacement: str, request: Json
) -> tuple[Cell, int] | None:
    """Return the cell after replacement, and how often; None where nothing was found."""
    value: Any = cell.value
    if isinstance(value, Formula):
        if not request.get("includeFormulas"):
            return None
        text, count = pattern.subn(replacement, value.text)
        return (Cell(Formula(text), cell.format, cell.rest), count) if count else None
    if not isinstance(value, str):
        return None
    text, count = pattern.subn(replacement, value)
    return (Cell(text or None, cell.format, cell.rest), count) if count else None
