"""Requests about developer metadata."""

from dataclasses import replace

from emulator import masks
from emulator.errors import invalid
from emulator.sheets import data_filters, metadata
from emulator.sheets.edit import Edit
from emulator.sheets.grid import Json, Metadata
from emulator.sheets.updates.fields import need_mask

VISIBILITIES = ("DOCUMENT", "PROJECT")


def create(edit: Edit, request: Json) -> Json:
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
    sheet, place = metadata.place(edit.spreadsheet, given.get("location", {}))
    fresh = Metadata(
        metadata_id=number,
        key=given["metadataKey"],
        value=given.get("metadataValue"),
        visibility=given["visibility"],
        project=metadata.project(edit.user),
        sheet=sheet,
        place=place,
    )
    edit.put(taken, number, fresh)
    return {"developerMetadata": metadata.answer(fresh)}


def _selected(edit: Edit, wanted: list[Json]) -> list[Metadata]:
    found: dict[int, Metadata] = {}
    for one in wanted:
        for stored in data_filters.entries(edit.spreadsheet, one, edit.user):
            found[stored.metadata_id] = stored
    return list(found.values())


def update(edit: Edit, request: Json) -> Json:
    """Change all that the filters select, and return it."""
    mask, new = need_mask(request, "DeveloperMetadata"), request.get("developerMetadata", {})
    changed = []
    for stored in _selected(edit, request.get("dataFilters", [])):
        fresh = stored
        if masks.wants(mask, "metadataKey"):
            fresh = replace(fresh, key=new.get("metadataKey", ""))
        if masks.wants(mask, "metadataValue"):
            fresh = replace(fresh, value=new.get("metadataValue"))
        if masks.wants(mask, "visibility"):
            fresh = replace(fresh, visibility=new.get("visibility", ""))
        if masks.wants(mask, "location") and "location" in new:
            sheet, place = metadata.place(edit.spreadsheet, new["location"])
            fresh = replace(fresh, sheet=sheet, place=place)
        if not fresh.key or fresh.visibility not in VISIBILITIES:
            raise invalid("Developer metadata must have a key and a visibility.")
        edit.put(edit.spreadsheet.metadata, stored.metadata_id, fresh)
        changed.append(metadata.answer(fresh))
    return {"developerMetadata": changed} if changed else {}


def delete(edit: Edit, request: Json) -> Json:
    """Delete all that the filter selects, and return it."""
    selected = _selected(edit, [request.get("dataFilter", {})])
    gone = [metadata.answer(one) for one in selected]
    for one in selected:
        edit.drop(edit.spreadsheet.metadata, one.metadata_id)
    return {"deletedDeveloperMetadata": gone} if gone else {}
