"""What version 0.1 left in a spreadsheet: flags on copied rows, and marks on columns. Pure."""

from collections.abc import Sequence

from sync.jobs.columns import KEY
from sync.sheets import request
from sync.sheets.identifiers import RECOVERED_TAB
from sync.sheets.request import Request
from sync.sheets.snapshot import Snapshot, Table
from sync.sheets.writes import CellWrite, RowWrite

_MARK = "brightsheet.mark."
_FLAG = "Copy of "
_RECOVERED_COLUMNS = 3


def old_marks(table: Table) -> list[Request]:
    """Return the requests that remove the marks of the last batch of version 0.1."""
    keys = sorted(key for key in table.metadata_keys if key.startswith(_MARK))
    lookups = [{"developerMetadataLookup": {"metadataKey": key}} for key in keys]
    return [{"deleteDeveloperMetadata": {"dataFilter": lookup}} for lookup in lookups]


def old_flags(table: Table) -> list[RowWrite]:
    """Return the writes that give flagged copies their key back: each is a row of its job."""
    return [
        RowWrite(
            row=row,
            site=site,
            cells=(
                CellWrite(
                    index=table.columns[KEY],
                    column=KEY,
                    data={"userEnteredValue": {"stringValue": site}},
                    fields="userEnteredValue",
                ),
            ),
        )
        for site, rows in table.keys.items()
        for row in rows
        if table.key_texts.get(row, "").startswith(_FLAG)
    ]


def widen_recovered(snapshot: Snapshot, headers: Sequence[str]) -> list[Request]:
    """Return the requests that give the tab Recovered of version 0.1 its new columns.

    What stood under Found, Job and What stood there then stands under When, Row as it was and Stood
    there.
    """
    missing = len(headers) - snapshot.recovered_columns
    if missing <= 0:
        return []
    more = {"sheetId": RECOVERED_TAB, "dimension": "COLUMNS", "length": missing}
    requests: list[Request] = []
    if snapshot.recovered_columns == _RECOVERED_COLUMNS:
        requests.append(request.insert(RECOVERED_TAB, "COLUMNS", 1, 2, _RECOVERED_COLUMNS))
        more["length"] = missing - 2
    return [*requests, {"appendDimension": more}, request.recovered_headers(headers)]
