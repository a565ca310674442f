"""spreadsheets.batchUpdate: all of its requests, in order, or none."""

from collections.abc import Callable
from typing import Any

from emulator.errors import ApiError, invalid, unsupported
from emulator.sheets import metadata
from emulator.sheets.edit import Edit
from emulator.sheets.grid import Json
from emulator.sheets.updates import cells, copies, dimensions, objects, paste, rules, tabs

# Each takes the edit and its request, and gives the reply, None where it has none.
HANDLERS: dict[str, Callable[[Edit, Json], Any]] = {
    "updateSpreadsheetProperties": tabs.update_spreadsheet_properties,
    "addSheet": tabs.add_sheet,
    "deleteSheet": tabs.delete_sheet,
    "duplicateSheet": copies.duplicate_sheet,
    "updateSheetProperties": tabs.update_sheet_properties,
    "updateCells": cells.update_cells,
    "appendCells": cells.append_cells,
    "repeatCell": cells.repeat_cell,
    "setDataValidation": cells.set_data_validation,
    "insertDimension": dimensions.insert_dimension,
    "deleteDimension": dimensions.delete_dimension,
    "appendDimension": dimensions.append_dimension,
    "moveDimension": dimensions.move_dimension,
    "updateDimensionProperties": dimensions.update_dimension_properties,
    "autoResizeDimensions": dimensions.auto_resize_dimensions,
    "createDeveloperMetadata": metadata.create_metadata,
    "updateDeveloperMetadata": metadata.update_metadata,
    "deleteDeveloperMetadata": metadata.delete_metadata,
    "addProtectedRange": objects.add_protected_range,
    "deleteProtectedRange": objects.delete_protected_range,
    "copyPaste": paste.copy_paste,
    "cutPaste": paste.cut_paste,
    "sortRange": paste.sort_range,
    "findReplace": paste.find_replace,
    "addConditionalFormatRule": rules.add_rule,
    "updateConditionalFormatRule": rules.update_rule,
    "deleteConditionalFormatRule": rules.delete_rule,
    "setBasicFilter": rules.set_basic_filter,
    "clearBasicFilter": rules.clear_basic_filter,
    "addFilterView": rules.add_view,
    "updateFilterView": rules.update_view,
    "deleteFilterView": rules.delete_view,
    "addNamedRange": objects.add_named_range,
    "deleteNamedRange": objects.delete_named_range,
    "mergeCells": objects.merge_cells,
    "unmergeCells": objects.unmerge_cells,
    "addTable": objects.add_table,
    "addChart": objects.add_chart,
    "updateChartSpec": objects.update_chart_spec,
    "updateEmbeddedObjectPosition": objects.update_chart_position,
    "deleteEmbeddedObject": objects.delete_chart,
}


def apply(edit: Edit, requests: list[Json]) -> list[Json]:
    """Apply the requests in order, and return their replies. The caller undoes on ApiError."""
    if not requests:
        raise invalid("Must specify at least one request.")
    return [_one(edit, index, request) for index, request in enumerate(requests)]


def _one(edit: Edit, index: int, request: Json) -> Json:
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
