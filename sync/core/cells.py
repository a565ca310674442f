"""Cells as Google's CellData: made, compared, and read as text. Pure."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from sync.types import letters

Cell = dict[str, Any]
"""`userEnteredValue`, and `textFormatRuns` if there are links. {} is a blank cell."""
LONGEST = 49_000
"""Characters; Google's limit is 50,000, and it isn't known how it counts."""
_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)


def text(value: str, longest: int = LONGEST) -> Cell:
    """Return a cell with text, which never becomes a formula; a blank cell for ""."""
    return {"userEnteredValue": {"stringValue": value[:longest]}} if value else {}


def number(value: float) -> Cell:
    return {"userEnteredValue": {"numberValue": value}}


def formula(value: str) -> Cell:
    return {"userEnteredValue": {"formulaValue": value}}


def serial(moment: datetime, zone: tzinfo) -> float:
    """Return the days since 1899-12-30 of the wall clock in `zone`, as Sheets counts dates."""
    wall = moment.astimezone(zone).replace(tzinfo=UTC)
    return round((wall - _EPOCH) / timedelta(days=1), 8)


def days_since(day: date) -> Cell:
    """Return how old a day is, counted by the sheet, without a comma: it differs by locale."""
    return formula(f"=TODAY()-{(day - _EPOCH.date()).days}")


def links(entries: Sequence[tuple[str, str]]) -> Cell:
    """Return a cell with a text on each line, linked if it has an address."""
    runs, lines, start = list[dict[str, Any]](), list[str](), 0
    for name, address in entries:
        length = units(name)
        if start + length > LONGEST:
            lines.append("…")
            break
        lines.append(name)
        if address:
            runs.append({"startIndex": start, "format": {"link": {"uri": address}}})
            runs.append({"startIndex": start + length, "format": {}})
        start += length + 1
    cell = text("\n".join(lines))
    if runs and runs[-1]["startIndex"] >= units("\n".join(lines)):
        runs.pop()
    return {**cell, "textFormatRuns": runs} if cell and runs else cell


def units(value: str) -> int:
    """Return the length in UTF-16 units, in which Google counts."""
    return len(value.encode("utf-16-le")) // 2


def addresses(cell: Cell) -> list[str]:
    """Return the addresses of a cell's links; Google may keep one of the whole cell elsewhere."""
    formats = [run.get("format", {}) for run in cell.get("textFormatRuns", ())]
    formats.append(cell.get("userEnteredFormat", {}).get("textFormat", {}))
    return [each["link"]["uri"] for each in formats if each.get("link", {}).get("uri")]


def content(cell: Cell) -> str:
    """Return what a cell holds, in a form that can be compared; "" if it is blank."""
    value = cell.get("userEnteredValue") or {}
    linked = addresses(cell)
    if [*value] in ([], ["stringValue"]) and not linked:
        return str(value.get("stringValue", ""))
    if "numberValue" in value:  # Google returns whole ones without a point.
        value = {"numberValue": round(float(value["numberValue"]), 8)}
    return json.dumps([value, linked], sort_keys=True)


def is_formula(cell: Cell) -> bool:
    return "formulaValue" in (cell.get("userEnteredValue") or {})


def readable(cell: Cell) -> str:
    """Return what was typed into a cell."""
    value = cell.get("userEnteredValue") or {}
    if "numberValue" in value:
        held = value["numberValue"]
        return str(int(held)) if float(held).is_integer() else str(held)
    return str(next(iter(value.values()), ""))


def shown(cell: Cell) -> str:
    """Return a cell's text; "" for a formula, whose value isn't read."""
    return "" if is_formula(cell) else readable(cell)


_REFERENCE = re.compile(
    r'"(?:[^"]|"")*"|\[[^\]]*\]'
    r"|(?:'(?:[^']|'')*'|[\w.]+)!\$?[A-Z]*\$?\d*(?::\$?[A-Z]*\$?\d*)?"
    r"|(?<![A-Za-z_.])(\$?)([A-Z]{1,3})(\$?)(\d+)(?![\w(])"
)
"""A cell of the same tab, in groups; before that, what is left as it is: texts, and other tabs."""


def relative(cell: Cell, row: int, names: Sequence[str]) -> Cell:
    """Return a cell with the references of its formula as names of columns and distances of rows.

    So it is the same in each row and after a move. `names` are the columns' by index.
    """

    def named(match: re.Match[str]) -> str:
        if not match[2]:
            return match[0]
        index = _index(match[2])
        column = names[index] if index < len(names) else match[2]
        place = f"!{match[4]}" if match[3] else str(int(match[4]) - 1 - row)
        return f"\x00{match[1]}{column}\x01{place}\x02"

    return _with_references(cell, _REFERENCE, named)


_NAMED = re.compile("\x00(\\$?)([^\x01]*)\x01(!?)(-?\\d+)\x02")


def absolute(cell: Cell, row: int, names: Sequence[str]) -> Cell:
    """Return a cell of `relative` as it is written into a row."""

    def written(match: re.Match[str]) -> str:
        column = letters(names.index(match[2])) if match[2] in names else match[2]
        place = f"${match[4]}" if match[3] else str(int(match[4]) + 1 + row)
        return f"{match[1]}{column}{place}"

    return _with_references(cell, _NAMED, written)


def _with_references(cell: Cell, pattern: re.Pattern[str], replaced: Any) -> Cell:
    if not is_formula(cell):
        return cell
    value = pattern.sub(replaced, cell["userEnteredValue"]["formulaValue"])
    return {**cell, "userEnteredValue": {"formulaValue": value}}


def _index(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
