"""What one read of the spreadsheet shows: Google's answer → a snapshot. Pure.

A tab is known by the metadata of its header row and columns, never by a title, a letter or a text.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from sync.errors import Permanent
from sync.sheets.answer import (
    COLUMN_KEY,
    FENCE_KEY,
    FENCE_TAB,
    GUARD_KEY,
    HEADER_KEY,
    HISTORY_KEY,
    HISTORY_TAB,
    JOBS_TAB,
    LOOK_KEY,
    PIPELINE_KEY,
    PIPELINE_LABEL,
    PIPELINE_TAB,
    RECOVERED_TAB,
    WORDS_KEY,
    CellData,
    Content,
    HeaderRow,
    Row,
    at,
    content,
    copies_tab,
    first_cells,
    guard_id,
    mapping_id,
    moment_mapped,
    note_of,
    row_entries,
    site_in,
    texts_below,
)
from sync.sheets.policy import MAPPED, OWN, Policy

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """A tab of jobs: indexes are zero-based, `columns` by column id, `keys` by site UUID."""

    sheet_id: int
    title: str
    header_row: int
    row_count: int
    column_count: int
    columns: Mapping[str, int] = field(default_factory=dict)
    keys: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """All rows of each site, from the top: every one is that job's row."""
    guards: Mapping[str, int] = field(default_factory=dict)
    """Where the guard of each column is now, by column id."""
    has_header_guard: bool = False
    look: str | None = None
    """Which version of colors and filters the tab was given; None where it has none yet."""
    headers: Mapping[int, str] = field(default_factory=dict)
    """The texts of the header row, by column index."""
    header_notes: Mapping[str, str] = field(default_factory=dict)
    """The notes on the header cells, by column id."""
    mapped_at: datetime | None = None
    """Since when the tab is mapped, as a board; None for a tab that Brightsheet made."""
    is_original: bool = True
    """Whether a person didn't make it by duplicating another."""
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By column id, of those with words of their own: our text → theirs (`Words.stored`)."""
    cells: Mapping[str, Mapping[int, CellData]] = field(default_factory=dict)
    """The cells of the columns that were read, by column id and then by row."""

    @property
    def policy(self) -> Policy:
        """How the tab is treated."""
        return OWN if self.mapped_at is None else MAPPED

    def cell(self, column: str, row: int) -> CellData:
        """Return a cell; {} where nothing stands.

        Raises LookupError for a column that was not read: what is in it is not known.
        """
        return self.cells[column].get(row, {})

    def value(self, column: str, row: int) -> Content:
        """Return what a cell holds. Raises LookupError for a column that was not read."""
        return content(self.cell(column, row))

    def value_if_read(self, column: str, row: int) -> Content | None:
        """Return what a cell holds; None where its column was not read."""
        return self.value(column, row) if column in self.cells else None

    @property
    def copies_tab(self) -> int:
        """The sheet id of the hidden tab to which rows are copied before they are written."""
        return FENCE_TAB if self.mapped_at is None else copies_tab(self.sheet_id)

    @property
    def last_row(self) -> int:
        """The row of the last job, or the header row."""
        return max((rows[-1] for rows in self.keys.values()), default=self.header_row)


@dataclass(frozen=True)
class Tab:
    """Another managed tab: `columns` by their ids, `headers` by column index.

    `labels` are the texts of the column PIPELINE_LABEL, by row.
    """

    sheet_id: int
    header_row: int
    row_count: int
    column_count: int
    columns: Mapping[str, int] = field(default_factory=dict)
    guards: Mapping[str, int] = field(default_factory=dict)
    has_header_guard: bool = False
    headers: Mapping[int, str] = field(default_factory=dict)
    labels: Mapping[int, str] = field(default_factory=dict)
    row_guards: Mapping[str, int] = field(default_factory=dict)
    """Where the guards of rows are now, by their names."""
    shown: str = ""
    """What is remembered on the header row's guard of what was written."""
    charts: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Copies:
    """A hidden tab for copied rows; `rules` counts the conditional formats that they brought."""

    title: str
    rules: int = 0


class TabChoice(Protocol):
    """Which of the tabs that a read shows are the tabs of jobs, and how they are treated."""

    policy: Policy

    def tables(self, seen: Sequence[Table]) -> tuple[Table, ...]:
        """Return the tabs of jobs; new rows go into the first."""


@dataclass(frozen=True)
class Snapshot:
    """The spreadsheet as one read shows it."""

    tabs: TabChoice
    """How the tabs of jobs are chosen and treated."""
    time_zone: str = "Etc/UTC"
    tables: tuple[Table, ...] = ()
    """The tabs of jobs."""
    seen: tuple[Table, ...] = ()
    """All tabs with the metadata of a tab of jobs, from the left: others are of other days."""
    fences: tuple[int, ...] = ()
    """Ids of the protected ranges on the hidden tab: one, but for accidents."""
    copies: Mapping[int, Copies] = field(default_factory=dict)
    """The hidden tabs, by sheet id; FENCE_TAB has the fence."""
    recovered_columns: int = 0
    """How many columns the tab Recovered has; 0 where there is none, or it was not asked for."""
    history: Tab | None = None
    pipeline: Tab | None = None

    @property
    def table(self) -> Table | None:
        """The first tab of jobs: new rows go there."""
        return self.tables[0] if self.tables else None

    @property
    def has_fence_tab(self) -> bool:
        """Whether the tab with the fence is there."""
        return FENCE_TAB in self.copies

    @property
    def fence(self) -> int | None:
        """The number of the last batch that landed."""
        return max(self.fences, default=None)

    def copies_title(self, table: Table, fence_title: str) -> str:
        """Return the title of a tab's hidden tab; `fence_title` is to be FENCE_TAB's."""
        if known := self.copies.get(table.copies_tab):
            return known.title
        return fence_title if table.copies_tab == FENCE_TAB else f"{fence_title} {table.sheet_id}"


def read(answer: Json, key: str, tabs: TabChoice) -> Snapshot:
    """Return what `answer` (a Spreadsheet with the mask FIELDS) shows; `key` is a column."""
    tables: list[Table] = []
    fences: list[int] = []
    copies: dict[int, Copies] = {}
    book = Snapshot(tabs, answer.get("properties", {}).get("timeZone") or "Etc/UTC")
    for sheet in sorted(answer.get("sheets", ()), key=_position):
        properties, grids = sheet["properties"], sheet.get("data", ())
        sheet_id = properties.get("sheetId", 0)
        keys = {name for grid in grids for name, _ in row_entries(grid)}
        if sheet_id == RECOVERED_TAB:
            book = replace(book, recovered_columns=properties["gridProperties"]["columnCount"])
        elif FENCE_KEY in keys:
            copies[sheet_id] = Copies(properties["title"], len(sheet.get("conditionalFormats", ())))
            if sheet_id == FENCE_TAB:
                fences += [fence["protectedRangeId"] for fence in sheet.get("protectedRanges", ())]
        elif HISTORY_KEY in keys:
            tab = _tab(sheet, HISTORY_KEY)
            book = replace(book, history=_first(book.history, tab, HISTORY_TAB))
        elif PIPELINE_KEY in keys:
            tab = _tab(sheet, PIPELINE_KEY)
            book = replace(book, pipeline=_first(book.pipeline, tab, PIPELINE_TAB))
        elif table := _table(properties, grids, key):
            tables.append(table)
    return replace(
        book,
        tables=tabs.tables(tables),
        seen=tuple(tables),
        fences=tuple(fences),
        copies=copies,
    )


def _position(sheet: Json) -> int:
    return int(sheet["properties"].get("index", 0))


def _first(known: Tab | None, other: Tab, sheet_id: int) -> Tab:
    """Return the tab that was made with `sheet_id`, where a person has duplicated it."""
    return other if known is None or other.sheet_id == sheet_id else known


def _tab(sheet: Json, key: str) -> Tab:
    properties, grids = sheet["properties"], sheet.get("data", ())
    header = HeaderRow.of(grids, key)
    assert header is not None  # noqa: S101 - the caller found the key
    size, columns = properties["gridProperties"], header.places(COLUMN_KEY)
    return Tab(
        sheet_id=properties.get("sheetId", 0),
        header_row=header.row,
        row_count=size["rowCount"],
        column_count=size["columnCount"],
        columns=columns,
        guards=header.places(GUARD_KEY),
        has_header_guard=GUARD_KEY in header.on_row(),
        headers=header.texts(),
        labels=texts_below(grids, header, columns.get(PIPELINE_LABEL)),
        row_guards=header.below(grids, columns.get(PIPELINE_LABEL), GUARD_KEY),
        shown=header.on_row().get(GUARD_KEY, ""),
        charts=frozenset(chart["chartId"] for chart in sheet.get("charts", ())),
    )


def _table(properties: Json, grids: Sequence[Json], key: str) -> Table | None:
    header = HeaderRow.of(grids, HEADER_KEY)
    if header is None:
        return None
    sheet_id = properties.get("sheetId", 0)
    mapped_at = moment_mapped(header.on_row().get(HEADER_KEY, ""))
    ours = {mapping_id(sheet_id), guard_id(sheet_id, "header")}
    columns, size = header.places(COLUMN_KEY), properties["gridProperties"]
    by_index = {index: column for column, index in columns.items()}
    cells: dict[str, dict[int, CellData]] = {}
    for grid in grids:
        column = by_index.get(grid.get("startColumn", 0))
        if column and grid is not header.grid and len(grid.get("columnMetadata", ())) == 1:
            below = {row: cell for row, cell in first_cells(grid) if row > header.row}
            cells[column] = cells.get(column, {}) | below
    notes = {index: note_of(cell) for index, cell in header.cells() if "note" in cell}
    return Table(
        sheet_id=sheet_id,
        title=properties["title"],
        header_row=header.row,
        row_count=size["rowCount"],
        column_count=size["columnCount"],
        columns=columns,
        keys=rows_by_site(cells.get(key, {})),
        guards=header.places(GUARD_KEY),
        has_header_guard=GUARD_KEY in header.on_row(),
        look=header.on_row().get(LOOK_KEY),
        headers=header.texts(),
        header_notes={column: notes[index] for column, index in columns.items() if index in notes},
        mapped_at=mapped_at,
        is_original=bool(ours & header.ids()) if mapped_at else sheet_id == JOBS_TAB,
        words=_words(columns, {index: text for text, index in header.entries(WORDS_KEY)}),
        cells=cells,
    )


def _words(columns: Mapping[str, int], texts: Mapping[int, str]) -> dict[str, dict[str, str]]:
    texts_by_column = {}
    for column, index in columns.items():
        try:
            words = json.loads(texts.get(index, ""))
        except ValueError:
            continue
        if isinstance(words, dict):
            texts_by_column[column] = {str(ours): str(option) for ours, option in words.items()}
    return texts_by_column


def with_cells(table: Table, rows: Mapping[int, Row]) -> Table:
    """Return a tab that was read whole with the cells of all its managed columns."""
    below = {number: row for number, row in rows.items() if number > table.header_row}
    cells = {
        column: {number: at(row, index) for number, row in below.items()}
        for column, index in table.columns.items()
    }
    return replace(table, cells=cells)


def rows_by_site(key_cells: Mapping[int, CellData]) -> dict[str, tuple[int, ...]]:
    """Return the rows of each site from the top; `key_cells` are by row."""
    rows: dict[str, tuple[int, ...]] = {}
    for row, cell in sorted(key_cells.items()):
        if site := site_in(cell):
            rows[site] = (*rows.get(site, ()), row)
    return rows


def key_column_gone() -> Permanent:
    """Return the error for a tab whose rows cannot be told apart any more."""
    return Permanent(
        "key_column_gone",
        "The column of site IDs was deleted. Bring it back with the version history.",
    )
