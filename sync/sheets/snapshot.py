"""What one read of the spreadsheet shows: Google's answer → a snapshot. Pure.

A tab is known by the metadata of its header row and columns, never by a title, a letter or a text.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from sync.sheets.celldata import CellData, Row, note_of, site_in, text_of
from sync.sheets.identifiers import (
    COLUMN_KEY,
    FENCE_KEY,
    GUARD_KEY,
    HEADER_KEY,
    HISTORY_KEY,
    HISTORY_TAB,
    JOBS_TAB,
    LOOK_KEY,
    PIPELINE_COUNT,
    PIPELINE_KEY,
    PIPELINE_LABEL,
    PIPELINE_TAB,
    RECOVERED_TAB,
)

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
    key_texts: Mapping[int, str] = field(default_factory=dict)
    """What the key cells hold, by row."""
    guards: Mapping[str, int] = field(default_factory=dict)
    """Where the guard of each column is now, by column id."""
    has_header_guard: bool = False
    notes: Mapping[tuple[str, int], str] = field(default_factory=dict)
    """Notes by column id and row, in the columns that were asked for."""
    filled: frozenset[tuple[str, int]] = frozenset()
    """Which cells of those columns hold anything, by column id and row."""
    look: str | None = None
    """The formatting that the tab was given; None where it has none yet."""
    looks: Mapping[str, str] = field(default_factory=dict)
    """The formatting that columns were given, by column id."""
    headers: Mapping[int, str] = field(default_factory=dict)
    """The texts of the header row, by column index."""
    header_notes: Mapping[str, str] = field(default_factory=dict)
    """The notes on the header cells, by column id."""
    metadata_keys: frozenset[str] = frozenset()
    """Every metadata key on the columns and the header row."""

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
    counts: tuple[int, ...] = ()
    """Where the columns are that count jobs."""
    labels: Mapping[int, str] = field(default_factory=dict)
    charts: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Snapshot:
    """The spreadsheet as one read shows it."""

    time_zone: str = "Etc/UTC"
    table: Table | None = None
    has_fence_tab: bool = False
    fences: tuple[int, ...] = ()
    """Ids of the protected ranges on the hidden tab: one, but for accidents."""
    fence_title: str = ""
    fence_rules: int = 0
    """Conditional formats that copied rows have brought to the hidden tab."""
    recovered_columns: int = 0
    """How many columns the tab Recovered has; 0 where there is none, or it was not asked for."""
    history: Tab | None = None
    pipeline: Tab | None = None

    @property
    def fence(self) -> int | None:
        """The number of the last batch that landed."""
        return max(self.fences, default=None)


@dataclass(frozen=True)
class Surroundings:
    """What else is in a spreadsheet, by sheet id: titles, conditional formats, filter views.

    `names` are the named ranges: id and GridRange by name.
    """

    titles: Mapping[int, str] = field(default_factory=dict)
    rules: Mapping[int, Sequence[Json]] = field(default_factory=dict)
    filters: Mapping[int, Mapping[int, Json]] = field(default_factory=dict)
    names: Mapping[str, tuple[str, Json]] = field(default_factory=dict)
    charts: frozenset[int] = frozenset()

    def free(self, sheet_id: int) -> int:
        """Return a sheet id that is free: `sheet_id`, or another where that is taken."""
        return next(n for n in count(sheet_id, 10) if n not in self.titles)


NOTHING_ELSE = Surroundings()


def surroundings(answer: Json) -> Surroundings:
    """Return what `answer` (a Spreadsheet with the mask query.SURROUNDINGS) shows."""
    sheets = {one["properties"].get("sheetId", 0): one for one in answer.get("sheets", ())}
    return Surroundings(
        titles={number: one["properties"]["title"] for number, one in sheets.items()},
        rules={number: one.get("conditionalFormats", ()) for number, one in sheets.items()},
        filters={
            number: {each["filterViewId"]: each for each in one.get("filterViews", ())}
            for number, one in sheets.items()
        },
        names={
            one["name"]: (one["namedRangeId"], one.get("range", {}))
            for one in answer.get("namedRanges", ())
        },
        charts=frozenset(c["chartId"] for one in sheets.values() for c in one.get("charts", ())),
    )


def read(answer: Json, key: str) -> Snapshot:
    """Return what `answer` (a Spreadsheet with the mask query.FIELDS) shows; `key` is a column."""
    tables: list[tuple[bool, int, Table]] = []
    seen = Snapshot(time_zone=answer.get("properties", {}).get("timeZone") or "Etc/UTC")
    for sheet in answer.get("sheets", ()):
        properties, grids = sheet["properties"], sheet.get("data", ())
        sheet_id = properties.get("sheetId", 0)
        keys = {name for grid in grids for name, _ in _row_entries(grid)}
        if sheet_id == RECOVERED_TAB:
            seen = replace(seen, recovered_columns=properties["gridProperties"]["columnCount"])
        elif FENCE_KEY in keys:
            seen = replace(
                seen,
                has_fence_tab=True,
                fences=tuple(p["protectedRangeId"] for p in sheet.get("protectedRanges", ())),
                fence_title=properties["title"],
                fence_rules=len(sheet.get("conditionalFormats", ())),
            )
        elif HISTORY_KEY in keys:
            found = _tab(sheet, HISTORY_KEY)
            seen = replace(seen, history=_first(seen.history, found, HISTORY_TAB))
        elif PIPELINE_KEY in keys:
            found = _tab(sheet, PIPELINE_KEY)
            seen = replace(seen, pipeline=_first(seen.pipeline, found, PIPELINE_TAB))
        elif table := _table(properties, grids, key):
            # A person may have duplicated the tab: the one that was made first, else the leftmost.
            tables.append((table.sheet_id != JOBS_TAB, properties.get("index", 0), table))
    return replace(seen, table=min(tables, key=lambda t: t[:2])[2] if tables else None)


def _first(known: Tab | None, found: Tab, sheet_id: int) -> Tab:
    """Return the tab that was made with `sheet_id`, where a person has duplicated it."""
    return found if known is None or found.sheet_id == sheet_id else known


@dataclass(frozen=True)
class _Header:
    """The header row of a tab, with the metadata of its columns."""

    grid: Json

    @classmethod
    def of(cls, grids: Sequence[Json], key: str) -> "_Header | None":
        # A column's grid begins with the header row, too: the widest one is the row's own.
        found = [grid for grid in grids if key in dict(_row_entries(grid))]
        widest = max(found, key=lambda grid: len(grid.get("columnMetadata", ())), default=None)
        return None if widest is None else cls(widest)

    @property
    def row(self) -> int:
        return int(self.grid.get("startRow", 0))

    @property
    def first(self) -> int:
        return int(self.grid.get("startColumn", 0))

    def entries(self, key: str) -> Iterator[tuple[str, int]]:
        """Give value and column index of each metadata entry with this key, from the left."""
        for index, column in enumerate(self.grid.get("columnMetadata", ()), self.first):
            for name, value in _metadata(column):
                if name == key:
                    yield value, index

    def places(self, key: str) -> dict[str, int]:
        """Return the leftmost column index of each value."""
        return dict(reversed(list(self.entries(key))))

    def cells(self) -> Iterator[tuple[int, CellData]]:
        values = (self.grid.get("rowData") or [{}])[0].get("values", ())
        return enumerate(values, self.first)

    def texts(self) -> dict[int, str]:
        return {index: text for index, cell in self.cells() if (text := text_of(cell))}

    def row_entries(self) -> dict[str, str]:
        return dict(_row_entries(self.grid))

    def keys(self) -> frozenset[str]:
        columns = self.grid.get("columnMetadata", ())
        return frozenset(
            [*self.row_entries(), *(name for one in columns for name, _ in _metadata(one))]
        )


def _tab(sheet: Json, key: str) -> Tab:
    properties, grids = sheet["properties"], sheet.get("data", ())
    header = _Header.of(grids, key)
    assert header is not None  # noqa: S101 - the caller found the key
    size, columns = properties["gridProperties"], header.places(COLUMN_KEY)
    labels = columns.get(PIPELINE_LABEL)
    return Tab(
        sheet_id=properties.get("sheetId", 0),
        header_row=header.row,
        row_count=size["rowCount"],
        column_count=size["columnCount"],
        columns=columns,
        guards=header.places(GUARD_KEY),
        has_header_guard=GUARD_KEY in header.row_entries(),
        headers=header.texts(),
        counts=tuple(i for value, i in header.entries(COLUMN_KEY) if value == PIPELINE_COUNT),
        labels={
            row: text
            for grid in grids
            if grid is not header.grid and grid.get("startColumn", 0) == labels
            for row, cell in _first_cells(grid)
            if row > header.row and (text := text_of(cell))
        },
        charts=frozenset(chart["chartId"] for chart in sheet.get("charts", ())),
    )


def _table(properties: Json, grids: Sequence[Json], key: str) -> Table | None:
    header = _Header.of(grids, HEADER_KEY)
    if header is None:
        return None
    columns, size = header.places(COLUMN_KEY), properties["gridProperties"]
    by_index = {index: column for column, index in columns.items()}
    cells = {
        (by_index[index], row): cell
        for grid in grids
        if grid is not header.grid
        and len(grid.get("columnMetadata", ())) == 1
        and (index := grid.get("startColumn", 0)) in by_index
        for row, cell in _first_cells(grid)
        if row > header.row
    }
    texts = {place: text_of(cell) for place, cell in cells.items()}
    looks = {index: value for value, index in header.entries(LOOK_KEY)}
    notes = {index: note_of(cell) for index, cell in header.cells() if "note" in cell}
    return Table(
        sheet_id=properties.get("sheetId", 0),
        title=properties["title"],
        header_row=header.row,
        row_count=size["rowCount"],
        column_count=size["columnCount"],
        columns=columns,
        keys=_rows_by_site({row: cell for (column, row), cell in cells.items() if column == key}),
        key_texts={row: text for (column, row), text in texts.items() if column == key},
        guards=header.places(GUARD_KEY),
        has_header_guard=GUARD_KEY in header.row_entries(),
        notes={place: note_of(cell) for place, cell in cells.items() if "note" in cell},
        filled=frozenset(place for place, text in texts.items() if text),
        look=header.row_entries().get(LOOK_KEY),
        looks={column: looks[index] for column, index in columns.items() if index in looks},
        headers=header.texts(),
        header_notes={column: notes[index] for column, index in columns.items() if index in notes},
        metadata_keys=header.keys(),
    )


def _rows_by_site(key_cells: Mapping[int, CellData]) -> dict[str, tuple[int, ...]]:
    rows: dict[str, tuple[int, ...]] = {}
    for row, cell in sorted(key_cells.items()):
        if site := site_in(cell):
            rows[site] = (*rows.get(site, ()), row)
    return rows


def whole_rows(answer: Json, sheet_id: int) -> dict[int, Row]:
    """Return the rows of a sheet that was asked for whole, by row index."""
    grids = [grid for one in _sheets(answer, sheet_id) for grid in one.get("data", ())]
    largest: Json = max(grids, key=_size, default={})
    return {n: row.get("values", ()) for n, row in enumerate(largest.get("rowData", ()))}


def sparse_rows(answer: Json, sheet_id: int) -> dict[int, Row]:
    """Return the rows of a sheet of which single columns were asked for; {} for all other cells."""
    found: dict[int, dict[int, CellData]] = {}
    for sheet in _sheets(answer, sheet_id):
        for grid in sheet.get("data", ()):
            for row, cell in _first_cells(grid):
                found.setdefault(row, {})[grid.get("startColumn", 0)] = cell
    return {
        row: [cells.get(index, {}) for index in range(max(cells) + 1)]
        for row, cells in found.items()
    }


def _sheets(answer: Json, sheet_id: int) -> Iterable[Json]:
    return (o for o in answer.get("sheets", ()) if o["properties"].get("sheetId", 0) == sheet_id)


def _size(grid: Json) -> int:
    return len(grid.get("rowMetadata", ())) * len(grid.get("columnMetadata", ()))


def _first_cells(grid: Json) -> Iterator[tuple[int, CellData]]:
    for row, data in enumerate(grid.get("rowData", ()), grid.get("startRow", 0)):
        if values := data.get("values"):
            yield row, values[0]


def _row_entries(grid: Json) -> list[tuple[str, str]]:
    return _metadata((grid.get("rowMetadata") or [{}])[0])


def _metadata(dimension: Json) -> list[tuple[str, str]]:
    found = dimension.get("developerMetadata", ())
    return [(one["metadataKey"], one.get("metadataValue", "")) for one in found]
