"""Copies of whole tabs: inside a spreadsheet, and to another one."""

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace
from typing import Any
from zlib import crc32

from emulator import masks
from emulator.sheets import ranges
from emulator.sheets.edit import Edit
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.grid import Column, Json, Row, Sheet, Spreadsheet
from emulator.sheets.ranges import need_sheet
from emulator.sheets.read import Reader, properties
from emulator.sheets.updates.cells import free_name
from emulator.sheets.updates.tabs import check_title, new_sheet_id, place_sheet

OBJECTS = (
    ("protected_ranges", "protectedRangeId"),
    ("filter_views", "filterViewId"),
    ("charts", "chartId"),
)


def duplicate_sheet(edit: Edit, request: Json) -> Json:
    """Copy a tab with everything on it, under new ids; return its SheetProperties."""
    spreadsheet = edit.spreadsheet
    source = need_sheet(spreadsheet, request.get("sourceSheetId", 0))
    title = request.get("newSheetName") or copy_title(spreadsheet, source.title)
    twin = copy_sheet(edit, source, title, new_sheet_id(spreadsheet, request.get("newSheetId")))
    edit.limit_grid(len(twin.columns), len(twin.rows) * len(twin.columns))
    index = request.get("insertSheetIndex", 0)
    placed = place_sheet(edit, twin, index)
    _copy_metadata(edit, source, twin)
    return {"properties": placed}


def copy_title(spreadsheet: Spreadsheet, title: str) -> str:
    """Return `Copy of ...`, with a number where that is taken."""
    stem = f"Copy of {title}"
    number, found = 2, stem
    while spreadsheet.titled(found):
        found = f"{stem} {number}"
        number += 1
    return found


def copy_sheet(edit: Edit, source: Sheet, title: str, sheet_id: int) -> Sheet:
    """Return a copy of a sheet with new rows, columns and objects; cells are shared."""
    spreadsheet = edit.spreadsheet
    check_title(spreadsheet, title)
    twin = Sheet(
        sheet_id,
        title,
        [_copy_row(row) for row in source.rows],
        [copy(column) for column in source.columns],
        source.next_key,
        properties=source.properties,
        merges=tuple(on_sheet(one, source.sheet_id, sheet_id) for one in source.merges),
        conditional_formats=tuple(
            on_sheet(one, source.sheet_id, sheet_id) for one in source.conditional_formats
        ),
        basic_filter=on_sheet(source.basic_filter, source.sheet_id, sheet_id),
    )
    for name, key in OBJECTS:
        copies: dict[int, Json] = {}
        for stored in getattr(source, name).values():
            fresh = spreadsheet.new_id(copies)
            copies[fresh] = on_sheet({**stored, key: fresh}, source.sheet_id, sheet_id)
        setattr(twin, name, copies)
    for stored in source.tables.values():
        fresh_id = str(spreadsheet.new_id(twin.tables))
        name = free_name(spreadsheet, stored["name"])
        copied = on_sheet({**stored, "tableId": fresh_id, "name": name}, source.sheet_id, sheet_id)
        twin.tables = {**twin.tables, fresh_id: copied}
    pairs = zip(source.rows, twin.rows, strict=True)
    twin.formula_rows = {new for old, new in pairs if old in source.formula_rows}
    return twin


def _copy_row(row: Row) -> Row:
    twin = copy(row)
    twin.cells = dict(row.cells)
    return twin


def on_sheet(stored: Any, old: int, new: int) -> Any:
    """Return a stored object with one sheet's id replaced by another's."""
    if isinstance(stored, list):
        return [on_sheet(one, old, new) for one in stored]
    if isinstance(stored, dict):
        return {
            name: new if name == "sheetId" and item == old else on_sheet(item, old, new)
            for name, item in stored.items()
        }
    return stored


def _copy_metadata(edit: Edit, source: Sheet, twin: Sheet) -> None:
    """Copy the sheet's developer metadata to the same places, under new ids."""
    spreadsheet = edit.spreadsheet
    twins: dict[Any, Any] = {source: twin}
    twins |= dict(zip(source.rows, twin.rows, strict=True))
    twins |= dict(zip(source.columns, twin.columns, strict=True))
    for stored in list(spreadsheet.metadata.values()):
        if stored.sheet is source:
            number = spreadsheet.new_id(spreadsheet.metadata)
            fresh = replace(stored, metadata_id=number, sheet=twin, place=twins[stored.place])
            edit.put(spreadsheet.metadata, number, fresh)


CELLS = "userEnteredValue,userEnteredFormat,note,dataValidation,textFormatRuns"


def copying(source: Spreadsheet, sheet_id: int, target: Spreadsheet) -> list[Json]:
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
