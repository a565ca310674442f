"""What one read of the spreadsheet shows: Google's answer → a view. Pure.

A tab is known by the metadata of its header row and columns, never by a title, a letter or a text.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any
from uuid import UUID

JOBS_TAB = 1_126_170_001
"""The sheet id that a made Jobs tab gets: making it twice is refused by Google."""
FENCE_TAB = 1_126_170_002
"""The sheet id of the hidden tab `_brightsheet`."""
RECOVERED_TAB = 1_126_170_003
"""The sheet id of the tab for what could not be put back."""
HISTORY_TAB = 1_126_170_004
PIPELINE_TAB = 1_126_170_005

HEADER_KEY = "brightsheet.header"
COLUMN_KEY = "brightsheet.column"
FENCE_KEY = "brightsheet.fence"
RECOVERED_KEY = "brightsheet.recovered"
HISTORY_KEY = "brightsheet.history"
PIPELINE_KEY = "brightsheet.pipeline"
LOOK_KEY = "brightsheet.look"
"""On a column or a header row of ours: the look that it was given."""
PIPELINE_LABEL = "pipeline:milestone"
PIPELINE_COUNT = "pipeline:count"
MARK_KEY = "brightsheet.mark."
"""With the number of a batch: the columns that it wrote, by the index it took them to have."""
COPY_PREFIX = "Copy of "
"""What the key of a doubled row begins with: it is nobody's row then."""


def _fields(values: str) -> str:
    """Return the mask of a read that wants `values` of each cell."""
    return (
        "properties(timeZone),"
        "sheets(properties(sheetId,title,index,gridProperties(rowCount,columnCount)),"
        "protectedRanges(protectedRangeId),conditionalFormats(ranges(sheetId)),charts(chartId),"
        f"data(startRow,startColumn,rowData(values({values})),"
        "rowMetadata(developerMetadata(metadataKey,metadataValue)),"
        "columnMetadata(developerMetadata(metadataKey,metadataValue))))"
    )


FIELDS = _fields("userEnteredValue,note")
SURROUNDINGS = (
    "sheets(properties(sheetId,title),conditionalFormats,filterViews(filterViewId,title,filterSpecs),"
    "charts(chartId)),namedRanges(namedRangeId,name,range)"
)
FULL_FIELDS = _fields("userEnteredValue,note,textFormatRuns,userEnteredFormat(numberFormat)")

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

Grid = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """A tab of jobs: indexes are zero-based, `columns` and `keys` by column id and site UUID."""

    sheet_id: int
    title: str
    header_row: int
    row_count: int
    column_count: int
    columns: Mapping[str, int] = field(default_factory=dict)
    keys: Mapping[str, int] = field(default_factory=dict)
    """The row of each site; of several the topmost."""
    doubles: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """All rows of the sites that stand more than once."""
    marks: Mapping[str, int] = field(default_factory=dict)
    """Where the columns are now that a batch marked, by `{batch}.{index it took them to have}`."""
    header_marks: frozenset[str] = frozenset()
    """The numbers of the batches that marked the header row."""
    notes: Mapping[tuple[str, int], str] = field(default_factory=dict)
    """People's and our notes by column id and row, for the columns that were asked for."""
    filled: frozenset[tuple[str, int]] = frozenset()
    """Which cells of those columns hold anything, by column id and row."""
    look: str | None = None
    """The look that the tab was given; None where it has none yet."""
    looks: Mapping[str, str] = field(default_factory=dict)
    """The looks that columns were given, by column id."""
    header_notes: Mapping[str, str] = field(default_factory=dict)
    """The notes on the header cells, by column id."""

    def place(self, column: str) -> int | None:
        """Return where a column is: by its id, or by a mark `{fence}.{index}` on it."""
        found = self.columns.get(column)
        return self.marks.get(column) if found is None else found


@dataclass(frozen=True)
class Tab:
    """Another tab of ours: `columns` by their ids, `labels` the texts of its first column by row.

    `headers` are the texts of its header row, by column index.
    """

    sheet_id: int
    header_row: int
    row_count: int
    column_count: int
    columns: Mapping[str, int] = field(default_factory=dict)
    headers: Mapping[int, str] = field(default_factory=dict)
    counts: tuple[int, ...] = ()
    """Where the columns are that count jobs."""
    labels: Mapping[int, str] = field(default_factory=dict)
    charts: frozenset[int] = frozenset()


@dataclass(frozen=True)
class View:
    """The spreadsheet as one read shows it."""

    time_zone: str = "Etc/UTC"
    table: Table | None = None
    has_fence_tab: bool = False
    fences: tuple[int, ...] = ()
    """Ids of the protected ranges on the hidden tab: one, but for accidents."""
    fence_title: str = ""
    fence_rules: int = 0
    """Conditional formats that copies have brought to the hidden tab."""
    has_recovered_tab: bool = False
    history: Tab | None = None
    pipeline: Tab | None = None

    @property
    def fence(self) -> int | None:
        """The number of the last batch that landed."""
        return max(self.fences, default=None)


@dataclass(frozen=True)
class Surroundings:
    """What else is in a spreadsheet, by the ids of tabs: titles, conditional formats, filter views.

    `names` are the named ranges: id and GridRange by name.
    """

    titles: Mapping[int, str] = field(default_factory=dict)
    rules: Mapping[int, Sequence[Grid]] = field(default_factory=dict)
    filters: Mapping[int, Mapping[int, Grid]] = field(default_factory=dict)
    names: Mapping[str, tuple[str, Grid]] = field(default_factory=dict)
    charts: frozenset[int] = frozenset()

    def free(self, sheet_id: int) -> int:
        """Return an id for a tab: ours, or another where a tab without our header row has that."""
        return next(n for n in count(sheet_id, 10) if n not in self.titles)


NOTHING_ELSE = Surroundings()


def surroundings(answer: Mapping[str, Any]) -> Surroundings:
    """Return what `answer` (a Spreadsheet, masked by SURROUNDINGS) shows."""
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


def filters(noted: tuple[str, ...], key: str) -> list[dict[str, Any]]:
    """Return the data filters of a read: header row, key column, columns with notes, fence."""
    tabs = (HEADER_KEY, FENCE_KEY, HISTORY_KEY, PIPELINE_KEY)
    lookups = [{"metadataKey": tab} for tab in tabs]
    columns = (key, PIPELINE_LABEL, *noted)
    lookups += [{"metadataKey": COLUMN_KEY, "metadataValue": column} for column in columns]
    return [{"developerMetadataLookup": lookup} for lookup in lookups]


def whole(table: Table, key: str) -> list[dict[str, Any]]:
    """Return the data filters of a look over all of `table` and of the hidden tab."""
    recovered = {"developerMetadataLookup": {"metadataKey": RECOVERED_KEY}}
    grids = [{"gridRange": {"sheetId": one}} for one in (table.sheet_id, FENCE_TAB)]
    return [*filters((), key), recovered, *grids]


def read(answer: Mapping[str, Any], key: str) -> View:
    """Return what `answer` (a Spreadsheet, masked by FIELDS) shows; `key` is the key column."""
    tables: list[tuple[bool, int, Table]] = []
    seen = View(time_zone=answer.get("properties", {}).get("timeZone") or "Etc/UTC")
    for sheet in answer.get("sheets", ()):
        properties, grids = sheet["properties"], sheet.get("data", ())
        sheet_id = properties.get("sheetId", 0)
        if sheet_id == RECOVERED_TAB:
            seen = replace(seen, has_recovered_tab=True)
        elif any(FENCE_KEY in _row_metadata(grid) for grid in grids):
            seen = replace(
                seen,
                has_fence_tab=True,
                fences=tuple(p["protectedRangeId"] for p in sheet.get("protectedRanges", ())),
                fence_title=properties["title"],
                fence_rules=len(sheet.get("conditionalFormats", ())),
            )
        elif any(HISTORY_KEY in _row_metadata(grid) for grid in grids):
            seen = replace(
                seen, history=_first(seen.history, _tab(sheet, HISTORY_KEY), HISTORY_TAB)
            )
        elif any(PIPELINE_KEY in _row_metadata(grid) for grid in grids):
            found = _tab(sheet, PIPELINE_KEY)
            seen = replace(seen, pipeline=_first(seen.pipeline, found, PIPELINE_TAB))
        elif table := _table(properties, grids, key):
            # A person may have duplicated the tab: ours first, else the leftmost.
            tables.append((table.sheet_id != JOBS_TAB, properties.get("index", 0), table))
    return replace(seen, table=min(tables, key=lambda t: t[:2])[2] if tables else None)


def _first(known: Tab | None, found: Tab, ours: int) -> Tab:
    """Return the tab that we made, where a person has duplicated it."""
    return found if known is None or found.sheet_id == ours else known


def _tab(sheet: Mapping[str, Any], key: str) -> Tab:
    properties, grids = sheet["properties"], sheet.get("data", ())
    own = [grid for grid in grids if key in _row_metadata(grid)]
    header = max(own, key=lambda grid: len(grid.get("columnMetadata", ())))
    first = header.get("startColumn", 0)
    ids = [
        (value, index)
        for index, entries in enumerate(_column_entries(header), first)
        for name, value in entries
        if name == COLUMN_KEY
    ]
    size = properties["gridProperties"]
    cells = (header.get("rowData") or [{}])[0].get("values", ())
    labels = dict(ids).get(PIPELINE_LABEL)
    return Tab(
        sheet_id=properties.get("sheetId", 0),
        header_row=header.get("startRow", 0),
        row_count=size["rowCount"],
        column_count=size["columnCount"],
        columns=dict(reversed(ids)),
        headers={index: text for index, c in enumerate(cells, first) if (text := text_of(c))},
        counts=tuple(index for value, index in ids if value == PIPELINE_COUNT),
        labels={
            row: text
            for grid in grids
            if grid is not header and grid.get("startColumn", 0) == labels
            for row, cell in _cells(grid)
            if row > header.get("startRow", 0) and (text := text_of(cell))
        },
        charts=frozenset(chart["chartId"] for chart in sheet.get("charts", ())),
    )


def _table(properties: Mapping[str, Any], grids: Sequence[Grid], key: str) -> Table | None:
    # A column's grid begins with the header row, too: the widest one is the row's own.
    found = [grid for grid in grids if HEADER_KEY in _row_metadata(grid)]
    header = max(found, key=lambda grid: len(grid.get("columnMetadata", ())), default=None)
    if header is None:
        return None
    header_row = header.get("startRow", 0)
    columns: dict[str, int] = {}
    marks: dict[str, int] = {}
    looks: dict[int, str] = {}
    for index, entries in enumerate(_column_entries(header), header.get("startColumn", 0)):
        for name, value in entries:
            if name == COLUMN_KEY:
                columns.setdefault(value, index)
            elif name == LOOK_KEY:
                looks[index] = value
            elif name.startswith(MARK_KEY):
                marks.setdefault(f"{name.removeprefix(MARK_KEY)}.{value}", index)
    rows, notes, filled = _keyed(grids, header, columns, key)
    size = properties["gridProperties"]
    return Table(
        sheet_id=properties.get("sheetId", 0),
        title=properties["title"],
        header_row=header_row,
        row_count=size["rowCount"],
        column_count=size["columnCount"],
        columns=columns,
        keys={site: found[0] for site, found in rows.items()},
        doubles={site: tuple(found) for site, found in rows.items() if len(found) > 1},
        marks=marks,
        header_marks=frozenset(
            name.removeprefix(MARK_KEY)
            for name in _row_metadata(header)
            if name.startswith(MARK_KEY)
        ),
        notes=notes,
        filled=frozenset(filled),
        look=_row_metadata(header).get(LOOK_KEY),
        looks={column: looks[index] for column, index in columns.items() if index in looks},
        header_notes=_header_notes(header, columns),
    )


def _header_notes(header: Grid, columns: Mapping[str, int]) -> dict[str, str]:
    cells = (header.get("rowData") or [{}])[0].get("values", ())
    notes = {
        n: cell["note"]
        for n, cell in enumerate(cells, header.get("startColumn", 0))
        if "note" in cell
    }
    return {column: notes[index] for column, index in columns.items() if index in notes}


def _keyed(
    grids: Sequence[Grid], header: Grid, columns: Mapping[str, int], key: str
) -> tuple[dict[str, list[int]], dict[tuple[str, int], str], set[tuple[str, int]]]:
    """Return the rows of each site, the notes and the filled cells in the columns read."""
    rows: dict[str, list[int]] = {}
    filled: set[tuple[str, int]] = set()
    notes: dict[tuple[str, int], str] = {}
    by_index = {index: column for column, index in columns.items()}
    for grid in grids:
        column = by_index.get(grid.get("startColumn", 0))
        is_one_column = len(grid.get("columnMetadata", ())) == 1
        if grid is header or column is None or not is_one_column:
            continue
        for row, cell in _cells(grid):
            site = site_in(cell) if column == key and row > header.get("startRow", 0) else None
            if site and row not in rows.setdefault(site, []):
                rows[site].append(row)
            if "note" in cell:
                notes[column, row] = cell["note"]
            if text_of(cell):
                filled.add((column, row))
    return rows, notes, filled


def all_cells(answer: Mapping[str, Any], sheet_id: int) -> dict[int, Sequence[Grid]]:
    """Return the rows of a sheet that was asked for whole, by row index."""
    grids = [
        grid
        for sheet in answer.get("sheets", ())
        if sheet["properties"].get("sheetId", 0) == sheet_id
        for grid in sheet.get("data", ())
    ]
    largest: Grid = max(grids, key=_size, default={})
    rows = largest.get("rowData", ())
    return {number: row.get("values", ()) for number, row in enumerate(rows)}


def _size(grid: Grid) -> int:
    return len(grid.get("rowMetadata", ())) * len(grid.get("columnMetadata", ()))


def some_cells(answer: Mapping[str, Any], sheet_id: int) -> dict[int, dict[int, Grid]]:
    """Return the cells of columns that were asked for one by one, by row and index."""
    found: dict[int, dict[int, Grid]] = {}
    for sheet in answer.get("sheets", ()):
        if sheet["properties"].get("sheetId", 0) == sheet_id:
            for grid in sheet.get("data", ()):
                for row, cell in _cells(grid):
                    found.setdefault(row, {})[grid.get("startColumn", 0)] = cell
    return found


def site_in(cell: Mapping[str, Any]) -> str | None:
    """Return the site UUID that a key cell holds, alone or in a pasted address."""
    text = cell.get("userEnteredValue", {}).get("stringValue", "")
    if text.startswith(COPY_PREFIX):
        return None
    found = _UUID.search(text)
    return str(UUID(found.group())) if found else None


def row_in(cell: Mapping[str, Any]) -> str | None:
    """Return whose row a key cell names: a site, or the flag of a copy as it stands."""
    text = text_of(cell)
    return text if text.startswith(COPY_PREFIX) else site_in(cell)


def text_of(cell: Mapping[str, Any]) -> str:
    """Return what was entered into a cell, as one text; "" where nothing was."""
    value = next(iter(cell.get("userEnteredValue", {}).values()), "")
    # Google tells 46023 of what was sent as 46023.0.
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def note_of(cell: Mapping[str, Any]) -> str:
    """Return a cell's note; "" where there is none."""
    return str(cell.get("note", ""))


def _cells(grid: Grid) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for row, data in enumerate(grid.get("rowData", ()), grid.get("startRow", 0)):
        values = data.get("values")
        if values:
            yield row, values[0]


def _row_metadata(grid: Grid) -> dict[str, str]:
    return dict(_metadata((grid.get("rowMetadata") or [{}])[0]))


def _column_entries(grid: Grid) -> list[list[tuple[str, str]]]:
    return [_metadata(column) for column in grid.get("columnMetadata", ())]


def _metadata(dimension: Mapping[str, Any]) -> list[tuple[str, str]]:
    entries = dimension.get("developerMetadata", ())
    return [(entry["metadataKey"], entry.get("metadataValue", "")) for entry in entries]
