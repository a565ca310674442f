"""References: A1 notation, formulas as text, and how both change when cells move."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

PLAIN_TITLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LOOKS_LIKE_CELL = re.compile(r"[A-Za-z]{1,3}\d+|[Rr]\d*[Cc]\d*")


def column_name(index: int) -> str:
    """Return `A` for 0, `AA` for 26."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def column_index(name: str) -> int:
    """Return 0 for `A`."""
    index = 0
    for letter in name.upper():
        index = index * 26 + ord(letter) - 64
    return index - 1


def quote(title: str) -> str:
    """Return the title as it stands before the `!`."""
    if PLAIN_TITLE.fullmatch(title) and not LOOKS_LIKE_CELL.fullmatch(title):
        return title
    return "'" + title.replace("'", "''") + "'"


def split(text: str) -> tuple[str | None, str | None]:
    """Return (title, cells), each or None. ValueError where a quote is not closed."""
    if text.startswith("'"):
        found = re.fullmatch(r"'((?:[^']|'')*)'(?:!(.*))?", text, re.DOTALL)
        if not found:
            raise ValueError(text)
        return found[1].replace("''", "'"), found[2]
    if "!" in text:
        title, _, cells = text.rpartition("!")
        return title, cells
    return None, text


def format_box(title: str, top: int, bottom: int, left: int, right: int) -> str:
    """Return the full A1 notation of a bounded box, one cell without a colon."""
    first = f"{column_name(left)}{top + 1}"
    last = f"{column_name(right - 1)}{bottom}"
    return f"{quote(title)}!{first if first == last else f'{first}:{last}'}"


Json = dict[str, Any]
Span = tuple[int, int | None]


class Insert(NamedTuple):
    """`size` rows or columns inserted before index `at`."""

    at: int
    size: int

    def span(self, start: int, end: int | None) -> Span | None:
        """Return where [start, end) is afterwards; it grows by what is inserted inside."""
        moved = start + self.size if start >= self.at else start
        if end is None:
            return moved, None
        return moved, end + self.size if end > self.at else end


class Delete(NamedTuple):
    """`size` rows or columns deleted from index `at` on."""

    at: int
    size: int

    def span(self, start: int, end: int | None) -> Span | None:
        """Return where [start, end) is afterwards, None where nothing is left of it."""

        def moved(index: int) -> int:
            return index if index <= self.at else max(self.at, index - self.size)

        if end is None:
            return moved(start), None
        return (moved(start), moved(end)) if moved(end) > moved(start) else None


class Move(NamedTuple):
    """[start, end) moved before index `destination`, as counted before the move."""

    start: int
    end: int
    destination: int

    def span(self, start: int, end: int | None) -> Span | None:
        """Return where [start, end) is afterwards; a span inside what moves goes along."""
        size = self.end - self.start
        landing = self.destination
        if landing > self.start:
            landing -= size
        if end is not None and self.start <= start and end <= self.end:
            return start - self.start + landing, end - self.start + landing
        left = Delete(self.start, size).span(start, end)
        return Insert(landing, size).span(*left) if left else None


Shift = Insert | Delete | Move

BOUNDS = {
    "ROWS": ("startRowIndex", "endRowIndex"),
    "COLUMNS": ("startColumnIndex", "endColumnIndex"),
}


def grid_range(shift: Shift, dimension: str, stored: Json) -> Json | None:
    """Return a stored GridRange after the shift, None where nothing is left of it."""
    first, last = BOUNDS[dimension]
    if first not in stored and last not in stored:
        return stored
    moved = shift.span(stored.get(first, 0), stored.get(last))
    if moved is None:
        return None
    changed = dict(stored)
    if first in stored:
        changed[first] = moved[0]
    if moved[1] is not None:
        changed[last] = moved[1]
    return changed


TITLE = r"(?:'(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_.]*)!"
END = r"\$?[A-Za-z]{1,3}\$?[1-9]\d*"
REFERENCE = re.compile(
    rf"""(?P<string>"(?:[^"]|"")*")
    | (?<![A-Za-z0-9_.$])(?P<title>{TITLE})?
      (?P<cells>{END}(?:\s*:\s*(?:{END}|\$?[A-Za-z]{{1,3}}|\$?[1-9]\d*))?
        | \$?[A-Za-z]{{1,3}}:\$?[A-Za-z]{{1,3}}
        | \$?[1-9]\d*:\$?[1-9]\d*)
      (?![A-Za-z0-9_(!])""",
    re.VERBOSE,
)
END_PARTS = re.compile(r"(\$?)([A-Za-z]{1,3})?(\$?)([1-9]\d*)?")
LOST = "#REF!"
ARRAYS = re.compile(
    r"\b(ARRAYFORMULA|FILTER|SORT|UNIQUE|[VH]STACK|CHOOSECOLS|LET|MAP)\s*\(|\{",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula as it was entered, with its `=`."""

    text: str

    def may_spill(self) -> bool:
        """Return whether its value may be an array, which fills the cells beside and below."""
        return ARRAYS.search(self.text) is not None


class End(NamedTuple):
    """One end of a reference: zero-based column and row, each or None, and which are fixed."""

    column: int | None
    row: int | None
    column_fixed: bool
    row_fixed: bool

    def moved(self, down: int, right: int) -> "End":
        """Return it after copying the formula that many rows down and columns right."""
        row = self.row if self.row is None or self.row_fixed else self.row + down
        column = self.column if self.column is None or self.column_fixed else self.column + right
        return self._replace(row=row, column=column)

    def text(self) -> str:
        """Return it as written in a formula."""
        column = "" if self.column is None else column_name(self.column)
        row = "" if self.row is None else str(self.row + 1)
        fixed_column = "$" if self.column_fixed else ""
        return fixed_column + column + ("$" if self.row_fixed else "") + row


def parse_end(text: str) -> End:
    """Return the parts of `$B2`."""
    found = END_PARTS.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    fixed_column, column, fixed_row, row = found.groups()
    if not column and row:
        fixed_row = fixed_row or fixed_column
    return End(
        column_index(column) if column else None,
        int(row) - 1 if row else None,
        bool(fixed_column and column),
        bool(fixed_row and row),
    )


def parse_ends(cells: str) -> list[End]:
    """Return the one or two ends of `A1` or `A1:C`."""
    return [parse_end(part) for part in cells.split(":")]


def parse_range(cells: str) -> list[End] | None:
    """Return the ends of A1 notation without a title, None if it is invalid."""
    try:
        ends = parse_ends(cells)
    except ValueError:
        return None
    alone = len(ends) == 1 and (ends[0].row is None or ends[0].column is None)
    is_empty = any(end.row is end.column is None for end in ends)
    return None if alone or is_empty or len(ends) > 2 else ends


def rewrite(text: str, change: Callable[[str | None, list[End]], list[End] | None]) -> str:
    """Return the formula with new ends from `change(title, ends)`; None is `#REF!`."""

    def one(found: re.Match[str]) -> str:
        if found["string"]:
            return found[0]
        title = found["title"]
        plain = split(title + "A1")[0] if title else None
        ends = change(plain, parse_ends(found["cells"]))
        if ends is None:
            return (title or "") + LOST
        return (title or "") + ":".join(end.text() for end in ends)

    return REFERENCE.sub(one, text)


@lru_cache(maxsize=65_536)
def copied(formula: Formula, down: int, right: int) -> Formula:
    """Return the formula after copying it that many rows down and columns right."""

    def change(_title: str | None, ends: list[End]) -> list[End] | None:
        moved = [end.moved(down, right) for end in ends]
        lost = any(index is not None and index < 0 for end in moved for index in end[:2])
        return None if lost else moved

    return Formula(rewrite(formula.text, change))


def shifted(formula: Formula, shift: Shift, dimension: str, *, here: bool, title: str) -> Formula:
    """Return the formula after a shift in the sheet `title`; `here`: it is in that sheet."""
    place = 1 if dimension == "ROWS" else 0

    def change(named: str | None, ends: list[End]) -> list[End] | None:
        if not (here if named is None else named.casefold() == title.casefold()):
            return ends
        first, last = ends[0][place], ends[-1][place]
        if first is None or last is None:
            return ends
        moved = shift.span(first, last + 1)
        if moved is None or moved[1] is None:
            return None
        bounds = (moved[0], moved[1] - 1)[: len(ends)]
        return [
            end._replace(row=index) if place else end._replace(column=index)
            for end, index in zip(ends, bounds, strict=True)
        ]

    text = rewrite(formula.text, change)
    return formula if text == formula.text else Formula(text)
