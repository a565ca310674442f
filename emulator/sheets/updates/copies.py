"""Copies of whole tabs: inside a spreadsheet, and to another one."""

from copy import copy
from dataclasses import replace
from itertools import chain, count
from typing import Any

from emulator.sheets.edit import Edit
from emulator.sheets.grid import Json, Sheet
from emulator.sheets.ranges import need_sheet, remade
from emulator.sheets.updates.tabs import check_title, new_sheet_id, place_sheet

OBJECTS = (
    ("protected_ranges", "protectedRangeId"),
    ("filter_views", "filterViewId"),
)


def duplicate_sheet(edit: Edit, request: Json) -> Json:
    """Copy a tab with everything on it, under new ids; return its SheetProperties."""
    source = need_sheet(edit.spreadsheet, request.get("sourceSheetId", 0))
    twin = _copied(edit, source, request.get("newSheetName"), request.get("newSheetId"))
    placed = place_sheet(edit, twin, request.get("insertSheetIndex", 0))
    _copy_metadata(edit, source, twin)
    return {"properties": placed}


def copy_sheet(edit: Edit, source: Sheet) -> Json:
    """Copy a tab of another spreadsheet to the end; return its SheetProperties."""
    return place_sheet(edit, _copied(edit, source, None, None), None)


def _copied(edit: Edit, source: Sheet, title: str | None, wanted: int | None) -> Sheet:
    """Return a copy of a sheet without its charts, with new rows, columns and objects."""
    spreadsheet = edit.spreadsheet
    usual = f"Copy of {source.title}"
    title = title or spreadsheet.free_title(chain([usual], (f"{usual} {n}" for n in count(2))))
    check_title(spreadsheet, title)
    edit.limit_grid(len(source.columns), len(source.rows) * len(source.columns))
    sheet_id = new_sheet_id(spreadsheet, wanted)

    def on_twin(part: Json) -> Json:
        return part | {"sheetId": sheet_id} if part.get("sheetId") == source.sheet_id else part

    def moved(stored: Any) -> Any:
        return remade(stored, on_twin)

    twin = replace(
        source,
        sheet_id=sheet_id,
        title=title,
        rows=[copy(row) for row in source.rows],
        columns=[copy(column) for column in source.columns],
        merges=tuple(moved(one) for one in source.merges),
        conditional_formats=tuple(moved(one) for one in source.conditional_formats),
        basic_filter=moved(source.basic_filter),
        tables={},
        charts={},
    )
    for name, key in OBJECTS:
        copies: dict[int, Json] = {}
        for stored in getattr(source, name).values():
            fresh = spreadsheet.new_id(copies)
            copies[fresh] = moved({**stored, key: fresh})
        setattr(twin, name, copies)
    columns = dict(zip(source.columns, twin.columns, strict=True))
    for row in twin.rows:
        row.cells = {columns[at]: cell for at, cell in row.cells.items() if at in columns}
    pairs = list(zip(source.rows, twin.rows, strict=True))
    twin.formula_rows = {new for old, new in pairs if old in source.formula_rows}
    return twin


def _copy_metadata(edit: Edit, source: Sheet, twin: Sheet) -> None:
    """Copy the sheet's developer metadata to the same places, under new ids."""
    spreadsheet = edit.spreadsheet
    twins: dict[Any, Any] = dict(zip(source.rows, twin.rows, strict=True))
    twins |= dict(zip(source.columns, twin.columns, strict=True))
    for stored in list(spreadsheet.metadata.values()):
        if stored.sheet is source:
            number = spreadsheet.new_id(spreadsheet.metadata)
            fresh = replace(stored, metadata_id=number, sheet=twin, line=twins[stored.line])
            edit.put(spreadsheet.metadata, number, fresh)
