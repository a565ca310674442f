"""Reads cells in the Sheets API's form: their texts, links and notes, for comparison. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sync.types import UUID_PATTERN

CellData = Mapping[str, Any]
"""A cell in the Sheets API's form (CellData)."""
Row = Sequence[CellData]
Rows = Mapping[int, Mapping[int, Row]]
"""Rows of several tabs, by sheet ID and then by row index."""

_CANONICAL = re.compile(UUID_PATTERN)
DATE_FORMATS = ("DATE", "DATE_TIME", "TIME")
"""Types of the number formats that show a number as a date (Sheets discovery document)."""
_UUID = re.compile(UUID_PATTERN, re.IGNORECASE)
_AGE = re.compile(r"=TODAY\(\)-(\d{1,6})")
_BLANK: Mapping[str, Any] = {}


def site_in(cell: CellData) -> str | None:
    """Return the site UUID in a key cell, which may be part of a pasted address."""
    return site_in_text(cell.get("userEnteredValue", _BLANK).get("stringValue", ""))


def site_in_text(text: str) -> str | None:
    """Return the site UUID in a text."""
    if _CANONICAL.fullmatch(text):  # As Brightsheet writes it: nearly all of a large sheet.
        return str(text)
    match = _UUID.search(text)
    return str(UUID(match.group())) if match else None


def text_of(cell: CellData) -> str:
    """Return the entered value of a cell as text; "" if there is none."""
    entered = cell.get("userEnteredValue", _BLANK)
    if "stringValue" in entered:
        return str(entered["stringValue"])
    value = next(iter(entered.values()), "")
    # Google returns 46023.0 for 46023.
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def note_of(cell: CellData) -> str:
    """Return a cell's note; "" if there is none."""
    return str(cell.get("note", ""))


def links_of(cell: CellData) -> list[tuple[int, str]]:
    """Return the start of each link in a cell's text (in UTF-16 units), with its address."""
    return [
        (run.get("startIndex", 0), uri)
        for run in cell.get("textFormatRuns", ())
        if (uri := run.get("format", {}).get("link", {}).get("uri"))
    ]


def is_formula(cell: CellData) -> bool:
    """Tell whether a formula was entered."""
    return "formulaValue" in cell.get("userEnteredValue", {})


def typed_text(cell: CellData) -> str:
    """Return a cell's text without spaces around it; "" for a formula, whose value isn't read."""
    return "" if is_formula(cell) else text_of(cell).strip()


def depends_on_place(cell: CellData) -> bool:
    """Tell whether a cell says something else in another row: a formula, but for an age."""
    return is_formula(cell) and age_since(text_of(cell)) is None


def age_since(text: str) -> int | None:
    """Return the day, as Sheets counts it, since when Brightsheet's formula counts days, or None.

    People don't type this formula.
    """
    match = _AGE.fullmatch(text)
    return int(match[1]) if match else None


class Content(NamedTuple):
    """A cell's content for comparison: its text, and its links by their start."""

    text: str = ""
    links: tuple[tuple[int, str], ...] = ()


BLANK = Content()


def content(cell: CellData) -> Content:
    """Return a cell's content, without its note and format; all spaces are alike, alone none."""
    text = with_plain_spaces(text_of(cell))
    return Content("" if text.isspace() else text, tuple(links_of(cell)))


def with_plain_spaces(text: str) -> str:
    """Return a text without no-break spaces, which our dates and pasted texts have."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


def texts_of(row: Row, columns: Mapping[str, int]) -> dict[str, str]:
    """Return the entered texts of a row by column ID; formulas and spaces count as blank."""
    cells = {column: at(row, index) for column, index in columns.items()}
    return {
        column: text
        for column, cell in cells.items()
        if not is_formula(cell) and (text := text_of(cell)).strip()
    }


def at(row: Row, index: int) -> CellData:
    """Return the cell at a zero-based index of a row; {} beyond its end."""
    return row[index] if 0 <= index < len(row) else {}
