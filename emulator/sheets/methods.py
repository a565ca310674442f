"""The methods of Sheets v4, each a function of a call; those that write take an edit too."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from emulator import masks
from emulator.errors import ApiError, invalid, unsupported
from emulator.masks import Mask
from emulator.sheets import metadata, ranges, values
from emulator.sheets.edit import Edit
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.grid import Json, Spreadsheet
from emulator.sheets.read import Boxes, Reader
from emulator.sheets.updates import cells, copies, objects, paste, rules, tabs

# Each takes the edit and its request, and gives the reply, None where it has none.
HANDLERS: dict[str, Callable[[Edit, Json], Any]] = {
    "updateSpreadsheetProperties": tabs.update_spreadsheet_properties,
    "addSheet": tabs.add_sheet,
    "deleteSheet": tabs.delete_sheet,
    "duplicateSheet": copies.duplicate_sheet,
    "updateSheetProperties": tabs.update_sheet_properties,
    "updateCells": cells.update_cells,
    "repeatCell": cells.repeat_cell,
    "setDataValidation": cells.set_data_validation,
    "insertDimension": tabs.insert_dimension,
    "deleteDimension": tabs.delete_dimension,
    "appendDimension": tabs.append_dimension,
    "moveDimension": tabs.move_dimension,
    "updateDimensionProperties": tabs.update_dimension_properties,
    "autoResizeDimensions": tabs.auto_resize_dimensions,
    "createDeveloperMetadata": metadata.create_metadata,
    "deleteDeveloperMetadata": metadata.delete_metadata,
    "addProtectedRange": objects.add_protected_range,
    "deleteProtectedRange": objects.delete_protected_range,
    "copyPaste": paste.copy_paste,
    "sortRange": paste.sort_range,
    "addConditionalFormatRule": rules.add_rule,
    "setBasicFilter": rules.set_basic_filter,
    "clearBasicFilter": rules.clear_basic_filter,
    "addFilterView": rules.add_view,
    "mergeCells": objects.merge_cells,
    "addTable": objects.add_table,
    "addChart": objects.add_chart,
    "updateChartSpec": objects.update_chart_spec,
}


def apply_requests(edit: Edit, requests: list[Json]) -> list[Json]:
    """Apply the requests in order, and return their replies. The caller undoes on ApiError."""
    if not requests:
        raise invalid("Must specify at least one request.")
    return [_apply(edit, index, request) for index, request in enumerate(requests)]


def _apply(edit: Edit, index: int, request: Json) -> Json:
    if len(request) != 1:
        raise invalid(
            f"Invalid requests[{index}]: No request set."
            if not request
            else f"Invalid value at 'requests[{index}]' (oneof), oneof field 'kind' is already "
            f"set. Cannot set '{list(request)[1]}'"
        )
    ((kind, body),) = request.items()
    handler = HANDLERS.get(kind)
    if handler is None:
        raise unsupported(f"{kind} in spreadsheets.batchUpdate")
    try:
        reply = handler(edit, body)
    except ApiError as error:
        if error.http_status == 400:
            error.prefix(f"Invalid requests[{index}].{kind}: ")
        raise
    return {} if reply is None else {kind: reply}


@dataclass(frozen=True, slots=True)
class Call:
    """One call on a spreadsheet whose lock is held."""

    spreadsheet: Spreadsheet
    path: dict[str, str]
    query: MultiDict[str, str]
    body: Json
    user: str
    mask: Mask | None

    @property
    def spreadsheet_id(self) -> str:
        """The id that the path names."""
        return self.spreadsheet.spreadsheet_id

    def flag(self, name: str) -> bool:
        """Return a boolean parameter of the query."""
        return str(self.query.get(name, "false")).lower() in ("true", "1", "")

    def select(self, answer: Json) -> Json:
        """Return the answer cut to the query's field mask."""
        found: Json = masks.select(self.mask, answer)
        return found

    def read(self, boxes: Boxes | None, *, include_grid: bool, by_filters: bool = False) -> Json:
        """Return what these boxes hold now, None for all; a field mask decides about grid data."""
        reader = Reader(Evaluator(self.spreadsheet), self.user, by_filters=by_filters)
        return reader.answer(boxes, self.mask, grid=include_grid or self.mask is not None)


def get(call: Call) -> Json:
    """spreadsheets.get."""
    boxes = [ranges.parse(call.spreadsheet, text) for text in call.query.getlist("ranges")]
    return call.read(boxes or None, include_grid=call.flag("includeGridData"))


def get_by_data_filter(call: Call) -> Json:
    """spreadsheets.getByDataFilter."""
    wanted, include_grid = call.body.get("dataFilters"), call.body.get("includeGridData", False)
    boxes = [box for one in wanted or () for box in metadata.boxes(call.spreadsheet, one)]
    return call.read(boxes if wanted else None, include_grid=include_grid, by_filters=True)


def metadata_search(call: Call) -> Json:
    """spreadsheets.developerMetadata.search."""
    matched: dict[int, Json] = {}
    for one in call.body.get("dataFilters", []):
        for stored in metadata.entries(call.spreadsheet, one):
            entry = {"developerMetadata": metadata.answer(stored), "dataFilters": []}
            matched.setdefault(stored.metadata_id, entry)["dataFilters"].append(one)
    return call.select({"matchedDeveloperMetadata": list(matched.values())} if matched else {})


def values_get(call: Call) -> Json:
    """spreadsheets.values.get."""
    sheet, box = ranges.parse(call.spreadsheet, call.path["range"])
    evaluator = Evaluator(call.spreadsheet)
    return call.select(values.value_range(evaluator, sheet, box, values.Render(call.query)))


def values_batch_get(call: Call) -> Json:
    """spreadsheets.values.batchGet."""
    evaluator, render = Evaluator(call.spreadsheet), values.Render(call.query)
    found = [
        values.value_range(evaluator, *ranges.parse(call.spreadsheet, text), render)
        for text in call.query.getlist("ranges")
    ]
    return call.select({"spreadsheetId": call.spreadsheet_id, "valueRanges": found})


def values_update(call: Call, edit: Edit) -> Json:
    """spreadsheets.values.update."""
    text = call.path["range"]
    sheet, box = ranges.parse(call.spreadsheet, text, for_writing=True)
    given = call.body.get("range") or text
    if ranges.parse(call.spreadsheet, given) != (sheet, box):
        raise invalid(f"Requested writing within range [{text}], but the body's range is [{given}]")
    writing = values.Writing(edit, call.query)
    return call.select(writing.update(sheet, box, call.body))


def values_append(call: Call, edit: Edit) -> Json:
    """spreadsheets.values.append."""
    writing = values.Writing(edit, call.query)
    return call.select(values.append(edit, writing, call.path["range"], call.body, call.query))


def values_clear(call: Call, edit: Edit) -> Json:
    """spreadsheets.values.clear."""
    cleared = values.clear(edit, *ranges.parse(call.spreadsheet, call.path["range"]))
    return call.select({"spreadsheetId": call.spreadsheet_id, "clearedRange": cleared})


def values_batch_clear(call: Call, edit: Edit) -> Json:
    """spreadsheets.values.batchClear."""
    boxes = [ranges.parse(call.spreadsheet, text) for text in call.body.get("ranges", [])]
    cleared = [values.clear(edit, sheet, box) for sheet, box in boxes]
    return call.select({"spreadsheetId": call.spreadsheet_id, "clearedRanges": cleared})


def values_batch_update(call: Call, edit: Edit) -> Json:
    """spreadsheets.values.batchUpdate."""
    writing = values.Writing(edit, call.body)
    responses = []
    for index, given in enumerate(call.body.get("data", [])):
        try:
            text = given.get("range", "")
            sheet, box = ranges.parse(call.spreadsheet, text, for_writing=True)
            responses.append(writing.update(sheet, box, given))
        except ApiError as error:
            error.prefix(f"Invalid data[{index}]: ")
            raise
    answer = {"spreadsheetId": call.spreadsheet_id, **writing.totals(), "responses": responses}
    return call.select(answer)


def batch_update(call: Call, edit: Edit) -> Json:
    """spreadsheets.batchUpdate."""
    if call.body.get("includeSpreadsheetInResponse"):
        raise unsupported("includeSpreadsheetInResponse")
    replies = apply_requests(edit, call.body.get("requests", []))
    return call.select({"spreadsheetId": call.spreadsheet_id, "replies": replies})


PREFIX = "sheets.spreadsheets."
READS: dict[str, Callable[[Call], Json]] = {
    PREFIX + "get": get,
    PREFIX + "getByDataFilter": get_by_data_filter,
    PREFIX + "developerMetadata.search": metadata_search,
    PREFIX + "values.get": values_get,
    PREFIX + "values.batchGet": values_batch_get,
}
WRITES: dict[str, Callable[[Call, Edit], Json]] = {
    PREFIX + "batchUpdate": batch_update,
    PREFIX + "values.update": values_update,
    PREFIX + "values.append": values_append,
    PREFIX + "values.clear": values_clear,
    PREFIX + "values.batchClear": values_batch_clear,
    PREFIX + "values.batchUpdate": values_batch_update,
}
