"""Developer metadata: its place, lookups of it, and the requests about it."""

from dataclasses import replace

from emulator import masks
from emulator.errors import invalid
from emulator.sheets import ranges
from emulator.sheets.edit import Edit, need_mask
from emulator.sheets.formula import BOUNDS
from emulator.sheets.grid import Column, Json, Metadata, Place, Row, Sheet, Spreadsheet
from emulator.sheets.ranges import Box


def project(user: str) -> str:
    """Return the project of `user`, the domain of a service account."""
    return user.rpartition("@")[2]


def location_type(place: Place) -> str:
    """Return ROW, COLUMN, SHEET or SPREADSHEET."""
    if isinstance(place, Row):
        return "ROW"
    if isinstance(place, Column):
        return "COLUMN"
    return "SHEET" if isinstance(place, Sheet) else "SPREADSHEET"


def box(metadata: Metadata) -> Box | None:
    """Return the cells that it is on, None where it is on the whole spreadsheet."""
    sheet, place = metadata.sheet, metadata.place
    if sheet is None:
        return None
    if isinstance(place, Row):
        index = sheet.rows.index(place)
        return ranges.lines(sheet, "ROWS", index, index + 1)
    if isinstance(place, Column):
        index = sheet.columns.index(place)
        return ranges.lines(sheet, "COLUMNS", index, index + 1)
    return ranges.whole(sheet)


def answer(metadata: Metadata) -> Json:
    """Return it as Google's DeveloperMetadata."""
    kind = location_type(metadata.place)
    location: Json = {"locationType": kind}
    if metadata.sheet is None:
        location["spreadsheet"] = True
    elif kind == "SHEET":
        location["sheetId"] = metadata.sheet.sheet_id
    else:
        cells = box(metadata) or ranges.whole(metadata.sheet)
        start = cells.top if kind == "ROW" else cells.left
        span = {"dimension": f"{kind}S", "startIndex": start, "endIndex": start + 1}
        location["dimensionRange"] = ranges.answered({"sheetId": metadata.sheet.sheet_id, **span})
    found: Json = {"metadataId": metadata.metadata_id, "metadataKey": metadata.key}
    if metadata.value:
        found["metadataValue"] = metadata.value
    return found | {"location": location, "visibility": metadata.visibility}


def place(spreadsheet: Spreadsheet, location: Json) -> tuple[Sheet | None, Place]:
    """Return the sheet and place of a DeveloperMetadataLocation. ApiError if invalid."""
    if "dimensionRange" in location:
        span = location["dimensionRange"]
        sheet = ranges.need_sheet(spreadsheet, span.get("sheetId", 0))
        start, end = span.get("startIndex", 0), span.get("endIndex")
        if end is None or end - start != 1:
            raise invalid("Developer metadata can only be associated with a single row or column.")
        lines = sheet.line(need_dimension(span))
        if end > len(lines):
            raise invalid(
                f"DimensionRange.endIndex[{end}] is beyond the grid, which has {len(lines)}."
            )
        return sheet, lines[start]
    if "sheetId" in location:
        sheet = ranges.need_sheet(spreadsheet, location["sheetId"])
        return sheet, sheet
    if location.get("spreadsheet"):
        return None, None
    raise invalid("A developer metadata location must be specified.")


def need_dimension(span: Json) -> str:
    """Return ROWS or COLUMNS. ApiError if a DimensionRange has neither."""
    dimension: str = span.get("dimension", "DIMENSION_UNSPECIFIED")
    if dimension not in BOUNDS:
        raise invalid("No dimension specified.")
    return dimension


def find(spreadsheet: Spreadsheet, lookup: Json, user: str) -> list[Metadata]:
    """Return what a DeveloperMetadataLookup selects of what `user` sees, by id."""
    known = spreadsheet.metadata
    number = lookup.get("metadataId")
    numbers = sorted(known) if number is None else [number] if number in known else []
    return [
        one
        for one in (known[number] for number in numbers)
        if _visible(one, user) and _matches(one, lookup) and _is_at(spreadsheet, one, lookup)
    ]


def _visible(metadata: Metadata, user: str) -> bool:
    return metadata.visibility == "DOCUMENT" or metadata.project == project(user)


def _matches(metadata: Metadata, lookup: Json) -> bool:
    wanted = {
        "metadataKey": metadata.key,
        "metadataValue": metadata.value,
        "visibility": metadata.visibility,
        "locationType": location_type(metadata.place),
    }
    return all(lookup[name] == value for name, value in wanted.items() if name in lookup)


def _is_at(spreadsheet: Spreadsheet, metadata: Metadata, lookup: Json) -> bool:
    """Return whether it is at the lookup's location, or (unless EXACT) meets it."""
    location = lookup.get("metadataLocation")
    if location is None:
        return True
    if lookup.get("locationMatchingStrategy") == "EXACT_LOCATION":
        return place(spreadsheet, location) == (metadata.sheet, metadata.place)
    if location.get("spreadsheet"):
        return True
    span = location.get("dimensionRange", {})
    sheet = ranges.need_sheet(spreadsheet, (span or location).get("sheetId", 0))
    if not span:
        return metadata.sheet is sheet
    start, end = span.get("startIndex", 0), span.get("endIndex")
    return _meets(metadata, sheet, ranges.lines(sheet, need_dimension(span), start, end))


def _meets(metadata: Metadata, sheet: Sheet, area: Box) -> bool:
    """Return whether metadata on a sheet or a part of it shares cells with an area."""
    cells = box(metadata)
    return metadata.sheet is sheet and cells is not None and cells.meets(area)


def on_lines(spreadsheet: Spreadsheet, sheet: Sheet, user: str) -> dict[Row | Column, list[Json]]:
    """Return the metadata on rows and columns of the sheet, by row or column."""
    found: dict[Row | Column, list[Json]] = {}
    for _, one in sorted(spreadsheet.metadata.items()):
        if one.sheet is sheet and isinstance(one.place, Row | Column) and _visible(one, user):
            found.setdefault(one.place, []).append(answer(one))
    return found


def on_whole(spreadsheet: Spreadsheet, sheet: Sheet | None, user: str) -> list[Json]:
    """Return the metadata on the sheet itself, or (None) on the spreadsheet itself."""
    return [
        answer(one)
        for _, one in sorted(spreadsheet.metadata.items())
        if one.place is sheet and _visible(one, user)
    ]


def _area(spreadsheet: Spreadsheet, data_filter: Json) -> tuple[Sheet, Box] | None:
    """Return the area that a DataFilter names, None for a lookup of developer metadata."""
    if "gridRange" in data_filter:
        return ranges.resolve(spreadsheet, data_filter["gridRange"])
    if "a1Range" in data_filter:
        return ranges.parse(spreadsheet, data_filter["a1Range"])
    if "developerMetadataLookup" in data_filter:
        return None
    raise invalid("DataFilter must have one of gridRange, a1Range, developerMetadataLookup set.")


def boxes(spreadsheet: Spreadsheet, data_filter: Json, user: str) -> list[tuple[Sheet, Box]]:
    """Return the boxes that a DataFilter selects, for a lookup in the order of ids."""
    area = _area(spreadsheet, data_filter)
    if area is not None:
        return [area]
    found: list[tuple[Sheet, Box]] = []
    for one in find(spreadsheet, data_filter["developerMetadataLookup"], user):
        cells = box(one)
        if one.sheet is not None and cells is not None:
            found.append((one.sheet, cells))
        elif one.sheet is None:
            found.extend((sheet, ranges.whole(sheet)) for sheet in spreadsheet.sheets)
    return found


def entries(spreadsheet: Spreadsheet, data_filter: Json, user: str) -> list[Metadata]:
    """Return the developer metadata that a DataFilter selects, by lookup or by place."""
    area = _area(spreadsheet, data_filter)
    if area is None:
        return find(spreadsheet, data_filter["developerMetadataLookup"], user)
    return [one for one in find(spreadsheet, {}, user) if _meets(one, *area)]


VISIBILITIES = ("DOCUMENT", "PROJECT")
FIELDS = {"metadataKey": "key", "metadataValue": "value", "visibility": "visibility"}


def create_metadata(edit: Edit, request: Json) -> Json:
    """Create developer metadata, and return it. ApiError if its id is taken."""
    given, taken = request.get("developerMetadata", {}), edit.spreadsheet.metadata
    if not given.get("metadataKey"):
        raise invalid("Developer metadata must have a key.")
    if given.get("visibility") not in VISIBILITIES:
        raise invalid("Developer metadata must have a visibility specified.")
    number = given.get("metadataId")
    if number is None:
        number = edit.spreadsheet.new_id(taken)
    elif number < 1:
        raise invalid("Developer metadata ids must be positive.")
    elif number in taken and "metadata_id" not in edit.spreadsheet.otherwise:
        raise invalid(f"Developer metadata with id {number} already exists.")
    sheet, target = place(edit.spreadsheet, given.get("location", {}))
    fresh = Metadata(
        metadata_id=number,
        key=given["metadataKey"],
        value=given.get("metadataValue"),
        visibility=given["visibility"],
        project=project(edit.user),
        sheet=sheet,
        place=target,
    )
    edit.put(taken, number, fresh)
    return {"developerMetadata": answer(fresh)}


def _selected(edit: Edit, wanted: list[Json]) -> list[Metadata]:
    found: dict[int, Metadata] = {}
    for one in wanted:
        for stored in entries(edit.spreadsheet, one, edit.user):
            found[stored.metadata_id] = stored
    return list(found.values())


def update_metadata(edit: Edit, request: Json) -> Json:
    """Change all that the filters select, and return it."""
    mask, new = need_mask(request, "DeveloperMetadata"), request.get("developerMetadata", {})
    changed = []
    for stored in _selected(edit, request.get("dataFilters", [])):
        wanted = {name: field for name, field in FIELDS.items() if masks.wants(mask, name)}
        fresh = replace(stored, **{field: new.get(name) for name, field in wanted.items()})
        if masks.wants(mask, "location") and "location" in new:
            sheet, target = place(edit.spreadsheet, new["location"])
            fresh = replace(fresh, sheet=sheet, place=target)
        if not fresh.key or fresh.visibility not in VISIBILITIES:
            raise invalid("Developer metadata must have a key and a visibility.")
        edit.put(edit.spreadsheet.metadata, stored.metadata_id, fresh)
        changed.append(answer(fresh))
    return {"developerMetadata": changed} if changed else {}


def delete_metadata(edit: Edit, request: Json) -> Json:
    """Delete all that the filter selects, and return it."""
    selected = _selected(edit, [request.get("dataFilter", {})])
    gone = [answer(one) for one in selected]
    for one in selected:
        edit.drop(edit.spreadsheet.metadata, one.metadata_id)
    return {"deletedDeveloperMetadata": gone} if gone else {}
