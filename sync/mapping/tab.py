"""A tab of a person's own, as a read shows it: plain values. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LOOKED_AT = 100
"""Rows that are read of each tab: above headers stand a title and notes, not a hundred lines."""


class CellKind(StrEnum):
    """What stands in a cell."""

    BLANK = "blank"
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    COMPUTED = "computed"
    """A formula, or what a formula elsewhere fills in."""
    TOTAL = "total"
    """A formula that sums up other rows, in a column that is not computed row by row."""


@dataclass(frozen=True)
class SeenCell:
    """A cell: its text as people see it, and the options of its drop-down.

    None without one, () where the list that they are taken from is gone.
    """

    text: str = ""
    kind: CellKind = CellKind.BLANK
    options: tuple[str, ...] | None = None


NOTHING = SeenCell()


@dataclass(frozen=True)
class Lock:
    """A protected range that we may not edit: zero-based rows and columns, ends exclusive."""

    top: int
    bottom: int
    left: int
    right: int
    description: str = ""


@dataclass(frozen=True)
class Entry:
    """Metadata of ours: its id, key and value."""

    id: int
    key: str
    value: str


@dataclass(frozen=True)
class SeenTab:
    """A tab. Rows and columns count from 0; `rows` are the first LOOKED_AT at most."""

    sheet_id: int
    title: str
    index: int = 0
    row_count: int = 0
    column_count: int = 0
    is_grid: bool = True
    is_hidden: bool = False
    rows: tuple[tuple[SeenCell, ...], ...] = ()
    hidden_columns: frozenset[int] = frozenset()
    merged_rows: frozenset[int] = frozenset()
    """Rows with cells that are merged with those of another row."""
    locks: tuple[Lock, ...] = ()
    tables: tuple[str, ...] = ()
    """The names of Google's own Tables in it."""
    has_pivot: bool = False
    row_entries: Mapping[int, tuple[Entry, ...]] = field(default_factory=dict)
    column_entries: Mapping[int, tuple[Entry, ...]] = field(default_factory=dict)
    """Our metadata by row and by column."""

    def cell(self, row: int, column: int) -> SeenCell:
        """Return a cell; a blank one outside of what was read."""
        line = self.rows[row] if 0 <= row < len(self.rows) else ()
        return line[column] if column < len(line) else NOTHING

    def below(self, row: int, column: int) -> Iterator[SeenCell]:
        """Give the cells of a column below a row, blank ones too."""
        return (self.cell(at, column) for at in range(row + 1, len(self.rows)))

    def headers(self, row: int) -> dict[int, str]:
        """Return the headers in a row by column: texts that are not blank, on one line."""
        line = self.rows[row] if row < len(self.rows) else ()
        texts = {index: " ".join(cell.text.split()) for index, cell in enumerate(line)}
        return {index: text for index, text in texts.items() if text}
