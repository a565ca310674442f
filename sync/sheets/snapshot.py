"""Defines `Snapshot`: the tabs, rows and columns of a spreadsheet as one read shows them. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sync.field_table import KEY
from sync.sheets.cell_data import (
    CellData,
    Content,
    Row,
    at,
    content,
    site_in,
    site_in_text,
    text_of,
)
from sync.sheets.ids import FENCE_TAB, JOBS_TAB, stable_id

_FENCE_TEXT = re.compile(r"Brightsheet ([0-9a-f]+)/([0-9a-f]+)")


@dataclass(frozen=True)
class Tab:
    """A managed tab, by its header row: indexes are zero-based, `columns` by column ID."""

    sheet_id: int
    title: str
    header_row: int
    row_count: int
    column_count: int
    columns: Mapping[str, int] = field(default_factory=dict)
    guards: Mapping[str, int] = field(default_factory=dict)
    """The index of each column's guard, by column ID."""
    has_header_guard: bool = False
    headers: Mapping[int, str] = field(default_factory=dict)
    """The texts of the header row, by column index."""


@dataclass(frozen=True)
class PipelineTab(Tab):
    """The tab Pipeline."""

    labels: Mapping[int, str] = field(default_factory=dict)
    """The texts of the column PIPELINE_LABEL, by row."""
    row_guards: Mapping[str, int] = field(default_factory=dict)
    """The rows of the guards of rows, by their names."""
    guard_value: str = ""
    """The value of the header row's guard: what was last written."""
    charts: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Table(Tab):
    """A tab of jobs.

    How much is known of the rows depends on what was read:

    | from (`SheetClient`) | `keys` | `cells` |
    |---|---|---|
    | `read` | all | of the key column, and of the columns asked for |
    | `read_everything` | all | of all managed columns |
    | `read_copies` | all | of the key column |
    | the response to `write` | none | none |
    """

    keys: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """All rows of each site, from the top."""
    format_version: str | None = None
    """The version of colors and filters that the tab has; None if it has none yet."""
    header_notes: Mapping[str, str] = field(default_factory=dict)
    """The notes on the header cells, by column ID."""
    mapped_at: datetime | None = None
    """When the tab was mapped, as a board; None for a tab that Brightsheet created."""
    native_end: int | None = None
    """The row below one of Google's own Tables ("Convert to table"), if the jobs are in one."""
    is_original: bool = True
    """Whether it isn't a duplicate of another tab."""
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The stored words, by the ID of each column with words of its own."""
    cells: Mapping[str, Mapping[int, CellData]] = field(default_factory=dict)
    """The cells of the columns that were read, by column ID and then by row."""

    @property
    def is_ours(self) -> bool:
        """Whether Brightsheet created the tab; if not, it is a board's."""
        return self.mapped_at is None

    @property
    def site_in_header(self) -> str | None:
        """The site in the header's key cell: a row of a job was sorted there, or a write hit it."""
        return site_in_text(self.headers.get(self.columns.get(KEY, -1), ""))

    def cell(self, column: str, row: int) -> CellData:
        """Return a cell; {} if it is blank. Raises LookupError for a column that wasn't read."""
        return self.cells[column].get(row, {})

    def value(self, column: str, row: int) -> Content:
        """Return a cell's content. Raises LookupError for a column that wasn't read."""
        return content(self.cell(column, row))

    def with_cells(self, rows: Mapping[int, Row]) -> "Table":
        """Return the tab with the cells of all its managed columns: `rows` are all of its rows."""
        below = {number: row for number, row in rows.items() if number > self.header_row}
        cells = {
            column: {number: at(row, index) for number, row in below.items()}
            for column, index in self.columns.items()
        }
        return replace(self, cells=cells)

    def header(self, column: str) -> str:
        """Return the header of a managed column; its ID if that is blank."""
        return self.headers.get(self.columns[column]) or column

    def texts(self, row: int) -> dict[str, str]:
        """Return the texts of a row, of the columns that were read."""
        return {
            column: text
            for column, cells in self.cells.items()
            if (text := text_of(cells.get(row, {})))
        }

    @property
    def stored_sheet_id(self) -> int:
        """The sheet ID in the store: a duplicate takes the place of our own tab."""
        return JOBS_TAB if self.is_ours else self.sheet_id

    @property
    def copies_tab(self) -> int:
        """The sheet ID of the hidden tab to which rows are copied before they are written."""
        return FENCE_TAB if self.is_ours else stable_id(self.sheet_id, "copies")

    @property
    def last_row(self) -> int:
        """The row of the last job, or the header row."""
        return max((rows[-1] for rows in self.keys.values()), default=self.header_row)


@dataclass(frozen=True)
class Fence:
    """The protected range that each batch replaces, with its parsed description.

    `database` is the ID of the database that set it, `batch` that of the batch.
    """

    number: int
    database: str = ""
    batch: str = ""

    @property
    def description(self) -> str:
        return f"Brightsheet {self.database}/{self.batch}"

    @classmethod
    def of(cls, protected: Mapping[str, Any]) -> "Fence":
        found = _FENCE_TEXT.fullmatch(protected.get("description", ""))
        return cls(protected["protectedRangeId"], *(found.groups() if found else ()))


@dataclass(frozen=True)
class HiddenTab:
    """A hidden tab for copied rows; `rules` is the number of conditional formats they brought."""

    title: str
    rules: int = 0


@dataclass(frozen=True)
class Snapshot:
    """The spreadsheet as one read shows it.

    It always has the header rows of all our tabs, except in the response to a write, which has only
    those of the written tabs of jobs, and no fences.
    """

    time_zone: str = "Etc/UTC"
    locale: str = ""
    tables: tuple[Table, ...] = ()
    """The tabs of jobs that are written: chosen by `JobTabs.tables`."""
    all_tables: tuple[Table, ...] = ()
    """All tabs with the metadata of a tab of jobs, from the left: also duplicates, and those of a
    mode that isn't in use."""
    without_header: Mapping[int, str] = field(default_factory=dict)
    """Titles of tabs with columns of ours whose header row was deleted, by sheet ID."""
    fences: tuple[Fence, ...] = ()
    """The protected ranges on the hidden tab: usually one."""
    hidden_tabs: Mapping[int, HiddenTab] = field(default_factory=dict)
    """By sheet ID; FENCE_TAB has the fence."""
    history: Tab | None = None
    """None if the tab is missing, or the metadata of its header row."""
    pipeline: PipelineTab | None = None
    """None as above."""

    @property
    def table(self) -> Table | None:
        """The tab of jobs that new rows go into."""
        return tab_for_new_rows(self.tables) if self.tables else None

    @property
    def has_fence_tab(self) -> bool:
        """Whether the tab with the fence exists."""
        return FENCE_TAB in self.hidden_tabs

    @property
    def fence(self) -> Fence | None:
        """The fence of the last batch carried out; other protected ranges don't count."""
        return max(self.fences, key=lambda one: (one.batch != "", one.number), default=None)


def rows_by_site(key_cells: Mapping[int, CellData]) -> dict[str, tuple[int, ...]]:
    """Return the rows of each site from the top; `key_cells` are by row."""
    rows: dict[str, tuple[int, ...]] = {}
    for row, cell in sorted(key_cells.items()):
        if site := site_in(cell):
            rows[site] = (*rows.get(site, ()), row)
    return rows


def tab_for_new_rows(tables: Sequence[Table]) -> Table:
    """Return which of the tabs of jobs new rows go into: the first; on a board, the leftmost."""
    return tables[0]


def keyed_sites(tables: Iterable[Table]) -> set[str]:
    """Return the sites that have a row in any of the tabs."""
    return {site for table in tables for site in table.keys}
