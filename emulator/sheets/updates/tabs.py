"""Requests about the spreadsheet itself, its tabs, and their rows and columns."""

from itertools import count
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from emulator import masks
from emulator.errors import invalid, unsupported
from emulator.sheets import metadata, ranges, structure, styles
from emulator.sheets.edit import Edit, need_mask
from emulator.sheets.grid import Column, Json, Row, Sheet, Spreadsheet
from emulator.sheets.ranges import need_sheet
from emulator.sheets.read import properties

DEFAULT_ROWS = 1000
DEFAULT_COLUMNS = 26
STORED = ("hidden", "tabColor", "tabColorStyle", "rightToLeft")
GRID_STORED = (
    "frozenRowCount",
    "frozenColumnCount",
    "hideGridlines",
    "rowGroupControlAfter",
    "columnGroupControlAfter",
)


def update_spreadsheet_properties(edit: Edit, request: Json) -> None:
    """Set title, locale, time zone and other SpreadsheetProperties."""
    mask, new = need_mask(request, "SpreadsheetProperties"), request.get("properties", {})
    changed = dict(edit.spreadsheet.properties)
    for name in mask if mask is not None else new:
        if name in new:
            changed[name] = styles.with_colors(new[name])
    check_time_zone(changed["timeZone"])
    edit.set(edit.spreadsheet, "properties", changed)


def check_time_zone(name: str) -> None:
    """Refuse an unknown time zone."""
    try:
        ZoneInfo(name)
    except (ValueError, ZoneInfoNotFoundError):
        raise invalid(f"Invalid time zone: {name}") from None


def check_title(spreadsheet: Spreadsheet, title: str, own: Sheet | None = None) -> None:
    """Refuse an invalid title, and one that another tab has."""
    if not title or len(title) > 100:
        raise invalid("A sheet's title must have from 1 to 100 characters.")
    found = spreadsheet.titled(title)
    if found is not None and found is not own:
        raise invalid(f'A sheet with the name "{title}" already exists. Please enter another name.')


def make_sheet(edit: Edit, given: Json) -> Sheet:
    """Return a new sheet from SheetProperties, not yet in the spreadsheet."""
    spreadsheet = edit.spreadsheet
    if given.get("sheetType", "GRID") not in ("GRID", "SHEET_TYPE_UNSPECIFIED"):
        raise unsupported(f"sheets of type {given['sheetType']}")
    usual = (f"Sheet{number}" for number in count(len(spreadsheet.sheets) + 1))
    title = given.get("title") or spreadsheet.free_title(usual)
    check_title(spreadsheet, title)
    sheet_id = new_sheet_id(spreadsheet, given.get("sheetId"))
    grid = given.get("gridProperties", {})
    rows = grid.get("rowCount", DEFAULT_ROWS)
    columns = grid.get("columnCount", DEFAULT_COLUMNS)
    if rows < 1 or columns < 1:
        raise invalid("A sheet must have at least one row and one column.")
    edit.limit_grid(columns, rows * columns)
    lines = [Row() for _ in range(rows)], [Column() for _ in range(columns)]
    sheet = Sheet(sheet_id, title, *lines)
    _set_properties(edit, sheet, given, None)
    return sheet


def new_sheet_id(spreadsheet: Spreadsheet, wanted: int | None) -> int:
    """Return the wanted id, or a new one. ApiError if it is taken."""
    taken = {one.sheet_id for one in spreadsheet.sheets}
    if wanted is None:
        return spreadsheet.new_id(taken)
    if wanted < 0:
        raise invalid("A sheet's id must not be negative.")
    if wanted in taken:
        raise invalid(
            f"A sheet with id {wanted} already exists in the spreadsheet. Please choose another id."
        )
    return wanted


def place_sheet(edit: Edit, sheet: Sheet, index: int | None) -> Json:
    """Insert a sheet, by default at the end, and return its SheetProperties."""
    sheets = edit.spreadsheet.sheets
    at = len(sheets) if index is None else index
    if not 0 <= at <= len(sheets):
        raise invalid(f"Cannot insert a sheet at index {at}: there are {len(sheets)} sheets.")
    edit.set(edit.spreadsheet, "sheets", [*sheets[:at], sheet, *sheets[at:]])
    return properties(sheet, at)


def add_sheet(edit: Edit, request: Json) -> Json:
    """Add a tab, and return its SheetProperties."""
    given = request.get("properties", {})
    sheet = make_sheet(edit, given)
    return {"properties": place_sheet(edit, sheet, given.get("index"))}


def delete_sheet(edit: Edit, request: Json) -> None:
    """Delete a tab with everything on it. ApiError if no visible one remains."""
    spreadsheet = edit.spreadsheet
    sheet = need_sheet(spreadsheet, request.get("sheetId", 0))
    rest = [one for one in spreadsheet.sheets if one is not sheet]
    if not rest:
        raise invalid("You can't remove all the sheets in a document.")
    if all(one.properties.get("hidden") for one in rest):
        raise invalid("You can't remove all the visible sheets in a document.")
    if not all(spreadsheet.may_edit(edit.user, one) for one in sheet.protected_ranges.values()):
        raise invalid("You are trying to delete a sheet that has protected cells or objects.")
    edit.set(spreadsheet, "sheets", rest)
    for stored in list(spreadsheet.metadata.values()):
        if stored.sheet is sheet:
            edit.drop(spreadsheet.metadata, stored.metadata_id)


def update_sheet_properties(edit: Edit, request: Json) -> None:
    """Set title, index, grid size, frozen rows and columns, color, visibility."""
    new = request.get("properties", {})
    mask = need_mask(request, "SheetProperties")
    sheet = need_sheet(edit.spreadsheet, new.get("sheetId", 0))
    if masks.wants(mask, "title") and ("title" in new or mask is not None):
        title = new.get("title", "")
        check_title(edit.spreadsheet, title, sheet)
        edit.set(sheet, "title", title)
    for dimension, name in (("ROWS", "rowCount"), ("COLUMNS", "columnCount")):
        size = new.get("gridProperties", {}).get(name)
        if masks.wants(mask, "gridProperties", name) and size is not None:
            structure.resize(edit, sheet, dimension, size)
    _set_properties(edit, sheet, new, mask)
    if masks.wants(mask, "index") and "index" in new:
        _reorder(edit, sheet, new["index"])


def _set_properties(edit: Edit, sheet: Sheet, new: Json, mask: masks.Mask | None) -> None:
    new = styles.with_colors(new)
    changed = dict(sheet.properties)
    for name in STORED:
        if masks.wants(mask, name.removesuffix("Style")) or masks.wants(mask, name):
            changed[name] = new.get(name)
    grid = dict(changed.get("gridProperties", {}))
    for name in GRID_STORED:
        if masks.wants(mask, "gridProperties", name):
            grid[name] = new.get("gridProperties", {}).get(name)
    changed["gridProperties"] = {name: item for name, item in grid.items() if item}
    changed = {name: item for name, item in changed.items() if item}
    edit.set(sheet, "properties", changed)
    for dimension, noun in (("ROWS", "rows"), ("COLUMNS", "columns")):
        frozen = sheet.frozen(dimension)
        if frozen and frozen >= len(sheet.line(dimension)):
            raise invalid(f"You can't freeze all visible {noun} on the sheet.")
    others = [one for one in edit.spreadsheet.sheets if one is not sheet]
    hidden = all(one.properties.get("hidden") for one in others)
    if changed.get("hidden") and hidden and sheet in edit.spreadsheet.sheets:
        raise invalid("You can't hide all the sheets in a document.")


def _reorder(edit: Edit, sheet: Sheet, index: int) -> None:
    """Move a sheet; its own index and the next one mean no move."""
    sheets = edit.spreadsheet.sheets
    at = sheets.index(sheet)
    if not 0 <= index <= len(sheets):
        raise invalid(f"Cannot move a sheet to index {index}: there are {len(sheets)} sheets.")
    if index in (at, at + 1):
        return
    rest = [one for one in sheets if one is not sheet]
    to = index - 1 if index > at else index
    edit.set(edit.spreadsheet, "sheets", [*rest[:to], sheet, *rest[to:]])


def _span(edit: Edit, given: Json) -> tuple[Sheet, str, int, int]:
    """Return sheet, dimension, start and end of a DimensionRange, closed at the grid."""
    sheet = ranges.need_sheet(edit.spreadsheet, given.get("sheetId", 0))
    dimension = metadata.need_dimension(given)
    start = given.get("startIndex", 0)
    end = given.get("endIndex", len(sheet.line(dimension)))
    if start < 0 or end <= start:
        raise invalid(
            f"range.endIndex[{end}] must be greater than range.startIndex[{start}] and both must "
            "not be negative."
        )
    return sheet, dimension, start, end


def insert_dimension(edit: Edit, request: Json) -> None:
    """Insert empty rows or columns, formatted like those before or after them."""
    given = request.get("range", {})
    if "endIndex" not in given:
        raise invalid("range.endIndex is required.")
    sheet, dimension, start, end = _span(edit, given)
    before = request.get("inheritFromBefore", False)
    size = len(sheet.line(dimension))
    noun = structure.SINGULAR[dimension]
    if before and start == 0:
        raise invalid(
            "inheritFromBefore must be false when inserting at the beginning of a dimension."
        )
    if start > size or (start == size and not before):
        raise invalid(f"range.startIndex[{start}] is after last {noun} in grid[{size - 1}]")
    like = start - 1 if before else start
    structure.insert(edit, sheet, dimension, start, end - start, like=like)


def delete_dimension(edit: Edit, request: Json) -> None:
    """Delete rows or columns, with their metadata."""
    sheet, dimension, start, end = _span(edit, request.get("range", {}))
    edit.guard(sheet, ranges.lines(sheet, dimension, start, end))
    structure.delete(edit, sheet, dimension, start, end)


def append_dimension(edit: Edit, request: Json) -> None:
    """Append empty rows or columns."""
    sheet = ranges.need_sheet(edit.spreadsheet, request.get("sheetId", 0))
    dimension = metadata.need_dimension(request)
    length = request.get("length", 0)
    if length < 1:
        raise invalid("length must be greater than 0.")
    structure.insert(edit, sheet, dimension, len(sheet.line(dimension)), length)


def move_dimension(edit: Edit, request: Json) -> None:
    """Move rows or columns to an index that counts as before the move."""
    sheet, dimension, start, end = _span(edit, request.get("source", {}))
    destination = request.get("destinationIndex", 0)
    if start < destination < end:
        raise invalid("destinationIndex must not be inside the source.")
    edit.guard(sheet, ranges.lines(sheet, dimension, start, end))
    structure.move(edit, sheet, dimension, start, end, destination)


def update_dimension_properties(edit: Edit, request: Json) -> None:
    """Set pixel size and visibility of rows or columns."""
    mask, new = need_mask(request, "DimensionProperties"), request.get("properties", {})
    sheet, dimension, start, end = _span(edit, request.get("range", {}))
    lines = sheet.line(dimension)
    if end > len(lines):
        noun = structure.SINGULAR[dimension]
        raise invalid(f"range.endIndex[{end}] is after last {noun} in grid[{len(lines) - 1}]")
    size = new.get("pixelSize")
    if masks.wants(mask, "pixelSize") and size is not None and size < 0:
        raise invalid("pixelSize must not be negative.")
    for line in lines[start:end]:
        if masks.wants(mask, "hiddenByUser"):
            edit.set(line, "hidden", new.get("hiddenByUser", False))
        if masks.wants(mask, "pixelSize") and size is not None:
            edit.set(line, "size", size)


def auto_resize_dimensions(edit: Edit, request: Json) -> None:
    """Give rows or columns the usual size: how wide a text is, only a browser knows."""
    sheet, dimension, start, end = _span(edit, request.get("dimensions", {}))
    for line in sheet.line(dimension)[start:end]:
        edit.set(line, "size", None)
