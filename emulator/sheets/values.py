"""Plain values of ranges: the spreadsheets.values methods, and a tab as text."""

import csv
import io
import re
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from emulator.errors import invalid, unsupported
from emulator.sheets import coerce, formula, ranges, structure
from emulator.sheets.coerce import is_dated, shown, text
from emulator.sheets.edit import Edit
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.formula import Formula
from emulator.sheets.grid import BLANK, Cell, CellError, Json, Sheet, Spilled, Spreadsheet
from emulator.sheets.ranges import Box


def last_table(sheet: Sheet, box: Box) -> Box | None:
    """Return the last table that meets the box, or None.

    A table is an island of filled cells: cells that touch, corners too, and the box around them.
    """
    filled = {
        (at, across)
        for at, row in enumerate(sheet.rows)
        for across, column in enumerate(sheet.columns if row.cells else ())
        if row.cells.get(column, BLANK).value is not None
    }
    last = max(_inside(filled, box), default=None)
    if last is None:
        return None
    table = Box(last[0], last[0] + 1, last[1], last[1] + 1)
    while True:
        around = Box(table.top - 1, table.bottom + 1, table.left - 1, table.right + 1)
        rows, columns = map(set, zip(*_inside(filled, around), strict=True))
        grown = Box(min(rows), max(rows) + 1, min(columns), max(columns) + 1)
        if grown == table:
            return table
        table = grown


def _inside(cells: set[tuple[int, int]], box: Box) -> list[tuple[int, int]]:
    return [
        (at, across)
        for at, across in cells
        if box.top <= at < box.bottom and box.left <= across < box.right
    ]


# A note and a drop-down stay where only the value changes.
STAYING = ("note", "dataValidation")


class Render:
    """How values are answered: the three options of a request, with their defaults."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        def option(name: str, default: str) -> str:
            given = str(options.get(name) or default)
            return default if given.endswith("UNSPECIFIED") else given

        self.value = option("valueRenderOption", "FORMATTED_VALUE")
        self.dates = option("dateTimeRenderOption", "SERIAL_NUMBER")
        self.major = str(options.get("majorDimension") or "ROWS")

    def cell(self, evaluator: Evaluator, sheet: Sheet, cell: Cell) -> Any:
        """Return one value; blanks are empty texts."""
        if cell.value is None and not isinstance(cell, Spilled):
            return ""
        if self.value == "FORMULA" and isinstance(cell.value, Formula):
            return cell.value.text
        value, form = evaluator.value(sheet, cell), cell.number_format
        if value is None or self.value == "FORMATTED_VALUE" or isinstance(value, CellError):
            return shown(value, form)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and is_dated(form) and self.dates == "FORMATTED_STRING":
            return shown(value, form)
        return value


def value_range(evaluator: Evaluator, sheet: Sheet, box: Box, render: Render) -> Json:
    """Return a ValueRange, without empty cells at the ends of rows and empty rows at the end."""
    lines = [
        [
            render.cell(evaluator, sheet, cell)
            for cell in evaluator.line(sheet, at, box.left, box.right)
        ]
        for at in range(box.top, box.bottom)
    ]
    if render.major == "COLUMNS":
        lines = [list(line) for line in zip_longest(*lines, fillvalue="")]
    found: Json = {"range": ranges.show(sheet, box), "majorDimension": render.major}
    trimmed = [_trim(line) for line in lines]
    while trimmed and not trimmed[-1]:
        trimmed.pop()
    if trimmed:
        found["values"] = trimmed
    return found


def _trim(line: list[Any]) -> list[Any]:
    end = len(line)
    while end and line[end - 1] == "":
        end -= 1
    return line[:end]


def lines_of(given: Json) -> list[list[Any]]:
    """Return a ValueRange's values row by row."""
    lines: list[list[Any]] = given.get("values", [])
    is_by_column = given.get("majorDimension") == "COLUMNS"
    return [list(line) for line in zip_longest(*lines)] if is_by_column else lines


def _counts(written: list[tuple[int, int, int]], prefix: str, *more: tuple[str, int]) -> Json:
    """Return how many distinct rows and columns, and cells, were written; no zeroes."""
    rows = {(sheet, at) for sheet, at, _ in written}
    columns = {(sheet, across) for sheet, _, across in written}
    counts = [("Rows", len(rows)), ("Columns", len(columns)), ("Cells", len(written)), *more]
    return {prefix + name: count for name, count in counts if count}


class Writing:
    """Writes ValueRanges for one request, RAW or USER_ENTERED, as if typed."""

    def __init__(self, edit: Edit, options: Mapping[str, Any]) -> None:
        self._edit = edit
        self._option = options.get("valueInputOption")
        if self._option in (None, "INPUT_VALUE_OPTION_UNSPECIFIED"):
            raise invalid("'valueInputOption' is required but not specified")
        if str(options.get("includeValuesInResponse", "")).lower() == "true":
            raise unsupported("includeValuesInResponse")
        self._written: list[tuple[int, int, int]] = []

    def totals(self) -> Json:
        """Return the totals of all updates: distinct rows and columns, cells, sheets."""
        sheets = {sheet for sheet, _, _ in self._written}
        return _counts(self._written, "totalUpdated", ("Sheets", len(sheets)))

    def update(self, sheet: Sheet, box: Box, given: Json, *, fits: bool = True) -> Json:
        """Write a ValueRange at a box (which must hold it if `fits`); UpdateValuesResponse."""
        edit, lines = self._edit, lines_of(given)
        wide = max(map(len, lines), default=0)
        target = Box(box.top, box.top + max(len(lines), 1), box.left, box.left + max(wide, 1))
        if fits:
            _check_fits(sheet, box, target)
        # The grid is enlarged where values reach beyond it.
        if target.bottom > len(sheet.rows):
            structure.resize(edit, sheet, "ROWS", target.bottom)
        if target.right > len(sheet.columns):
            structure.resize(edit, sheet, "COLUMNS", target.right)
        edit.guard(sheet, target)
        written = self._write(sheet, target, lines)
        self._written += written
        return {
            "spreadsheetId": edit.spreadsheet.spreadsheet_id,
            "updatedRange": ranges.show(sheet, target),
            **_counts(written, "updated"),
        }

    def _write(
        self, sheet: Sheet, target: Box, lines: list[list[Any]]
    ) -> list[tuple[int, int, int]]:
        """Write lines of values, and return which cells of which sheet were written."""
        written = []
        for down, line in enumerate(lines):
            for right, value in enumerate(line):
                if value is None:
                    continue
                if isinstance(value, list | dict):
                    kind = "list_value" if isinstance(value, list) else "struct_value"
                    raise invalid(f"Invalid values[{down}][{right}]: {kind} {{\n}}\n")
                at, across = target.top + down, target.left + right
                self._put(sheet, at, across, value)
                written.append((sheet.sheet_id, at, across))
        return written

    def _put(self, sheet: Sheet, at: int, across: int, value: Any) -> None:
        old, form = sheet.cell(at, across), None
        if isinstance(value, str):
            if self._option == "USER_ENTERED":
                value, form = coerce.read_typed(value)
            value = None if value == "" else value
        elif not isinstance(value, bool):
            value = coerce.plain(value)
        new = typed(old, value, form)
        self._edit.cell(sheet, sheet.rows[at], sheet.columns[across], new)


def typed(old: Cell, value: Any, form: dict[str, str] | None) -> Cell:
    """Return the cell with another value: formats, notes and drop-downs stay.

    `form`, the number format of the way of typing, counts where the cell has none of its kind.
    """
    style = old.format
    known = (style or {}).get("numberFormat")
    if form and (known is None or known.get("type") != form["type"]):
        style = {**(style or {}), "numberFormat": form}
    if known and known.get("type") == "TEXT" and value is not None:
        value = text(value.text if isinstance(value, Formula) else value)
        style = old.format
    rest = {name: item for name, item in (old.rest or {}).items() if name in STAYING}
    return Cell(value, style, rest or None)


def _check_fits(sheet: Sheet, box: Box, target: Box) -> None:
    """Refuse values that exceed a range of several cells."""
    if box.bottom - box.top == 1 and box.right - box.left == 1:
        return
    past = ""
    if target.bottom > box.bottom:
        past = f"row [{box.bottom + 1}]"
    elif target.right > box.right:
        past = f"column [{formula.column_name(box.right)}]"
    if past:
        area = ranges.show(sheet, box)
        raise invalid(f"Requested writing within range [{area}], but tried writing to {past}")


def append(edit: Edit, writing: Writing, text_range: str, given: Json, options: Any) -> Json:
    """Write below the last table in the range, and return the AppendValuesResponse."""
    sheet, box = ranges.parse(edit.spreadsheet, text_range)
    table = last_table(sheet, box)
    reply: Json = {"spreadsheetId": edit.spreadsheet.spreadsheet_id}
    at = Box(box.top, box.top + 1, box.left, box.left + 1)
    if table:
        reply["tableRange"] = ranges.show(sheet, table)
        at = Box(table.bottom, table.bottom + 1, table.left, table.left + 1)
    count = len(lines_of(given))
    if options.get("insertDataOption") == "INSERT_ROWS" and count and at.top <= len(sheet.rows):
        like = at.top - 1 if at.top else None
        structure.insert(edit, sheet, "ROWS", at.top, count, like=like)
    return reply | {"updates": writing.update(sheet, at, given, fits=False)}


def clear(edit: Edit, sheet: Sheet, box: Box) -> str:
    """Clear the values of a box (nothing else), and return the range as shown."""
    edit.guard(sheet, box)
    columns = sheet.columns[box.left : box.right]
    for row in sheet.rows[box.top : box.bottom]:
        if row.cells:
            for column in columns:
                cell = row.cells.get(column, BLANK)
                if cell.value is not None:
                    edit.cell(sheet, row, column, typed(cell, None, None))
    return ranges.show(sheet, box)


SEPARATORS = {"text/csv": ",", "text/tab-separated-values": "\t"}


def delimited(spreadsheet: Spreadsheet, separator: str) -> str:
    """Return what the first tab shows, a line a row, all as wide as the widest."""
    sheet = spreadsheet.sheets[0]
    area = value_range(Evaluator(spreadsheet), sheet, ranges.whole(sheet), Render({}))
    rows = area.get("values", [])
    wide = max(map(len, rows), default=0)
    padded = [[str(text) for text in row] + [""] * (wide - len(row)) for row in rows]
    if separator == "\t":
        return "\r\n".join("\t".join(re.sub(r"[\t\r\n]", " ", t) for t in row) for row in padded)
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(padded)
    return written.getvalue().removesuffix("\r\n")
