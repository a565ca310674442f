"""Data filters: the cells that a gridRange, an a1Range or a metadata lookup selects."""

from emulator.errors import ApiError, invalid
from emulator.sheets import metadata, ranges
from emulator.sheets.grid import Json, Metadata, Sheet, Spreadsheet
from emulator.sheets.ranges import Box

KINDS = ("gridRange", "a1Range", "developerMetadataLookup")


def _unset() -> ApiError:
    return invalid("DataFilter must have one of " + ", ".join(KINDS) + " set.")


def boxes(spreadsheet: Spreadsheet, data_filter: Json, user: str) -> list[tuple[Sheet, Box]]:
    """Return the boxes that a DataFilter selects, for a lookup in the order of ids."""
    if "gridRange" in data_filter:
        return [ranges.resolve(spreadsheet, data_filter["gridRange"])]
    if "a1Range" in data_filter:
        return [ranges.parse(spreadsheet, data_filter["a1Range"])]
    if "developerMetadataLookup" not in data_filter:
        raise _unset()
    found: list[tuple[Sheet, Box]] = []
    for one in metadata.find(spreadsheet, data_filter["developerMetadataLookup"], user):
        cells = metadata.box(one)
        if one.sheet is not None and cells is not None:
            found.append((one.sheet, cells))
        elif one.sheet is None:
            found.extend((sheet, ranges.whole(sheet)) for sheet in spreadsheet.sheets)
    return found


def entries(spreadsheet: Spreadsheet, data_filter: Json, user: str) -> list[Metadata]:
    """Return the developer metadata that a DataFilter selects, by lookup or by place."""
    if "developerMetadataLookup" in data_filter:
        return metadata.find(spreadsheet, data_filter["developerMetadataLookup"], user)
    if "a1Range" in data_filter:
        sheet, box = ranges.parse(spreadsheet, data_filter["a1Range"])
        cells = {"sheetId": sheet.sheet_id} | dict(zip(ranges.KEYS, box, strict=True))
    elif "gridRange" in data_filter:
        cells = data_filter["gridRange"]
    else:
        raise _unset()
    return [
        one
        for one in metadata.find(spreadsheet, {}, user)
        if metadata.meets(spreadsheet, one, cells)
    ]
