"""Requests about the spreadsheet itself and its tabs."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from emulator import masks
from emulator.errors import invalid, unsupported
from emulator.sheets import structure, styles
from emulator.sheets.edit import Edit, need_mask
from emulator.sheets.formula import retitled
from emulator.sheets.grid import Json, Sheet, Spreadsheet
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
            changed[name] = styles.coloured(new[name])
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


def free_title(spreadsheet: Spreadsheet, stem: str) -> str:
    """Return `stem` with the first number that makes it unique."""
    number = len(spreadsheet.sheets) + 1
    while spreadsheet.titled(f"{stem}{number}"):
        number += 1
    return f"{stem}{number}"


def make_sheet(edit: Edit, given: Json) -> Sheet:
    """Return a new sheet from SheetProperties, not yet in the spreadsheet."""
    spreadsheet = edit.spreadsheet
    if given.get("sheetType", "GRID") not in ("GRID", "SHEET_TYPE_UNSPECIFIED"):
        raise unsupported(f"sheets of type {given['sheetType']}")
    title = given.get("title") or free_title(spreadsheet, "Sheet")
    check_title(spreadsheet, title)
    sheet_id = new_sheet_id(spreadsheet, given.get("sheetId"))
    grid = given.get("gridProperties", {})
    rows = grid.get("rowCount", DEFAULT_ROWS)
    columns = grid.get("columnCount", DEFAULT_COLUMNS)
    if rows < 1 or columns < 1:
        raise invalid("A sheet must have at least one row and one column.")
    edit.limit_grid(columns, rows * columns)
    sheet = Sheet.blank(sheet_id, title, rows, columns)
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
    _guard_all(edit, sheet)
    edit.set(spreadsheet, "sheets", rest)
    for metadata in list(spreadsheet.metadata.values()):
        if metadata.sheet is sheet:
            edit.drop(spreadsheet.metadata, metadata.metadata_id)
    named = spreadsheet.named_ranges.items()
    gone = sheet.sheet_id
    stored = {key: one for key, one in named if one["range"].get("sheetId", 0) != gone}
    edit.set(spreadsheet, "named_ranges", stored)


def _guard_all(edit: Edit, sheet: Sheet) -> None:
    if not all(edit.may_edit(one) for one in sheet.protected_ranges.values()):
        raise invalid("You are trying to delete a sheet that has protected cells or objects.")


def update_sheet_properties(edit: Edit, request: Json) -> None:
    """Set title, index, grid size, frozen rows and columns, colour, visibility."""
    new = request.get("properties", {})
    mask = need_mask(request, "SheetProperties")
    sheet = need_sheet(edit.spreadsheet, new.get("sheetId", 0))
    if masks.wants(mask, "title") and ("title" in new or mask is not None):
        rename(edit, sheet, new.get("title", ""))
    for dimension, name in (("ROWS", "rowCount"), ("COLUMNS", "columnCount")):
        size = new.get("gridProperties", {}).get(name)
        if masks.wants(mask, "gridProperties", name) and size is not None:
            structure.resize(edit, sheet, dimension, size)
    _set_properties(edit, sheet, new, mask)
    if masks.wants(mask, "index") and "index" in new:
        _reorder(edit, sheet, new["index"])


def rename(edit: Edit, sheet: Sheet, title: str) -> None:
    """Rename a tab, in the formulas that name it too."""
    check_title(edit.spreadsheet, title, sheet)
    old = sheet.title
    edit.set(sheet, "title", title)
    for other in edit.spreadsheet.sheets:
        structure.rewrite_formulas(edit, other, lambda one: retitled(one, old, title))


def _set_properties(edit: Edit, sheet: Sheet, new: Json, mask: masks.Mask | None) -> None:
    new = styles.coloured(new)
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
