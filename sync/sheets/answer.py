"""What is asked of the Sheets API, and what it answers: cells, rows, headers, lost keys. Pure."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

JOBS_TAB = 1_126_170_001
"""The sheet id that the Jobs tab is made with: making it twice is refused by Google."""
FENCE_TAB = 1_126_170_002
"""The sheet id of the hidden tab `_brightsheet`."""
RECOVERED_TAB = 1_126_170_003
HISTORY_TAB = 1_126_170_004
PIPELINE_TAB = 1_126_170_005
SCRATCH_TAB, SCRATCH_RANGE = 1_126_170_006, 2_000_000_006
"""Of the tab in which it is tried how Google treats IDs; the fence's numbers stay far below."""

HEADER_KEY = "brightsheet.header"
"""On the header row of a tab with jobs: MAPPED and a moment where the tab is a person's own."""
MAPPED = "mapped "
WORDS_KEY = "brightsheet.words"
"""On a mapped column with words of its own: a JSON object, our text → theirs."""
OTHER_TEXTS = "*"
"""Among those words: every text without a word is written as it is."""
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
"""On a header row: what the tab was last given, which tells whether other is due."""
PIPELINE_LABEL = "pipeline:milestone"


def copies_tab(sheet_id: int) -> int:
    """Return the sheet id of the hidden tab for the copied rows of a mapped tab."""
    return guard_id(sheet_id, "copies")


def mapping_id(sheet_id: int) -> int:
    """Return the fixed `metadataId` of HEADER_KEY on a mapped tab; a duplicate has another."""
    return guard_id(sheet_id, "mapping")


def moment_mapped(entry: str) -> datetime | None:
    """Return the moment (UTC) in the metadata of a header row; None if it is not a mapped one."""
    if not entry.startswith(MAPPED):
        return None
    try:
        moment = datetime.fromisoformat(entry.removeprefix(MAPPED))
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)  # Edited by a program: nothing typed is replaced.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def guard_id(sheet_id: int, name: str) -> int:
    """Return the fixed `metadataId` of the guard of a column (or HEADER) of a tab.

    A positive 32-bit number, as the Sheets discovery document asks for. Two of a hundred columns
    share one by a chance of two in a million.
    """
    digest = hashlib.sha256(f"{sheet_id}:{name}".encode()).digest()
    return int.from_bytes(digest[:4]) % (2**31 - 1) + 1


Filter = dict[str, Any]


def _fields(values: str) -> str:
    """Return the mask of a read that wants `values` of each cell."""
    return (
        "properties(timeZone),"
        "sheets(properties(sheetId,title,index,gridProperties(rowCount,columnCount)),"
        "protectedRanges(protectedRangeId),conditionalFormats(ranges(sheetId)),charts(chartId),"
        f"data(startRow,startColumn,rowData(values({values})),"
        "rowMetadata(developerMetadata(metadataId,metadataKey,metadataValue)),"
        "columnMetadata(developerMetadata(metadataKey,metadataValue))))"
    )


FIELDS = _fields("userEnteredValue,note")
FULL_FIELDS = _fields("userEnteredValue,note,textFormatRuns,userEnteredFormat(numberFormat)")
ROW = (
    "sheets(properties(sheetId),data(startRow,startColumn,rowData(values("
    "userEnteredValue,note,textFormatRuns,userEnteredFormat(numberFormat)))))"
)
PROTECTIONS = "sheets(properties(sheetId,title),protectedRanges(warningOnly,requestingUserCanEdit))"


def quoted(title: str) -> str:
    """Return a tab's title as A1 ranges name it."""
    return "'" + title.replace("'", "''") + "'"


def data_filters(columns: tuple[str, ...]) -> list[Filter]:
    """Return the data filters of a read: the tabs' header rows, the fence, whole `columns`."""
    tabs = (HEADER_KEY, FENCE_KEY, HISTORY_KEY, PIPELINE_KEY)
    lookups = [{"metadataKey": tab} for tab in tabs]
    lookups += [
        {"metadataKey": COLUMN_KEY, "metadataValue": column}
        for column in (*columns, PIPELINE_LABEL)
    ]
    return [{"developerMetadataLookup": lookup} for lookup in lookups]


def everything(sheet_ids: Iterable[int], key: str) -> list[Filter]:
    """Return the data filters of a read of whole tabs, the hidden ones among them."""
    recovered = {"developerMetadataLookup": {"metadataKey": RECOVERED_KEY}}
    grids = [{"gridRange": {"sheetId": one}} for one in sheet_ids]
    return [*data_filters((key,)), recovered, *grids]


CellData = Mapping[str, Any]
"""A cell as the Sheets API gives it (CellData)."""
Row = Sequence[CellData]

_CANONICAL = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DATE_FORMATS = ("DATE", "DATE_TIME", "TIME")
"""Types of the number formats that show a number as a date (Sheets discovery document)."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_BLANK: Mapping[str, Any] = {}


def site_in(cell: CellData) -> str | None:
    """Return the site UUID that a key cell holds, alone or in a pasted address."""
    text = cell.get("userEnteredValue", _BLANK).get("stringValue", "")
    if _CANONICAL.fullmatch(text):  # As Brightsheet writes it: nearly all of a large sheet.
        return str(text)
    match = _UUID.search(text)
    return str(UUID(match.group())) if match else None


def text_of(cell: CellData) -> str:
    """Return what was entered into a cell, as one text; "" where nothing was."""
    entered = cell.get("userEnteredValue", _BLANK)
    if "stringValue" in entered:
        return str(entered["stringValue"])
    value = next(iter(entered.values()), "")
    # Google answers 46023.0 where 46023 was sent.
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def note_of(cell: CellData) -> str:
    """Return a cell's note; "" where there is none."""
    return str(cell.get("note", ""))


def links_of(cell: CellData) -> list[tuple[int, str]]:
    """Return where links begin on a cell's text (UTF-16 units), and their addresses."""
    runs = cell.get("textFormatRuns")
    if not runs:
        return []
    return [
        (run.get("startIndex", 0), uri)
        for run in runs
        if (uri := run.get("format", {}).get("link", {}).get("uri"))
    ]


def is_formula(cell: CellData) -> bool:
    """Tell whether a formula was entered: what it says depends on its place."""
    return "formulaValue" in cell.get("userEnteredValue", {})


class Content(NamedTuple):
    """What a cell holds, for comparison: its text, and its links by where they begin."""

    text: str = ""
    links: tuple[tuple[int, str], ...] = ()


BLANK = Content()


def content(cell: CellData) -> Content:
    """Return what a cell holds, without its note and format."""
    return Content(text_of(cell), tuple(links_of(cell)))


def texts_of(row: Row, columns: Mapping[str, int]) -> dict[str, str]:
    """Return what people or we entered into a row, by column id; formulas count as blank."""
    cells = {column: at(row, index) for column, index in columns.items()}
    return {
        column: text
        for column, cell in cells.items()
        if not is_formula(cell) and (text := text_of(cell))
    }


def at(row: Row, index: int) -> CellData:
    """Return the cell at a zero-based index of a row; {} beyond its end."""
    return row[index] if 0 <= index < len(row) else {}


Json = Mapping[str, Any]


def whole(answer: Json, sheet_id: int) -> dict[int, Row]:
    """Return the rows of a tab that was asked for whole, by row index."""
    grids = [grid for sheet in _sheets(answer, sheet_id) for grid in sheet.get("data", ())]
    largest: Json = max(grids, key=_size, default={})
    return {number: row.get("values", ()) for number, row in enumerate(largest.get("rowData", ()))}


def merged(answer: Json, sheet_id: int) -> dict[int, Row]:
    """Return the rows of a tab of which parts were asked for; {} for all other cells."""
    cells: dict[int, dict[int, CellData]] = {}
    for sheet in _sheets(answer, sheet_id):
        for grid in sheet.get("data", ()):
            first = grid.get("startColumn", 0)
            for number, row in enumerate(grid.get("rowData", ()), grid.get("startRow", 0)):
                for index, cell in enumerate(row.get("values", ()), first):
                    cells.setdefault(number, {})[index] = cell
    return {
        number: [row.get(index, {}) for index in range(max(row) + 1)]
        for number, row in cells.items()
    }


def _sheets(answer: Json, sheet_id: int) -> Iterable[Json]:
    sheets = answer.get("sheets", ())
    return (sheet for sheet in sheets if sheet["properties"].get("sheetId", 0) == sheet_id)


def _size(grid: Json) -> int:
    return len(grid.get("rowMetadata", ())) * len(grid.get("columnMetadata", ()))


def first_cells(grid: Json) -> Iterator[tuple[int, CellData]]:
    """Give the leftmost cell of each row of a grid, with the row's index."""
    for row, data in enumerate(grid.get("rowData", ()), grid.get("startRow", 0)):
        if values := data.get("values"):
            yield row, values[0]


@dataclass(frozen=True)
class HeaderRow:
    """The header row of a tab, with the metadata of its columns."""

    grid: Json

    @classmethod
    def of(cls, grids: Sequence[Json], key: str) -> "HeaderRow | None":
        """Return the row with the metadata `key`, if there is one."""
        # A column's grid begins with the header row, too: the widest one is the row's own.
        rows = [grid for grid in grids if key in dict(row_entries(grid))]
        widest = max(rows, key=lambda grid: len(grid.get("columnMetadata", ())), default=None)
        return None if widest is None else cls(widest)

    @property
    def row(self) -> int:
        """The row's zero-based index."""
        return int(self.grid.get("startRow", 0))

    @property
    def first(self) -> int:
        """The index of its first column."""
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
        """Give column index and cell."""
        values = (self.grid.get("rowData") or [{}])[0].get("values", ())
        return enumerate(values, self.first)

    def texts(self) -> dict[int, str]:
        """Return the texts by column index, without the blank ones."""
        return {index: text for index, cell in self.cells() if (text := text_of(cell))}

    def below(self, grids: Sequence[Json], column: int | None, key: str) -> dict[str, int]:
        """Return the row of each value on the rows below that were read with a column."""
        rows: dict[str, int] = {}
        for grid in grids:
            if grid is not self.grid and grid.get("startColumn", 0) == column:
                lines = enumerate(grid.get("rowMetadata", ()), int(grid.get("startRow", 0)))
                entries = ((row, *entry) for row, line in lines for entry in _metadata(line))
                rows |= {v: row for row, name, v in entries if name == key and row > self.row}
        return rows

    def on_row(self) -> dict[str, str]:
        """Return the metadata of the row itself."""
        return dict(row_entries(self.grid))

    def ids(self) -> frozenset[int]:
        """Return the ids of the metadata of the row itself."""
        entries = (self.grid.get("rowMetadata") or [{}])[0].get("developerMetadata", ())
        return frozenset(entry.get("metadataId", 0) for entry in entries)


def row_entries(grid: Json) -> list[tuple[str, str]]:
    """Return key and value of the metadata of a grid's first row."""
    return _metadata((grid.get("rowMetadata") or [{}])[0])


def _metadata(dimension: Json) -> list[tuple[str, str]]:
    entries = dimension.get("developerMetadata", ())
    return [(entry["metadataKey"], entry.get("metadataValue", "")) for entry in entries]


def texts_below(grids: Sequence[Json], header: HeaderRow, column: int | None) -> dict[int, str]:
    """Return the texts below the header in a column that was read, by row."""
    return {
        row: text
        for grid in grids
        if grid is not header.grid and grid.get("startColumn", 0) == column
        for row, cell in first_cells(grid)
        if row > header.row and (text := text_of(cell))
    }
