"""Composes batches: the writes of cells and rows, their requests, the fence and the guards. Pure.

Every write names its intended row (`RowIdentity`) and the content expected in its cell. The check
afterward needs nothing else: it knows no policy.

A *guard* makes Google refuse a batch whose columns or header row have moved since the read. Each
managed column, and the header row, carries metadata with a fixed ID. A batch deletes that entry
where the read saw it and creates it there again. If a person has moved the column since, nothing is
deleted, and the ID to create is taken, so Google rejects the batch. If Google accepts it anyway, or
a column was deleted meanwhile, the guard is on another column afterward, and the check sees that.

Requests have the form of the Sheets v4 discovery document.
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
    with_plain_spaces,
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

IDENTIFYING = ("email", "phone", "address")
"""Columns of which one is enough to identify a customer."""
IDENTITY_COLUMNS = (*IDENTIFYING, "zip", "city_zip", "customer")
"""IDs of the columns that describe the customer."""

Place = tuple[int, int]
"""A row: sheet ID and zero-based index."""
CellState = tuple[Content, str]
"""The content of a cell, and its note."""


class RowImage(Value):
    """The content of a row that we didn't write: `managed` by column ID, `others` in any order.

    Formulas are left out because they change with their place; so are the overwritten cells.
    """

    managed: dict[str, CellState] = Field(default_factory=dict)
    others: tuple[CellState, ...] = ()
    overwritten: tuple[str, ...] = ()
    """IDs of the columns that were overwritten and are left out."""

    @classmethod
    def of(
        cls, row: Row, columns: Mapping[str, int], overwritten: Collection[int] = ()
    ) -> "RowImage":
        """Return the image of a row with managed columns at `columns`, without `overwritten`."""
        ids = {index: column for column, index in columns.items()}
        cells = {
            index: state
            for index, cell in enumerate(row)
            if index not in overwritten and not is_formula(cell) and (state := _state(cell))
        }
        return cls(
            managed={ids[index]: state for index, state in cells.items() if index in ids},
            others=tuple(sorted(state for index, state in cells.items() if index not in ids)),
            overwritten=tuple(sorted(ids[index] for index in overwritten if index in ids)),
        )

    @property
    def texts(self) -> dict[str, str]:
        """The texts, by column ID, that identify the customer; without such texts, all."""
        texts = {column: state[0].text for column, state in self.managed.items() if state[0].text}
        identity = {column: text for column, text in texts.items() if column in IDENTITY_COLUMNS}
        return identity if not identity.keys().isdisjoint(IDENTIFYING) else texts

    def is_in(self, other: "RowImage") -> bool:
        """Return whether this image isn't empty and another row's image contains all of it."""
        has_all = self.managed.items() <= other.managed.items()
        is_any = bool(self.managed or self.others)
        return is_any and has_all and Counter(self.others) <= Counter(other.others)

    def is_like(self, other: "RowImage", wrote: Mapping[str, str] = MappingProxyType({})) -> bool:
        """Return whether another row has all the customer's data of this one.

        If this one has only the name, the other must also show what we `wrote` beside it (texts by
        column ID).
        """
        mine = {
            column: self.managed[column] for column in IDENTITY_COLUMNS if column in self.managed
        }
        if not mine.items() <= other.managed.items():
            return False
        if mine.keys().isdisjoint(IDENTIFYING):
            shows_all = all(other.text(column) == text for column, text in wrote.items())
            return bool(mine) and shows_all and not wrote.keys().isdisjoint(IDENTIFYING)
        return True

    def text(self, column: str) -> str:
        """Return the text of a managed column, "" if it is blank."""
        return self.managed[column][0].text if column in self.managed else ""


def _state(cell: CellData) -> CellState | None:
    state = (content(cell), note_of(cell))
    return None if state == (BLANK, "") else state


class RowIdentity(Value):
    """The intended row of a write: a row matches if it meets all conditions given here."""

    key: str = ""
    """The site in its key cell; "" if there is none."""
    shows: dict[str, str] = Field(default_factory=dict)
    """The texts by column ID by which a row without a key was matched with a job."""
    shows_not: dict[str, str] = Field(default_factory=dict)
    """Such texts, at least one of which is missing: the row has the key by mistake."""
    holds: RowImage | None = None
    """The content of a row without a key."""
    wrote: dict[str, str] = Field(default_factory=dict)
    """The customer's data that a misplaced write put there: texts by column ID."""
    is_header: bool = False

    def is_row(self, row: Row, columns: Mapping[str, int]) -> bool:
        """Return whether a row with its managed columns at `columns` is the intended one.

        A header row is identified by its guard instead.
        """
        if (site_in(at(row, columns[KEY])) or "") != self.key:
            return False
        if not _shows(row, columns, self.shows):
            return False
        if self.shows_not and _shows(row, columns, self.shows_not):
            return False
        return self.holds is None or self.is_exactly(row, columns)

    def is_exactly(self, row: Row, columns: Mapping[str, int]) -> bool:
        """Return whether a row has exactly the image's content, without the overwritten cells."""
        image = self.holds or RowImage()
        left_out = [columns[column] for column in image.overwritten if column in columns]
        return RowImage.of(row, columns, left_out) == image

    def is_like(self, row: RowImage) -> bool:
        """Return whether a row is the same customer's."""
        return self.holds is not None and self.holds.is_like(row, self.wrote)


def row_text(row: Row) -> str:
    """Return the texts of a row in one line, for people."""
    return " | ".join(text for cell in row if (text := text_of(cell)))


def _shows(row: Row, columns: Mapping[str, int], texts: Mapping[str, str]) -> bool:
    return all(
        column in columns and content(at(row, columns[column])).text == with_plain_spaces(text)
        for column, text in texts.items()
    )


class CellWrite(Value):
    """A cell to write: `data` (CellData) with the mask `fields`, at a zero-based `index`."""

    index: int
    column: str
    data: dict[str, Any]
    fields: str
    expects: Content | None = None
    """The expected value; None if any content may be replaced."""
    expects_note: str | None = None
    """The expected note, if the note is written."""
    replaces_words: bool = False
    """Whether it replaces typed text, which is then stored."""
    key_row: dict[str, str] = Field(default_factory=dict)
    """For a key: the texts by column ID of its right row."""
    undoes: tuple[int, ...] = ()
    """IDs of the undos that it carries out."""


class RowWrite(Value):
    """Cells of one row, the job `site`'s if there is one; `is_new`: the batch inserts it."""

    sheet_id: int
    row: int
    cells: tuple[CellWrite, ...] = ()
    site: str = ""
    identity: RowIdentity = RowIdentity()
    is_new: bool = False
    pattern_of: str = ""
    """The site of the first of the new rows that copy its drop-downs and `formulas`."""
    formulas: dict[int, str] = Field(default_factory=dict)
    """The formulas to copy, by column index."""


class Trace(Value):
    """The intended writes of a batch, with everything that its check needs."""

    fence: int
    columns: dict[int, dict[str, int]]
    """The index of each managed column in the read, by sheet ID and column ID."""
    rows: tuple[RowWrite, ...] = ()
    finished_undos: tuple[int, ...] = ()
    """IDs of the undos that it reports in the tab Recovered."""
    recovered_lines: int = 0
    """The number of lines that it writes there."""


Request = dict[str, Any]
"""A request of `spreadsheets.batchUpdate` as JSON."""

_MORE_COLUMNS = 20
"""A person may insert this many between a read and a write; if more, Google rejects the batch."""
_HEADER_FORMAT = {"textFormat": {"bold": True}, "wrapStrategy": "WRAP"}


def _adopt(table: Table, column: str, index: int) -> list[Request]:
    """Make the column at `index` the managed column `column`, in place of the old one."""
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


def make_recovered_tab(title: str, headers: Sequence[str]) -> list[Request]:
    """Create the tab Recovered, for text that could not be restored."""
    grid = {"rowCount": 100, "columnCount": len(headers), "frozenRowCount": 1}
    properties = {"sheetId": RECOVERED_TAB, "title": title, "gridProperties": grid}
    start = {"sheetId": RECOVERED_TAB, "rowIndex": 0, "columnIndex": 0}
    bold = {"textFormat": {"bold": True}}
    cells = [
        {"userEnteredValue": {"stringValue": text}, "userEnteredFormat": bold} for text in headers
    ]
    fields = "userEnteredValue,userEnteredFormat.textFormat.bold"
    return [
        {"addSheet": {"properties": properties}},
        metadata(RECOVERED_KEY, "1", RECOVERED_TAB, "ROWS", 0),
        {"updateCells": {"start": start, "rows": [{"values": cells}], "fields": fields}},
    ]


def append_recovered(lines: Iterable[Sequence[str]]) -> Request:
    """Append lines to the tab Recovered."""
    rows = [
        {"values": [{"userEnteredValue": {"stringValue": text}} for text in line]} for line in lines
    ]
    return {"appendCells": {"sheetId": RECOVERED_TAB, "rows": rows, "fields": "userEnteredValue"}}


def write(rows: Iterable[RowWrite]) -> list[Request]:
    """Write cells; neighbors in a row with the same fields share a request."""

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
    """Create a hidden tab; Google rejects a second creation because the sheet ID exists."""
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
    """Create a tab of `size` rows and columns, with the metadata `key` on its header row."""
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
    """Attach metadata to one row or column, visible to everyone who can edit the document.

    `number` is its `metadataId`; if None, Google chooses one.
    """
    place = dimension_range(sheet_id, dimension, index, 1)
    entry = ({} if number is None else {"metadataId": number}) | {
        "metadataKey": key,
        "metadataValue": value,
        "location": {"dimensionRange": place},
        "visibility": "DOCUMENT",
    }
    return {"createDeveloperMetadata": {"developerMetadata": entry}}


def no_op_requests() -> list[Request]:
    """Return a batch without any effect, which shows whether we may write."""
    entry = {"metadataKey": CHECK_KEY, "location": {"spreadsheet": True}, "visibility": "DOCUMENT"}
    lookup = {"developerMetadataLookup": {"metadataKey": CHECK_KEY}}
    return [
        {"createDeveloperMetadata": {"developerMetadata": entry}},
        {"deleteDeveloperMetadata": {"dataFilter": lookup}},
    ]


def insert(sheet_id: int, dimension: str, index: int, count: int, size: int) -> Request:
    """Insert `count` rows or columns before `index`, with the format of the next one.

    At the grid's end (`index` = `size`) there is no next one, and Google requires the one before.
    One of Google's own Tables grows at its end in the same way.
    """
    place = dimension_range(sheet_id, dimension, index, count)
    return {"insertDimension": {"range": place, "inheritFromBefore": index >= size}}


def insert_like_above(
    sheet_id: int, row: int, count: int, formulas: Iterable[int], *, is_covered: bool = False
) -> list[Request]:
    """Insert rows with the format, the drop-downs and the `formulas` (columns) of the row above.

    A range, such as a total's, grows only if rows are inserted inside it. So if one ends at the row
    above (`is_covered`), the rows are inserted before that row, which then moves up.
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
    """Write adjacent rows, such as new ones, with one request per run of columns."""
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
    """Return the requests that guard `columns` (IDs) of a tab where they were read."""
    requests: list[Request] = []
    for column in columns:
        index = tab.columns[column]
        is_there = tab.guards.get(column) == index
        requests += _guard(tab.sheet_id, column, "COLUMNS", index, is_there)
    return requests


def header_guard(tab: Table | Tab, value: str = "") -> list[Request]:
    """Return the requests that guard the header row of a tab where it was read.

    `value` is stored in the guard.
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
    # If not, there is none yet, or it is elsewhere because a person undid or deleted something.
    return [
        {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}},
        metadata(GUARD_KEY, value or name, sheet_id, dimension, index, number),
    ]


def is_in_place(table: Table, column: str, index: int) -> bool:
    """Return whether a write at `index` went into `column`.

    The guard that the batch created at `index` has moved with that column since.
    """
    return table.columns.get(column) == index_now(table, column, index)


def index_now(table: Table, column: str, index: int) -> int:
    """Return the present index of the column that was at `index` when it was written."""
    return table.guards.get(column, index)


def shifted(guards: Mapping[str, int], index: int) -> dict[str, int]:
    """Return `guards` after a column was inserted at `index`."""
    return {column: at + (at >= index) for column, at in guards.items()}


@dataclass(frozen=True)
class RequestedRanges:
    """The parts of a tab that a batch's response returns: header row and A1 ranges of copies."""

    title: str
    header_row: int
    copies_title: str
    ranges: tuple[str, ...]


@dataclass(frozen=True)
class Batch:
    """Requests with the trace for their check. `fence_before` is the fence that was read."""

    requests: list[Request]
    trace: Trace
    fence: Fence
    fence_before: int | None
    created: tuple[str, ...] = ()
    """IDs of the columns, further tabs and filter views of ours that exist after it."""
    requested: tuple[RequestedRanges, ...] = ()
    """For each written tab; () if nothing can be misplaced."""


@dataclass(frozen=True)
class Parts:
    """The content of a batch."""

    structure: Sequence[Request] = ()
    """Requests that create tabs and columns."""
    header: Sequence[CellWrite] = ()
    rows: Sequence[RowWrite] = ()
    """Existing rows."""
    new_rows: Sequence[RowWrite] = ()
    """New rows, inserted one below the other from the first one's row."""
    formulas: Sequence[int] = ()
    """Columns in which new rows copy the formula of the row above."""
    is_covered: bool = False
    """Whether a total ends at the row above and must include the new rows."""
    extra: Sequence[Request] = ()
    """Requests for the History, the Pipeline, and formatting."""
    created: tuple[str, ...] = ()
    """IDs of further tabs and filter views that it creates."""
    finished_undos: tuple[int, ...] = ()
    """IDs of undos that are reported in the tab Recovered, in `recovered_lines` lines."""
    recovered_lines: int = 0
    pipeline: Tab | None = None
    """The Pipeline tab as `extra` leaves it."""
    guarded: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """IDs of columns that are guarded although nothing is written there, by sheet ID."""

    @property
    def is_empty(self) -> bool:
        """Whether a batch of these parts would change nothing that people see."""
        return not (self.structure or self.header or self.rows or self.new_rows or self.extra)

    def without_data(self, table: Table) -> "Parts":
        """Return the parts without the data of jobs.

        The same rows are copied and the same columns guarded, so that Google rejects this batch,
        too, if one of those guards is at fault.
        """
        columns: dict[int, set[str]] = defaultdict(set)
        for row in (*self.rows, *self.new_rows):
            columns[row.sheet_id] |= {cell.column for cell in row.cells}
        guarded = {sheet_id: frozenset(ids) for sheet_id, ids in columns.items()}
        rows = {(row.sheet_id, row.row) for row in self.rows}
        rows |= {(table.sheet_id, table.last_row)} if self.new_rows else set()
        touched = [RowWrite(sheet_id=sheet, row=row) for sheet, row in sorted(rows)]
        return Parts(self.structure, self.header, touched, created=self.created, guarded=guarded)


def guarding(tables: Iterable[Table]) -> Parts:
    """Return the parts that guard every unguarded column, before anything is written there."""
    requests: list[Request] = []
    for table in tables:
        unguarded = [c for c in sorted(table.columns) if table.guards.get(c) != table.columns[c]]
        requests += column_guards(table, unguarded)
        requests += [] if table.has_header_guard else header_guard(table)
    return Parts(structure=requests)


def adopting(table: Table, columns: Mapping[str, int]) -> Parts:
    """Return the parts that make the columns at these indexes the managed ones of these IDs."""
    requests = [
        request for column, index in columns.items() for request in _adopt(table, column, index)
    ]
    # If a person moves one just now, Google rejects the batch.
    return Parts(structure=requests, guarded={table.sheet_id: frozenset(table.columns)})


def compose(
    snapshot: Snapshot, tables: Sequence[Table], parts: Parts, *, fence: Fence, fence_title: str
) -> Batch:
    """Return a batch with fence, guards and copies; `tables` are the tabs after its structure.

    New rows and headers go into the first. `fence_title` is the title of the hidden tab, if it is
    created.
    """
    creates_jobs_tab, first = snapshot.table is None, tables[0]
    requests = [] if snapshot.has_fence_tab else make_hidden_tab(FENCE_TAB, fence_title)
    # Rejected if another batch has come first, since its fence is gone then.
    requests += [
        {"deleteProtectedRange": {"protectedRangeId": one.number}} for one in snapshot.fences
    ]
    moved = {
        "protectedRangeId": fence.number,
        "range": {"sheetId": FENCE_TAB, "startRowIndex": 0, "endRowIndex": 1},
        "warningOnly": True,
        "description": fence.description,
    }
    requests += [{"addProtectedRange": {"protectedRange": moved}}, *parts.structure]
    written = [*parts.rows]
    if parts.header:
        identity = RowIdentity(is_header=True)
        cells, row = tuple(parts.header), first.header_row
        written.append(RowWrite(sheet_id=first.sheet_id, row=row, cells=cells, identity=identity))
    requested: list[RequestedRanges] = []
    for table in tables:
        rows = [row for row in written if row.sheet_id == table.sheet_id]
        new = parts.new_rows if table is first else ()
        also = table.columns if creates_jobs_tab else parts.guarded.get(table.sheet_id, ())
        if not (rows or new or creates_jobs_tab or also):
            continue
        guarded = {cell.column for row in (*rows, *new) for cell in row.cells} | {KEY, *also}
        requests += column_guards(table, sorted(guarded & table.columns.keys()))
        requests += header_guard(table)
        if rows and not creates_jobs_tab:
            title = snapshot.copies_title(table, fence_title)
            requests += _copies(snapshot, table, rows, title)
            requested.append(_requested_ranges(table, rows, title))
        elif new and not creates_jobs_tab:
            requested.append(RequestedRanges(table.title, table.header_row, "", ()))
    requests += write(written)
    if parts.new_rows:
        requests += _new_rows(first, parts)
    requests += parts.extra
    traced = [] if creates_jobs_tab else [*written, *parts.new_rows]
    return Batch(
        requests,
        Trace(
            fence=fence.number,
            columns={table.sheet_id: dict(table.columns) for table in tables},
            rows=tuple(row for row in traced if row.cells or row.pattern_of),
            finished_undos=parts.finished_undos,
            recovered_lines=parts.recovered_lines,
        ),
        fence,
        snapshot.fence.number if snapshot.fence else None,
        (*sorted({column for table in tables for column in table.columns}), *parts.created),
        tuple(requested),
    )


def _copies(
    snapshot: Snapshot, table: Table, rows: Iterable[RowWrite], title: str
) -> list[Request]:
    """Copy `rows` of a tab to the same coordinates of its hidden tab, before they are written.

    Formulas stay as they are there. Whole rows are copied, at their present width, even if the
    given destination is smaller.
    """
    tab = table.copies_tab
    is_there = tab in snapshot.hidden_tabs or tab == FENCE_TAB
    rules = snapshot.hidden_tabs[tab].rules if tab in snapshot.hidden_tabs else 0
    grid = {"rowCount": table.row_count, "columnCount": table.column_count + _MORE_COLUMNS}
    size = {"properties": {"sheetId": tab, "gridProperties": grid}}
    pastes = []
    numbers = sorted({one.row for one in rows})
    for _, group in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        block = [row for _, row in group]
        area = {"startRowIndex": block[0], "endRowIndex": block[-1] + 1}
        paste = {
            "source": {"sheetId": table.sheet_id, **area},
            "destination": {"sheetId": tab, **area, "startColumnIndex": 0, "endColumnIndex": 1},
            "pasteType": "PASTE_NORMAL",
        }
        pastes.append({"copyPaste": paste})
    return [
        *([] if is_there else make_hidden_tab(tab, title)),
        # Without the last batch's copies and their formats.
        {"updateCells": {"range": {"sheetId": tab}, "fields": "*"}},
        *[{"deleteConditionalFormatRule": {"sheetId": tab, "index": 0}}] * rules,
        {"updateSheetProperties": {**size, "fields": "gridProperties(rowCount,columnCount)"}},
        *pastes,
    ]


def _new_rows(table: Table, parts: Parts) -> list[Request]:
    at, count = parts.new_rows[0].row, len(parts.new_rows)
    if table.is_ours:
        inserted = insert(table.sheet_id, "ROWS", at, count, table.row_count)
        return [inserted, *write_block(parts.new_rows)]
    if table.native_end is not None and at - 1 > table.header_row:
        # Only this grows such a Table: `appendCells` loses values, moves and pastes are untested.
        insertion = [insert(table.sheet_id, "ROWS", at, count, size=at)]
    elif at - 1 <= table.header_row:
        insertion = [insert(table.sheet_id, "ROWS", at, count, table.row_count)]
    else:
        insertion = insert_like_above(
            table.sheet_id, at, count, parts.formulas, is_covered=parts.is_covered
        )
    return [*insertion, *write(parts.new_rows)]


def _requested_ranges(
    table: Table, written: Sequence[RowWrite], copies_title: str
) -> RequestedRanges:
    """Request the cells that the check compares, and whole rows if it compares all of a row."""
    headers = [row for row in written if row.identity.is_header]
    rows = [row for row in written if not row.identity.is_header]
    whole = [f"{row.row + 1}:{row.row + 1}" for row in rows if row.identity.holds is not None]
    ranges = (*_compared(table, headers), *_compared(table, rows), *whole)
    return RequestedRanges(table.title, table.header_row, copies_title, ranges)


def _compared(table: Table, rows: Sequence[RowWrite]) -> list[str]:
    """Return the A1 ranges of the compared columns, from the first to the last row."""
    if not rows:
        return []
    indexes = {table.columns[KEY]} if KEY in table.columns else set()
    for row in rows:
        indexes |= {
            cell.index
            for cell in row.cells
            if not (cell.expects is None and cell.expects_note is None)
        }
        texts = (*row.identity.shows, *row.identity.shows_not)
        indexes |= {table.columns[column] for column in texts if column in table.columns}
    first, last = (pick(row.row for row in rows) + 1 for pick in (min, max))
    return [f"{name}{first}:{name}{last}" for name in map(letters, sorted(indexes))]


def place_of(table: Table, left: Sequence[Column]) -> int:
    """Return the index of a new column: to the right of its nearest existing left neighbor."""
    for neighbor in reversed(left):
        if neighbor.id in table.columns:
            return table.columns[neighbor.id] + 1
    return table.column_count


def with_column(table: Table, index: int, column: str) -> Table:
    """Return the tab after a column was created at `index`."""
    return replace(
        table,
        columns={**shifted(table.columns, index), column: index},
        cells={**table.cells, column: {}},
        guards=shifted(table.guards, index),
        column_count=table.column_count + 1,
    )
