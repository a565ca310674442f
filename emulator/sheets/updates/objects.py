"""Requests about protected and named ranges, merges, charts and tables."""

import re

from emulator import masks
from emulator.errors import invalid, unsupported
from emulator.sheets import formula, ranges, styles
from emulator.sheets.edit import PROTECTED, ById, Edit, need_mask
from emulator.sheets.grid import BLANK, Json, Sheet
from emulator.sheets.ranges import TYPED, Box, answered, native_table
from emulator.sheets.updates.paste import put

PROTECTIONS = ById("protected_ranges", "protected range")
FIELDS = ("description", "warningOnly", "unprotectedRanges", "editors")


def add_protected_range(edit: Edit, request: Json) -> Json:
    """Add a protected range, and return it. ApiError if its id is taken."""
    given = request.get("protectedRange", {})
    number = PROTECTIONS.number(edit, given.get("protectedRangeId"))
    if "range" not in given:
        raise unsupported("protected ranges without a range")
    sheet, _ = ranges.resolve(edit.spreadsheet, given["range"])
    area = ranges.fixed(sheet, given["range"])
    if len(area) == 1 and any(len(one["range"]) == 1 for one in sheet.protected_ranges.values()):
        raise invalid(f'Sheet "{sheet.title}" already has sheet protection.')
    stored: Json = {"protectedRangeId": number, "range": area}
    stored |= {name: given[name] for name in FIELDS if given.get(name)}
    users = stored.get("editors", {}).get("users", [])
    if stored.get("warningOnly") and users:
        raise invalid("ProtectedRange is warningOnly. Editors cannot be set on it.")
    users = users if edit.user in users else [*users, edit.user]
    editors = {**stored.get("editors", {}), "users": users}
    PROTECTIONS.put(edit, sheet, number, {**stored, "editors": editors})
    shown = {} if stored.get("warningOnly") else editors
    reply = stored | {"requestingUserCanEdit": True, "editors": shown}
    return {"protectedRange": answered(reply)}


def delete_protected_range(edit: Edit, request: Json) -> None:
    """Delete a protected range. ApiError where there is none of that id."""
    number = request.get("protectedRangeId", 0)
    _, stored = PROTECTIONS.need(edit, number)
    if not edit.may_edit(stored):
        raise invalid(PROTECTED)
    PROTECTIONS.drop(edit, number)


NAME = re.compile(r"[A-Za-z_]\w{0,249}")


def add_named_range(edit: Edit, request: Json) -> Json:
    """Add a named range, and return it with its id."""
    given, taken = request.get("namedRange", {}), edit.spreadsheet.named_ranges
    key, name = given.get("namedRangeId"), given.get("name", "")
    if key in taken:
        raise invalid(f"A named range with id: {key} already exists.")
    if not NAME.fullmatch(name) or formula.LOOKS_LIKE_CELL.fullmatch(name):
        raise invalid(f"The name of the named range is invalid: {name}")
    if any(one["name"].casefold() == name.casefold() for one in taken.values()):
        raise invalid(f"A named range with name: {name} already exists.")
    sheet, _ = ranges.resolve(edit.spreadsheet, given.get("range", {}))
    key, area = key or str(edit.spreadsheet.new_id(taken)), ranges.fixed(sheet, given["range"])
    stored = {"namedRangeId": key, "name": name, "range": area}
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
    sheet, box = edit.area(request.get("range", {}))
    kind = request.get("mergeType", "MERGE_ALL")
    boxes = [box]
    if kind == "MERGE_ROWS":
        boxes = [box._replace(top=at, bottom=at + 1) for at in range(box.top, box.bottom)]
    elif kind == "MERGE_COLUMNS":
        boxes = [box._replace(left=at, right=at + 1) for at in range(box.left, box.right)]
    for one in boxes:
        _merge(edit, sheet, one)


def _merge(edit: Edit, sheet: Sheet, box: Box) -> None:
    rest = _unmerged(sheet, box)
    for at in range(box.top, box.bottom):
        for across in range(box.left, box.right):
            if (at, across) != (box.top, box.left):
                put(edit, sheet, at, across, BLANK)
    edit.set(sheet, "merges", (*rest, ranges.area(sheet, box)))


def _unmerged(sheet: Sheet, box: Box) -> list[Json]:
    """Return the merges outside a box. ApiError for one that lies only partly in it."""
    rest = [one for one in sheet.merges if not box.holds(ranges.box_of(sheet, one))]
    if any(ranges.box_of(sheet, one).meets(box) for one in rest):
        raise invalid("You must select all cells in a merged range to merge or unmerge them.")
    return rest


def unmerge_cells(edit: Edit, request: Json) -> None:
    """Undo all merges in a range. ApiError for one that lies only partly in it."""
    sheet, box = edit.area(request.get("range", {}))
    edit.set(sheet, "merges", tuple(_unmerged(sheet, box)))


CHARTS = ById("charts", "chart")
# Google's defaults.
SIZE = {"widthPixels": 600, "heightPixels": 371}
FONT = "Roboto"
OFFSETS = ("offsetXPixels", "offsetYPixels")


def _spec(edit: Edit, given: Json) -> Json:
    """Return a chart's spec with its source ranges as they are stored. ApiError if invalid."""

    def stored(part: Json) -> Json:
        if "sources" not in part:
            return part
        resolved = [(one, *ranges.resolve(edit.spreadsheet, one)) for one in part["sources"]]
        narrow = [(box.bottom - box.top == 1, box.right - box.left == 1) for _, _, box in resolved]
        if not all(row for row, _ in narrow) and not all(column for _, column in narrow):
            raise invalid(
                "ChartSourceRange ranges require all rows or all columns to have length of 1"
            )
        return part | {"sources": [ranges.bounded(sheet, one) for one, sheet, _ in resolved]}

    return _with_fonts(styles.with_colors(ranges.remade(given, stored)))


def _with_fonts(spec: Json) -> Json:
    """Return a chart's spec with Google's font where it names none."""
    found = {"fontName": FONT, **spec}
    if "title" in spec:
        found["titleTextFormat"] = {"fontFamily": FONT, **spec.get("titleTextFormat", {})}
    return found


def _position(edit: Edit, given: Json) -> tuple[Sheet, Json]:
    """Return the sheet of a position, and the position with defaults."""
    if given.get("newSheet") or "sheetId" in given:
        raise unsupported("charts on a sheet of their own")
    overlay = given.get("overlayPosition", {})
    anchor = overlay.get("anchorCell", {})
    sheet = ranges.need_sheet(edit.spreadsheet, anchor.get("sheetId", 0))
    row, column = anchor.get("rowIndex", 0), anchor.get("columnIndex", 0)
    if not (0 <= row < len(sheet.rows) and 0 <= column < len(sheet.columns)):
        raise invalid(f"The anchor cell ({row}, {column}) is outside the grid.")
    stored = SIZE | {name: item for name, item in overlay.items() if item}
    if stored["widthPixels"] < 0 or stored["heightPixels"] < 0:
        raise invalid("A chart's size must not be negative.")
    stored["anchorCell"] = {**anchor, "sheetId": sheet.sheet_id}
    return sheet, {"overlayPosition": stored}


def add_chart(edit: Edit, request: Json) -> Json:
    """Add a chart, and return it with its id and position."""
    given = request.get("chart", {})
    number = CHARTS.number(edit, given.get("chartId"))
    sheet, position = _position(edit, given.get("position", {}))
    spec = _spec(edit, given.get("spec", {}))
    stored = {**given, "chartId": number, "spec": spec, "position": position}
    CHARTS.put(edit, sheet, number, stored)
    return {"chart": answered(stored)}


def update_chart_spec(edit: Edit, request: Json) -> None:
    """Replace the whole spec of a chart."""
    number = request.get("chartId", 0)
    sheet, old = CHARTS.need(edit, number)
    spec = _spec(edit, request.get("spec", {}))
    CHARTS.put(edit, sheet, number, {**old, "spec": spec})


def update_chart_position(edit: Edit, request: Json) -> Json:
    """Move or resize a chart, to another sheet too, and return its position."""
    number = request.get("objectId", 0)
    _, old = CHARTS.need(edit, number)
    given = request.get("newPosition", {})
    overlay = old["position"]["overlayPosition"]
    if "overlayPosition" in given:
        mask, names = need_mask(request, "OverlayPosition"), ("anchorCell", *OFFSETS, *SIZE)
        overlay = masks.updated(overlay, given["overlayPosition"], mask, names)
    target, position = _position(edit, {**given, "overlayPosition": overlay})
    CHARTS.drop(edit, number)
    CHARTS.put(edit, target, number, {**old, "position": position})
    return {"position": answered(position)}


def delete_chart(edit: Edit, request: Json) -> None:
    """Delete a chart."""
    CHARTS.drop(edit, request.get("objectId", 0))


def add_table(edit: Edit, request: Json) -> Json:
    """Make one of Google's own Tables of a range, and return it.

    Its cells are ordinary ones. The drop-downs of its columns are in `columnProperties` alone.
    """
    given = request.get("table", {})
    if unserved := given.keys() - {"name", "range", "columnProperties"}:
        raise unsupported(f"{min(unserved)} of a table")
    sheet, box = ranges.resolve(edit.spreadsheet, given.get("range", {}))
    columns = sheet.columns[box.left : box.right]
    typed = {}
    for column in given.get("columnProperties", ()):
        index = column.get("columnIndex", 0)
        if not 0 <= index < len(columns):
            raise invalid(f"columnIndex {index} is outside of the table.")
        typed[columns[index].key] = column
    name = given.get("name") or f"Table{len(sheet.tables) + 1}"
    if any(name == one["name"] for one in sheet.tables.values()):
        raise invalid(f"A table with name: {name} already exists.")
    number = str(edit.spreadsheet.new_id(sheet.tables))
    stored = {"tableId": number, "name": name, "range": ranges.area(sheet, box), TYPED: typed}
    edit.set(sheet, "tables", {**sheet.tables, number: stored})
    return {"table": answered(native_table(sheet, stored))}
