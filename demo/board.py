"""A made-up board, as messy as real ones: group headings, dividers, a total, its own words."""

import random
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import requests

from emulator import Emulator
from emulator.everbright import made_up

Value = str | int | bool

ACTIVE, DONE = "Active", "Done"
"""The titles of its tabs."""
HEADERS = (
    *("#", "Cust. Name", "Job addr.", "Town / Zip", "Cell", "Rep", "kW", "NTP", "Perm."),
    *("Perm. issued", "M1", "M1 $", "Install", "Contract $", "Paid $", "Bal.", "Docs?"),
    *("E-mail", "Notes", "Stage"),
)
HEADER_ROW = 3
"""The zero-based header row: below a merged title, a line with a date, and group headings."""
OPTIONS: Mapping[str, Sequence[str]] = {
    "NTP": ("OK", "Sent", "Kicked back"),
    "Perm.": ("Applied", "Issued", "Redo"),
    "Stage": ("Sold", "NTP", "Permit in", "Permit OK", "Permit done", "Install", "Funded"),
}
STEPS = ("Notice to Proceed", "Permits", "Installation Complete", "Final Funding")
"""The jobs' milestones in EverBright."""
APPROVED, SUBMITTED = "APPROVED", "SUBMITTED"
_ASKED, _PERMITTED, _DONE_JOB = (SUBMITTED,), (APPROVED, APPROVED), (APPROVED,) * len(STEPS)
_APPLIED = (APPROVED, SUBMITTED)
STATUSES: Sequence[Sequence[str]] = (
    *(_APPLIED, _APPLIED, (*_PERMITTED, SUBMITTED), _ASKED, _PERMITTED, _APPLIED),
    *(_DONE_JOB, _DONE_JOB, _ASKED, _APPLIED, _PERMITTED),
)
"""EverBright's statuses of each job's milestones, as `sites`."""
_STAGES = ("Permit in", "Permit in", "Install", "NTP", "Permit done", "", "Funded", "Funded")
"""What people typed in Stage, as `sites`."""
WITH_ROW = 8
"""The number of EverBright's jobs that have a row."""
UNPLACED = 3
"""The row of a customer with two jobs, without an address."""
DIVIDER = "*** ON HOLD / WAITING ***"
LEADS = ("Vera Vance", "Walt Weaver")
"""Customers below the divider that EverBright doesn't know yet."""
_GROUPS = {"Cust. Name": "CUSTOMER", "NTP": "PAPERWORK", "Contract $": "MONEY"}
_WIDTHS = (
    *(35, 115, 130, 170, 105, 45, 40, 65, 70, 90, 80, 50),
    *(55, 80, 60, 70, 50, 170, 150, 85),
)
"""The widths of its columns in pixels, as `HEADERS`."""
_ROWS = 60
_DONE_TAB = 2027
_TIMEOUT = 30
_NOTES = ("gate code 4411", "", "dog!", "wants a call on Friday")


def sites() -> list[str]:
    """Return EverBright's jobs, the same every time.

    The last one has the same customer as the fourth, so only a person knows whose row it is.
    """
    lots = random.Random(7)  # noqa: S311 - made-up data
    known = [str(UUID(int=lots.getrandbits(128), version=4)) for _ in range(WITH_ROW + 2)]
    while _mail(twin := str(UUID(int=lots.getrandbits(128), version=4))) != _mail(known[3]):
        continue
    return [*known, twin]


def _mail(site: str) -> str:
    return str(made_up.site(site)["contacts"][0]["email"])


def name(site: str) -> str:
    """Return the name of a job's customer."""
    contact = made_up.site(site)["contacts"][0]
    return f"{contact['first_name']} {contact['last_name']}"


def certain(sites: Sequence[str]) -> list[str]:
    """Return the jobs with a row whose e-mail address belongs to only one customer."""
    mails = [_mail(site) for site in sites]
    return [site for site in sites[:WITH_ROW] if mails.count(_mail(site)) == 1]


def fill(google: Emulator, spreadsheet: str, sites: Sequence[str]) -> None:
    """Create the board; the first of `sites` have rows, without site IDs."""
    known = [made_up.site(site) for site in sites[:WITH_ROW]]
    jobs = [_job(number, customer) for number, customer in enumerate(known)]
    leads: list[dict[str, Value]] = [{"Cust. Name": name, "Contract $": 18_000} for name in LEADS]
    opened: list[dict[str, Value]] = [*jobs[:4], {}, *jobs[4:6], {"Cust. Name": DIVIDER}, *leads]
    body: list[dict[str, Any]] = [
        {
            "updateSheetProperties": {
                "properties": {"sheetId": 0, "title": ACTIVE},
                "fields": "title",
            }
        },
        {"addSheet": {"properties": {"sheetId": _DONE_TAB, "title": DONE, "index": 1}}},
        *_tab(0, opened),
        *_tab(_DONE_TAB, jobs[6:]),
    ]
    answer = requests.post(
        f"{google.url}/v4/spreadsheets/{spreadsheet}:batchUpdate",
        json={"requests": body},
        headers={"Authorization": "Bearer onlooker"},
        timeout=_TIMEOUT,
    )
    answer.raise_for_status()


def _job(number: int, customer: Mapping[str, Any]) -> dict[str, Value]:
    """Return the typed values of a row: a name, a street and a town."""
    contact, address = customer["contacts"][0], customer["address"]
    return {
        "#": number + 1,
        "Cust. Name": f"{contact['first_name']} {contact['last_name']}",
        "Job addr.": "" if number == UNPLACED else address["address_line_1"],
        "Town / Zip": ""
        if number == UNPLACED
        else f"{address['city_name']} / {address['zipcode']}",
        "Cell": "" if number % 3 else f"c {contact['phone_number']}",
        "Rep": ("Kim", "Lou")[number % 2],
        "kW": 6 + number,
        "NTP": OPTIONS["NTP"][number % 2],
        "Perm.": OPTIONS["Perm."][0] if number % 2 else "",
        "Contract $": 21_500 + 1_250 * number,
        "Paid $": 2_000,
        "E-mail": contact["email"],
        "Docs?": number % 2 == 0,
        "Notes": _NOTES[number % len(_NOTES)],
        "Stage": _STAGES[number],
    }


def _tab(sheet_id: int, lines: Sequence[Mapping[str, Value]]) -> list[dict[str, Any]]:
    first = HEADER_ROW + 2
    rows: list[list[Value]] = [
        ["Sunny Roofs: ACTIVE JOBS"],
        ["as of Monday"],
        [_GROUPS.get(header, "") for header in HEADERS],
        list(HEADERS),
    ]
    for number, line in enumerate(lines, first):
        balance = f'=IF(N{number}="","",N{number}-O{number})'
        own: dict[str, Value] = {"Bal.": balance} if "Contract $" in line else {}
        rows.append([{**line, **own}.get(header, "") for header in HEADERS])
    last = first + len(lines) - 1
    sums = {f"{h} $": f"=SUM({c}{first}:{c}{last})" for h, c in (("Contract", "N"), ("Paid", "O"))}
    total: dict[str, Value] = {"Cust. Name": "TOTAL", "kW": f"=SUM(G{first}:G{last})", **sums}
    rows += [[], [total.get(header, "") for header in HEADERS]]
    cells = [{"values": [_cell(value) for value in row]} for row in rows]
    start = {"sheetId": sheet_id, "rowIndex": 0, "columnIndex": 0}
    return [
        {"updateCells": {"start": start, "rows": cells, "fields": "userEnteredValue"}},
        _merged(sheet_id, 0, 0, len(HEADERS)),
        _merged(sheet_id, 2, 1, 6),
        *(_list(sheet_id, header, last, words) for header, words in OPTIONS.items()),
        _boxes(sheet_id, lines),
        *_look(sheet_id),
    ]


def _cell(value: Value) -> dict[str, Any]:
    if value == "":
        return {}
    if isinstance(value, bool):
        return {"userEnteredValue": {"boolValue": value}}
    if isinstance(value, int):
        return {"userEnteredValue": {"numberValue": value}}
    kind = "formulaValue" if value.startswith("=") else "stringValue"
    return {"userEnteredValue": {kind: value}}


def _merged(sheet_id: int, row: int, left: int, right: int) -> dict[str, Any]:
    area = {"startRowIndex": row, "endRowIndex": row + 1}
    columns = {"startColumnIndex": left, "endColumnIndex": right}
    return {
        "mergeCells": {"range": {"sheetId": sheet_id, **area, **columns}, "mergeType": "MERGE_ALL"}
    }


def _area(sheet_id: int, header: str, end: int) -> dict[str, int]:
    index = HEADERS.index(header)
    return {
        "sheetId": sheet_id,
        "startRowIndex": HEADER_ROW + 1,
        "endRowIndex": end,
        "startColumnIndex": index,
        "endColumnIndex": index + 1,
    }


def _list(sheet_id: int, header: str, last: int, words: Sequence[str]) -> dict[str, Any]:
    values = [{"userEnteredValue": word} for word in words]
    rule = {"condition": {"type": "ONE_OF_LIST", "values": values}, "strict": True}
    return {"setDataValidation": {"range": _area(sheet_id, header, last), "rule": rule}}


def _boxes(sheet_id: int, lines: Sequence[Mapping[str, Value]]) -> dict[str, Any]:
    rule = {"condition": {"type": "BOOLEAN"}}
    area = _area(sheet_id, "Docs?", HEADER_ROW + 1 + len(lines))
    return {"setDataValidation": {"range": area, "rule": rule}}


def _width(sheet_id: int, index: int, pixels: int) -> dict[str, Any]:
    columns = {"dimension": "COLUMNS", "startIndex": index, "endIndex": index + 1}
    changed = {"range": {"sheetId": sheet_id, **columns}, "properties": {"pixelSize": pixels}}
    return {"updateDimensionProperties": {**changed, "fields": "pixelSize"}}


def _look(sheet_id: int) -> list[dict[str, Any]]:
    bold = {"userEnteredFormat": {"textFormat": {"bold": True}}}
    header = {"sheetId": sheet_id, "startRowIndex": 0, "endRowIndex": HEADER_ROW + 1}
    grid = {"sheetId": sheet_id, "gridProperties": {"frozenRowCount": HEADER_ROW + 1}}
    at = HEADERS.index("E-mail")
    columns = {"sheetId": sheet_id, "dimension": "COLUMNS", "startIndex": at, "endIndex": at + 1}
    hidden = {"range": columns, "properties": {"hiddenByUser": True}, "fields": "hiddenByUser"}
    money = {"userEnteredFormat": {"numberFormat": {"type": "CURRENCY", "pattern": '"$"#,##0'}}}
    mask = "userEnteredFormat.numberFormat"
    return [
        {"repeatCell": {"range": header, "cell": bold, "fields": "userEnteredFormat.textFormat"}},
        {"updateSheetProperties": {"properties": grid, "fields": "gridProperties.frozenRowCount"}},
        {"updateDimensionProperties": hidden},
        *(_width(sheet_id, index, width) for index, width in enumerate(_WIDTHS)),
        *(
            {"repeatCell": {"range": _area(sheet_id, name, _ROWS), "cell": money, "fields": mask}}
            for name in ("Contract $", "Paid $", "Bal.")
        ),
    ]
