"""Parses what a read returns as a `Snapshot`; `read_requests` has what it asks for. Pure.

A tab is recognized by the metadata of its header row and columns, not by titles or texts.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sync.errors import Permanent
from sync.field_table import KEY
from sync.sheets.cell_data import (
    CellData,
    Content,
    Row,
    at,
    content,
    note_of,
    site_in,
    site_in_text,
    text_of,
)

JOBS_TAB = 1_126_170_001
"""The sheet ID of the Jobs tab when it is created: Google rejects a second creation."""
FENCE_TAB = 1_126_170_002
"""The sheet ID of the hidden tab `_brightsheet`."""
RECOVERED_TAB = 1_126_170_003
HISTORY_TAB = 1_126_170_004
PIPELINE_TAB = 1_126_170_005
SCRATCH_TAB, SCRATCH_RANGE = 1_126_170_006, 2_000_000_006
"""The IDs for the trial of how Google treats IDs; the fence's numbers stay far below."""

HEADER_KEY = "brightsheet.header"
"""On the header row of a tab of jobs: MAPPED_SINCE and a time if it is a board."""
MAPPED_SINCE = "mapped "
WORDS_KEY = "brightsheet.words"
"""On a mapped column with words of its own: a JSON object, our text → theirs."""
OTHER_TEXTS = "*"
"""A key of those words: every text without a word is written as it is."""
COLUMN_KEY = "brightsheet.column"
FENCE_KEY = "brightsheet.fence"
RECOVERED_KEY = "brightsheet.recovered"
HISTORY_KEY = "brightsheet.history"
PIPELINE_KEY = "brightsheet.pipeline"
GUARD_KEY = "brightsheet.guard"
"""On a managed column or a header row: deleted and created again by every batch that writes it."""
CHECK_KEY = "brightsheet.check"
"""On the spreadsheet or SCRATCH_TAB, within a batch."""
LOOK_KEY = "brightsheet.look"
"""On a header row: the version of colors and filters that the tab has."""
PIPELINE_LABEL = "pipeline:milestone"
TAB_KINDS = (FENCE_KEY, HISTORY_KEY, PIPELINE_KEY, HEADER_KEY)
HEADER = "header"
"""The name of the guard of a header row."""
Json = Mapping[str, Any]
_FENCE_TEXT = re.compile(r"Brightsheet ([0-9a-f]+)/([0-9a-f]+)")


def mapping_id(sheet_id: int) -> int:
    """Return the fixed `metadataId` of HEADER_KEY on a mapped tab; a duplicate has another."""
    return stable_id(sheet_id, "mapping")


def moment_mapped(entry: str) -> datetime | None:
    """Return the time (UTC) in the metadata of a header row; None if it isn't a mapped one."""
    if not entry.startswith(MAPPED_SINCE):
        return None
    try:
        moment = datetime.fromisoformat(entry.removeprefix(MAPPED_SINCE))
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)  # A program edited it: no typed text is replaced.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def stable_id(sheet_id: int, name: str) -> int:
    """Return the fixed ID of something in a tab: of a guard, a view, or the tab of its copies.

    A positive 32-bit number, as the Sheets discovery document requires. The chance that two of a
    hundred columns share one is two in a million.
    """
    digest = hashlib.sha256(f"{sheet_id}:{name}".encode()).digest()
    return int.from_bytes(digest[:4]) % (2**31 - 1) + 1


def rows_of(answer: Json, sheet_id: int) -> dict[int, Row]:
    """Return the rows of a tab by index, from all parts that were read; unread cells are {}."""
    rows: dict[int, Row] = {}
    sheets = (sheet for sheet in answer.get("sheets", ()) if _id(sheet) == sheet_id)
    for grid in (grid for sheet in sheets for grid in sheet.get("data", ())):
        first = grid.get("startColumn", 0)
        for number, data in enumerate(grid.get("rowData", ()), grid.get("startRow", 0)):
            row, values = [*rows.get(number, ())], data.get("values", ())
            row += [{}] * (first - len(row))
            row[first : first + len(values)] = values
            rows[number] = row
    return rows


def _id(sheet: Json) -> int:
    return int(sheet["properties"].get("sheetId", 0))


class Entry(NamedTuple):
    """An entry of developer metadata."""

    key: str
    value: str
    id: int


def _entries(dimensions: Sequence[Json], first: int = 0) -> list[tuple[int, Entry]]:
    """Return the metadata of rows or columns, with their indexes from `first` on."""
    return [
        (n, Entry(one["metadataKey"], one.get("metadataValue", ""), one.get("metadataId", 0)))
        for n, dimension in enumerate(dimensions, first)
        for one in dimension.get("developerMetadata", ())
    ]


@dataclass(frozen=True)
class HeaderRow:
    """The header row of a tab: its zero-based index, its metadata, and what its columns have."""

    sheet: Json
    kind: str
    """The metadata key of such tabs, one of TAB_KINDS."""
    grid: Json
    row: int
    entries: Sequence[Entry]
    columns: Sequence[tuple[int, Entry]]
    """The metadata of columns, with their indexes, from the left."""
    cells: Mapping[int, CellData]
    """By column index."""


def _header_row(sheet: Json) -> HeaderRow | None:
    """Return the row with the metadata of one of our tabs, if there is one."""
    widest: HeaderRow | None = None
    for grid in sheet.get("data", ()):
        entries = [entry for _, entry in _entries(grid.get("rowMetadata", ())[:1])]
        kinds = [entry.key for entry in entries if entry.key in TAB_KINDS]
        columns = grid.get("columnMetadata", ())
        # The read asks for the row and for columns. If it is row 1 and the keys are in column F,
        # Google returns the grids A1:Z1 and F1:F900. Both have its metadata; the widest is its own.
        if kinds and (widest is None or len(columns) > len(widest.grid.get("columnMetadata", ()))):
            first, row = grid.get("startColumn", 0), grid.get("startRow", 0)
            values = (grid.get("rowData") or [{}])[0].get("values", ())
            kind, cells = min(kinds, key=TAB_KINDS.index), dict(enumerate(values, first))
            widest = HeaderRow(sheet, kind, grid, row, entries, _entries(columns, first), cells)
    return widest


@dataclass(frozen=True)
class Tab:
    """A managed tab: indexes are zero-based, `columns` by column ID."""

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
    """A tab of jobs."""

    keys: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """All rows of each site, from the top."""
    look: str | None = None
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
    """Our text → theirs, by the ID of each column with words of its own."""
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
    def of(cls, protected: Json) -> "Fence":
        found = _FENCE_TEXT.fullmatch(protected.get("description", ""))
        return cls(protected["protectedRangeId"], *(found.groups() if found else ()))


@dataclass(frozen=True)
class HiddenTab:
    """A hidden tab for copied rows; `rules` is the number of conditional formats they brought."""

    title: str
    rules: int = 0


@dataclass(frozen=True)
class Snapshot:
    """The spreadsheet as one read shows it."""

    time_zone: str = "Etc/UTC"
    locale: str = ""
    tables: tuple[Table, ...] = ()
    """The tabs of jobs."""
    seen: tuple[Table, ...] = ()
    """All tabs with the metadata of a tab of jobs, from the left, also those not in use."""
    fences: tuple[Fence, ...] = ()
    """The protected ranges on the hidden tab: usually one."""
    hidden_tabs: Mapping[int, HiddenTab] = field(default_factory=dict)
    """By sheet ID; FENCE_TAB has the fence."""
    history: Tab | None = None
    pipeline: PipelineTab | None = None

    @property
    def table(self) -> Table | None:
        """The first tab of jobs: new rows go there."""
        return self.tables[0] if self.tables else None

    @property
    def has_fence_tab(self) -> bool:
        """Whether the tab with the fence exists."""
        return FENCE_TAB in self.hidden_tabs

    @property
    def fence(self) -> Fence | None:
        """The fence of the last batch carried out; other protected ranges don't count."""
        return max(self.fences, key=lambda one: (one.batch != "", one.number), default=None)


def snapshot_of(answer: Json, choose: Callable[[Sequence[Table]], tuple[Table, ...]]) -> Snapshot:
    """Parse `answer` (a Spreadsheet with the mask READ_FIELDS).

    `choose` returns which of the tabs with our metadata hold the jobs; new rows go into the first.
    """
    sheets = sorted(answer.get("sheets", ()), key=lambda each: each["properties"].get("index", 0))
    found = [header for sheet in sheets if (header := _header_row(sheet))]
    seen = tuple(_table(header) for header in found if header.kind == HEADER_KEY)
    histories = (_tab(header) for header in found if header.kind == HISTORY_KEY)
    pipelines = (_pipeline(header) for header in found if header.kind == PIPELINE_KEY)
    hidden = {_id(header.sheet): header.sheet for header in found if header.kind == FENCE_KEY}
    protected = hidden.get(FENCE_TAB, {}).get("protectedRanges", ())
    properties = answer.get("properties", {})
    return Snapshot(
        time_zone=properties.get("timeZone") or "Etc/UTC",
        locale=properties.get("locale", ""),
        tables=choose(seen),
        seen=seen,
        fences=tuple(map(Fence.of, protected)),
        hidden_tabs={
            tab: HiddenTab(sheet["properties"]["title"], len(sheet.get("conditionalFormats", ())))
            for tab, sheet in hidden.items()
        },
        # If a person has duplicated one of these tabs, the one with our sheet ID counts.
        history=max(histories, key=lambda tab: tab.sheet_id == HISTORY_TAB, default=None),
        pipeline=max(pipelines, key=lambda tab: tab.sheet_id == PIPELINE_TAB, default=None),
    )


def _tab(header: HeaderRow) -> Tab:
    properties, sheet_id = header.sheet["properties"], _id(header.sheet)
    size = properties["gridProperties"]
    # The leftmost column with an ID counts.
    columns = {e.value: index for index, e in reversed(header.columns) if e.key == COLUMN_KEY}
    guard = stable_id(sheet_id, HEADER)
    return Tab(
        sheet_id=sheet_id,
        title=properties["title"],
        header_row=header.row,
        row_count=size["rowCount"],
        column_count=size["columnCount"],
        columns=columns,
        guards={
            entry.value: index
            for index, entry in header.columns
            # A duplicated tab also has other tabs' guards.
            if entry.key == GUARD_KEY and entry.id == stable_id(sheet_id, entry.value)
        },
        has_header_guard=any(entry.id == guard for entry in header.entries),
        headers={index: text for index, cell in header.cells.items() if (text := text_of(cell))},
    )


def _cells_below(header: HeaderRow, columns: Mapping[str, int]) -> dict[str, dict[int, CellData]]:
    """Return the cells below the header of each column that was read, by column ID and row."""
    by_index = {index: column for column, index in columns.items()}
    found: dict[str, dict[int, CellData]] = {}
    for grid in header.sheet.get("data", ()):
        column = by_index.get(grid.get("startColumn", 0))
        if not column or grid is header.grid or len(grid.get("columnMetadata", ())) != 1:
            continue
        cells = found.setdefault(column, {})
        for row, data in enumerate(grid.get("rowData", ()), grid.get("startRow", 0)):
            if row > header.row and (values := data.get("values")):
                cells[row] = values[0]
    return found


def _pipeline(header: HeaderRow) -> PipelineTab:
    tab = _tab(header)
    labels = _cells_below(header, tab.columns).get(PIPELINE_LABEL, {})
    row_guards = {
        entry.value: row
        for grid in header.sheet.get("data", ())
        for row, entry in _entries(grid.get("rowMetadata", ()), grid.get("startRow", 0))
        if row > header.row and entry.key == GUARD_KEY
    }
    return PipelineTab(
        **vars(tab),
        labels={row: text for row, cell in labels.items() if (text := text_of(cell))},
        row_guards=row_guards,
        guard_value=next((e.value for e in header.entries if e.key == GUARD_KEY), ""),
        charts=frozenset(chart["chartId"] for chart in header.sheet.get("charts", ())),
    )


def _table(header: HeaderRow) -> Table:
    tab = _tab(header)
    on_row = {entry.key: entry.value for entry in header.entries}
    mapped_at = moment_mapped(on_row[HEADER_KEY])
    is_original = tab.sheet_id == JOBS_TAB
    if mapped_at:
        is_original = tab.has_header_guard or any(
            entry.id == mapping_id(tab.sheet_id) for entry in header.entries
        )
    cells = _cells_below(header, tab.columns)
    words = {index: parsed_words(e.value) for index, e in header.columns if e.key == WORDS_KEY}
    return Table(
        **vars(tab),
        keys=rows_by_site(cells.get(KEY, {})),
        look=on_row.get(LOOK_KEY),
        header_notes={c: note_of(header.cells.get(n, {})) for c, n in tab.columns.items()},
        mapped_at=mapped_at,
        native_end=native_end(header.sheet, header.row),
        is_original=is_original,
        words={c: words[index] for c, index in tab.columns.items() if index in words},
        cells=cells,
    )


def native_end(sheet: Json, header_row: int) -> int | None:
    """Return the row below Google's own Table with this header row; None without one."""
    areas = (table["range"] for table in sheet.get("tables", ()))
    ends = (a["endRowIndex"] for a in areas if a.get("startRowIndex", 0) == header_row)
    return next(ends, None)


def parsed_words(text: str) -> dict[str, str]:
    """Return the words in metadata; {} if somebody has changed it to anything else."""
    try:
        words = json.loads(text)
    except ValueError:
        return {}
    pairs = words.items() if isinstance(words, dict) else ()
    return {str(ours): str(option) for ours, option in pairs}


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


def keyed_sites(tables: Iterable[Table]) -> set[str]:
    """Return the sites that have a row in any of the tabs."""
    return {site for table in tables for site in table.keys}


def must_have_keys(tables: Iterable[Table]) -> None:
    """Raise Permanent if the column of keys was deleted from a tab."""
    for table in tables:
        if KEY not in table.columns:
            what = f"The column 'Site ID' of the tab {table.title!r} was deleted."
            fix = "Nothing is written until it is back: in Google Sheets, File > Version history"
            again = ", or map the tab again on the console (Columns): its rows are matched again"
            text = f"{what} {fix}{'' if table.is_ours else again}."
            raise Permanent("key_column_gone", text)
