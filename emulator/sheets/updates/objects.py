"""Requests about protected ranges, merges, charts and tables."""

from emulator.errors import invalid, unsupported
from emulator.sheets import ranges
from emulator.sheets.edit import PROTECTED, ById, Edit
from emulator.sheets.grid import BLANK, Json
from emulator.sheets.ranges import TYPED, answered, native_table
from emulator.sheets.updates.paste import put

PROTECTIONS = ById("protected_ranges", "protected range")
FIELDS = ("description", "warningOnly", "editors")


def add_protected_range(edit: Edit, request: Json) -> Json:
    """Add a protected range, and return it. ApiError if its id is taken."""
    given = request.get("protectedRange", {})
    number = PROTECTIONS.number(edit, given.get("protectedRangeId"))
    if "range" not in given or "unprotectedRanges" in given:
        raise unsupported("protected ranges without a range, or with unprotectedRanges")
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
    if not edit.spreadsheet.may_edit(edit.user, stored):
        raise invalid(PROTECTED)
    PROTECTIONS.drop(edit, number)


def merge_cells(edit: Edit, request: Json) -> None:
    """Merge a range into one cell, in place of the merges in it; only its first keeps a value."""
    if (kind := request.get("mergeType", "MERGE_ALL")) != "MERGE_ALL":
        raise unsupported(f"mergeCells of type {kind}")
    sheet, box = edit.area(request.get("range", {}))
    rest = [one for one in sheet.merges if not box.holds(ranges.box_of(sheet, one))]
    if any(ranges.box_of(sheet, one).meets(box) for one in rest):
        raise invalid("You must select all cells in a merged range to merge or unmerge them.")
    for at in range(box.top, box.bottom):
        for across in range(box.left, box.right):
            if (at, across) != (box.top, box.left):
                put(edit, sheet, at, across, BLANK)
    edit.set(sheet, "merges", (*rest, ranges.area(sheet, box)))


CHARTS = ById("charts", "chart")
FONT = "Roboto"
"""Google's default."""


def add_chart(edit: Edit, request: Json) -> Json:
    """Add a chart, which is kept and answered as it is given, and return it with its id."""
    given = request.get("chart", {})
    number = CHARTS.number(edit, given.get("chartId"))
    anchor = given.get("position", {}).get("overlayPosition", {}).get("anchorCell")
    if anchor is None:
        raise unsupported("charts on a sheet of their own")
    sheet = ranges.need_sheet(edit.spreadsheet, anchor.get("sheetId", 0))
    stored = {**given, "chartId": number, "spec": _with_fonts(given.get("spec", {}))}
    CHARTS.put(edit, sheet, number, stored)
    return {"chart": answered(stored)}


def update_chart_spec(edit: Edit, request: Json) -> None:
    """Replace the whole spec of a chart."""
    number = request.get("chartId", 0)
    sheet, old = CHARTS.need(edit, number)
    CHARTS.put(edit, sheet, number, {**old, "spec": _with_fonts(request.get("spec", {}))})


def _with_fonts(spec: Json) -> Json:
    """Return a chart's spec with Google's font where it names none."""
    found = {"fontName": FONT, **spec}
    if "title" in spec:
        found["titleTextFormat"] = {"fontFamily": FONT, **spec.get("titleTextFormat", {})}
    return found


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
        typed[columns[index]] = column
    name = given.get("name") or f"Table{len(sheet.tables) + 1}"
    if any(name == one["name"] for one in sheet.tables.values()):
        raise invalid(f"A table with name: {name} already exists.")
    number = str(edit.spreadsheet.new_id(sheet.tables))
    stored = {"tableId": number, "name": name, "range": ranges.area(sheet, box), TYPED: typed}
    edit.set(sheet, "tables", {**sheet.tables, number: stored})
    return {"table": answered(native_table(sheet, stored))}
