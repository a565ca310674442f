"""Composes the filters and masks of reads. Pure."""

from collections.abc import Iterable
from typing import Any

from sync.field_table import KEY
from sync.sheets.ids import COLUMN_KEY, PIPELINE_LABEL, TAB_KINDS

Filter = dict[str, Any]


_CELLS = (
    "startRow,startColumn,"
    "rowData(values(userEnteredValue,note,textFormatRuns,userEnteredFormat(numberFormat)))"
)
METADATA_FIELDS = "developerMetadata(metadataId,metadataKey,metadataValue)"
_TAB = (
    "properties(sheetId,title,index,gridProperties(rowCount,columnCount)),"
    f"data({_CELLS},rowMetadata({METADATA_FIELDS}),columnMetadata({METADATA_FIELDS}))"
)
READ_FIELDS = (
    f"properties(timeZone,locale),sheets({_TAB},protectedRanges(protectedRangeId,description),"
    "conditionalFormats(ranges(sheetId)),charts(chartId),tables(range))"
)
"""The field mask of reads."""
WRITTEN_FIELDS = f"updatedSpreadsheet(sheets({_TAB}))"
"""The mask of the answer to a write, which is only compared with what was written."""
ROW_FIELDS = f"sheets(properties(sheetId),data({_CELLS}))"
"""The mask of a read of rows alone."""


def quoted(title: str) -> str:
    """Return a tab's title quoted for A1 ranges."""
    return "'" + title.replace("'", "''") + "'"


def data_filters(columns: tuple[str, ...] = (), *, whole_tabs: Iterable[int] = ()) -> list[Filter]:
    """Return the data filters of a read of header rows, the fence, keys, and whole `columns`.

    `whole_tabs` are the sheet IDs of tabs that are read whole.
    """
    lookups = [{"metadataKey": kind} for kind in TAB_KINDS]
    columns = (KEY, *columns, PIPELINE_LABEL)
    lookups += [{"metadataKey": COLUMN_KEY, "metadataValue": column} for column in columns]
    whole = [{"gridRange": {"sheetId": sheet_id}} for sheet_id in whole_tabs]
    return [*({"developerMetadataLookup": lookup} for lookup in lookups), *whole]
