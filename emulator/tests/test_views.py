"""Filter views, notes and a phone's width, as the page shows them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from emulator.tests.conftest import Client
from emulator.tests.test_page import at, batch, browser, browsing, tab, text_cell

pytestmark = pytest.mark.long

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

    from emulator import Emulator

__all__ = ["browser", "tab"]

HEADER = ["Customer", "Milestone", "Status", "Days"]
ROWS: list[list[Any]] = [
    ["Zoe", "Permit", "Approved", 3],
    ["Ada", "Permit", "Rejected", 30],
    ["Max & <co>", "Install", "Rejected", 8],
    ["Bob", "Install", "Pending", 40],
]


def cell(value: Any, **more: Any) -> dict[str, Any]:
    kind = "stringValue" if isinstance(value, str) else "numberValue"
    return {"userEnteredValue": {kind: value}, **more}


def write(sheet_id: int, *rows: list[dict[str, Any]]) -> dict[str, Any]:
    data = [{"values": row} for row in rows]
    return {"updateCells": {"start": {"sheetId": sheet_id}, "rows": data, "fields": "*"}}


@pytest.fixture
def spreadsheet(emulator: Emulator, http: Client) -> str:
    made = emulator.create_spreadsheet("Jobs")
    header = [text_cell(text) for text in HEADER]
    header[2]["note"] = "Of the milestone"
    cells = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 5, "endColumnIndex": 4}
    formula = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": '=$C2="Rejected"'}]}
    view = {
        "filterViewId": 41,
        "title": "Rejected & <first>",
        "range": cells,
        "filterSpecs": [{"columnIndex": 2, "filterCriteria": {"condition": formula}}],
        "sortSpecs": [{"dimensionIndex": 3, "sortOrder": "ASCENDING"}],
    }
    hide = {"sheetId": 0, "dimension": "COLUMNS", "startIndex": 1, "endIndex": 2}
    frozen = {"frozenRowCount": 1, "frozenColumnCount": 1}
    batch(
        http,
        made,
        {
            "updateSheetProperties": {
                "properties": {"sheetId": 0, "gridProperties": frozen},
                "fields": "gridProperties(frozenRowCount,frozenColumnCount)",
            }
        },
        write(0, header, *([cell(one) for one in row] for row in ROWS)),
        {"addFilterView": {"filter": view}},
        {
            "updateDimensionProperties": {
                "range": hide,
                "properties": {"hiddenByUser": True},
                "fields": "hiddenByUser",
            }
        },
    )
    return made


def customers(tab: Tab) -> list[str]:
    cells = tab.locator('tbody td[data-column="0"]').all_inner_texts()
    return [text for text in cells if text]


@browsing
def test_a_filter_view_is_chosen_and_left(
    emulator: Emulator, tab: Tab, spreadsheet: str, http: Client
) -> None:
    everyone = ["Customer", *(str(row[0]) for row in ROWS)]
    tab.goto(f"{emulator.url}/spreadsheets/d/{spreadsheet}/edit")
    at(tab, 4, 0).wait_for()
    assert customers(tab) == everyone
    tab.get_by_role("button", name="Filter views").click()
    menu = tab.locator("#views-menu")
    assert menu.locator("a").all_inner_texts() == ["None", "Rejected & <first>"]
    menu.get_by_text("Rejected").click()
    expect(tab.locator("#viewing b")).to_have_text("Rejected & <first>")
    assert customers(tab) == ["Customer", "Max & <co>", "Ada"]
    assert "fvid=41" in tab.url
    assert not menu.is_visible()
    emulator.edit(spreadsheet, "type_cell", row=1, column=2, text="Rejected")
    expect(at(tab, 1, 0)).to_have_text("Zoe")
    assert customers(tab) == ["Customer", "Zoe", "Max & <co>", "Ada"]
    tab.get_by_label("Close the filter view").click()
    expect(tab.locator("#viewing")).to_be_hidden()
    assert customers(tab) == everyone
    tab.goto(f"{emulator.url}/spreadsheets/d/{spreadsheet}/edit?gid=0&fvid=41")
    expect(tab.locator("#viewing")).to_be_visible()
    kept = http.get(f"/v4/spreadsheets/{spreadsheet}/values/Sheet1!A2:A5").json()["values"]
    assert [row[0] for row in kept] == everyone[1:]


def test_a_view_of_a_large_sheet_searches_all_of_it(http: Client, emulator: Emulator) -> None:
    made = emulator.create_spreadsheet("large")
    far = {"type": "TEXT_STARTS_WITH", "values": [{"userEnteredValue": "far"}]}
    criteria = {"columnIndex": 0, "filterCriteria": {"condition": far}}
    view = {"filterViewId": 4, "range": {"sheetId": 0}, "filterSpecs": [criteria]}
    batch(
        http,
        made,
        {"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 4000}},
        {"addFilterView": {"filter": view}},
    )
    emulator.edit(made, "type_cell", row=4900, column=0, text="far down")
    told = http.get(f"/spreadsheets/d/{made}/grid?fvid=4").json()
    assert (told["view"], told["views"]) == (4, [{"id": 4, "title": "Filter 1"}])
    assert re.findall(r'data-row="(\d+)"', told["html"]) == ["0", "4900"]
    nothing = http.get(f"/spreadsheets/d/{made}/grid?fvid=99").json()
    assert nothing["view"] is None
