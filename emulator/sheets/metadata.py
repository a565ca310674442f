"""Developer metadata of rows and columns: lookups of it, and the requests about it."""

from emulator.errors import invalid, unsupported
from emulator.sheets import ranges
from emulator.sheets.edit import Edit
from emulator.sheets.formula import BOUNDS
from emulator.sheets.grid import Column, Json, Metadata, Row, Sheet, Spreadsheet
from emulator.sheets.ranges import Box


def _place(metadata: Metadata) -> tuple[str, int]:
    """Return ROWS or COLUMNS, and the index of its row or column."""
    dimension = "ROWS" if isinstance(metadata.line, Row) else "COLUMNS"
    lines: list[Row] | list[Column] = metadata.sheet.line(dimension)
    return dimension, next(at for at, one in enumerate(lines) if one is metadata.line)


def answer(metadata: Metadata) -> Json:
    """Return it as Google's DeveloperMetadata."""
    dimension, at = _place(metadata)
    span = {"dimension": dimension, "startIndex": at, "endIndex": at + 1}
    location = {
        "locationType": dimension.removesuffix("S"),
        "dimensionRange": ranges.answered({"sheetId": metadata.sheet.sheet_id, **span}),
    }
    found: Json = {"metadataId": metadata.metadata_id, "metadataKey": metadata.key}
    if metadata.value:
        found["metadataValue"] = metadata.value
    return found | {"location": location, "visibility": "DOCUMENT"}


def _line(spreadsheet: Spreadsheet, location: Json) -> tuple[Sheet, Row | Column]:
    """Return the sheet and the row or column of a location. ApiError if invalid."""
    if "dimensionRange" not in location:
        raise unsupported("developer metadata that isn't on a row or column")
    span = location["dimensionRange"]
    sheet = ranges.need_sheet(spreadsheet, span.get("sheetId", 0))
    start, end = span.get("startIndex", 0), span.get("endIndex")
    if end is None or end - start != 1:
        raise invalid("Developer metadata can only be associated with a single row or column.")
    lines = sheet.line(need_dimension(span))
    if end > len(lines):
        raise invalid(f"DimensionRange.endIndex[{end}] is beyond the grid, which has {len(lines)}.")
    return sheet, lines[start]


def need_dimension(span: Json) -> str:
    """Return ROWS or COLUMNS. ApiError if a DimensionRange has neither."""
    dimension: str = span.get("dimension", "DIMENSION_UNSPECIFIED")
    if dimension not in BOUNDS:
        raise invalid("No dimension specified.")
    return dimension


def entries(spreadsheet: Spreadsheet, data_filter: Json) -> list[Metadata]:
    """Return the developer metadata that a DataFilter looks up, by id."""
    if "developerMetadataLookup" not in data_filter:
        raise unsupported(f"a data filter of {', '.join(data_filter) or 'nothing'}")
    lookup = data_filter["developerMetadataLookup"]
    found = [one for _, one in sorted(spreadsheet.metadata.items()) if _matches(one, lookup)]
    location = lookup.get("metadataLocation")
    if location is None:
        return found
    if lookup.get("locationMatchingStrategy") == "EXACT_LOCATION":
        place = _line(spreadsheet, location)
        return [one for one in found if (one.sheet, one.line) == place]
    if "sheetId" not in location:
        raise unsupported("a lookup of metadata that intersects rows or columns")
    sheet = ranges.need_sheet(spreadsheet, location["sheetId"])
    return [one for one in found if one.sheet is sheet]


def _matches(metadata: Metadata, lookup: Json) -> bool:
    wanted = {
        "metadataId": metadata.metadata_id,
        "metadataKey": metadata.key,
        "metadataValue": metadata.value,
        "visibility": "DOCUMENT",
        "locationType": "ROW" if isinstance(metadata.line, Row) else "COLUMN",
    }
    return all(lookup[name] == value for name, value in wanted.items() if name in lookup)


def boxes(spreadsheet: Spreadsheet, data_filter: Json) -> list[tuple[Sheet, Box]]:
    """Return the boxes that a DataFilter selects, for a lookup in the order of ids."""
    if "gridRange" in data_filter:
        return [ranges.resolve(spreadsheet, data_filter["gridRange"])]
    found = []
    for one in entries(spreadsheet, data_filter):
        dimension, at = _place(one)
        found.append((one.sheet, ranges.lines(one.sheet, dimension, at, at + 1)))
    return found


def on_lines(spreadsheet: Spreadsheet, sheet: Sheet) -> dict[Row | Column, list[Json]]:
    """Return the metadata of the sheet, by row or column."""
    found: dict[Row | Column, list[Json]] = {}
    for _, one in sorted(spreadsheet.metadata.items()):
        if one.sheet is sheet:
            found.setdefault(one.line, []).append(answer(one))
    return found


def create_metadata(edit: Edit, request: Json) -> Json:
    """Create developer metadata, and return it. ApiError if its id is taken."""
    given, taken = request.get("developerMetadata", {}), edit.spreadsheet.metadata
    if not given.get("metadataKey"):
        raise invalid("Developer metadata must have a key.")
    if "visibility" not in given:
        raise invalid("Developer metadata must have a visibility specified.")
    if given["visibility"] != "DOCUMENT":
        raise unsupported("developer metadata of a project")
    number = given.get("metadataId")
    if number is None:
        number = edit.spreadsheet.new_id(taken)
    elif number in taken:
        raise invalid(f"Developer metadata with id {number} already exists.")
    sheet, line = _line(edit.spreadsheet, given.get("location", {}))
    fresh = Metadata(number, given["metadataKey"], given.get("metadataValue"), sheet, line)
    edit.put(taken, number, fresh)
    return {"developerMetadata": answer(fresh)}


def delete_metadata(edit: Edit, request: Json) -> Json:
    """Delete all that the filter looks up, and return it."""
    found = entries(edit.spreadsheet, request.get("dataFilter", {}))
    gone = [answer(one) for one in found]
    for one in found:
        edit.drop(edit.spreadsheet.metadata, one.metadata_id)
    return {"deletedDeveloperMetadata": gone} if gone else {}
