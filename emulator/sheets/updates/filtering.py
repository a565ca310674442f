"""Requests about the basic filter and filter views."""

from emulator import masks
from emulator.sheets import ranges
from emulator.sheets.edit import Edit
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.filter_rows import Filter
from emulator.sheets.grid import Json, Sheet
from emulator.sheets.ranges import answered
from emulator.sheets.updates import checks
from emulator.sheets.updates.by_id import ById
from emulator.sheets.updates.fields import need_mask

VIEWS = ById("filter_views", "filter view")
VIEW_FIELDS = ("title", "namedRangeId", "sortSpecs")
CRITERIA = ("criteria", "filterSpecs")


def set_basic_filter(edit: Edit, request: Json) -> None:
    """Set the sheet's basic filter, and hide the rows that it filters out."""
    given = request.get("filter", {})
    sheet, _ = ranges.resolve(edit.spreadsheet, given.get("range", {}))
    stored = _without_criteria(given) | _criteria(edit, given)
    stored["range"] = ranges.bounded(sheet, given.get("range", {}))
    edit.set(sheet, "basic_filter", stored)
    _hide(edit, sheet, stored)


def _hide(edit: Edit, sheet: Sheet, stored: Json) -> None:
    """Hide the rows below the filter's header that do not meet its criteria."""
    judge = Filter(Evaluator(edit.spreadsheet), sheet, stored)
    for at, row in enumerate(sheet.rows):
        passes = judge.passes(at)
        if row.filtered == passes:
            edit.set(row, "filtered", not passes)


def _without_criteria(stored: Json) -> Json:
    return {name: item for name, item in stored.items() if name not in CRITERIA}


def _criteria(edit: Edit, given: Json) -> Json:
    """Return a filter's criteria in both forms; `filterSpecs` take precedence."""
    checks.criteria(edit, given)
    if "filterSpecs" not in given and "criteria" not in given:
        return {}
    old = [
        {"columnIndex": int(column), "filterCriteria": one}
        for column, one in given.get("criteria", {}).items()
    ]
    specs = given.get("filterSpecs", old)
    criteria = {str(one.get("columnIndex", 0)): one.get("filterCriteria", {}) for one in specs}
    return {"criteria": criteria, "filterSpecs": specs} if specs else {}


def clear_basic_filter(edit: Edit, request: Json) -> None:
    """Remove the basic filter, if there is one."""
    sheet = ranges.need_sheet(edit.spreadsheet, request.get("sheetId", 0))
    edit.set(sheet, "basic_filter", None)
    for row in sheet.rows:
        if row.filtered:
            edit.set(row, "filtered", False)


def add_view(edit: Edit, request: Json) -> Json:
    """Add a filter view, and return it with its id and title."""
    given = request.get("filter", {})
    number = VIEWS.number(edit, given.get("filterViewId"))
    sheet, _ = ranges.resolve(edit.spreadsheet, given.get("range", {}))
    title = given.get("title") or f"Filter {len(sheet.filter_views) + 1}"
    area = ranges.bounded(sheet, given.get("range", {}))
    stored = {**_without_criteria(given), "filterViewId": number, "title": title, "range": area}
    stored |= _criteria(edit, given)
    VIEWS.put(edit, sheet, number, stored)
    return {"filter": answered(stored)}


def update_view(edit: Edit, request: Json) -> None:
    """Change title, range, order or criteria of a filter view."""
    mask, new = need_mask(request, "FilterView"), request.get("filter", {})
    number = new.get("filterViewId", 0)
    sheet, old = VIEWS.need(edit, number)
    stored = dict(old)
    for name in VIEW_FIELDS:
        if masks.wants(mask, name):
            stored.pop(name, None)
            if name in new:
                stored[name] = new[name]
    wanted = [name for name in CRITERIA if masks.wants(mask, name)]
    if wanted:
        given = {name: new[name] for name in wanted if name in new}
        stored = _without_criteria(stored) | _criteria(edit, given)
    if masks.wants(mask, "range") and "range" in new:
        stored["range"] = ranges.bounded(sheet, new["range"])
    VIEWS.put(edit, sheet, number, stored)


def delete_view(edit: Edit, request: Json) -> None:
    """Delete a filter view."""
    number = request.get("filterId", 0)
    sheet, _ = VIEWS.need(edit, number)
    VIEWS.drop(edit, sheet, number)
