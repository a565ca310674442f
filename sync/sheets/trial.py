"""Tries two undocumented behaviors of Google that writing relies on.

It takes two calls. Each creates a hidden tab and deletes it in the same batch, so nothing remains.
"""

from sync.errors import Refused
from sync.sheets import sheet_requests
from sync.sheets.client import SheetClient
from sync.sheets.ids import CHECK_KEY, SCRATCH_RANGE, SCRATCH_TAB, stable_id
from sync.sheets.sheet_requests import Request
from sync.store import Spreadsheet
from sync.store.sheet_state import Trial


def try_google(store: Spreadsheet, client: SheetClient) -> Trial:
    """Try whether Google keeps a chosen ID and rejects a taken one; store and return the result.

    Raises Retryable or Permanent if Google can't be reached. Then nothing is stored.
    """
    area = {"sheetId": SCRATCH_TAB, "startRowIndex": 0, "endRowIndex": 1}
    chosen = {"protectedRangeId": SCRATCH_RANGE, "range": area, "warningOnly": True}
    _, reply, _ = client.update(_on_scratch_tab({"addProtectedRange": {"protectedRange": chosen}}))
    made = reply["addProtectedRange"]["protectedRange"]
    number = stable_id(SCRATCH_TAB, "check")
    entry = sheet_requests.metadata(CHECK_KEY, "1", SCRATCH_TAB, "ROWS", 0, number)
    try:
        client.update(_on_scratch_tab(entry, entry))
        is_refused = False
    except Refused:
        is_refused = True
    is_kept = made.get("protectedRangeId") == SCRATCH_RANGE
    return store.keep_trial(keeps_range_id=is_kept, refuses_taken_id=is_refused)


def _on_scratch_tab(*requests: Request) -> list[Request]:
    size = {"rowCount": 1, "columnCount": 1}
    tab = {"sheetId": SCRATCH_TAB, "title": "_brightsheet_check", "hidden": True}
    made = {"addSheet": {"properties": tab | {"gridProperties": size}}}
    return [made, *requests, {"deleteSheet": {"sheetId": SCRATCH_TAB}}]
