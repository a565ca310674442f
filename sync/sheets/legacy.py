"""What version 0.1 left in a spreadsheet: flags on copied rows, and marks on columns. Pure."""

from collections.abc import Sequence

from sync.jobs.columns import KEY
from sync.sheets import request
from sync.sheets.celldata import text_of
from sync.sheets.identifiers import RECOVERED_TAB
from sync.sheets.request import Request
from sync.sheets.snapshot import Snapshot, Tab, Table

_MARK = "brightsheet.mark."
_FLAG = "Copy of "
_UUID = "[0-9a-f]{8}-[0-9a-f-]{27}"
_AND = "[;,] ?"
"""Between arguments: the spreadsheet's locale decides."""
_ROWS = (
    rf"COUNTIFS\(Brightsheet_Milestone{_AND}([^;,]+)%s"
    rf'{_AND}Brightsheet_Site{_AND}"<>Copy of \*"\)'
)
_JOBS = "COUNTUNIQUEIFS(Brightsheet_Site;Brightsheet_Milestone;$1%s)"
_COUNTS = (
    (_ROWS % "", _JOBS % ""),
    (
        _ROWS % rf"{_AND}Brightsheet_Status{_AND}([^;,]+)",
        f"{_JOBS % ';Brightsheet_Status;$2'}+{_JOBS}" % ';Brightsheet_Status;$2&":*"',
    ),
)
"""The formulas of version 0.1, which counted rows without a flag, and those that count jobs."""
_RECOVERED_COLUMNS = 3


def cleaned(table: Table, pipeline: Tab | None) -> list[Request]:
    """Return the requests that clean up after version 0.1, once; none where it left nothing.

    Its marks go, its flags come off copied rows (each is a row of its job), and the Pipeline counts
    jobs in place of rows without a flag. Flags and formulas are searched for where they stand when
    Google carries the request out: rows may move meanwhile.
    """
    marks = sorted(key for key in table.metadata_keys if key.startswith(_MARK))
    flags = [one for one in table.cells.get(KEY, {}).values() if text_of(one).startswith(_FLAG)]
    if not (marks or flags):
        return []
    lookups = [{"developerMetadataLookup": {"metadataKey": key}} for key in marks]
    key = table.columns[KEY]
    column = {"sheetId": table.sheet_id, "startColumnIndex": key, "endColumnIndex": key + 1}
    replaced: list[Request] = [
        {"find": f"^{_FLAG}({_UUID})$", "replacement": "$1", "range": column}
    ]
    if pipeline is not None:
        where: Request = {"sheetId": pipeline.sheet_id, "includeFormulas": True}
        replaced += [{**where, "find": old, "replacement": new} for old, new in _COUNTS]
    return [
        *({"deleteDeveloperMetadata": {"dataFilter": lookup}} for lookup in lookups),
        *({"findReplace": {**r, "searchByRegex": True, "matchCase": True}} for r in replaced),
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
