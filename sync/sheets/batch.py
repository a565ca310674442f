"""Composes batches: what is written into which rows, the requests for it, its fence and its guards.

Pure. Every write says whose row it is meant for (`RowIdentity`) and what its cell should hold now.
That is all that the check afterwards needs: it knows no policy.

A *guard* makes Google refuse a batch whose columns or header row have moved since the read. Each
managed column, and the header row, carries metadata with a fixed ID. A batch deletes that entry
where the read saw it and creates it there again. If a person has moved the column since, nothing is
deleted, and the creation meets an ID that is taken, so the batch is refused. If Google took it
anyway, or a column was deleted meanwhile, the guard is on another column afterwards, and the check
sees that.

The shapes of requests are those of the Sheets v4 discovery document.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from types import MappingProxyType
from typing import Any

from pydantic import Field

from sync.field_table import KEY
from sync.jobs.cells import Column
from sync.sheets.cell_data import (
    BLANK,
    CellData,
    Content,
    Row,
    at,
    content,
    is_formula,
    note_of,
    site_in,
    text_of,
)
from sync.sheets.encode import FRESH, VALUE
from sync.sheets.read import (
    CHECK_KEY,
    COLUMN_KEY,
    FENCE_KEY,
    FENCE_TAB,
    GUARD_KEY,
    RECOVERED_KEY,
    RECOVERED_TAB,
    WORDS_KEY,
    Fence,
    Snapshot,
    Tab,
    Table,
    guard_id,
)
from sync.types import Value, letters

_IDENTIFYING = ("email", "phone", "address")
"""Columns of which one that agrees tells one customer's row from another's."""
IDENTITY_COLUMNS = (*_IDENTIFYING, "zip", "city_zip", "customer")
"""What tells who a row is about: ids of columns."""

Place = tuple[int, int]
"""A row: sheet id and zero-based index."""
Held = tuple[Content, str]
"""The content of a cell, and its note."""


class RowImage(Value):
    """What a row held that was not ours: `managed` by column id, `others` in any order.

    Formulas are left out, for they change with their place; so are the cells that were hit.
    """

    managed: dict[str, Held] = Field(default_factory=dict)
    others: tuple[Held, ...] = ()
    hit: tuple[str, ...] = ()
    """Ids of the columns that were hit, and are left out."""

    @classmethod
    def of(cls, row: Row, columns: Mapping[str, int], hit: Collection[int] = ()) -> "RowImage":
        """Return the image of a row whose managed columns stand at `columns`, without `hit`."""
        ids = {index: column for column, index in columns.items()}
        cells = {
            index: held
            for index, cell in enumerate(row)
            if index not in hit and not is_formula(cell) and (held := _held(cell))
        }
        return cls(
            managed={ids[index]: held for index, held in cells.items() if index in ids},
            others=tuple(sorted(held for index, held in cells.items() if index not in ids)),
            hit=tuple(sorted(ids[index] for index in hit if index in ids)),
        )

    @property
    def texts(self) -> dict[str, str]:
        """The texts by column id that tell who the row is about; else all that it has."""
        texts = {column: held[0].text for column, held in self.managed.items() if held[0].text}
        identity = {column: text for column, text in texts.items() if column in IDENTITY_COLUMNS}
        return identity if not identity.keys().isdisjoint(_IDENTIFYING) else texts

    def is_in(self, other: "RowImage") -> bool:
        """Tell whether another row's image holds all of this one, and this one holds anything."""
        has_all = self.managed.items() <= other.managed.items()
        is_any = bool(self.managed or self.others)
        return is_any and has_all and Counter(self.others) <= Counter(other.others)

    def is_like(self, other: "RowImage", wrote: Mapping[str, str] = MappingProxyType({})) -> bool:
        """Tell whether another row is the same customer's by all that this one tells of him.

        One that tells the name alone shows what we `wrote` beside it, too (texts by column id).
        """
        mine = {
            column: self.managed[column] for column in IDENTITY_COLUMNS if column in self.managed
        }
        if not mine.items() <= other.managed.items():
            return False
        if mine.keys().isdisjoint(_IDENTIFYING):
            shows_all = all(other.text(column) == text for column, text in wrote.items())
            return bool(mine) and shows_all and not wrote.keys().isdisjoint(_IDENTIFYING)
        return True

    def text(self, column: str) -> str:
        """Return the text of a managed column, "" where it is blank."""
        return self.managed[column][0].text if column in self.managed else ""


def _held(cell: CellData) -> Held | None:
    held = (content(cell), note_of(cell))
    return None if held == (BLANK, "") else held


class RowIdentity(Value):
    """Which row a write is meant for: all that is given here is true of it."""

    key: str = ""
    """The site that its key cell names; "" where it names none."""
    shows: dict[str, str] = Field(default_factory=dict)
    """Texts by column id, by which a row without a key was taken to be a job's."""
    shows_not: dict[str, str] = Field(default_factory=dict)
    """The same texts, one of which it does not show: it has the key by mistake."""
    holds: RowImage | None = None
    """All that a row without a key holds."""
    wrote: dict[str, str] = Field(default_factory=dict)
    """What it tells of a customer since it was hit: texts by column id."""
    is_header: bool = False

    def is_row(self, row: Row, columns: Mapping[str, int]) -> bool:
        """Tell whether a row whose managed columns stand at `columns` is the one that is meant.

        A header row is told by its guard, not by what it holds.
        """
        if (site_in(at(row, columns[KEY])) or "") != self.key:
            return False
        if not _shows(row, columns, self.shows):
            return False
        if self.shows_not and _shows(row, columns, self.shows_not):
            return False
        return self.holds is None or self.is_exactly(row, columns)

    def is_exactly(self, row: Row, columns: Mapping[str, int]) -> bool:
        """Tell whether a row holds just what the image says, but for the cells that were hit."""
        image = self.holds or RowImage()
        hit = [columns[column] for column in image.hit if column in columns]
        return RowImage.of(row, columns, hit) == image

    def is_like(self, row: RowImage) -> bool:
        """Tell whether a row is the same customer's."""
        return self.holds is not None and self.holds.is_like(row, self.wrote)


def row_text(row: Row) -> str:
    """Return all that a row holds, for people."""
    return " | ".join(text for cell in row if (text := text_of(cell)))


def _shows(row: Row, columns: Mapping[str, int], texts: Mapping[str, str]) -> bool:
    return all(
        column in columns and text_of(at(row, columns[column])) == text
        for column, text in texts.items()
    )


class CellWrite(Value):
    """A cell to be written: `data` (CellData) with the mask `fields`, at a zero-based `index`."""

    index: int
    column: str
    data: dict[str, Any]
    fields: str
    expects: Content | None = None
    """What its value is expected to be; None: whatever stands there is replaced."""
    expects_note: str | None = None
    """The same of its note, where that is written."""
    replaces_words: bool = False
    """Whether a person typed what stands there, and it is to be kept."""
    key_row: dict[str, str] = Field(default_factory=dict)
    """Of a key: the texts by column id that its right row shows."""
    undoes: tuple[int, ...] = ()
    """Ids of the undos that it carries out."""


class RowWrite(Value):
    """Cells of one row, the job `site`'s if there is one; `is_new`: the batch inserts it."""

    sheet_id: int
    row: int
    cells: tuple[CellWrite, ...] = ()
    site: str = ""
    identity: RowIdentity = RowIdentity()
    is_new: bool = False
    pattern_of: str = ""
    """The site of the first of the new rows that take its drop-downs and `formulas`."""
    formulas: dict[int, str] = Field(default_factory=dict)
    """Of that pattern, by column index."""


class Trace(Value):
    """What a batch meant: all that its check needs."""

    fence: int
    columns: dict[int, dict[str, int]]
    """Where each managed column was taken to be, by sheet id and column id."""
    rows: tuple[RowWrite, ...] = ()
    settled: tuple[int, ...] = ()
    """Ids of the undos that it tells of in the tab Recovered."""
    recovered_lines: int = 0
    """How many lines it writes there."""


Request = dict[str, Any]
"""A request of `spreadsheets.batchUpdate` as JSON."""

_MORE_COLUMNS = 20
"""A person may insert so many between a read and a write; with more, Google refuses the batch."""
_HEADER_FORMAT = {"textFormat": {"bold": True}, "wrapStrategy": "WRAP"}


def move_fence(old: Iterable[Fence], new: Fence) -> list[Request]:
    """Delete the fences that were read, set the next: refused if another batch came first."""
    area = {"sheetId": FENCE_TAB, "startRowIndex": 0, "endRowIndex": 1}
    fence = {"protectedRangeId": new.number, "range": area, "warningOnly": True}
    return [
        *({"deleteProtectedRange": {"protectedRangeId": one.number}} for one in old),
        {"addProtectedRange": {"protectedRange": {**fence, "description": new.description}}},
    ]


def clear_copies(tab: int, rules: int) -> list[Request]:
    """Empty a hidden tab of the copies of the last batch, and of the formats they brought."""
    drop = {"deleteConditionalFormatRule": {"sheetId": tab, "index": 0}}
    return [{"updateCells": {"range": {"sheetId": tab}, "fields": "*"}}] + [drop] * rules


def resize_copies(tab: int, rows: int, columns: int) -> Request:
    """Give a hidden tab room for copies at the same coordinates, and for columns that come."""
    size = {"rowCount": rows, "columnCount": columns + _MORE_COLUMNS}
    return {
        "updateSheetProperties": {
            "properties": {"sheetId": tab, "gridProperties": size},
            "fields": "gridProperties(rowCount,columnCount)",
        }
    }


def _adopt(table: Table, column: str, index: int) -> list[Request]:
    """Make the column at `index` the one that is known as `column`, in place of the old one."""
    sheet_id, old = table.sheet_id, table.columns.get(column)
    entries = [(COLUMN_KEY, column)]
    if column in table.words:
        entries.append((WORDS_KEY, json.dumps(table.words[column], ensure_ascii=False)))
    requests: list[Request] = []
    for key, value in entries:
        lookup: Request = {"metadataKey": key}
        if key == COLUMN_KEY:
            lookup["metadataValue"] = value
        if old is not None:
            place = dimension_range(sheet_id, "COLUMNS", old, 1)
            lookup["metadataLocation"] = {"dimensionRange": place}
        gone = {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}}
        requests += [gone, metadata(key, value, sheet_id, "COLUMNS", index)]
    return requests


def copy_rows(sheet_id: int, rows: Iterable[int], tab: int) -> list[Request]:
    """Copy rows to the same coordinates of a hidden tab: there formulas stay as they are.

    The whole rows, however wide they are by now: a destination that is smaller gets all, too.
    """
    requests = []
    for _, group in groupby(enumerate(sorted(rows)), key=lambda pair: pair[1] - pair[0]):
        block = [row for _, row in group]
        area = {"startRowIndex": block[0], "endRowIndex": block[-1] + 1}
        source = {"sheetId": sheet_id, **area}
        target = {"sheetId": tab, **area, "startColumnIndex": 0, "endColumnIndex": 1}
        paste = {"source": source, "destination": target, "pasteType": "PASTE_NORMAL"}
        requests.append({"copyPaste": paste})
    return requests


def make_recovered_tab(title: str, headers: Sequence[str]) -> list[Request]:
    """Make the tab for what could not be put back."""
    grid = {"rowCount": 100, "columnCount": len(headers), "frozenRowCount": 1}
    properties = {"sheetId": RECOVERED_TAB, "title": title, "gridProperties": grid}
    return [
        {"addSheet": {"properties": properties}},
        metadata(RECOVERED_KEY, "1", RECOVERED_TAB, "ROWS", 0),
        recovered_headers(headers),
    ]


def recovered_headers(headers: Sequence[str]) -> Request:
    """Write the header row of the tab Recovered."""
    cells = [
        {
            "userEnteredValue": {"stringValue": text},
            "userEnteredFormat": {"textFormat": {"bold": True}},
        }
        for text in headers
    ]
    return {
        "updateCells": {
            "start": {"sheetId": RECOVERED_TAB, "rowIndex": 0, "columnIndex": 0},
            "rows": [{"values": cells}],
            "fields": "userEnteredValue,userEnteredFormat.textFormat.bold",
        }
    }


def append_recovered(lines: Iterable[Sequence[str]]) -> Request:
    """Put lines under the last one of the tab Recovered."""
    rows = [
        {"values": [{"userEnteredValue": {"stringValue": text}} for text in line]} for line in lines
    ]
    return {"appendCells": {"sheetId": RECOVERED_TAB, "rows": rows, "fields": "userEnteredValue"}}


def write(rows: Iterable[RowWrite]) -> list[Request]:
    """Write cells: neighbors in a row that set the same fields share a request."""

    def run(numbered: tuple[int, CellWrite]) -> tuple[int, str]:
        position, cell = numbered
        return cell.index - position, cell.fields

    requests = []
    for row in rows:
        ordered = enumerate(sorted(row.cells, key=lambda cell: cell.index))
        for (_, fields), group in groupby(ordered, key=run):
            cells = [cell for _, cell in group]
            start = {"sheetId": row.sheet_id, "rowIndex": row.row, "columnIndex": cells[0].index}
            values = [{"values": [cell.data for cell in cells]}]
            requests.append({"updateCells": {"start": start, "rows": values, "fields": fields}})
    return requests


def make_hidden_tab(tab: int, title: str) -> list[Request]:
    """Make a hidden tab; a second making is refused, for the sheet id exists."""
    properties = {
        "sheetId": tab,
        "title": title,
        "hidden": True,
        "gridProperties": {"rowCount": 1, "columnCount": 1},
    }
    return [
        {"addSheet": {"properties": properties}},
        metadata(FENCE_KEY, "1", tab, "ROWS", 0),
    ]


def make_tab(
    sheet_id: int, title: str, key: str, size: tuple[int, int], position: int, frozen: int = 1
) -> list[Request]:
    """Make a tab of `size` rows and columns, known by the metadata `key` on its header row."""
    grid = {
        "rowCount": size[0],
        "columnCount": size[1],
        "frozenRowCount": 1,
        "frozenColumnCount": frozen,
    }
    properties = {"sheetId": sheet_id, "title": title, "index": position, "gridProperties": grid}
    return [{"addSheet": {"properties": properties}}, metadata(key, "1", sheet_id, "ROWS", 0)]


def header(index: int, column: Column) -> CellWrite:
    """Return the write of a column's first header, with the note that explains it."""
    data: dict[str, Any] = {
        "userEnteredValue": {"stringValue": column.header},
        "userEnteredFormat": _HEADER_FORMAT,
    }
    fields = f"{VALUE},userEnteredFormat.textFormat.bold,userEnteredFormat.wrapStrategy"
    if column.about:
        data["note"] = column.about
        fields += ",note"
    return CellWrite(index=index, column=column.id, data=data, fields=fields)


def headers(sheet_id: int, columns: Sequence[Column]) -> list[Request]:
    """Write the header row of a new tab."""
    cells = tuple(header(index, column) for index, column in enumerate(columns))
    return write([RowWrite(sheet_id=sheet_id, row=0, cells=cells)])


def dimension_range(sheet_id: int, dimension: str, index: int, count: int) -> Request:
    """Return a DimensionRange."""
    return {
        "sheetId": sheet_id,
        "dimension": dimension,
        "startIndex": index,
        "endIndex": index + count,
    }


def metadata(
    key: str, value: str, sheet_id: int, dimension: str, index: int, number: int | None = None
) -> Request:
    """Attach metadata to one row or column, visible to whoever may edit the document.

    `number` is its `metadataId`; None: Google gives one.
    """
    place = dimension_range(sheet_id, dimension, index, 1)
    entry = ({} if number is None else {"metadataId": number}) | {
        "metadataKey": key,
        "metadataValue": value,
        "location": {"dimensionRange": place},
        "visibility": "DOCUMENT",
    }
    return {"createDeveloperMetadata": {"developerMetadata": entry}}


def changes_nothing() -> list[Request]:
    """Return a batch that leaves the spreadsheet as it is: it shows whether it may be written."""
    entry = {"metadataKey": CHECK_KEY, "location": {"spreadsheet": True}, "visibility": "DOCUMENT"}
    lookup = {"developerMetadataLookup": {"metadataKey": CHECK_KEY}}
    return [
        {"createDeveloperMetadata": {"developerMetadata": entry}},
        {"deleteDeveloperMetadata": {"dataFilter": lookup}},
    ]


def insert(sheet_id: int, dimension: str, index: int, count: int, size: int) -> Request:
    """Insert `count` rows or columns before `index`, in the format of what follows.

    At the grid's end (`index` = `size`) nothing follows, and Google wants the one before. One of
    Google's own Tables grows at its end in the same way.
    """
    place = dimension_range(sheet_id, dimension, index, count)
    return {"insertDimension": {"range": place, "inheritFromBefore": index >= size}}


def insert_like_above(
    sheet_id: int, row: int, count: int, formulas: Iterable[int], *, is_covered: bool = False
) -> list[Request]:
    """Insert rows with the format, the drop-downs and the `formulas` (columns) of the row above.

    A range of a person's, such as a total's, grows only by what is inserted within it. One that
    ends at the row above (`is_covered`) gets the rows before its last row, which then moves up.
    """
    above = row - 1
    source = {"sheetId": sheet_id, "startRowIndex": above, "endRowIndex": above + 1}
    target = {"sheetId": sheet_id, "startRowIndex": row, "endRowIndex": row + count}
    pastes: list[tuple[str, Request]] = [("PASTE_DATA_VALIDATION", {})]
    for index in formulas:
        pastes.append(("PASTE_FORMULA", {"startColumnIndex": index, "endColumnIndex": index + 1}))
    place = dimension_range(sheet_id, "ROWS", above if is_covered else row, count)
    insertion: Request = {"insertDimension": {"range": place, "inheritFromBefore": not is_covered}}
    last = dimension_range(sheet_id, "ROWS", above + count, 1)
    move: Request = {"moveDimension": {"source": last, "destinationIndex": above}}
    return [
        insertion,
        *([move] if is_covered else ()),
        *(
            {"copyPaste": {"source": source | at, "destination": target | at, "pasteType": kind}}
            for kind, at in pastes
        ),
    ]


def write_block(rows: Sequence[RowWrite], fields: str = f"{FRESH},note") -> list[Request]:
    """Write rows that follow one another, as new ones do: a request a run of columns."""
    indexes = enumerate(sorted({cell.index for row in rows for cell in row.cells}))
    requests = []
    for _, group in groupby(indexes, key=lambda pair: pair[1] - pair[0]):
        columns = [index for _, index in group]
        values = []
        for row in rows:
            cells = {cell.index: cell.data for cell in row.cells}
            values.append({"values": [cells.get(index, {}) for index in columns]})
        start = {
            "sheetId": rows[0].sheet_id,
            "rowIndex": rows[0].row,
            "columnIndex": columns[0],
        }
        requests.append({"updateCells": {"start": start, "rows": values, "fields": fields}})
    return requests


HEADER = "header"


def column_guards(tab: Table | Tab, columns: Iterable[str]) -> list[Request]:
    """Return the requests that guard `columns` (ids) of a tab where they were read."""
    requests: list[Request] = []
    for column in columns:
        index = tab.columns[column]
        is_there = tab.guards.get(column) == index
        requests += _guard(tab.sheet_id, column, "COLUMNS", index, is_there)
    return requests


def header_guard(tab: Table | Tab, value: str = "") -> list[Request]:
    """Return the requests that guard the header row of a tab where it was read.

    `value` is remembered on it.
    """
    is_there = tab.has_header_guard
    return _guard(tab.sheet_id, HEADER, "ROWS", tab.header_row, is_there, value)


def row_guard(tab: Tab, name: str, row: int) -> list[Request]:
    """Return the requests that guard a row of a tab where it was read."""
    return _guard(tab.sheet_id, name, "ROWS", row, tab.row_guards.get(name) == row)


def _guard(
    sheet_id: int, name: str, dimension: str, index: int, is_there: bool, value: str = ""
) -> list[Request]:
    number, place = guard_id(sheet_id, name), dimension_range(sheet_id, dimension, index, 1)
    lookup: dict[str, Any] = {"metadataId": number}
    if is_there:
        lookup["metadataLocation"] = {"dimensionRange": place}
        lookup["locationMatchingStrategy"] = "EXACT_LOCATION"
    # Else there is none yet, or it stands elsewhere: a person undid or deleted something.
    entry = {
        "metadataId": number,
        "metadataKey": GUARD_KEY,
        "metadataValue": value or name,
        "location": {"dimensionRange": place},
        "visibility": "DOCUMENT",
    }
    return [
        {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}},
        {"createDeveloperMetadata": {"developerMetadata": entry}},
    ]


def is_in_place(table: Table, column: str, index: int) -> bool:
    """Tell whether what was written at `index` went into `column`.

    The guard that the batch created at `index` has moved with that column since.
    """
    guard, now = table.guards.get(column), table.columns.get(column)
    return now is not None and now == (index if guard is None else guard)


def index_now(table: Table, column: str, index: int) -> int:
    """Return where the column is now that was written at `index` for `column`."""
    return table.guards.get(column, index)


def shifted(guards: Mapping[str, int], index: int) -> dict[str, int]:
    """Return `guards` after a column was inserted at `index`."""
    return {column: at + (at >= index) for column, at in guards.items()}


@dataclass(frozen=True)
class Asked:
    """What a batch asks back of a tab: its header row, and copied cells by their A1 ranges."""

    title: str
    header_row: int
    copies_title: str
    ranges: tuple[str, ...]


@dataclass(frozen=True)
class Batch:
    """Requests, with the trace of what they mean. `fence_before` is the fence that was read."""

    requests: list[Request]
    trace: Trace
    fence: Fence
    fence_before: int | None
    columns: tuple[str, ...] = ()
    """Ids of the columns that the tab has after it, and of other tabs that were made."""
    asked: tuple[Asked, ...] = ()
    """Of each tab that is written; () where nothing can have been hit."""


@dataclass(frozen=True)
class Parts:
    """What goes into a batch."""

    structure: Sequence[Request] = ()
    """Makes tabs and columns."""
    header: Sequence[CellWrite] = ()
    rows: Sequence[RowWrite] = ()
    """Rows that exist; then those that are new, all to be inserted from the first one's row on."""
    new_rows: Sequence[RowWrite] = ()
    formulas: Sequence[int] = ()
    """Columns in which new rows take the formula of the row above."""
    is_covered: bool = False
    """Whether a total ends at the row above, and is to cover the new ones."""
    extra: Sequence[Request] = ()
    """History, Pipeline, formatting."""
    columns: tuple[str, ...] = ()
    """Ids of other tabs that are made."""
    settled: tuple[int, ...] = ()
    """Ids of undos that are told of in the tab Recovered, in `recovered_lines` lines."""
    recovered_lines: int = 0
    pipeline: Tab | None = None
    """The Pipeline tab as `extra` leaves it."""
    guarded: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """Ids of columns that are guarded though nothing is written there, by sheet id."""

    @property
    def is_empty(self) -> bool:
        """Whether a batch of these would change nothing that people see."""
        return not (self.structure or self.header or self.rows or self.new_rows or self.extra)

    def without_data(self, table: Table) -> "Parts":
        """Return the same without what is written of jobs.

        As many rows are copied, and the same columns are guarded: where one of those guards is at
        fault, it is refused as well.
        """
        columns: dict[int, set[str]] = defaultdict(set)
        for row in (*self.rows, *self.new_rows):
            columns[row.sheet_id] |= {cell.column for cell in row.cells}
        guarded = {sheet_id: frozenset(ids) for sheet_id, ids in columns.items()}
        rows = {(row.sheet_id, row.row) for row in self.rows}
        rows |= {(table.sheet_id, table.last_row)} if self.new_rows else set()
        touched = [RowWrite(sheet_id=sheet, row=row) for sheet, row in sorted(rows)]
        return Parts(self.structure, self.header, touched, columns=self.columns, guarded=guarded)


def guarding(tables: Iterable[Table]) -> Parts:
    """Return what guards every column that is not guarded yet: before anything is written there."""
    requests: list[Request] = []
    for table in tables:
        unguarded = [c for c in sorted(table.columns) if table.guards.get(c) != table.columns[c]]
        requests += column_guards(table, unguarded)
        requests += [] if table.has_header_guard else header_guard(table)
    return Parts(structure=requests)


def adopting(table: Table, columns: Mapping[str, int]) -> Parts:
    """Return what makes other columns the ones that are known by these ids."""
    requests = [
        request for column, index in columns.items() for request in _adopt(table, column, index)
    ]
    # If a person moves one just now, Google refuses the batch.
    return Parts(structure=requests, guarded={table.sheet_id: frozenset(table.columns)})


def compose(
    snapshot: Snapshot, tables: Sequence[Table], parts: Parts, *, fence: Fence, fence_title: str
) -> Batch:
    """Return a batch with fence, guards and copies; `tables` are the tabs after its structure.

    New rows and headers go into the first. `fence_title` is what the hidden tab is to be called
    where it is made.
    """
    is_made, first = snapshot.table is None, tables[0]
    requests = [] if snapshot.has_fence_tab else make_hidden_tab(FENCE_TAB, fence_title)
    requests += [*move_fence(snapshot.fences, fence), *parts.structure]
    written = [*parts.rows]
    if parts.header:
        header = RowIdentity(is_header=True)
        cells, row = tuple(parts.header), first.header_row
        written.append(RowWrite(sheet_id=first.sheet_id, row=row, cells=cells, identity=header))
    asked: list[Asked] = []
    for table in tables:
        rows = [row for row in written if row.sheet_id == table.sheet_id]
        new = parts.new_rows if table is first else ()
        also = table.columns if is_made else parts.guarded.get(table.sheet_id, ())
        if not (rows or new or is_made or also):
            continue
        requests += column_guards(table, _guarded(table, [*rows, *new], also))
        requests += header_guard(table)
        if rows and not is_made:
            title = snapshot.copies_title(table, fence_title)
            requests += _copies(snapshot, table, rows, title)
            asked.append(_asked(table, rows, title))
        elif new and not is_made:
            asked.append(Asked(table.title, table.header_row, "", ()))
    requests += write(written)
    if parts.new_rows:
        requests += _new_rows(first, parts)
    requests += parts.extra
    rows = [] if is_made else [*written, *parts.new_rows]
    return Batch(
        requests,
        Trace(
            fence=fence.number,
            columns={table.sheet_id: dict(table.columns) for table in tables},
            rows=tuple(row for row in rows if row.cells or row.pattern_of),
            settled=parts.settled,
            recovered_lines=parts.recovered_lines,
        ),
        fence,
        snapshot.fence.number if snapshot.fence else None,
        (*sorted({column for table in tables for column in table.columns}), *parts.columns),
        tuple(asked),
    )


def _guarded(table: Table, rows: Iterable[RowWrite], also: Iterable[str]) -> list[str]:
    """Return the columns that a batch guards: those that it writes, the key's, and `also`."""
    written = {cell.column for row in rows for cell in row.cells} | {KEY, *also}
    return sorted(written & table.columns.keys())


def _copies(
    snapshot: Snapshot, table: Table, rows: Iterable[RowWrite], title: str
) -> list[Request]:
    """Copy `rows` of a tab as they are before they are written."""
    tab = table.copies_tab
    is_there = tab in snapshot.copies or tab == FENCE_TAB
    rules = snapshot.copies[tab].rules if tab in snapshot.copies else 0
    return [
        *([] if is_there else make_hidden_tab(tab, title)),
        *clear_copies(tab, rules),
        resize_copies(tab, table.row_count, table.column_count),
        *copy_rows(table.sheet_id, {one.row for one in rows}, tab),
    ]


def _new_rows(table: Table, parts: Parts) -> list[Request]:
    at, count = parts.new_rows[0].row, len(parts.new_rows)
    if not table.policy.inherits:
        inserted = insert(table.sheet_id, "ROWS", at, count, table.row_count)
        return [inserted, *write_block(parts.new_rows)]
    if table.native_end is not None and at - 1 > table.header_row:
        # Nothing else grows such a Table: `appendCells` loses values, moves and pastes are unknown.
        insertion = [insert(table.sheet_id, "ROWS", at, count, size=at)]
    elif at - 1 <= table.header_row:
        insertion = [insert(table.sheet_id, "ROWS", at, count, table.row_count)]
    else:
        insertion = insert_like_above(
            table.sheet_id, at, count, parts.formulas, is_covered=parts.is_covered
        )
    return [*insertion, *write(parts.new_rows)]


def _asked(table: Table, written: Sequence[RowWrite], copies_title: str) -> Asked:
    """Ask the cells back that the check compares, and whole rows where it compares all."""
    headers = [row for row in written if row.identity.is_header]
    rows = [row for row in written if not row.identity.is_header]
    whole = [f"{row.row + 1}:{row.row + 1}" for row in rows if row.identity.holds is not None]
    ranges = (*_compared(table, headers), *_compared(table, rows), *whole)
    return Asked(table.title, table.header_row, copies_title, ranges)


def _compared(table: Table, rows: Sequence[RowWrite]) -> list[str]:
    """Return the A1 ranges of the columns that are compared, from the first to the last row."""
    if not rows:
        return []
    indexes = {table.columns[KEY]} if KEY in table.columns else set()
    for row in rows:
        indexes |= {cell.index for cell in row.cells if not _replaces_anything(cell)}
        texts = (*row.identity.shows, *row.identity.shows_not)
        indexes |= {table.columns[column] for column in texts if column in table.columns}
    first, last = (pick(row.row for row in rows) + 1 for pick in (min, max))
    return [f"{name}{first}:{name}{last}" for name in map(letters, sorted(indexes))]


def _replaces_anything(cell: CellWrite) -> bool:
    return cell.expects is None and cell.expects_note is None


def place_of(table: Table, left: Sequence[Column]) -> int:
    """Return where a new column goes: behind its nearest left neighbor, wherever that is now."""
    for neighbor in reversed(left):
        if neighbor.id in table.columns:
            return table.columns[neighbor.id] + 1
    return table.column_count


def with_column(table: Table, index: int, column: str) -> Table:
    """Return the tab once a column is made at `index`."""
    return replace(
        table,
        columns={**shifted(table.columns, index), column: index},
        cells={**table.cells, column: {}},
        guards=shifted(table.guards, index),
        column_count=table.column_count + 1,
    )
