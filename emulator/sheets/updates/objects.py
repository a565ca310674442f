"""Requests about named ranges and merges."""

import re

from emulator.errors import invalid
from emulator.sheets import a1, ranges
from emulator.sheets.edit import Edit
from emulator.sheets.grid import BLANK, Json, Sheet
from emulator.sheets.ranges import Box, answered
from emulator.sheets.updates.paste import put

NAME = re.compile(r"[A-Za-z_]\w{0,249}")


def add_named_range(edit: Edit, request: Json) -> Json:
    """Add a named range, and return it with its id."""
    given, taken = request.get("namedRange", {}), edit.spreadsheet.named_ranges
    key, name = (
        given.get("namedRangeId") or str(edit.spreadsheet.new_id(taken)),
        given.get("name", ""),
    )
    if key in taken:
        raise invalid(f"A named range with id: {key} already exists.")
    if not NAME.fullmatch(name) or a1.LOOKS_LIKE_CELL.fullmatch(name):
        raise invalid(f"The name of the named range is invalid: {name}")
    if any(one["name"].casefold() == name.casefold() for one in taken.values()):
        raise invalid(f"A named range with name: {name} already exists.")
    sheet, _ = ranges.resolve(edit.spreadsheet, given.get("range", {}))
    stored = {
        "namedRangeId": key,
        "name": name,
        "range": ranges.fixed(sheet, given.get("range", {})),
    }
    edit.set(edit.spreadsheet, "named_ranges", {**taken, key: stored})
    return {"namedRange": answered(stored)}


def delete_named_range(edit: Edit, request: Json) -> None:
    """Delete a named range; its cells stay."""
    gone, taken = request.get("namedRangeId", ""), edit.spreadsheet.named_ranges
    if gone not in taken:
        raise invalid(f"No named range with id: {gone}")
    rest = {key: one for key, one in taken.items() if key != gone}
    edit.set(edit.spreadsheet, "named_ranges", rest)


def merge_cells(edit: Edit, request: Json) -> None:
    """Merge a range into one cell, or each row or column; only first cells keep values."""
    sheet, box = ranges.resolve(edit.spreadsheet, request.get("range", {}))
    edit.guard(sheet, box)
    kind = request.get("mergeType", "MERGE_ALL")
    boxes = [box]
    if kind == "MERGE_ROWS":
        boxes = [box._replace(top=at, bottom=at + 1) for at in range(box.top, box.bottom)]
    elif kind == "MERGE_COLUMNS":
        boxes = [box._replace(left=at, right=at + 1) for at in range(box.left, box.right)]
    for one in boxes:
        _merge(edit, sheet, one)


def _merge(edit: Edit, sheet: Sheet, box: Box) -> None:
    for other in (ranges.box_of(sheet, one) for one in sheet.merges):
        if other.meets(box) and not box.holds(other):
            raise invalid("You must select all cells in a merged range to merge or unmerge them.")
    for at in range(box.top, box.bottom):
        for across in range(box.left, box.right):
            if (at, across) != (box.top, box.left):
                put(edit, sheet, at, across, BLANK)
    rest = [one for one in sheet.merges if not box.holds(ranges.box_of(sheet, one))]
    area = {"sheetId": sheet.sheet_id} | dict(zip(ranges.KEYS, box, strict=True))
    edit.set(sheet, "merges", (*rest, area))


def unmerge_cells(edit: Edit, request: Json) -> None:
    """Undo all merges in a range. ApiError for one that lies only partly in it."""
    sheet, box = ranges.resolve(edit.spreadsheet, request.get("range", {}))
    edit.guard(sheet, box)
    rest = []
    for one in sheet.merges:
        other = ranges.box_of(sheet, one)
        if other.meets(box) and not box.holds(other):
            raise invalid("You must select all cells in a merged range to merge or unmerge them.")
        if not other.meets(box):
            rest.append(one)
    edit.set(sheet, "merges", tuple(rest))
