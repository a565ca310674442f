"""Holds a tab of the installer's as it was read, and finds why it can't be mapped. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sync.boards.mapping.vocabulary import plain
from sync.sheets.ids import MetadataEntry
from sync.types import letters

ROWS_READ = 100
"""The rows that are read of each tab, from the top: headers come after a title and some notes."""


class CellKind(StrEnum):
    """The kind of a cell's content."""

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

    None without one, () where the list that they are taken from is gone. `is_for_date`: what is
    typed there would be shown as a date.
    """

    text: str = ""
    kind: CellKind = CellKind.BLANK
    options: tuple[str, ...] | None = None
    is_for_date: bool = False


BLANK_CELL = SeenCell()


@dataclass(frozen=True)
class Lock:
    """A protected range that we may not edit: zero-based rows and columns, ends exclusive."""

    top: int
    bottom: int
    left: int
    right: int
    description: str = ""


@dataclass(frozen=True)
class NativeTable:
    """One of Google's own Tables ("Convert to table"): its header row, and where it ends."""

    header_row: int
    right: int
    """The index of the first column right of it."""


@dataclass(frozen=True)
class SeenTab:
    """A tab. Rows and columns count from 0; `rows` are the first ROWS_READ at most."""

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
    tables: tuple[NativeTable, ...] = ()
    has_pivot: bool = False
    row_entries: Mapping[int, tuple[MetadataEntry, ...]] = field(default_factory=dict)
    column_entries: Mapping[int, tuple[MetadataEntry, ...]] = field(default_factory=dict)
    """Our metadata by row and by column."""

    def cell(self, row: int, column: int) -> SeenCell:
        """Return a cell; a blank one outside the range that was read."""
        line = self.rows[row] if 0 <= row < len(self.rows) else ()
        return line[column] if column < len(line) else BLANK_CELL

    def below(self, row: int, column: int) -> Iterator[SeenCell]:
        """Yield the cells of a column below a row, blank ones too."""
        return (self.cell(at, column) for at in range(row + 1, len(self.rows)))

    def headers(self, row: int) -> dict[int, str]:
        """Return the headers in a row by column: texts that are not blank, on one line."""
        line = self.rows[row] if row < len(self.rows) else ()
        texts = {index: " ".join(cell.text.split()) for index, cell in enumerate(line)}
        return {index: text for index, text in texts.items() if text}

    def numbered_headers(self, row: int) -> dict[int, str]:
        """Return the headers as `plain` gives them, numbered: a second Step is "2:step".

        No other column of the tab has the same, and people may write it in choices.
        """
        counts, found = Counter[str](), dict[int, str]()
        for index, text in self.headers(row).items():
            counts[plain(text)] += 1
            found[index] = f"{counts[plain(text)]}:{plain(text)}"
        return found


def why_unmappable(tab: SeenTab) -> str:
    """Return why no mapping of the tab is possible at all, or ""."""
    if not tab.is_grid:
        return "is a chart or a connected data source, not a grid of cells."
    if tab.has_pivot:
        return (
            "holds a pivot table: rows that are added would move what it shows. Move it to a tab "
            "of its own, or map the tab that it is made of."
        )
    if not any(cell.kind is not CellKind.BLANK for row in tab.rows for cell in row):
        return f"is empty (its first {len(tab.rows)} rows are blank)." if tab.rows else "is empty."
    return ""


def why_unwritable(tab: SeenTab, header_row: int, account: str) -> str:
    """Return why nothing can be written into a header row or below it, or ""."""
    for lock in tab.locks:
        if lock.bottom > header_row:
            return (
                f"is protected ({_place(lock, tab)}), and {account} may not edit there. In Google "
                "Sheets, open Data > Protect sheets and ranges, choose that range, and add "
                f"{account} to its editors."
            )
    if merged := [row + 1 for row in tab.merged_rows if row > header_row]:
        shown = ", ".join(map(str, merged[:5]))
        return (
            f"has cells that are merged over several rows (from row {shown}): such rows can be "
            "neither sorted nor found again. Unmerge them (Format > Merge cells > Unmerge)."
        )
    return ""


def _place(lock: Lock, tab: SeenTab) -> str:
    """Return where a protected range is, by its name and the sides that it does not take whole."""
    right, bottom = min(lock.right, tab.column_count), min(lock.bottom, tab.row_count)
    sides = []
    if lock.left or right < tab.column_count:
        sides.append(f"columns {letters(lock.left)} to {letters(right - 1)}")
    if lock.top or bottom < tab.row_count:
        sides.append(f"rows {lock.top + 1} to {bottom}")
    name = [repr(lock.description)] if lock.description else []
    return ", ".join([*name, *(sides or ["the whole tab"])])
