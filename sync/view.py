"""What one read of the spreadsheet shows: Google's answer → a view. Pure.

A tab is known by the metadata of its header row and columns, never by a title, a letter or a text.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

JOBS_TAB = 1_126_170_001
"""The sheet id that a made Jobs tab gets: making it twice is refused by Google."""
FENCE_TAB = 1_126_170_002
"""The sheet id of the hidden tab `_brightsheet`."""

HEADER_KEY = "brightsheet.header"
COLUMN_KEY = "brightsheet.column"
FENCE_KEY = "brightsheet.fence"

FIELDS = (
    "properties(timeZone),"
    "sheets(properties(sheetId,title,index,gridProperties(rowCount,columnCount)),"
    "protectedRanges(protectedRangeId),"
    "data(startRow,startColumn,rowData(values(userEnteredValue,note)),"
    "rowMetadata(developerMetadata(metadataKey,metadataValue)),"
    "columnMetadata(developerMetadata(metadataKey,metadataValue))))"
)

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

Grid = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """A tab of jobs: indexes are zero-based, `columns` and `keys` by column id and site UUID."""

    sheet_id: int
    header_row: int
    row_count: int
    column_count: int
    columns: Mapping[str, int] = field(default_factory=dict)
    keys: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[tuple[str, int], str] = field(default_factory=dict)
    """People's and our notes by column id and row, for the columns that were asked for."""


@dataclass(frozen=True)
class View:
    """The spreadsheet as one read shows it."""

    time_zone: str = "Etc/UTC"
    table: Table | None = None
    has_fence_tab: bool = False
    fences: tuple[int, ...] = ()
    """Ids of the protected ranges on the hidden tab: one, but for accidents."""

    @property
    def fence(self) -> int | None:
        """The number of the last batch that landed."""
        return max(self.fences, default=None)


def filters(noted: tuple[str, ...], key: str) -> list[dict[str, Any]]:
    """Return the data filters of a read: header row, key column, columns with notes, fence."""
    lookups: list[dict[str, str]] = [{"metadataKey": HEADER_KEY}, {"metadataKey": FENCE_KEY}]
    lookups += [{"metadataKey": COLUMN_KEY, "metadataValue": c} for c in (key, *noted)]
    return [{"developerMetadataLookup": lookup} for lookup in lookups]


def read(answer: Mapping[str, Any], key: str) -> View:
    """Return what `answer` (a Spreadsheet, masked by FIELDS) shows; `key` is the key column."""
    tables: list[tuple[bool, int, Table]] = []
    has_fence_tab, fences = False, tuple[int, ...]()
    for sheet in answer.get("sheets", ()):
        properties = sheet["properties"]
        if any(FENCE_KEY in _row_metadata(grid) for grid in sheet.get("data", ())):
            has_fence_tab = True
            fences = tuple(p["protectedRangeId"] for p in sheet.get("protectedRanges", ()))
        elif table := _table(properties, sheet.get("data", ()), key):
            # A person may have duplicated the tab: ours first, else the leftmost.
            tables.append((table.sheet_id != JOBS_TAB, properties.get("index", 0), table))
    return View(
        time_zone=answer.get("properties", {}).get("timeZone") or "Etc/UTC",
        table=min(tables, key=lambda t: t[:2])[2] if tables else None,
        has_fence_tab=has_fence_tab,
        fences=fences,
    )


def _table(properties: Mapping[str, Any], grids: list[Grid], key: str) -> Table | None:
    header = next((grid for grid in grids if HEADER_KEY in _row_metadata(grid)), None)
    if header is None:
        return None
    header_row = header.get("startRow", 0)
    columns: dict[str, int] = {}
    for index, found in enumerate(_column_metadata(header), header.get("startColumn", 0)):
        if COLUMN_KEY in found:
            columns.setdefault(found[COLUMN_KEY], index)
    keys: dict[str, int] = {}
    notes: dict[tuple[str, int], str] = {}
    by_index = {index: column for column, index in columns.items()}
    for grid in grids:
        column = by_index.get(grid.get("startColumn", 0))
        if grid is header or column is None:
            continue
        for row, cell in _cells(grid):
            if column == key and row > header_row and (site := site_in(cell)):
                keys.setdefault(site, row)
            if "note" in cell:
                notes[column, row] = cell["note"]
    size = properties["gridProperties"]
    return Table(
        sheet_id=properties.get("sheetId", 0),
        header_row=header_row,
        row_count=size["rowCount"],
        column_count=size["columnCount"],
        columns=columns,
        keys=keys,
        notes=notes,
    )


def site_in(cell: Mapping[str, Any]) -> str | None:
    """Return the site UUID that a key cell holds, alone or in a pasted address."""
    text = cell.get("userEnteredValue", {}).get("stringValue", "")
    found = _UUID.search(text)
    return str(UUID(found.group())) if found else None


def _cells(grid: Grid) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for row, data in enumerate(grid.get("rowData", ()), grid.get("startRow", 0)):
        values = data.get("values")
        if values:
            yield row, values[0]


def _row_metadata(grid: Grid) -> dict[str, str]:
    return _metadata((grid.get("rowMetadata") or [{}])[0])


def _column_metadata(grid: Grid) -> list[dict[str, str]]:
    return [_metadata(column) for column in grid.get("columnMetadata", ())]


def _metadata(dimension: Mapping[str, Any]) -> dict[str, str]:
    entries = dimension.get("developerMetadata", ())
    return {entry["metadataKey"]: entry.get("metadataValue", "") for entry in entries}
