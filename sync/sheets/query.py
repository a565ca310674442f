"""What is asked of the Sheets API: field masks and data filters. Pure."""

from collections.abc import Iterable
from typing import Any

from sync.sheets.identifiers import (
    COLUMN_KEY,
    FENCE_KEY,
    HEADER_KEY,
    HISTORY_KEY,
    PIPELINE_KEY,
    PIPELINE_LABEL,
    RECOVERED_KEY,
)

Filter = dict[str, Any]


def _fields(values: str) -> str:
    """Return the mask of a read that wants `values` of each cell."""
    return (
        "properties(timeZone),"
        "sheets(properties(sheetId,title,index,gridProperties(rowCount,columnCount)),"
        "protectedRanges(protectedRangeId),conditionalFormats(ranges(sheetId)),charts(chartId),"
        f"data(startRow,startColumn,rowData(values({values})),"
        "rowMetadata(developerMetadata(metadataId,metadataKey,metadataValue)),"
        "columnMetadata(developerMetadata(metadataKey,metadataValue))))"
    )


FIELDS = _fields("userEnteredValue,note")
FULL_FIELDS = _fields("userEnteredValue,note,textFormatRuns,userEnteredFormat(numberFormat)")
ROW = (
    "sheets(properties(sheetId),data(startRow,startColumn,rowData(values("
    "userEnteredValue,note,textFormatRuns,userEnteredFormat(numberFormat)))))"
)
PROTECTIONS = "sheets(properties(sheetId,title),protectedRanges(warningOnly,requestingUserCanEdit))"


def quoted(title: str) -> str:
    """Return a tab's title as A1 ranges name it."""
    return "'" + title.replace("'", "''") + "'"


def filters(columns: tuple[str, ...]) -> list[Filter]:
    """Return the data filters of a read: the tabs' header rows, the fence, whole `columns`."""
    tabs = (HEADER_KEY, FENCE_KEY, HISTORY_KEY, PIPELINE_KEY)
    lookups = [{"metadataKey": tab} for tab in tabs]
    lookups += [
        {"metadataKey": COLUMN_KEY, "metadataValue": column}
        for column in (*columns, PIPELINE_LABEL)
    ]
    return [{"developerMetadataLookup": lookup} for lookup in lookups]


def everything(sheet_ids: Iterable[int], key: str) -> list[Filter]:
    """Return the data filters of a read of whole tabs, the hidden ones among them."""
    recovered = {"developerMetadataLookup": {"metadataKey": RECOVERED_KEY}}
    grids = [{"gridRange": {"sheetId": one}} for one in sheet_ids]
    return [*filters((key,)), recovered, *grids]
