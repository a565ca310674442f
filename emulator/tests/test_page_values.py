"""What the page shows, without a browser."""

from __future__ import annotations

from typing import Any

from emulator import Emulator
from emulator.page import grid
from emulator.page import grid as cells
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.grid import Spreadsheet
from emulator.tests.conftest import Client, upload


def test_the_pages_links_lead_somewhere(http: Client, emulator: Emulator) -> None:
    spreadsheet, folder = emulator.create_spreadsheet("S"), emulator.create_folder("F")
    made = upload(http, b"<script>", "x", "text/html")
    for file_id in (spreadsheet, folder, made):
        file = emulator.drive.files[file_id]
        address = emulator.drive.shown(file, _owner(file.owner))["webViewLink"]
        assert http.get(address).status_code == 200, address
    raw = http.get(f"/file/d/{made}/view")
    assert raw.headers["Content-Disposition"].startswith("attachment")  # never run as a page
    assert raw.content == b"<script>"
    for path in ("/file/d/nowhere/view", "/spreadsheets/d/nowhere", "/static/../run.py"):
        assert http.get(path).status_code == 404


def _owner(address: str) -> Any:
    from emulator.drive.model import User

    return User(address)


def test_no_address_runs_as_a_script() -> None:
    assert cells.anchor("javascript:alert(1)", "x") == "x"
    assert "&#34;" in cells.anchor('https://x/"onclick="', "x")
    shown = cells.content({"formattedValue": "<script>", "hyperlink": "https://x"})
    assert "<script>" not in shown


def test_runs_count_in_utf16_units() -> None:
    assert cells.utf16_slices("😀ab", [0, 2, 3]) == ["😀", "a", "b"]


def test_formats_as_css() -> None:
    orange = {"backgroundColorStyle": {"rgbColor": {"red": 1, "green": 0.5}}}
    assert grid.color_of(orange, "backgroundColor") == "#ff8000"
    themed = {"foregroundColorStyle": {"themeColor": "ACCENT1"}}
    assert grid.color_of(themed, "foregroundColor") == "#4285f4"
    assert grid.text_css({"bold": True}) == ["font-weight:bold"]
    assert grid.css_of({"effectiveValue": {"numberValue": 1}}) == ["text-align:right"]


def shown(spreadsheet: Spreadsheet, order: list[int] | None = None) -> grid.Grid:
    return grid.Grid(Evaluator(spreadsheet), spreadsheet.sheets[0], order)


def test_hidden_and_filtered_rows_are_left_out(emulator: Emulator) -> None:
    spreadsheet = emulator.sheets.spreadsheets[emulator.create_spreadsheet("x")]
    sheet = spreadsheet.sheets[0]
    sheet.rows[1].hidden = sheet.rows[2].filtered = sheet.columns[1].hidden = True
    sheet.properties = {"gridProperties": {"frozenColumnCount": 1}}
    drawn = shown(spreadsheet)
    assert (drawn.rows[:2], drawn.columns[:2]) == ([0, 3], [0, 2])
    assert drawn.lefts == {0: grid.ROW_HEADER}
    assert shown(spreadsheet, [0, 3, 2, 1]).rows == [0, 3, 2]  # a view, not the basic filter


def test_a_person_edits_on_the_page(http: Client, emulator: Emulator) -> None:
    spreadsheet = emulator.create_spreadsheet("x")
    path = f"/spreadsheets/d/{spreadsheet}/edit"
    edit = {"name": "type_cell", "row": 1, "column": 1, "text": "hi"}
    assert http.post(path, json=edit).status_code == 200
    told = http.get(f"/v4/spreadsheets/{spreadsheet}/values/Sheet1!B2").json()
    assert told["values"] == [["hi"]]
    refused = http.post(path, json=edit | {"row": 10**9})
    assert "exceeds grid limits" in refused.json()["error"]
    foreign = http.post(path, json=edit, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    assert http.post("/spreadsheets/d/nowhere/edit", json=edit).status_code == 404
