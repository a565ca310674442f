"""Decisions → requests of `spreadsheets.batchUpdate`, as plain JSON values. Pure.

Source of the shapes: the Sheets v4 discovery document.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sync.jobs.cells import Cell
from sync.jobs.columns import Column
from sync.sheets.evidence import HEADER, Write
from sync.sheets.snapshot import (
    COLUMN_KEY,
    FENCE_KEY,
    FENCE_TAB,
    MARK_KEY,
    RECOVERED_KEY,
    RECOVERED_TAB,
)

Request = dict[str, Any]

_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
_VALUE = "userEnteredValue,textFormatRuns"
_DATE = {"type": "DATE_TIME", "pattern": "yyyy-mm-dd hh:mm"}
_WHEN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
_DAY = {"type": "DATE", "pattern": "yyyy-mm-dd"}
_DATE_FIELD = "userEnteredFormat.numberFormat"
FRESH = f"{_VALUE},{_DATE_FIELD}"
"""The mask for cells of a new row."""
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


def clear_fence_tab(rules: int) -> list[Request]:
    """Empty the hidden tab of the copies of the last batch, and of the formats they brought."""
    drop = {"deleteConditionalFormatRule": {"sheetId": FENCE_TAB, "index": 0}}
    return [{"updateCells": {"range": {"sheetId": FENCE_TAB}, "fields": "*"}}] + [drop] * rules


def resize_fence_tab(rows: int, columns: int) -> Request:
    """Give the hidden tab room for copies at the same coordinates, and for columns that come."""
    size = {"rowCount": rows, "columnCount": columns + _MORE_COLUMNS}
    return {
        "updateSheetProperties": {
            "properties": {"sheetId": FENCE_TAB, "gridProperties": size},
            "fields": "gridProperties(rowCount,columnCount)",
        }
    }


def mark(fence: int, sheet_id: int, indexes: Iterable[int]) -> list[Request]:
    """Mark the columns at `indexes`: the marks move with them."""
    key = f"{MARK_KEY}{fence}"
    return [metadata(key, str(index), sheet_id, "COLUMNS", index) for index in indexes]


def mark_header(fence: int, sheet_id: int, row: int) -> Request:
    """Mark the row that a header is written into."""
    return metadata(f"{MARK_KEY}{fence}", "header", sheet_id, "ROWS", row)


def unmark(fence: str) -> Request:
    """Take all marks of a batch away."""
    lookup = {"metadataKey": f"{MARK_KEY}{fence}"}
    return {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}}


def adopt(column: str, sheet_id: int, index: int) -> list[Request]:
    """Make the column at `index` the one that is known as `column`, in place of another."""
    lookup = {"metadataKey": COLUMN_KEY, "metadataValue": column}
    old = {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}}
    return [old, metadata(COLUMN_KEY, column, sheet_id, "COLUMNS", index)]


def copy_rows(sheet_id: int, rows: Iterable[int]) -> list[Request]:
    """Copy rows to the same coordinates of the hidden tab: there formulas stay as they are.

    The whole rows, however wide they are by now: a destination that is smaller gets all, too.
    """
    requests = []
    for _, group in groupby(enumerate(sorted(rows)), key=lambda pair: pair[1] - pair[0]):
        block = [row for _, row in group]
        area = {"startRowIndex": block[0], "endRowIndex": block[-1] + 1}
        source = {"sheetId": sheet_id, **area}
        target = {"sheetId": FENCE_TAB, **area, "startColumnIndex": 0, "endColumnIndex": 1}
        paste = {"source": source, "destination": target, "pasteType": "PASTE_NORMAL"}
        requests.append({"copyPaste": paste})
    return requests


def make_recovered_tab(title: str) -> list[Request]:
    """Make the tab for what could not be put back."""
    grid = {"rowCount": 100, "columnCount": 3, "frozenRowCount": 1}
    properties = {"sheetId": RECOVERED_TAB, "title": title, "gridProperties": grid}
    headers = [
        {
            "userEnteredValue": {"stringValue": text},
            "userEnteredFormat": {"textFormat": {"bold": True}},
        }
        for text in ("Found", "Job", "What stood there")
    ]
    fields = "userEnteredValue,userEnteredFormat.textFormat.bold"
    return [
        {"addSheet": {"properties": properties}},
        metadata(RECOVERED_KEY, "1", RECOVERED_TAB, "ROWS", 0),
        {
            "updateCells": {
                "start": {"sheetId": RECOVERED_TAB, "rowIndex": 0, "columnIndex": 0},
                "rows": [{"values": headers}],
                "fields": fields,
            }
        },
    ]


def recover(lines: Iterable[Sequence[str]]) -> Request:
    """Put lines under the last of the Recovered tab."""
    rows = [
        {"values": [{"userEnteredValue": {"stringValue": text}} for text in line]} for line in lines
    ]
    return {"appendCells": {"sheetId": RECOVERED_TAB, "rows": rows, "fields": "userEnteredValue"}}


def write(writes: Iterable[Write], sheet_id: int) -> list[Request]:
    """Write cells: neighbours in a row that set the same fields share a request."""

    def run(numbered: tuple[int, Write]) -> tuple[int, int, str]:
        position, one = numbered
        return one.row, one.index - position, one.fields

    ordered = enumerate(sorted(writes, key=lambda one: (one.row, one.index)))
    requests = []
    for (row, _, fields), group in groupby(ordered, key=run):
        cells = [one for _, one in group]
        start = {"sheetId": sheet_id, "rowIndex": row, "columnIndex": cells[0].index}
        rows = [{"values": [one.data for one in cells]}]
        requests.append({"updateCells": {"start": start, "rows": rows, "fields": fields}})
    return requests


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


def header(row: int, index: int, column: Column) -> Write:
    """Return the write of a column's first title, with the note that explains it."""
    data = {
        "userEnteredValue": {"stringValue": column.header},
        "userEnteredFormat": _HEADER_FORMAT,
    }
    fields = f"{_VALUE},userEnteredFormat.textFormat.bold,userEnteredFormat.wrapStrategy"
    if column.about:
        data["note"] = column.about
        fields += ",note"
    return Write(row=row, index=index, column=column.id, expect=HEADER, data=data, fields=fields)


def letters(index: int) -> str:
    """Return the letters of the column at a zero-based index, as formulas name it."""
    text, number = "", index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def lines(sheet_id: int, dimension: str, index: int, count: int) -> Request:
    """Return a DimensionRange."""
    return {
        "sheetId": sheet_id,
        "dimension": dimension,
        "startIndex": index,
        "endIndex": index + count,
    }


def metadata(key: str, value: str, sheet_id: int, dimension: str, index: int) -> Request:
    """Attach metadata to one row or column, visible to whoever may edit the document."""
    place = lines(sheet_id, dimension, index, 1)
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
    place = lines(sheet_id, dimension, index, count)
    return {"insertDimension": {"range": place, "inheritFromBefore": index >= size}}


def write_block(writes: Iterable[Write], sheet_id: int) -> list[Request]:
    """Write fresh rows, every cell of which may be set: a request a run of columns."""
    by_row: dict[int, dict[int, Write]] = {}
    for one in writes:
        by_row.setdefault(one.row, {})[one.index] = one
    indexes = enumerate(sorted({index for cells in by_row.values() for index in cells}))
    requests = []
    for _, group in groupby(indexes, key=lambda pair: pair[1] - pair[0]):
        columns = [index for _, index in group]
        rows = [
            {"values": [cells[i].data if i in cells else {} for i in columns]}
            for _, cells in sorted(by_row.items())
        ]
        start = {"sheetId": sheet_id, "rowIndex": min(by_row), "columnIndex": columns[0]}
        requests.append({"updateCells": {"start": start, "rows": rows, "fields": f"{FRESH},note"}})
    return requests


def fields_of(cell: Cell, with_note: bool) -> str:
    """Return the mask with which `cell` is written over another."""
    return ",".join([_VALUE] + ["note"] * with_note + [_DATE_FIELD] * (cell.when is not None))


def encoded(cell: Cell, zone: tzinfo) -> dict[str, Any]:
    """Return a CellData: text is always a string, never a formula; a moment is a real date."""
    data: dict[str, Any] = {}
    if cell.when is not None:
        data["userEnteredValue"] = {"numberValue": number(cell, zone)}
        data["userEnteredFormat"] = {"numberFormat": _DAY if cell.is_day else _DATE}
    elif cell.text:
        data["userEnteredValue"] = {"stringValue": cell.text}
    if cell.links:
        data["textFormatRuns"] = _runs(cell)
    if cell.note or cell.noted:
        data["note"] = note(cell, zone)
    return data


def note(cell: Cell, zone: tzinfo) -> str:
    """Return a cell's note: when it was, in the sheet's zone, and what there is to say."""
    if cell.noted is None:
        return cell.note
    when = f"{cell.noted.astimezone(zone):%Y-%m-%d %H:%M}"
    return f"{when}\n{cell.note}" if cell.note else when


def is_note_of(cell: Cell, text: str) -> bool:
    """Tell whether a note is the one that `cell` was given, whatever zone; blank is anyone's."""
    if cell.noted is None or not text:
        return text in ("", cell.note)
    when, _, rest = text.partition("\n")
    return _WHEN.fullmatch(when) is not None and rest == cell.note


def looks_like_ours(text: str) -> bool:
    """Tell whether a note has the form of those that we write, where no more is known of it."""
    when, _, rest = text.partition("\n")
    return _WHEN.fullmatch(when) is not None and (not rest or rest.startswith("by "))


def number(cell: Cell, zone: tzinfo) -> float:
    """Return the moment (or the day) of a cell as Sheets counts it."""
    when = serial(cell.when or _EPOCH, zone)
    return float(int(when)) if cell.is_day else when


def _runs(cell: Cell) -> list[dict[str, Any]]:
    """Return the runs of the links: each starts one, and a plain run ends it."""
    length = len(cell.text.encode("utf-16-le")) // 2
    runs: dict[int, dict[str, Any]] = {}
    for link in cell.links:
        runs[link.start] = {"startIndex": link.start, "format": {"link": {"uri": link.uri}}}
        if link.end < length:
            runs.setdefault(link.end, {"startIndex": link.end, "format": {}})
    return [runs[start] for start in sorted(runs)]


def clock(zone: str) -> tzinfo:
    """Return the clock of a spreadsheet's zone: a name, or Google's custom `GMT-07:00`."""
    custom = re.fullmatch(r"GMT([+-])(\d{1,2}):?(\d{2})", zone)
    if custom:
        offset = timedelta(hours=int(custom[2]), minutes=int(custom[3]))
        return timezone(-offset if custom[1] == "-" else offset)
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def serial(when: datetime, zone: tzinfo) -> float:
    """Return the days since 1899-12-30 of the wall clock in `zone`, as Sheets counts dates."""
    wall = when.astimezone(zone).replace(tzinfo=UTC)
    return round((wall - _EPOCH) / timedelta(days=1), 8)
