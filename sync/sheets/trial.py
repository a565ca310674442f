"""What is assumed of Google and no documentation of it promises, tried in a hidden tab.

Six calls of Sheets and four of Drive. The tab is removed again, and one that a killed trial left.
What is written does not depend on the answers: each batch is checked by what it copied (decision
0002). Where replies are not as assumed, the copies are read by a call of their own.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sync.errors import BrightsheetError, Conflict, Refused
from sync.google.drive import Drive
from sync.sheets import request
from sync.sheets.answer import CHECK_KEY, SCRATCH_RANGE, SCRATCH_TAB, guard_id
from sync.sheets.client import SheetClient
from sync.sheets.request import Request
from sync.store import Spreadsheet
from sync.store.signs import COPIES, GoogleAnswer, Trial

METADATA_ID, RANGE_ID, ALL_OR_NOTHING = "metadata_id", "range_id", "all_or_nothing"
FILE_ID = "file_id"
WORDS = {
    METADATA_ID: (
        "Google refuses a batch whose columns have moved",
        "Google takes a batch whose columns have moved",
    ),
    RANGE_ID: (
        "Google refuses a batch that another one was faster than",
        "Google takes a batch that another one was faster than",
    ),
    ALL_OR_NOTHING: (
        "Google does all of a batch, or nothing",
        "Google does a part of a batch that it refuses",
    ),
    COPIES: (
        "Google's reply shows what a batch copied before it wrote",
        "Google's reply does not show what a batch copied before it wrote",
    ),
    FILE_ID: (
        "Drive makes one file with an id, however often it is asked",
        "Drive makes a second file with an id that is taken",
    ),
}
"""What is said where Google does as it is assumed, and where it does not."""
_TITLE = "_brightsheet_check"
_METADATA = guard_id(SCRATCH_TAB, "check")
_FIRST, _LAST = "as it was", "written"
_FOLDER = "Brightsheet check (may be deleted)"
_TAG = {"brightsheetRole": "check"}
_MOMENT = "%Y-%m-%d %H:%M UTC"


def try_google(
    store: Spreadsheet, client: SheetClient, drive: Drive | None, *, again: bool = False
) -> Trial:
    """Try it, unless it was tried (`again`: all the same); return what Google does.

    Without a folder there is no `drive`. Raises Retryable or Permanent where Google cannot be
    asked; then nothing is stored.
    """
    known = store.trial()
    if known and known.answers and not again:
        return known
    answers = _of_sheets(client) | ({FILE_ID: _of_drive(drive)} if drive else {})
    return store.keep_trial(
        GoogleAnswer(name=name, is_as_assumed=is_so, words=WORDS[name][not is_so])
        for name, is_so in answers.items()
        if is_so is not None
    )


def lines(trial: Trial) -> Iterator[str]:
    """Yield a sentence for each thing that was tried."""
    at = datetime.fromtimestamp(trial.at, UTC)
    for answer in trial.answers:
        mark = "" if answer.is_as_assumed else "NOT AS ASSUMED: "
        yield f"{mark}{answer.words}: tried on {at:{_MOMENT}}."


def said(trial: Callable[[], Trial]) -> Iterator[str]:
    """Try it, and yield what came of it; also that it could not be tried."""
    try:
        yield from lines(trial())
    except BrightsheetError as error:
        yield f"What Google does could not be tried ({error.message}) brightsheet doctor tries it."


def _of_sheets(client: SheetClient) -> dict[str, bool | None]:
    sheets = client.get("sheets(properties(sheetId))").get("sheets", ())
    is_left = any(sheet["properties"].get("sheetId") == SCRATCH_TAB for sheet in sheets)
    client.update([*([_removed()] if is_left else []), *_made()])
    try:
        tries = {METADATA_ID: _metadata(), RANGE_ID: _protection()}
        refused = {n: _is_refused(client, [_typed(n), again]) for n, again in tries.items()}
        row = {"sheetId": SCRATCH_TAB, "startColumnIndex": 0, "endColumnIndex": 1}
        reply = client.update(
            [
                {
                    "copyPaste": {
                        "source": {**row, "startRowIndex": 0, "endRowIndex": 1},
                        "destination": {**row, "startRowIndex": 1, "endRowIndex": 2},
                        "pasteType": "PASTE_NORMAL",
                    }
                },
                _typed(_LAST),
            ],
            (f"'{_TITLE}'!A1:A2",),
        )
    finally:
        client.update([_removed()])
    now, copied = _texts(reply)
    before = copied or now  # A reply of the state before the batch has nothing copied yet.
    taken = [name for name, is_refused in refused.items() if not is_refused]
    is_whole = before == (taken[-1] if taken else _FIRST) if len(taken) < len(tries) else None
    return {**refused, ALL_OR_NOTHING: is_whole, COPIES: (now, copied) == (_LAST, before)}


def _is_refused(client: SheetClient, requests: list[Request]) -> bool:
    try:
        client.update(requests)
    except Refused:
        return True
    return False


def _of_drive(drive: Drive) -> bool | None:
    """Return whether a taken id is refused; None on a drive that takes no ids of ours."""
    (number,) = drive.new_ids(1)
    try:
        drive.make_folder(number, _FOLDER, _TAG)
    except Refused:
        return None
    try:
        drive.make_folder(number, _FOLDER, _TAG)
    except Conflict:
        return True
    finally:
        drive.discard(number)
    return False


def _texts(reply: Any) -> tuple[str, str]:
    """Return the two cells of the tab in a reply; "" for what it does not show."""
    rows: Sequence[Any] = ()
    for sheet in reply.get("sheets", ()):
        for grid in sheet.get("data", ()):
            rows = grid.get("rowData", ())
    values = [row.get("values", [{}])[0].get("userEnteredValue", {}) for row in rows[:2]]
    texts = [str(value.get("stringValue", "")) for value in values] + ["", ""]
    return texts[0], texts[1]


def _made() -> list[Request]:
    size = {"rowCount": 2, "columnCount": 1}
    tab = {"sheetId": SCRATCH_TAB, "title": _TITLE, "hidden": True, "gridProperties": size}
    return [{"addSheet": {"properties": tab}}, _metadata(), _protection(), _typed(_FIRST)]


def _removed() -> Request:
    return {"deleteSheet": {"sheetId": SCRATCH_TAB}}


def _metadata() -> Request:
    return request.metadata(CHECK_KEY, "1", SCRATCH_TAB, "ROWS", 0, _METADATA)


def _protection() -> Request:
    area = {"sheetId": SCRATCH_TAB, "startRowIndex": 0, "endRowIndex": 1}
    taken = {"protectedRangeId": SCRATCH_RANGE, "range": area, "warningOnly": True}
    return {"addProtectedRange": {"protectedRange": taken}}


def _typed(text: str) -> Request:
    start = {"sheetId": SCRATCH_TAB, "rowIndex": 0, "columnIndex": 0}
    rows = [{"values": [{"userEnteredValue": {"stringValue": text}}]}]
    return {"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}}
