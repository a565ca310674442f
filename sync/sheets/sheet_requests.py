"""Returns requests of `batchUpdate`: for cells and rows, tabs, metadata, and guards. Pure.

A *guard* makes Google refuse a batch whose columns or header row have moved since the read. Each
managed column, and the header row, carries metadata with a fixed ID. A batch deletes that entry
where the read saw it and creates it there again. If a person has moved the column since, nothing is
deleted, and the ID to create is taken, so Google rejects the batch. If Google accepts it anyway, or
a column was deleted meanwhile, the guard is on another column afterward, and the check sees that.

Requests have the form of the Sheets v4 discovery document.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import groupby
from typing import Any

from pydantic import Field

from sync.jobs.cells import Column
from sync.sheets.cell_data import CellData, Content, content, note_of
from sync.sheets.encode import VALUE, VALUE_AND_FORMAT
from sync.sheets.ids import FENCE_KEY, GUARD_KEY, HEADER, RECOVERED_KEY, RECOVERED_TAB, stable_id
from sync.sheets.row_identity import RowIdentity
from sync.sheets.snapshot import PipelineTab, Tab
from sync.sheets.typed_notes import is_ours_or_blank
from sync.types import Value

NOTE = "note"
"""The field mask of a cell's note."""


class CellWrite(Value):
    """A cell to write: `data` (CellData) with the mask `fields`, at a zero-based `index`.

    To clear a cell, `data` is {}. The kinds of writes, by what the check compares:

    | of | composed in | `expects` | other fields |
    |---|---|---|---|
    | a value on our own tab, a header | `diff`, `header` | None: it replaces anything | |
    | a value where people type | `diff` | what was read | `replaces_words` |
    | a note, alone or beside a value | `diff` | that of the value | `expects_note` |
    | a new row's cell | `diff` | None: the row is inserted | |
    | a key | `key_writes` | a blank | `key_row` |
    | a key to remove | `key_writes` | that key | |
    | an undo of a value, a key or a note | `undo` | what was read | `expects_note`, `undoes` |
    """

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

    @property
    def parts(self) -> list[str]:
        """The field masks of its value and of its note: each is checked for itself."""
        names = self.fields.split(",")
        value = ",".join(name for name in names if name != NOTE)
        return [part for part in (value, NOTE if NOTE in names else "") if part]

    @property
    def is_compared(self) -> bool:
        """Whether `accepts` compares anything."""
        return self.expects is not None or self.expects_note is not None

    def accepts(self, before: CellData, part: str) -> bool:
        """Return whether a part of it may replace the content that the cell had before."""
        if part != NOTE:
            return self.expects is None or content(before) == self.expects
        note, expected = note_of(before), self.expects_note
        if expected is None or note == expected:
            return True
        if self.undoes:  # It may restore a blank, and the note of another row may be blank, too.
            return False
        return note == note_of(self.data) or is_ours_or_blank(expected, note)


class RowWrite(Value):
    """Cells of one row, the job `site`'s if there is one; `is_new`: the batch inserts it.

    Or without cells, the row whose `formulas` the batch copies into the new rows.
    """

    sheet_id: int
    row: int
    cells: tuple[CellWrite, ...] = ()
    site: str = ""
    identity: RowIdentity | None = None
    """None for rows of other tabs, and those without cells: they aren't checked."""
    is_new: bool = False
    formulas: dict[int, str] = Field(default_factory=dict)
    """By column index."""

    def compared_cells(self, columns: Mapping[str, int]) -> Set[int] | None:
        """Return the indexes of the copied cells that the check compares; None: of the whole row.

        `columns` are the indexes of managed columns.
        """
        identifying = self.identity.compared_columns if self.identity else frozenset()
        if identifying is None:
            return None
        written = {cell.index for cell in self.cells if cell.is_compared}
        return written | self.formulas.keys() | {columns[c] for c in identifying if c in columns}


Request = dict[str, Any]
"""A request of `spreadsheets.batchUpdate` as JSON."""

_HEADER_FORMAT = {"textFormat": {"bold": True}, "wrapStrategy": "WRAP"}


def make_recovered_tab(title: str, titles: Sequence[str]) -> list[Request]:
    """Return the requests that create the tab Recovered, for text that could not be restored."""
    columns = dict(enumerate(Column(id=text, header=text) for text in titles))
    made = make_tab(RECOVERED_TAB, title, RECOVERED_KEY, (100, len(titles)), frozen=(1, 0))
    return [*made, *headers(RECOVERED_TAB, columns)]


def append_recovered(lines: Iterable[Sequence[str]]) -> Request:
    """Return the request that appends lines to the tab Recovered."""
    rows = [
        {"values": [{"userEnteredValue": {"stringValue": text}} for text in line]} for line in lines
    ]
    return {"appendCells": {"sheetId": RECOVERED_TAB, "rows": rows, "fields": "userEnteredValue"}}


def write(rows: Iterable[RowWrite]) -> list[Request]:
    """Return the requests that write cells; neighbors with the same fields share one."""
    requests = []
    for row in rows:
        values: list[Request] = []
        last: CellWrite | None = None
        for cell in sorted(row.cells, key=lambda cell: cell.index):
            if last is None or (cell.index, cell.fields) != (last.index + 1, last.fields):
                start = {"sheetId": row.sheet_id, "rowIndex": row.row, "columnIndex": cell.index}
                values = []
                update = {"start": start, "rows": [{"values": values}], "fields": cell.fields}
                requests.append({"updateCells": update})
            values.append(cell.data)
            last = cell
    return requests


def make_hidden_tab(tab: int, title: str) -> list[Request]:
    """Return the requests that create a hidden tab. Google rejects a second one with its ID."""
    return make_tab(tab, title, FENCE_KEY, (1, 1), frozen=(0, 0), hidden=True)


def make_tab(
    sheet_id: int,
    title: str,
    key: str,
    size: tuple[int, int],
    frozen: tuple[int, int] = (1, 1),
    **more: Any,
) -> list[Request]:
    """Return the requests that create a tab, with metadata (`key`) and `more` properties.

    `size` and `frozen` are numbers of rows and columns.
    """
    rows, columns = size
    grid = {"rowCount": rows, "columnCount": columns}
    grid |= {"frozenRowCount": frozen[0], "frozenColumnCount": frozen[1]}
    properties = {"sheetId": sheet_id, "title": title, "gridProperties": grid, **more}
    return [{"addSheet": {"properties": properties}}, metadata(key, "1", sheet_id, "ROWS", 0)]


def header(index: int, column: Column) -> CellWrite:
    """Return the write of a column's first header, with the note that explains it."""
    data: dict[str, Any] = {
        "userEnteredValue": {"stringValue": column.header},
        "userEnteredFormat": _HEADER_FORMAT,
    }
    fields = f"{VALUE},userEnteredFormat.textFormat.bold,userEnteredFormat.wrapStrategy"
    if column.header_note:
        data["note"] = column.header_note
        fields += ",note"
    return CellWrite(index=index, column=column.id, data=data, fields=fields)


def headers(sheet_id: int, columns: Mapping[int, Column]) -> list[Request]:
    """Return the requests that write the header row of a new tab; `columns` are by index."""
    cells = tuple(header(index, column) for index, column in columns.items())
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
    """Return the request that attaches metadata to a row or column, visible to all editors.

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


def insert(sheet_id: int, dimension: str, index: int, count: int, size: int) -> Request:
    """Return the request that inserts rows or columns before `index`, formatted as the next one.

    At the grid's end (`index` = `size`) there is no next one, and Google requires the one before.
    """
    place = dimension_range(sheet_id, dimension, index, count)
    return {"insertDimension": {"range": place, "inheritFromBefore": index >= size}}


def insert_in_native_table(sheet_id: int, dimension: str, index: int, count: int) -> Request:
    """Return the request that inserts rows or columns into one of Google's own Tables.

    They are formatted as the one before. Only this makes a Table grow at its end: `appendCells`
    loses values; moves and pastes are untested.
    """
    place = dimension_range(sheet_id, dimension, index, count)
    return {"insertDimension": {"range": place, "inheritFromBefore": True}}


def insert_like_above(
    sheet_id: int, row: int, count: int, formulas: Iterable[int], *, is_covered: bool = False
) -> list[Request]:
    """Return the requests that insert rows which copy the row above.

    They copy its format, its drop-downs, and its formulas in the columns `formulas`.

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


def runs(numbers: Iterable[int]) -> Iterator[list[int]]:
    """Yield the runs of neighbors among `numbers`, such as the indexes of rows."""
    for _, run in groupby(enumerate(sorted({*numbers})), key=lambda pair: pair[1] - pair[0]):
        yield [number for _, number in run]


def write_block(
    rows: Sequence[RowWrite], fields: str = f"{VALUE_AND_FORMAT},note"
) -> list[Request]:
    """Return the requests that write adjacent rows, such as new ones: one per run of columns."""
    requests = []
    for columns in runs(cell.index for row in rows for cell in row.cells):
        values = []
        for row in rows:
            cells = {cell.index: cell.data for cell in row.cells}
            values.append({"values": [cells.get(index, {}) for index in columns]})
        start = {"sheetId": rows[0].sheet_id, "rowIndex": rows[0].row, "columnIndex": columns[0]}
        requests.append({"updateCells": {"start": start, "rows": values, "fields": fields}})
    return requests


def column_guards(tab: Tab, columns: Iterable[str]) -> list[Request]:
    """Return the requests that guard `columns` (IDs) of a tab where they were read."""
    requests: list[Request] = []
    for column in columns:
        index = tab.columns[column]
        is_there = tab.guards.get(column) == index
        requests += _guard(tab.sheet_id, column, "COLUMNS", index, is_there)
    return requests


def header_guard(tab: Tab, value: str = "") -> list[Request]:
    """Return the requests that guard the header row of a tab where it was read.

    `value` is stored in the guard.
    """
    is_there = tab.has_header_guard
    return _guard(tab.sheet_id, HEADER, "ROWS", tab.header_row, is_there, value)


def row_guard(tab: PipelineTab, name: str, row: int) -> list[Request]:
    """Return the requests that guard a row of a tab where it was read."""
    return _guard(tab.sheet_id, name, "ROWS", row, tab.row_guards.get(name) == row)


def _guard(
    sheet_id: int, name: str, dimension: str, index: int, is_there: bool, value: str = ""
) -> list[Request]:
    number, place = stable_id(sheet_id, name), dimension_range(sheet_id, dimension, index, 1)
    lookup: dict[str, Any] = {"metadataId": number}
    if is_there:
        lookup["metadataLocation"] = {"dimensionRange": place}
        lookup["locationMatchingStrategy"] = "EXACT_LOCATION"
    # If not, there is none yet, or it is elsewhere because a person undid or deleted something.
    return [
        {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}},
        metadata(GUARD_KEY, value or name, sheet_id, dimension, index, number),
    ]
