"""Charts, filter views, notes and a phone's width, as the page shows them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from emulator.tests.conftest import Client
from emulator.tests.sheets.conftest import area
from emulator.tests.test_page import at, batch, browser, browsing, css, tab, text_cell

pytestmark = pytest.mark.long

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

    from emulator import Emulator

__all__ = ["browser", "tab"]

COUNTS: list[list[Any]] = [
    ["Milestone", "Approved", "Rejected"],
    ["Permit", 1, 1],
    ["Install", 0, 1],
]
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


def source(column: int, sheet_id: int = 5, end: int = 3) -> dict[str, Any]:
    return {"sourceRange": {"sources": [area(0, end, column, column + 1, sheet_id)]}}


def bar_chart(**more: Any) -> dict[str, Any]:
    """Over the cells of COUNTS, with its corner 20 to the right and 5 below that of C2."""
    basic: dict[str, Any] = {
        "chartType": "BAR",
        "headerCount": 1,
        "stackedType": "STACKED",
        "legendPosition": "BOTTOM_LEGEND",
        "axis": [{"position": "BOTTOM_AXIS", "title": "Jobs & <more>"}],
        "domains": [{"domain": source(0)}],
        "series": [
            {"series": source(1), "colorStyle": {"rgbColor": {"green": 0.5}}},
            {"series": source(2)},
        ],
    }
    place = {
        "anchorCell": {"sheetId": 5, "rowIndex": 1, "columnIndex": 2},
        "offsetXPixels": 20,
        "offsetYPixels": 5,
        "widthPixels": 500,
        "heightPixels": 300,
    }
    spec = {"title": "Jobs <b>by</b> milestone", "basicChart": basic | more}
    return {"chartId": 8, "spec": spec, "position": {"overlayPosition": place}}


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
        {"addSheet": {"properties": {"sheetId": 5, "title": "Pipeline"}}},
        write(5, *([cell(one) for one in row] for row in COUNTS)),
        {"addChart": {"chart": bar_chart()}},
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
    assert tab.locator("td.filtered").count() == 3  # of four columns one is hidden
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


@browsing
def test_a_chart_lies_at_its_place_and_shows_the_cells_as_they_are(
    emulator: Emulator, tab: Tab, spreadsheet: str, http: Client
) -> None:
    tab.goto(f"{emulator.url}/spreadsheets/d/{spreadsheet}/edit#gid=5")
    drawn = tab.locator('.chart[data-chart="8"]')
    drawn.wait_for()
    box, corner = drawn.bounding_box(), at(tab, 1, 2).bounding_box()
    assert box is not None and corner is not None
    assert [box["x"], box["y"]] == pytest.approx([corner["x"] + 20, corner["y"] + 5])
    assert (box["width"], box["height"]) == (500, 300)
    said = drawn.locator("figcaption, span").all_text_contents()
    assert {"Jobs <b>by</b> milestone", "Jobs & <more>", "Approved", "Permit", "Install"} <= {*said}
    bars = drawn.locator(".bar")
    assert bars.count() == 3  # a zero has none
    assert css(bars.nth(0), "backgroundColor") == "rgb(0, 128, 0)"
    assert css(bars.nth(1), "backgroundColor") == "rgb(234, 67, 53)"  # the palette's second
    assert bars.first.get_attribute("title") == "Permit\nApproved: 1"
    short = bars.nth(0).bounding_box()
    emulator.edit(spreadsheet, "type_cell", sheet_id=5, row=1, column=1, text="9")
    expect(bars.first).to_have_attribute("title", "Permit\nApproved: 9")
    long = bars.nth(0).bounding_box()
    assert short is not None and long is not None
    assert long["width"] > short["width"]
    batch(http, spreadsheet, wrap(0, 5))
    expect(at(tab, 0, 0)).to_have_class(re.compile("wrap"))
    box, corner = drawn.bounding_box(), at(tab, 1, 2).bounding_box()
    assert box is not None and corner is not None
    assert box["y"] == pytest.approx(corner["y"] + 5)  # the first row is higher now
    tab.locator("#scroller").evaluate("e => e.scrollTo(30, 40)")
    moved = drawn.bounding_box()
    assert moved is not None
    assert [moved["x"], moved["y"]] == pytest.approx([box["x"] - 30, box["y"] - 40])


def wrap(row: int, sheet_id: int) -> dict[str, Any]:
    start = {"sheetId": sheet_id, "rowIndex": row, "columnIndex": 0}
    long = text_cell("Milestone " * 9, userEnteredFormat={"wrapStrategy": "WRAP"})
    return {"updateCells": {"start": start, "rows": [{"values": [long]}], "fields": "*"}}


def test_a_view_of_a_large_sheet_searches_all_of_it(http: Client, emulator: Emulator) -> None:
    made = emulator.create_spreadsheet("large")
    criteria = {"columnIndex": 0, "filterCriteria": {"condition": {"type": "NOT_BLANK"}}}
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


def test_a_chart_leaves_out_hidden_rows(http: Client, spreadsheet: str) -> None:
    hide = {"sheetId": 5, "dimension": "ROWS", "startIndex": 2, "endIndex": 3}
    hidden = {"range": hide, "properties": {"hiddenByUser": True}, "fields": "hiddenByUser"}
    batch(http, spreadsheet, {"updateDimensionProperties": hidden})
    address = f"/spreadsheets/d/{spreadsheet}/grid?gid=5"
    assert ">Install</span>" not in http.get(address).json()["html"]
    spec = {**bar_chart()["spec"], "hiddenDimensionStrategy": "SHOW_ALL"}
    batch(http, spreadsheet, {"updateChartSpec": {"chartId": 8, "spec": spec}})
    assert ">Install</span>" in http.get(address).json()["html"]
