"""Requests about the basic filter and filter views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import masks
from emulator.sheets import ranges
from emulator.sheets.cells import shown
from emulator.sheets.conditions import holds
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.ranges import answered
from emulator.sheets.updates.fields import need_mask
from emulator.sheets.updates.kept import Kept

if TYPE_CHECKING:
    from emulator.sheets.edit import Edit
    from emulator.sheets.grid import Json, Sheet

VIEWS = Kept("filter_views", "filter view")
VIEW_FIELDS = ("title", "namedRangeId", "sortSpecs", "criteria", "filterSpecs")


def set_basic_filter(edit: Edit, request: Json) -> None:
    """The filter that everyone sees, in the place of the one there was."""
    given = request.get("filter", {})
    sheet, _ = ranges.resolve(edit.spreadsheet, given.get("range", {}))
    kept = {**given, "range": ranges.bounded(sheet, given.get("range", {}))}
    edit.set(sheet, "basic_filter", kept)
    _hide(edit, sheet, kept)


def _criteria(kept: Json) -> dict[int, Json]:
    """What a filter wants, by column."""
    found = {int(column): one for column, one in kept.get("criteria", {}).items()}
    for one in kept.get("filterSpecs", []):
        found[one.get("columnIndex", 0)] = one.get("filterCriteria", {})
    return found


def _hide(edit: Edit, sheet: Sheet, kept: Json) -> None:
    """Hide the rows below the filter's header that its criteria do not let through."""
    box, wanted = ranges.box_of(sheet, kept["range"]), _criteria(kept)
    evaluator = Evaluator(edit.spreadsheet)
    for at, row in enumerate(sheet.rows):
        below = box.top < at < box.bottom
        passes = not below or all(
            _passes(evaluator, sheet, (at, column), one) for column, one in wanted.items()
        )
        if row.filtered == passes:
            edit.set(row, "filtered", not passes)


def _passes(evaluator: Evaluator, sheet: Sheet, at: tuple[int, int], wanted: Json) -> bool:
    cell = sheet.cell(*at)
    if shown(evaluator.value(sheet, cell), evaluator.number_format(sheet, cell)) in wanted.get(
        "hiddenValues", []
    ):
        return False
    condition = wanted.get("condition")
    return condition is None or holds(evaluator, sheet, condition, at, (0, 0))


def clear_basic_filter(edit: Edit, request: Json) -> None:
    """No filter any more, if there was one."""
    sheet = ranges.need_sheet(edit.spreadsheet, request.get("sheetId", 0))
    edit.set(sheet, "basic_filter", None)
    for row in sheet.rows:
        if row.filtered:
            edit.set(row, "filtered", False)


def add_view(edit: Edit, request: Json) -> Json:
    """A new filter view; with its id and title."""
    given = request.get("filter", {})
    number = VIEWS.number(edit, given.get("filterViewId"))
    sheet, _ = ranges.resolve(edit.spreadsheet, given.get("range", {}))
    title = given.get("title") or f"Filter {len(sheet.filter_views) + 1}"
    area = ranges.bounded(sheet, given.get("range", {}))
    kept = {**given, "filterViewId": number, "title": title, "range": area}
    VIEWS.put(edit, sheet, number, kept)
    return {"filter": answered(kept)}


def update_view(edit: Edit, request: Json) -> None:
    """Title, range, order or criteria of a filter view."""
    mask, new = need_mask(request, "FilterView"), request.get("filter", {})
    number = new.get("filterViewId", 0)
    sheet, old = VIEWS.need(edit, number)
    kept = dict(old)
    for name in VIEW_FIELDS:
        if masks.wants(mask, name):
            kept.pop(name, None)
            if name in new:
                kept[name] = new[name]
    if masks.wants(mask, "range") and "range" in new:
        kept["range"] = ranges.bounded(sheet, new["range"])
    VIEWS.put(edit, sheet, number, kept)


def delete_view(edit: Edit, request: Json) -> None:
    """A filter view goes."""
    number = request.get("filterId", 0)
    sheet, _ = VIEWS.need(edit, number)
    VIEWS.drop(edit, sheet, number)
