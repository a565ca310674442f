"""Requests of `spreadsheets.batchUpdate` as plain JSON values. Pure.

Source of the shapes: the Sheets v4 discovery document.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from sync.jobs.cells import Column
from sync.sheets.answer import (
    CHECK_KEY,
    COLUMN_KEY,
    FENCE_KEY,
    FENCE_TAB,
    RECOVERED_KEY,
    RECOVERED_TAB,
)
from sync.sheets.encode import FRESH, VALUE
from sync.sheets.writes import CellWrite, RowWrite

Request = dict[str, Any]

_MORE_COLUMNS = 20
"""A person may insert so many between a read and a write; with more, Google refuses the batch."""
_HEADER_FORMAT = {"textFormat": {"bold": True}, "wrapStrategy": "WRAP"}


def move_fence(old: Iterable[int], new: int) -> list[Request]:
    """Delete the fences that were read, set the next: refused if another batch came first."""
    area = {"sheetId": FENCE_TAB, "startRowIndex": 0, "endRowIndex": 1}
    fence = {"protectedRangeId": new, "range": area, "warningOnly": True}
    return [
        *({"deleteProtectedRange": {"protectedRangeId": number}} for number in old),
        {"addProtectedRange": {"protectedRange": fence}},
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


def adopt(column: str, sheet_id: int, index: int, old: int | None) -> list[Request]:
    """Make the column at `index` the one that is known as `column`, in place of that at `old`."""
    lookup: Request = {"metadataKey": COLUMN_KEY, "metadataValue": column}
    if old is not None:
        place = dimension_range(sheet_id, "COLUMNS", old, 1)
        lookup["metadataLocation"] = {"dimensionRange": place}
    gone = {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}}
    return [gone, metadata(COLUMN_KEY, column, sheet_id, "COLUMNS", index)]


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
    """Write cells: neighbours in a row that set the same fields share a request."""

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

    At the grid's end (`index` = `size`) nothing follows, and Google wants the one before.
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
