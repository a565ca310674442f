"""What Google does not write down: each probe asks one question and returns what was answered.

A probe's docstring is its question. It returns the answer, in words that two runs can be compared
by, and details for a person.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import requests

from sync.core.batch import guard, swap_guards
from sync.core.snapshot import Tab
from tests.live.account import FILES, Account

Found = tuple[str, str]
Probe = Callable[[Account], Found]

KEY = "brightsheet.probe"


def _lines(tab: int, start: int, dimension: str = "ROWS") -> dict[str, Any]:
    return {"sheetId": tab, "dimension": dimension, "startIndex": start, "endIndex": start + 1}


def _rows(tab: int, top: int, bottom: int) -> dict[str, Any]:
    rows = {"startRowIndex": top, "endRowIndex": bottom}
    return {"sheetId": tab, **rows, "startColumnIndex": 0, "endColumnIndex": 3}


def _mark(tab: int, start: int, value: str, dimension: str = "ROWS") -> dict[str, Any]:
    entry = {
        "metadataKey": KEY,
        "metadataValue": value,
        "location": {"dimensionRange": _lines(tab, start, dimension)},
        "visibility": "DOCUMENT",
    }
    return {"createDeveloperMetadata": {"developerMetadata": entry}}


def _text(tab: int, row: int, column: int, text: str) -> dict[str, Any]:
    return {
        "updateCells": {
            "start": {"sheetId": tab, "rowIndex": row, "columnIndex": column},
            "rows": [{"values": [{"userEnteredValue": {"stringValue": text}}]}],
            "fields": "userEnteredValue",
        }
    }


def _marks(account: Account, tab: int) -> dict[str, int]:
    """Return where the metadata on rows and columns of a tab are, by value."""
    lookup = {"metadataKey": KEY, "metadataLocation": {"sheetId": tab}}
    url = f"{account.url}/developerMetadata:search"
    body = {"dataFilters": [{"developerMetadataLookup": lookup}]}
    found = account.call("POST", url, body).json().get("matchedDeveloperMetadata", ())
    entries = [one["developerMetadata"] for one in found]
    places = [one["location"].get("dimensionRange", {}).get("startIndex", 0) for one in entries]
    return {one["metadataValue"]: at for one, at in zip(entries, places, strict=True)}


def _said(answer: requests.Response) -> str:
    try:
        error = answer.json()["error"]
    except (ValueError, KeyError):
        return f"{answer.status_code} {answer.text[:80]!r}"
    reasons = [one["reason"] for one in error.get("errors", ()) if "reason" in one]
    return f"{answer.status_code} {' '.join(reasons) or error.get('status')}: {error['message']}"


def _outcome(answer: requests.Response) -> str:
    return "done" if answer.ok else f"refused with {answer.status_code}"


def metadata_under_sort(account: Account) -> Found:
    """Does metadata on a row follow a sortRange?"""
    tab = account.tab(["c"], ["b"], ["a"])
    account.done(_mark(tab, 0, "c"), _mark(tab, 1, "b"))
    account.done(_sorted(tab, down=False))
    at = _marks(account, tab)
    words = {0: "no, it stays at its row number", 2: "yes", None: "it is gone"}
    return words.get(at.get("c"), "it goes elsewhere"), f"row 0 went to row 2, its mark: {at}"


def generated_ids(account: Account) -> Found:
    """Does files.create take an id made beforehand, and what answers its repetition?"""
    folder = account.folder("Brightsheet probe")
    ids = account.call("GET", f"{FILES}/generateIds", count="1").json()["ids"]
    body = {"id": ids[0], "name": "probe.txt", "mimeType": "text/plain", "parents": [folder]}
    query = {"supportsAllDrives": "true", "fields": "id,driveId"}
    first, again = [account.call("POST", FILES, body, **query) for _ in range(2)]
    drive = "a shared drive" if first.ok and "driveId" in first.json() else "a My Drive"
    answer = f"{_outcome(first)}; again: {_outcome(again)}"
    return answer, f"on {drive}; {_said(first) if not first.ok else _said(again)}"


def nothing_matched(account: Account) -> Found:
    """What does getByDataFilter answer for a lookup that matches nothing?"""
    body = {"dataFilters": [{"developerMetadataLookup": {"metadataKey": f"{KEY}.of-nobody"}}]}
    fields = "properties.timeZone,sheets(properties.sheetId,data.startRow)"
    answer = account.call("POST", f"{account.url}:getByDataFilter", body, fields=fields)
    if not answer.ok:
        return _outcome(answer), _said(answer)
    sheets = answer.json().get("sheets")
    return "200 without sheets" if not sheets else f"200 with {len(sheets)} sheets", answer.text


def fence_of_another(account: Account) -> Found:
    """Is deleteProtectedRange of an id that is not there refused?"""
    answer = account.batch({"deleteProtectedRange": {"protectedRangeId": 1_987_654_321}})
    return _outcome(answer), _said(answer)


def fence_twice(account: Account) -> Found:
    """Is addProtectedRange with an id that is there refused, and its batch with it?"""
    tab = account.tab()
    fence = {"protectedRangeId": tab, "range": _rows(tab, 0, 1), "warningOnly": True}
    add = {"addProtectedRange": {"protectedRange": fence}}
    account.done(add)
    answer = account.batch(_text(tab, 5, 0, "half a batch"), add)
    left = _cells(account, tab)
    return f"{_outcome(answer)}, {'half of it done' if left else 'nothing done'}", _said(answer)


def column_guard(account: Account) -> Found:
    """Is a batch refused whose column was moved since its guard was read?

    Two columns get the product's guards. Where one still stands, its guard must be taken each time.
    The other one is moved, and its guard is sent as a late batch would send it.
    """
    tab, columns = account.tab(["stays", "moves"]), {"stays": 0, "moves": 1}
    read = Tab(tab, "", columns, None, ())
    account.done(*(guard(tab, "COLUMNS", name, index) for name, index in columns.items()))
    stays = [_guarded(account, read, "stays") for _ in range(2)]
    account.done({"moveDimension": {"source": _lines(tab, 1, "COLUMNS"), "destinationIndex": 5}})
    answer = account.batch(_text(tab, 5, 0, "half a batch"), *swap_guards([only(read, "moves")]))
    left = "half of it done" if _cells(account, tab)[5:] else "nothing done"
    moved = f"{_outcome(answer)}, {left}"
    if answer.ok:
        moved = f"done, {_deleted(answer)} deleted"
    there = f"in place: {' and '.join(dict.fromkeys(stays))}"
    return f"{there}; moved: {moved}", _said(answer) if not answer.ok else answer.text


def only(tab: Tab, column: str) -> Tab:
    return replace(tab, columns={column: tab.columns[column]})


def _guarded(account: Account, read: Tab, column: str) -> str:
    answer = account.batch(*swap_guards([only(read, column)]))
    return f"done, {_deleted(answer)} deleted" if answer.ok else _said(answer)


def _deleted(answer: requests.Response) -> int:
    replies = [one.get("deleteDeveloperMetadata", {}) for one in answer.json()["replies"]]
    return sum(len(one.get("deletedDeveloperMetadata", ())) for one in replies)


def _cells(
    account: Account, tab: int, fields: str = "formattedValue"
) -> list[list[dict[str, Any]]]:
    """Return the cells of a tab from its first row, with these `fields` of CellData."""
    query = {"fields": f"sheets(properties.sheetId,data.rowData.values({fields}))"}
    for sheet in account.get(**query)["sheets"]:
        if sheet["properties"].get("sheetId", 0) == tab:
            data = sheet.get("data", [{}])[0].get("rowData", ())
            return [row.get("values", []) for row in data]
    return []


def insert_in_colored_rows(account: Account) -> Found:
    """Where is a conditional format of rows 2 to 4 after an insert before, inside and behind it?"""
    found = []
    for index in (1, 2, 4):
        tab = account.tab()
        area = _rows(tab, 1, 4)
        tint = {"backgroundColorStyle": {"rgbColor": {"red": 1}}}
        says = {"type": "TEXT_EQ", "values": [{"userEnteredValue": "x"}]}
        rule = {"ranges": [area], "booleanRule": {"condition": says, "format": tint}}
        insert = {"range": _lines(tab, index), "inheritFromBefore": False}
        add = {"addConditionalFormatRule": {"rule": rule, "index": 0}}
        account.done(add, {"insertDimension": insert})
        found.append(_coloured(account, tab))
    return ", ".join(found), "inserted one row before row 2, 3 and 5"


def total_of_moved_rows(account: Account) -> Found:
    """What does a total of rows 1 to 3 cover, once a row came before row 3, which then moved up?

    Beside that, what it covers after a row was inserted right below row 3.
    """
    found = []
    for way in ("within", "below"):
        tab = account.tab(["1"], ["2"], ["3"])
        cell = {"values": [{"userEnteredValue": {"formulaValue": "=SUM(A1:A3)"}}]}
        start = {"sheetId": tab, "rowIndex": 3, "columnIndex": 0}
        total = {"updateCells": {"start": start, "rows": [cell], "fields": "userEnteredValue"}}
        inserted = _lines(tab, 2 if way == "within" else 3)
        insert = {"insertDimension": {"range": inserted, "inheritFromBefore": True}}
        move = {"moveDimension": {"source": _lines(tab, 3), "destinationIndex": 2}}
        account.done(total, insert, *([move] if way == "within" else ()))
        cells = _cells(account, tab, "userEnteredValue")
        entered = [one.get("userEnteredValue", {}) for row in cells for one in row]
        formula = next((one["formulaValue"] for one in entered if "formulaValue" in one), "gone")
        found.append(f"{way}: {formula}")
    return ", ".join(found), "rows 1 to 3, then the total"


def _coloured(account: Account, tab: int) -> str:
    fields = "sheets(properties.sheetId,conditionalFormats.ranges)"
    for sheet in account.get(fields=fields)["sheets"]:
        if sheet["properties"].get("sheetId", 0) == tab:
            area = sheet["conditionalFormats"][0]["ranges"][0]
            return f"{area.get('startRowIndex', 0) + 1} to {area['endRowIndex']}"
    return "gone"


def duplicated_tab(account: Account) -> Found:
    """Does duplicateSheet copy metadata on rows and columns?"""
    tab = account.tab(["a"])
    account.done(_mark(tab, 0, "row"), _mark(tab, 1, "column", "COLUMNS"))
    reply = account.done({"duplicateSheet": {"sourceSheetId": tab}})[0]["duplicateSheet"]
    copy = reply["properties"]["sheetId"]
    account.keep(copy)
    at = _marks(account, copy)
    kept = " and ".join(sorted(at))
    return f"yes, on {kept}" if kept else "no", str(at)


def _sorted(tab: int, *, down: bool) -> dict[str, Any]:
    order = "DESCENDING" if down else "ASCENDING"
    specs = [{"dimensionIndex": 0, "sortOrder": order}]
    return {"sortRange": {"range": _rows(tab, 0, 20), "sortSpecs": specs}}


EMULATED: dict[Probe, str] = {
    metadata_under_sort: "no, it stays at its row number",
    generated_ids: "done; again: refused with 409",
    nothing_matched: "200 without sheets",
    fence_of_another: "refused with 400",
    fence_twice: "refused with 400, nothing done",
    column_guard: "in place: done, 1 deleted; moved: refused with 400, nothing done",
    insert_in_colored_rows: "3 to 5, 2 to 5, 2 to 4",
    total_of_moved_rows: "within: =SUM(A1:A4), below: =SUM(A1:A3)",
    duplicated_tab: "yes, on column and row",
}
"""The probes, and what the emulator answers: what Google answers otherwise, it plays wrongly."""
