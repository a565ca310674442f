"""A made-up installer's own sheet, as it is before Brightsheet comes."""

from collections.abc import Sequence
from typing import Any

import requests

from emulator import Emulator
from emulator.everbright import made_up

TITLE = "Sunny Roofs: our jobs"
HEADERS = (
    *("Customer", "E-mail", "Address", "Zip", "Phone", "Permits", "Permits approved"),
    *("Crew", "Price", "Deposit", "Notes"),
)
HEADER_ROW = 2
"""Zero-based: below a title and a blank row."""
OPEN, INSTALLED = "Open jobs", "Installed"
OPTIONS = ("With the city", "Done", "Sent back")
"""Of the drop-down in *Permits*."""
WORDS = ("SUBMITTED=With the city", "APPROVED=Done", "REJECTED=Sent back")
BY_MAIL, BY_ADDRESS = 6, 2
"""How many of the demo's jobs have a row: with their e-mail address, with their address only."""
LEADS = ("Vera Vance", "Walt Weaver")
"""People whom EverBright does not know yet."""
_PERMITS, _DATE, _PRICE, _DEPOSIT = 5, 6, 8, 9
_ROWS = 60
"""Down to where the drop-down and the formats reach, as people drag them."""
_INSTALLED_TAB = 2026
_TIMEOUT = 30
_CREWS = ("Red", "Blue")
_NOTES = ("gate code 4411", "", "dog!", "wants a call on Friday")


def fill(google: Emulator, spreadsheet: str, sites: Sequence[str]) -> None:
    """Make his two tabs; the first of `sites` have rows, without a single site ID."""
    customers = [made_up.site(site) for site in sites[: BY_MAIL + BY_ADDRESS]]
    opened = [_line(n, _mail(one)) for n, one in enumerate(customers[:BY_MAIL])]
    opened += [_line(n, {"Customer": name}) for n, name in enumerate(LEADS, len(opened))]
    installed = [_line(n, _address(one)) for n, one in enumerate(customers[BY_MAIL:])]
    first = {"sheetId": 0, "title": OPEN}
    second = {"sheetId": _INSTALLED_TAB, "title": INSTALLED, "index": 1}
    body: list[dict[str, Any]] = [
        {"updateSheetProperties": {"properties": first, "fields": "title"}},
        {"addSheet": {"properties": second}},
        *_tab(0, opened),
        *_tab(_INSTALLED_TAB, installed),
    ]
    answer = requests.post(
        f"{google.url}/v4/spreadsheets/{spreadsheet}:batchUpdate",
        json={"requests": body},
        headers={"Authorization": "Bearer onlooker"},
        timeout=_TIMEOUT,
    )
    answer.raise_for_status()


def is_certain(sites: Sequence[str]) -> list[bool]:
    """Return for each of his open jobs whether its e-mail address is only one customer's."""
    mails = [made_up.site(site)["contacts"][0]["email"] for site in sites]
    return [mails.count(mail) == 1 for mail in mails[:BY_MAIL]]


def _line(number: int, known: dict[str, str]) -> list[str | int]:
    """Return what people typed into a row; the deposit is a formula, added with the row."""
    own: dict[str, str | int] = {
        "Crew": _CREWS[number % len(_CREWS)],
        "Price": 21_500 + 1_250 * number,
        "Notes": _NOTES[number % len(_NOTES)],
        "Permits": OPTIONS[0] if number % 3 == 0 else "",
    }
    return [(own | known).get(header, "") for header in HEADERS]


def _mail(site: dict[str, Any]) -> dict[str, str]:
    """Return a name as a salesperson wrote it, and the e-mail address in capitals."""
    contact = site["contacts"][0]
    name = f"{contact['last_name']}, {contact['first_name'][0]}."
    return {"Customer": name, "E-mail": contact["email"].upper()}


def _address(site: dict[str, Any]) -> dict[str, str]:
    """Return the last name, and the address in another spelling than EverBright's."""
    street = str(site["address"]["address_line_1"]).upper()
    for short, long in (("ST", "STREET"), ("AVE", "AVENUE"), ("DR", "DRIVE"), ("LN", "LANE")):
        street = street.removesuffix(f" {short}") + (
            f" {long}" if street.endswith(f" {short}") else ""
        )
    return {
        "Customer": site["contacts"][0]["last_name"],
        "Address": street,
        "Zip": site["address"]["zipcode"],
    }


def _tab(sheet_id: int, lines: Sequence[Sequence[str | int]]) -> list[dict[str, Any]]:
    rows: list[list[str | int]] = [[TITLE], [], list(HEADERS)]
    for number, line in enumerate(lines, HEADER_ROW + 2):
        formula = f"=I{number}*0.2"
        rows.append([formula if at == _DEPOSIT else one for at, one in enumerate(line)])
    cells = [{"values": [_cell(one) for one in row]} for row in rows]
    start = {"sheetId": sheet_id, "rowIndex": 0, "columnIndex": 0}
    bold = {"userEnteredFormat": {"textFormat": {"bold": True}}}
    header = {"sheetId": sheet_id, "startRowIndex": HEADER_ROW, "endRowIndex": HEADER_ROW + 1}
    values = [{"userEnteredValue": one} for one in OPTIONS]
    rule = {"condition": {"type": "ONE_OF_LIST", "values": values}, "strict": True}
    grid = {"sheetId": sheet_id, "gridProperties": {"frozenRowCount": HEADER_ROW + 1}}
    return [
        {"updateCells": {"start": start, "rows": cells, "fields": "userEnteredValue"}},
        {"repeatCell": {"range": header, "cell": bold, "fields": "userEnteredFormat"}},
        {"setDataValidation": {"range": _below(sheet_id, _PERMITS), "rule": rule}},
        _formatted(sheet_id, _DATE, "DATE", "mmm d"),
        _formatted(sheet_id, _PRICE, "CURRENCY", '"$"#,##0'),
        _formatted(sheet_id, _DEPOSIT, "CURRENCY", '"$"#,##0'),
        {"updateSheetProperties": {"properties": grid, "fields": "gridProperties.frozenRowCount"}},
    ]


def _cell(one: str | int) -> dict[str, Any]:
    if one == "":
        return {}
    if isinstance(one, int):
        return {"userEnteredValue": {"numberValue": one}}
    kind = "formulaValue" if one.startswith("=") else "stringValue"
    return {"userEnteredValue": {kind: one}}


def _below(sheet_id: int, column: int) -> dict[str, int]:
    return {
        "sheetId": sheet_id,
        "startRowIndex": HEADER_ROW + 1,
        "endRowIndex": _ROWS,
        "startColumnIndex": column,
        "endColumnIndex": column + 1,
    }


def _formatted(sheet_id: int, column: int, kind: str, pattern: str) -> dict[str, Any]:
    cell = {"userEnteredFormat": {"numberFormat": {"type": kind, "pattern": pattern}}}
    mask = "userEnteredFormat.numberFormat"
    return {"repeatCell": {"range": _below(sheet_id, column), "cell": cell, "fields": mask}}
