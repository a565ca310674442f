"""What the page shows, without a browser."""

from __future__ import annotations

from typing import Any

from emulator import Emulator
from emulator.page import grid
from emulator.page import grid as cells
from emulator.tests.conftest import Client


def test_the_pages_links_lead_somewhere(http: Client, emulator: Emulator) -> None:
    spreadsheet, folder = emulator.create_spreadsheet("S"), emulator.create_folder("F")
    made = http.post("/upload/drive/v3/files?uploadType=media", data=b"<script>").json()["id"]
    for file_id in (spreadsheet, folder, made):
        file = emulator.drive.files[file_id]
        address = emulator.drive.shown(file, _owner(file.owner))["webViewLink"]
        assert http.get(address).status_code == 200, address
    raw = http.get(f"/file/d/{made}/view")
    assert raw.headers["Content-Disposition"].startswith("attachment")  # never run as a page
    assert http.get(f"/uc?id={made}").content == b"<script>"
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
    assert (
        grid.color_of({"backgroundColor": {"red": 1, "green": 0.5}}, "backgroundColor") == "#ff8000"
    )
    themed = {"foregroundColorStyle": {"themeColor": "ACCENT1"}}
    assert grid.color_of(themed, "foregroundColor") == "#4285f4"
    assert grid.text_css({"strikethrough": True, "underline": True, "fontSize": 14}) == [
        "text-decoration:line-through underline",
        "font-size:14pt",
    ]
    assert grid.side_of({}, {"numberValue": 1}) == "right"
    assert grid.side_of({"horizontalAlignment": "CENTER"}, {"numberValue": 1}) == "center"


def test_hidden_and_filtered_rows_are_left_out() -> None:
    data = {
        "rowData": [{"values": [{"formattedValue": "x"}]}],
        "rowMetadata": [{}, {"hiddenByUser": True}, {"hiddenByFilter": True}, {}],
        "columnMetadata": [{"pixelSize": 50}, {"hiddenByUser": True}, {}],
    }
    size_ = {"rowCount": 4, "columnCount": 3, "frozenColumnCount": 1}
    sheet = {"properties": {"gridProperties": size_}, "data": [data]}
    drawn = grid.build(sheet)
    assert (drawn.rows, drawn.columns) == ([0, 3], [0, 2])
    assert drawn.lefts == {0: grid.ROW_HEADER}
    assert grid.build(sheet, [0, 3, 2, 1]).rows == [0, 3, 2]  # a view instead of the basic filter


def test_a_title_runs_on_over_blank_cells_that_have_a_format() -> None:
    bold = {"effectiveFormat": {"textFormat": {"bold": True}}}
    data = {"rowData": [{"values": [{**bold, "formattedValue": "Active jobs"}, bold, bold]}]}
    size = {"rowCount": 1, "columnCount": 4, "frozenRowCount": 1}
    drawn = grid.table(grid.build({"properties": {"gridProperties": size}, "data": [data]}))
    assert drawn.count('class="over"') == 1


def test_a_large_sheet_is_shown_in_part(http: Client, emulator: Emulator) -> None:
    spreadsheet = emulator.create_spreadsheet("large")
    requests = [{"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 4000}}]
    http.post(f"/v4/spreadsheets/{spreadsheet}:batchUpdate", json={"requests": requests})
    emulator.edit(spreadsheet, "type_cell", row=4900, column=0, text="far down")
    told = http.get(f"/spreadsheets/d/{spreadsheet}/grid").json()
    assert "Of 5,000 rows the first 1,538 are shown." in told["html"]
    assert told["html"].count("<tr") == 1 + grid.LEAST_ROWS
