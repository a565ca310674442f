"""Where a condition's formula is looked at from, and on what of that its value depends.

A condition's formula is written for one cell and holds for others: from each of them its relative
references are shifted. Most formulas look the same from many cells, and are evaluated once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from emulator.sheets import functions, syntax
from emulator.sheets.formula import End

if TYPE_CHECKING:
    from emulator.sheets.syntax import Tree

Seen = tuple[tuple[int, int] | None, tuple[int, int] | None]


class Place(NamedTuple):
    """A cell, and how far it lies from the cell that the formula is written for."""

    row: int
    column: int
    down: int
    right: int

    def seen(self, depends: tuple[bool, bool]) -> Seen:
        """What of the place matters to a formula that depends on the row, and on the column."""
        by_row, by_column = depends
        return (
            (self.row, self.down) if by_row else None,
            (self.column, self.right) if by_column else None,
        )

    def moved(self, end: End) -> End:
        """A reference's end as it is seen from here."""
        row = end.row if end.row is None or end.row_fixed else end.row + self.down
        column = end.column
        if column is not None and not end.column_fixed:
            column += self.right
        return End(column, row, end.column_fixed, end.row_fixed)


@lru_cache(maxsize=4096)
def depends(text: str) -> tuple[bool, bool]:
    """Whether a formula may say otherwise from another row, and from another column.

    ValueError where it cannot be parsed.
    """
    return of(syntax.parse(text))


def of(tree: Tree, *, whole: bool = False) -> tuple[bool, bool]:
    """The same of a tree; `whole`: a range is taken whole, not the cell beside the place."""
    if tree[0] == "ref":
        return _reference(tree[2], whole=whole)
    if tree[0] == "call":
        if not tree[2]:
            return tree[1] == "ROW", tree[1] == "COLUMN"
        found = [of(one, whole=tree[1] in functions.OVER_RANGES) for one in tree[2]]
    else:
        found = [of(one) for one in tree[1:] if isinstance(one, tuple)]
    return any(row for row, _ in found), any(column for _, column in found)


def _reference(ends: tuple[End, ...], *, whole: bool) -> tuple[bool, bool]:
    by_row = any(one.row is not None and not one.row_fixed for one in ends)
    by_column = any(one.column is not None and not one.column_fixed for one in ends)
    if len(ends) == 1 or whole:
        return by_row, by_column
    # A column is seen from each row, and a row from each column.
    return True, by_column or ends[0].column != ends[-1].column or ends[0].column is None
