"""Decisions → requests of `spreadsheets.batchUpdate`, as plain JSON values. Pure.

Source of the shapes: the Sheets v4 discovery document.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sync.model import Cell, Column
from sync.view import COLUMN_KEY, FENCE_KEY, FENCE_TAB, HEADER_KEY

Request = dict[str, Any]

_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
_VALUE = "userEnteredValue,textFormatRuns"
_DATE = {"type": "DATE_TIME", "pattern": "yyyy-mm-dd hh:mm"}
_DATE_FIELD = "userEnteredFormat.numberFormat"
_HEADER_FORMAT = {"textFormat": {"bold": True}, "wrapStrategy": "WRAP"}


def move_fence(old: Iterable[int], new: int) -> list[Request]:
    """Delete the fences that were read, set the next: refused if another batch came first."""
    area = {"sheetId": FENCE_TAB, "startRowIndex": 0, "endRowIndex": 1}
    fence = {"protectedRangeId": new, "range": area, "warningOnly": True}
    return [
        *({"deleteProtectedRange": {"protectedRangeId": number}} for number in old),
        {"addProtectedRange": {"protectedRange": fence}},
    ]


def make_fence_tab(title: str) -> list[Request]:
    """Make the hidden tab; a second making is refused, for the sheet id exists."""
    properties = {
        "sheetId": FENCE_TAB,
        "title": title,
        "hidden": True,
        "gridProperties": {"rowCount": 1, "columnCount": 1},
    }
    return [
        {"addSheet": {"properties": properties}},
        metadata(FENCE_KEY, "1", FENCE_TAB, "ROWS", 0),
    ]


def make_table(sheet_id: int, title: str, columns: Sequence[Column], rows: int) -> list[Request]:
    """Make a tab with a frozen header and one column for each of `columns`."""
    grid = {
        "rowCount": rows,
        "columnCount": len(columns),
        "frozenRowCount": 1,
        "frozenColumnCount": 1,
    }
    properties = {"sheetId": sheet_id, "title": title, "index": 0, "gridProperties": grid}
    requests: list[Request] = [
        {"addSheet": {"properties": properties}},
        metadata(HEADER_KEY, "1", sheet_id, "ROWS", 0),
    ]
    for index, column in enumerate(columns):
        requests += name_column(sheet_id, 0, index, column)
    return requests


def name_column(sheet_id: int, header_row: int, index: int, column: Column) -> list[Request]:
    """Mark the column at `index` as ours; give it its first title, width and colours."""
    header = {
        "userEnteredValue": {"stringValue": column.header},
        "userEnteredFormat": _HEADER_FORMAT,
    }
    cells = {
        "start": {"sheetId": sheet_id, "rowIndex": header_row, "columnIndex": index},
        "rows": [{"values": [header]}],
        "fields": "userEnteredValue,userEnteredFormat(textFormat.bold,wrapStrategy)",
    }
    return [
        metadata(COLUMN_KEY, column.id, sheet_id, "COLUMNS", index),
        {"updateCells": cells},
        _sized(sheet_id, index, column.width),
        *(_tinted(sheet_id, index, text, color) for text, color in column.tints),
    ]


def _sized(sheet_id: int, index: int, width: int) -> Request:
    sized = {
        "range": _lines(sheet_id, "COLUMNS", index, 1),
        "properties": {"pixelSize": width},
        "fields": "pixelSize",
    }
    return {"updateDimensionProperties": sized}


def _tinted(sheet_id: int, index: int, text: str, color: str) -> Request:
    """Colour the cells of a column that say `text`; made once, with the column.

    The whole column: a range that began below the header would move down with the first new row.
    """
    area = {
        "sheetId": sheet_id,
        "startColumnIndex": index,
        "endColumnIndex": index + 1,
    }
    shares = zip(("red", "green", "blue"), bytes.fromhex(color[1:]), strict=True)
    tint = {"rgbColor": {name: round(share / 255, 4) for name, share in shares}}
    condition = {"type": "TEXT_EQ", "values": [{"userEnteredValue": text}]}
    rule = {
        "ranges": [area],
        "booleanRule": {"condition": condition, "format": {"backgroundColorStyle": tint}},
    }
    return {"addConditionalFormatRule": {"rule": rule, "index": 0}}


def _lines(sheet_id: int, dimension: str, index: int, count: int) -> Request:
    """Return a DimensionRange."""
    return {
        "sheetId": sheet_id,
        "dimension": dimension,
        "startIndex": index,
        "endIndex": index + count,
    }


def metadata(key: str, value: str, sheet_id: int, dimension: str, index: int) -> Request:
    """Attach metadata to one row or column, visible to whoever may edit the document."""
    place = _lines(sheet_id, dimension, index, 1)
    entry = {
        "metadataKey": key,
        "metadataValue": value,
        "location": {"dimensionRange": place},
        "visibility": "DOCUMENT",
    }
    return {"createDeveloperMetadata": {"developerMetadata": entry}}


def insert(sheet_id: int, dimension: str, index: int, count: int, size: int) -> Request:
    """Insert `count` rows or columns before `index`, in the format of what follows.

    At the grid's end (`index` = `size`) nothing follows, and Google wants the one before.
    """
    place = _lines(sheet_id, dimension, index, count)
    return {"insertDimension": {"range": place, "inheritFromBefore": index >= size}}


Change = tuple[int, Cell, bool]
"""A cell to write: its column's index, what it shows, and whether its note is ours to set."""


def write_row(sheet_id: int, row: int, changes: Iterable[Change], zone: ZoneInfo) -> list[Request]:
    """Write cells of one row: neighbours that set the same fields share a request."""

    def run(numbered: tuple[int, Change]) -> tuple[int, str]:
        position, (index, cell, with_note) = numbered
        return index - position, _fields(cell, with_note)

    ordered = enumerate(sorted(changes, key=lambda change: change[0]))
    return [
        _update(sheet_id, row, [[change for _, change in group]], fields, zone)
        for (_, fields), group in groupby(ordered, key=run)
    ]


def write_new_rows(
    sheet_id: int, row: int, rows: Sequence[dict[int, Cell]], zone: ZoneInfo
) -> list[Request]:
    """Write fresh rows from `row` down, `rows` by column index: a request a run of columns."""
    indexes = enumerate(sorted({index for cells in rows for index in cells}))
    requests = []
    for _, group in groupby(indexes, key=lambda pair: pair[1] - pair[0]):
        columns = [index for _, index in group]
        block = [[(index, cells.get(index, Cell()), True) for index in columns] for cells in rows]
        fields = f"{_VALUE},note,{_DATE_FIELD}"
        requests.append(_update(sheet_id, row, block, fields, zone))
    return requests


def _fields(cell: Cell, with_note: bool) -> str:
    fields = [_VALUE] + ["note"] * with_note + [_DATE_FIELD] * (cell.when is not None)
    return ",".join(fields)


def _update(
    sheet_id: int, row: int, block: list[list[Change]], fields: str, zone: ZoneInfo
) -> Request:
    rows = [{"values": [encoded(cell, zone) for _, cell, _ in changes]} for changes in block]
    start = {"sheetId": sheet_id, "rowIndex": row, "columnIndex": block[0][0][0]}
    return {"updateCells": {"start": start, "rows": rows, "fields": fields}}


def encoded(cell: Cell, zone: ZoneInfo) -> dict[str, Any]:
    """Return a CellData: text is always a string, never a formula; a moment is a real date."""
    data: dict[str, Any] = {}
    if cell.when is not None:
        data["userEnteredValue"] = {"numberValue": serial(cell.when, zone)}
        data["userEnteredFormat"] = {"numberFormat": _DATE}
    elif cell.text:
        data["userEnteredValue"] = {"stringValue": cell.text}
    if cell.links:
        data["textFormatRuns"] = _runs(cell)
    if cell.note:
        data["note"] = cell.note
    return data


def _runs(cell: Cell) -> list[dict[str, Any]]:
    """Return the runs of the links: each starts one, and a plain run ends it."""
    length = len(cell.text.encode("utf-16-le")) // 2
    runs: dict[int, dict[str, Any]] = {}
    for link in cell.links:
        runs[link.start] = {"startIndex": link.start, "format": {"link": {"uri": link.uri}}}
        if link.end < length:
            runs.setdefault(link.end, {"startIndex": link.end, "format": {}})
    return [runs[start] for start in sorted(runs)]


def serial(when: datetime, zone: ZoneInfo) -> float:
    """Return the days since 1899-12-30 of the wall clock in `zone`, as Sheets counts dates."""
    wall = when.astimezone(zone).replace(tzinfo=UTC)
    return round((wall - _EPOCH) / timedelta(days=1), 8)
