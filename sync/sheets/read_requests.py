"""Composes the filters and masks of reads. Pure."""

from collections.abc import Iterable
from typing import Any

from sync.field_table import KEY
from sync.sheets.read import COLUMN_KEY, PIPELINE_LABEL, TAB_KINDS

Filter = dict[str, Any]


def _fields(values: str, more: str = "") -> str:
    """Return the field mask of a read with the parts `values` of each cell."""
    return (
        f"sheets(properties(sheetId,title,index,gridProperties(rowCount,columnCount)),{more}"
        f"data(startRow,startColumn,rowData(values({values})),"
        "rowMetadata(developerMetadata(metadataId,metadataKey,metadataValue)),"
        "columnMetadata(developerMetadata(metadataId,metadataKey,metadataValue))))"
    )


_BESIDE = (
    "protectedRanges(protectedRangeId,description),"
    "conditionalFormats(ranges(sheetId)),charts(chartId),tables(range),"
)
_LOCAL = "properties(timeZone,locale),"
_WHOLE_CELL = "userEnteredValue,note,textFormatRuns,userEnteredFormat(numberFormat)"
READ_MASK = _LOCAL + _fields("userEnteredValue,note,textFormatRuns", _BESIDE)
FULL_FIELDS = _LOCAL + _fields(_WHOLE_CELL, _BESIDE)
WRITTEN_FIELDS = f"updatedSpreadsheet({_fields(_WHOLE_CELL)})"
"""The mask of the answer to a write, which is only compared with what was written."""
ROW = f"sheets(properties(sheetId),data(startRow,startColumn,rowData(values({_WHOLE_CELL}))))"


def quoted(title: str) -> str:
    """Return a tab's title quoted for A1 ranges."""
    return "'" + title.replace("'", "''") + "'"


def data_filters(columns: tuple[str, ...] = ()) -> list[Filter]:
    """Return the data filters of a read of header rows, the fence, keys, and whole `columns`."""
    lookups = [{"metadataKey": kind} for kind in TAB_KINDS]
    columns = (KEY, *columns, PIPELINE_LABEL)
    lookups += [{"metadataKey": COLUMN_KEY, "metadataValue": column} for column in columns]
    return [{"developerMetadataLookup": lookup} for lookup in lookups]


def whole_tab_filters(sheet_ids: Iterable[int]) -> list[Filter]:
    """Return the data filters of a read of whole tabs, hidden ones included."""
    return [*data_filters(), *({"gridRange": {"sheetId": one}} for one in sheet_ids)]
