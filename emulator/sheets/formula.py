"""Formulas as text: their references, and how they shift when cells move."""

import re
from collections.abc import Callable
from typing import NamedTuple

from emulator.sheets import a1
from emulator.sheets.shifts import Shift

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


class Formula:
    """A formula as it was entered, with its `=`."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Formula) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


class End(NamedTuple):
    """One end of a reference: zero-based column and row, each or None, and which are fixed."""

    column: int | None
    row: int | None
    column_fixed: bool
    row_fixed: bool

    def text(self) -> str:
        """Return it as it stands in a formula."""
        column = "" if self.column is None else a1.column_name(self.column)
        row = "" if self.row is None else str(self.row + 1)
        fixed_column = "$" if self.column_fixed else ""
        return fixed_column + column + ("$" if self.row_fixed else "") + row


class Place(NamedTuple):
    """The cell that a condition is evaluated for, and its distance from the one it is written for.

    A condition's formula is written for one cell and holds for others: for each of them its
    relative references are shifted.
    """

    row: int
    column: int
    down: int
    right: int

    def moved(self, end: End) -> End:
        """Return a reference's end as it reads for this cell."""
        row = end.row if end.row is None or end.row_fixed else end.row + self.down
        column = end.column
        if column is not None and not end.column_fixed:
            column += self.right
        return End(column, row, end.column_fixed, end.row_fixed)


def parse_end(text: str) -> End:
    """Return the parts of `$B2`."""
    found = END_PARTS.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    fixed_column, column, fixed_row, row = found.groups()
    if not column and row:
        fixed_row = fixed_row or fixed_column
    return End(
        a1.column_index(column) if column else None,
        int(row) - 1 if row else None,
        bool(fixed_column and column),
        bool(fixed_row and row),
    )


def parse_ends(cells: str) -> list[End]:
    """Return the one or two ends of `A1` or `A1:C`."""
    return [parse_end(part) for part in cells.split(":")]


def rewrite(text: str, change: Callable[[str | None, list[End]], list[End] | None]) -> str:
    """Return the formula with new ends from `change(title, ends)`; None is `#REF!`."""

    def one(found: re.Match[str]) -> str:
        if found["string"]:
            return found[0]
        title = found["title"]
        plain = a1.split(title + "A1")[0] if title else None
        ends = change(plain, parse_ends(found["cells"]))
        if ends is None:
            return (title or "") + LOST
        return (title or "") + ":".join(end.text() for end in ends)

    return REFERENCE.sub(one, text)


def copied(formula: Formula, down: int, right: int) -> Formula:
    """Return the formula after copying it that many rows down and columns right."""
    if not down and not right:
        return formula

    def change(_title: str | None, ends: list[End]) -> list[End] | None:
        moved = [
            end._replace(
                column=end.column if end.column is None or end.column_fixed else end.column + right,
                row=end.row if end.row is None or end.row_fixed else end.row + down,
            )
            for end in ends
        ]
        if any(index is not None and index < 0 for end in moved for index in end[:2]):
            return None
        return moved

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


def retitled(formula: Formula, old: str, new: str) -> Formula:
    """Return the formula after the sheet `old` was renamed."""

    def one(found: re.Match[str]) -> str:
        title = found["title"]
        if found["string"] or not title or a1.split(title + "A1")[0] != old:
            return found[0]
        return a1.quote(new) + "!" + found["cells"]

    text = REFERENCE.sub(one, formula.text)
    return formula if text == formula.text else Formula(text)
