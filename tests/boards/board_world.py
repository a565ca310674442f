"""A spreadsheet with an office's tab in the emulator, and the new program for it."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from html import unescape
from pathlib import Path
from re import findall
from typing import Any

from werkzeug.datastructures import MultiDict

from demo.process import ROOT
from emulator import Emulator
from emulator.everbright import made_up as everbright_jobs
from tests.boards.seen import Line
from tests.databases import fresh
from tests.made_up import uuid
from tests.world import TOKEN, World

OWNER = "owner@example.com"


class BoardWorld(World):
    """The office's tab is the first one; its ID is 0."""

    def __init__(self, google: Emulator, folder: Path, **settings: str) -> None:
        url = fresh("sqlite", folder)
        super().__init__(google, folder, url, ADD_TABS="yes", **{**TOKEN, **settings})
        google.everbright.token = TOKEN["EVERBRIGHT_API_TOKEN"]

    def do(self, *requests: dict[str, Any]) -> None:
        """Change the spreadsheet as a person does by hand."""
        where, body = {"spreadsheetId": self.spreadsheet}, {"requests": list(requests)}
        sheets = self.google.sheets
        sheets.handle("sheets.spreadsheets.batchUpdate", where, MultiDict(), body, OWNER)

    def fill(self, lines: Sequence[Line], row: int = 0, column: int = 0) -> None:
        """Type cells from a row on; what begins with = is a formula."""
        rows = [{"values": [_entered(value) for value in line]} for line in lines]
        start = {"sheetId": 0, "rowIndex": row, "columnIndex": column}
        self.do({"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}})

    def drop_down(self, column: int, *options: str) -> None:
        values = [{"userEnteredValue": option} for option in options]
        rule = {"condition": {"type": "ONE_OF_LIST", "values": values}, "strict": True}
        area = {"sheetId": 0, "startRowIndex": 1, "endRowIndex": 60}
        area |= {"startColumnIndex": column, "endColumnIndex": column + 1}
        self.do({"setDataValidation": {"range": area, "rule": rule}})

    def book(self, fields: str) -> Any:
        where = {"spreadsheetId": self.spreadsheet}
        query = MultiDict({"fields": fields, "includeGridData": "true"})
        sheets = self.google.sheets
        return sheets.handle("sheets.spreadsheets.get", where, query, None, "onlooker")

    def sheet(self, fields: str) -> Any:
        """Return the office's tab."""
        sheets = self.book(f"sheets(properties(sheetId),{fields})")["sheets"]
        return next(each for each in sheets if not each["properties"].get("sheetId", 0))

    def texts(self) -> list[list[str]]:
        """Return what the office's tab shows, without blank ends."""
        data = self.sheet("data(rowData(values(formattedValue)))")["data"][0]
        lines = [
            [c.get("formattedValue", "") for c in r.get("values", ())] for r in data["rowData"]
        ]
        while lines and not any(lines[-1]):
            lines.pop()
        return lines

    def rows_by_header(self, header_row: int = 0) -> list[dict[str, str]]:
        headers, *rows = self.texts()[header_row:]
        return [dict(zip(headers, row, strict=False)) for row in rows]

    def map(self, *words: str, status: int = 0) -> str:
        """Run the command; return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "brightsheet", "map", *words],
            env={"PATH": os.environ["PATH"], "ENV_FILE": "", **self.environment},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def customer(self, number: int, **changes: str) -> None:
        """Set the customer of a made-up job at EverBright."""
        known = everbright_jobs.site(uuid(number))
        contact, address = known["contacts"][0], known["address"]
        contact |= {"email": f"home{number}@example.com", "phone_number": f"303-555-{number:04d}"}
        contact |= {"first_name": "Ada", "last_name": f"Number{number}"}
        address |= {"address_line_1": f"{number} North Juniper Street", "zipcode": "80999"}
        for key, value in changes.items():
            (contact if key in contact else address)[key] = value
        self.google.everbright.set_site(uuid(number), contacts=[contact], address=address)


def _entered(value: str | float | None) -> dict[str, Any]:
    if value is None or value == "":
        return {}
    if isinstance(value, str):
        kind = "formulaValue" if value.startswith("=") else "stringValue"
        return {"userEnteredValue": {kind: value}}
    kind = "boolValue" if isinstance(value, bool) else "numberValue"
    return {"userEnteredValue": {kind: value}}


def form(page: str) -> dict[str, Any]:
    """Return the fields of a tab's form as a browser sends them."""
    main = page.partition('name="header_row" value=')[2].partition("</form>")[0]
    found: dict[str, Any] = {"header_row": findall(r'^"(\d+)"', main)[0]}
    for name, body in findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', _flat(main)):
        chosen = findall(r'<option value="([^"]*)" selected', body)
        found.setdefault(name, []).append(unescape(chosen[0]) if chosen else "")
    pattern = r'<input type="hidden" name="(word-\d+|header)" value="([^"]*)"'
    for name, value in findall(pattern, main):
        found.setdefault(name, []).append(unescape(value))
    for kind in ("checkbox", "radio"):
        pattern = rf'<input type="{kind}" name="([^"]+)" value="([^"]*)" checked'
        for name, value in findall(pattern, main):
            found.setdefault(name, []).append(unescape(value))
    return found


def _flat(text: str) -> str:
    return text.replace("\n", " ")


Form = Mapping[str, Any]
