"""spreadsheets.sheets.copyTo: a tab as the requests that make it in another spreadsheet.

As a batchUpdate of the other spreadsheet it is undone and kept as a whole, like any other change.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from zlib import crc32

from emulator import masks
from emulator.sheets import ranges
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.grid import Column, Json, Row, Sheet, Spreadsheet
from emulator.sheets.read import Reader, properties
from emulator.sheets.updates.copies import copy_title, on_sheet

CELLS = "userEnteredValue,userEnteredFormat,note,dataValidation,textFormatRuns"


def requests(source: Spreadsheet, sheet_id: int, target: Spreadsheet) -> list[Json]:
    """Return the requests that copy a tab of `source` to the end of `target`, addSheet first."""
    sheet = ranges.need_sheet(source, sheet_id)
    title = copy_title(target, sheet.title)
    fresh = _free_id(target, f"{source.spreadsheet_id} {title}")
    made = {**properties(sheet, 0), "title": title, "sheetId": fresh}
    del made["index"]
    reader = Reader(Evaluator(source), source.owner)
    mask = masks.parse(f"rowData.values({CELLS})")
    rows = reader.grid_data(sheet, ranges.whole(sheet), mask).get("rowData", [])
    start = {"sheetId": fresh}
    return [
        {"addSheet": {"properties": made}},
        *([{"updateCells": {"start": start, "rows": rows, "fields": CELLS}}] if rows else ()),
        *_lines(sheet, fresh),
        *(on_sheet(request, sheet.sheet_id, fresh) for request in _objects(sheet)),
    ]


def _free_id(target: Spreadsheet, name: str) -> int:
    """Return an id that is free in `target`: not a random one, which a replay would not draw."""
    number = crc32(name.encode()) >> 1
    while target.sheet(number) is not None:
        number += 1
    return number


def _lines(sheet: Sheet, sheet_id: int) -> Iterator[Json]:
    """Yield requests for the rows and columns whose size was set, or that are hidden."""
    for dimension in ("ROWS", "COLUMNS"):
        lines: Sequence[Row | Column] = sheet.line(dimension)
        for at, line in enumerate(lines):
            changed: Json = {"pixelSize": line.size} if line.size is not None else {}
            if line.hidden:
                changed["hiddenByUser"] = True
            if changed:
                where = {"dimension": dimension, "startIndex": at, "endIndex": at + 1}
                request = {"range": {"sheetId": sheet_id, **where}, "properties": changed}
                yield {"updateDimensionProperties": {**request, "fields": ",".join(changed)}}


def _objects(sheet: Sheet) -> Iterator[Json]:
    """Yield requests for what lies on the tab, still with its own sheet id."""
    for area in sheet.merges:
        yield {"mergeCells": {"range": area, "mergeType": "MERGE_ALL"}}
    for index, rule in enumerate(sheet.conditional_formats):
        yield {"addConditionalFormatRule": {"rule": rule, "index": index}}
    if sheet.basic_filter:
        yield {"setBasicFilter": {"filter": sheet.basic_filter}}
    for view in sheet.filter_views.values():
        yield {"addFilterView": {"filter": _without(view, "filterViewId")}}
    for protected in sheet.protected_ranges.values():
        given = _without(protected, "protectedRangeId")
        if given.get("warningOnly"):
            given = _without(given, "editors")
        yield {"addProtectedRange": {"protectedRange": given}}
    for chart in sheet.charts.values():
        if _tabs(chart) <= {sheet.sheet_id}:  # a chart of another tab's cells has nothing to show
            yield {"addChart": {"chart": _without(chart, "chartId")}}


def _tabs(stored: Any) -> set[int]:
    """Return the ids of the tabs that a stored object lies on or reads."""
    if isinstance(stored, list):
        return {number for item in stored for number in _tabs(item)}
    if not isinstance(stored, dict):
        return set()
    own = {stored["sheetId"]} if "sheetId" in stored else set()
    return own | _tabs(list(stored.values()))


def _without(stored: Json, key: str) -> Json:
    return {name: item for name, item in stored.items() if name != key}
