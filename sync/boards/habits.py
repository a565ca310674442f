"""Knows how columns are written: "Ortiz, Bea", a street without its town, dates as text. Pure."""

import re
from collections.abc import Iterator
from itertools import islice

from sync.boards.party import BETWEEN_PEOPLE
from sync.jobs.cells import Cell
from sync.sheets.cell_data import is_formula, text_of
from sync.sheets.snapshot import Table

_CELLS = 30
"""Read to learn a habit: a column of 10,000 is the same all through, or has none."""
_FAMILY_FIRST = re.compile(r"[^,]+,\s*[^,]+")
_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})")
_DAYS, _YEARS = ("{0.month}/{0.day}", "{0:%m}/{0:%d}"), ("{0.year}", "{0:%y}")
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
_MONTHS = 12


def _texts(table: Table, column: str) -> Iterator[str]:
    cells = (cell for cell in table.cells.get(column, {}).values() if not is_formula(cell))
    return islice((text for cell in cells if (text := text_of(cell).strip())), _CELLS)


def is_family_first(table: Table, column: str) -> bool:
    """Return whether most names of a column are like "Ortiz, Bea"."""
    names = [bool(_FAMILY_FIRST.fullmatch(text)) for text in _texts(table, column)]
    return 2 * sum(names) > len(names)


def family_first(name: str) -> str:
    """Return "Ortiz, Bea" of "Bea Ortiz".

    A name with one word or a comma stays, and one whose people have family names of their own.
    """
    first, *others = BETWEEN_PEOPLE.split(name)
    if others and len(first.split()) > 1:
        return name
    words = name.split()
    last = len(words) - (2 if words and _SUFFIX.fullmatch(words[-1]) else 1)
    # "Maria de la Cruz": the family name begins with its particles, if case tells them from names.
    lower = (n for n, word in enumerate(words) if n and word.islower() and word != "and")
    start = last if name.islower() else next(lower, last)
    if "," in name or start < 1:
        return name
    return f"{' '.join(words[start:])}, {' '.join(words[:start])}"


def is_street_alone(table: Table, column: str) -> bool:
    """Return whether most addresses of a column have no comma: no town follows the street."""
    addresses = [*_texts(table, column)]
    return 2 * sum("," in text for text in addresses) < len(addresses)


def date_pattern(table: Table, column: str) -> str:
    """Return the format of dates in a column where most are text like 2/20/2026; else ""."""
    texts = list(_texts(table, column))
    dates = [match.groups() for text in texts if (match := _DATE.fullmatch(text))]
    if 2 * len(dates) <= len(texts) or any(int(month) > _MONTHS for month, _, _ in dates):
        return ""
    parts = [part for date in dates for part in date[:2]]
    is_padded = sum(part[0] == "0" for part in parts) > sum(len(part) == 1 for part in parts)
    is_short = 2 * sum(len(year) == len("26") for _, _, year in dates) > len(dates)
    return f"{_DAYS[is_padded]}/{_YEARS[is_short]}"


def spellings(column: str, cell: Cell) -> Iterator[Cell]:
    """Yield a value as it is written in columns with any habit."""
    if cell.when is not None and not cell.is_age:
        patterns = ("", *(f"{day}/{year}" for day in _DAYS for year in _YEARS))
        yield from (cell.model_copy(update={"pattern": pattern}) for pattern in patterns)
    elif column == "customer":
        yield from (Cell(text=cell.text), Cell(text=family_first(cell.text)))
    elif column == "address":
        yield from (Cell(text=text) for text in (cell.text, *cell.other_texts))
