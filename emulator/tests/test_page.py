"""The page in a real browser: what a person sees, and what the buttons do to the sheet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect, sync_playwright

from emulator.tests.conftest import Client, upload

pytestmark = pytest.mark.long

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator
    from playwright.sync_api import Page as Tab

    from emulator import Emulator

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
browsing = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}")
GREEN = {"red": 0.85, "green": 0.92, "blue": 0.83}
LINK = "https://drive.example/one"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    page = browser.new_page(viewport={"width": 1000, "height": 600})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert errors == []


def text_cell(text: str, **more: Any) -> dict[str, Any]:
    return {"userEnteredValue": {"stringValue": text}, **more}


def jobs(emulator: Emulator) -> str:
    spreadsheet = emulator.create_spreadsheet("Jobs & <more>")
    bold = {"userEnteredFormat": {"textFormat": {"bold": True}, "wrapStrategy": "WRAP"}}
    header = [text_cell(text, **bold) for text in ("Customer", "Status", "Documents", "Notes")]
    runs = [
        {"startIndex": 0, "format": {"link": {"uri": LINK}}},
        {"startIndex": 7, "format": {}},
        {"startIndex": 8, "format": {"link": {"uri": "https://everbright.example/p"}}},
    ]
    rows = [{"values": header}]
    for number, name in enumerate(("Zoe", "Ada", "<b>Max</b>")):
        row = [
            text_cell(name),
            text_cell("Approved" if number else "Rejected", note="by Ada\n& Bob"),
            text_cell("one.pdf p", textFormatRuns=runs),
            text_cell("a text that is a good deal longer than its column is wide"),
        ]
        rows.append({"values": row})
    rows += [{"values": [text_cell(f"row {number}")]} for number in range(5, 80)]
    area = {"sheetId": 0, "startColumnIndex": 1, "endColumnIndex": 2, "startRowIndex": 1}
    rule = {
        "condition": {"type": "TEXT_EQ", "values": [{"userEnteredValue": "Approved"}]},
        "format": {"backgroundColor": GREEN},
    }
    frozen = {"frozenRowCount": 1, "frozenColumnCount": 1}
    widths = {"sheetId": 0, "dimension": "COLUMNS", "startIndex": 2, "endIndex": 3}
    requests: list[dict[str, Any]] = [
        {
            "updateSheetProperties": {
                "properties": {"sheetId": 0, "gridProperties": frozen},
                "fields": "gridProperties(frozenRowCount,frozenColumnCount)",
            }
        },
        {"updateCells": {"start": {"sheetId": 0}, "rows": rows, "fields": "*"}},
        {"addConditionalFormatRule": {"rule": {"ranges": [area], "booleanRule": rule}, "index": 0}},
        {
            "updateDimensionProperties": {
                "range": widths,
                "properties": {"pixelSize": 173},
                "fields": "pixelSize",
            }
        },
        {"setBasicFilter": {"filter": {"range": {"sheetId": 0, "endColumnIndex": 4}}}},
        {"addSheet": {"properties": {"sheetId": 5, "title": "_hidden", "hidden": True}}},
        {"addSheet": {"properties": {"sheetId": 6, "title": "History"}}},
    ]
    with Client(emulator.url) as http:
        batch(http, spreadsheet, *requests)
    return spreadsheet


def batch(http: Client, spreadsheet: str, *requests: dict[str, Any]) -> None:
    answer = http.post(f"/v4/spreadsheets/{spreadsheet}:batchUpdate", json={"requests": requests})
    assert answer.status_code == 200, answer.text


def at(tab: Tab, row: int, column: int) -> Locator:
    return tab.locator(f'tr[data-row="{row}"] > td[data-column="{column}"]')


def texts(tab: Tab, column: int, count: int = 4) -> list[str]:
    return [at(tab, row, column).inner_text() for row in range(count)]


@pytest.fixture
def opened(emulator: Emulator, tab: Tab) -> str:
    spreadsheet = jobs(emulator)
    tab.goto(f"{emulator.url}/spreadsheets/d/{spreadsheet}/edit")
    at(tab, 3, 0).wait_for()
    return spreadsheet


def css(locator: Locator, name: str) -> str:
    value: str = locator.evaluate("(e, name) => getComputedStyle(e)[name]", name)
    return value


@browsing
def test_the_grid_looks_as_sheets_draws_it(opened: str, tab: Tab) -> None:
    assert tab.title() == "Jobs & <more>"
    assert texts(tab, 0) == ["Customer", "Zoe", "Ada", "<b>Max</b>"]
    assert css(at(tab, 0, 0), "fontWeight") == "700"
    assert css(at(tab, 1, 1), "backgroundColor") == "rgba(0, 0, 0, 0)"
    assert css(at(tab, 2, 1), "backgroundColor") == "rgb(217, 235, 212)"
    box = at(tab, 1, 2).bounding_box()
    assert box is not None
    assert box["width"] == 173
    assert tab.locator("thead th.letter").all_inner_texts()[:3] == ["A", "B", "C"]
    links = at(tab, 1, 2).locator("a")
    assert [link.get_attribute("href") for link in links.all()] == [
        LINK,
        "https://everbright.example/p",
    ]
    assert links.all_inner_texts() == ["one.pdf", "p"]


@browsing
def test_frozen_panes_stay_while_the_rest_is_scrolled(opened: str, tab: Tab) -> None:
    corner, header, name, plain = at(tab, 0, 0), at(tab, 0, 1), at(tab, 40, 0), at(tab, 40, 1)
    before = [place.bounding_box() for place in (corner, header)]
    tab.evaluate("document.getElementById('scroller').scrollTo(150, 600)")
    after = [place.bounding_box() for place in (corner, header)]
    assert before[0] == after[0]
    assert before[1] is not None and after[1] is not None
    assert (after[1]["y"], after[1]["x"]) == (before[1]["y"], before[1]["x"] - 150)
    left, moved = name.bounding_box(), plain.bounding_box()
    assert left is not None and moved is not None
    assert left["x"] == 46
    assert moved["x"] < left["x"] + left["width"]


@browsing
def test_a_note_has_a_mark_and_shows_on_hover(opened: str, tab: Tab) -> None:
    cell = at(tab, 1, 1)
    mark: str = cell.evaluate("e => getComputedStyle(e, '::after').borderRightColor")
    assert mark == "rgb(32, 33, 36)"
    assert not tab.locator("#tip").is_visible()
    cell.hover()
    assert tab.locator("#tip").inner_text() == "by Ada\n& Bob"
    at(tab, 4, 0).hover()
    assert not tab.locator("#tip").is_visible()


@browsing
def test_hidden_tabs_are_shown_only_when_asked_for(opened: str, tab: Tab) -> None:
    assert tab.locator("#tabs a").all_inner_texts() == ["Sheet1", "History"]
    tab.locator("#hidden").check()
    tab.locator("#tabs a", has_text="_hidden").wait_for()
    tab.locator("#tabs a", has_text="History").click()
    expect(tab.locator("#tabs a.open")).to_have_text("History")
    assert at(tab, 0, 0).inner_text() == ""


@browsing
def test_a_change_shows_and_keeps_the_place(opened: str, tab: Tab, emulator: Emulator) -> None:
    tab.evaluate("document.getElementById('scroller').scrollTo(60, 300)")
    emulator.edit(opened, "type_cell", row=20, column=1, text="here it is")
    expect(at(tab, 20, 1)).to_have_text("here it is")
    assert tab.evaluate(
        "[document.getElementById('scroller').scrollLeft, "
        "document.getElementById('scroller').scrollTop]"
    ) == [60, 300]


@browsing
def test_typing_into_a_cell(opened: str, tab: Tab, emulator: Emulator) -> None:
    at(tab, 5, 2).dblclick()
    tab.keyboard.type("=1+2")
    tab.keyboard.press("Enter")
    expect(at(tab, 5, 2)).to_have_text("3")
    assert tab.locator("#entered").inner_text() == "=1+2"
    at(tab, 5, 2).dblclick()
    tab.keyboard.type("thrown away")
    tab.keyboard.press("Escape")
    assert emulator.sheets.spreadsheets[opened].revision == 2
    at(tab, 6, 2).click()
    tab.get_by_role("button", name="Type", exact=True).click()
    tab.keyboard.type("by the button")
    tab.keyboard.press("Enter")
    expect(at(tab, 6, 2)).to_have_text("by the button")


@browsing
def test_a_refusal_can_be_read(opened: str, tab: Tab, http: Client) -> None:
    gone = {"sheetId": 0, "dimension": "COLUMNS", "startIndex": 8, "endIndex": 26}
    batch(http, opened, {"deleteDimension": {"range": gone}})
    expect(at(tab, 1, 8)).to_have_count(0)
    at(tab, 1, 7).click()  # the last column
    tab.get_by_role("button", name="Move →", exact=True).click()
    expect(tab.locator("#saved.wrong")).to_contain_text("Cannot move")
    tab.wait_for_timeout(1500)
    expect(tab.locator("#saved.wrong")).to_contain_text("Cannot move")


@browsing
def test_a_phone_shows_more_sheet_than_buttons(opened: str, tab: Tab) -> None:
    tab.set_viewport_size({"width": 360, "height": 640})
    bar, sheet = tab.locator(".tools").bounding_box(), tab.locator("#scroller").bounding_box()
    assert bar is not None and sheet is not None
    assert bar["height"] < 50
    assert sheet["height"] > 400
    assert tab.evaluate("document.documentElement.scrollWidth") == 360


@browsing
def test_the_buttons(opened: str, tab: Tab, emulator: Emulator) -> None:
    def revision() -> int:
        return emulator.sheets.spreadsheets[opened].revision

    def press(label: str, answer: str | None = None) -> None:
        before = revision()
        tab.get_by_role("button", name=label, exact=True).click()
        if answer is not None:
            tab.locator("#answer").fill(answer)
            tab.get_by_role("button", name="OK").click()
        expect(tab.locator("#scroller")).not_to_have_attribute("data-revision", str(before))

    at(tab, 1, 0).click()
    press("Sort A→Z")
    assert texts(tab, 0)[:3] == ["Customer", "<b>Max</b>", "Ada"]
    press("Sort Z→A")
    assert texts(tab, 0)[:2] == ["Customer", "Zoe"]
    press("Insert row")
    assert texts(tab, 0)[:3] == ["Customer", "", "Zoe"]
    press("Delete row")
    assert texts(tab, 0)[:2] == ["Customer", "Zoe"]
    at(tab, 1, 1).click()
    press("Insert column")
    assert [at(tab, 0, column).inner_text() for column in range(3)] == ["Customer", "", "Status"]
    press("Move →")
    assert [at(tab, 0, column).inner_text() for column in range(3)] == ["Customer", "Status", ""]
    press("Rename header", "Mine <1>")
    assert at(tab, 0, 2).inner_text() == "Mine <1>"
    press("Note", "a note of mine")
    assert at(tab, 1, 2).get_attribute("data-note") == "a note of mine"
    press("Move ←")
    assert [at(tab, 0, column).inner_text() for column in range(2)] == ["Customer", "Mine <1>"]


@browsing
def test_drives_files_and_a_pdf_opened_inline(emulator: Emulator, tab: Tab) -> None:
    folder = emulator.create_folder("Documents")
    with Client(emulator.url) as http:
        pdf = http.get("/api/v1/document/x/download/").content
        made = upload(http, pdf, "<i>Inspection</i>.pdf", "application/pdf", parents=[folder])
    tab.goto(emulator.url)
    tab.get_by_role("link", name="Documents").click()
    assert tab.locator("table.files tbody tr").count() == 1
    row = tab.locator("table.files tbody tr").inner_text()
    assert row.startswith("<i>Inspection</i>.pdf")
    assert f"{len(pdf)} bytes" in row
    tab.get_by_role("link", name="<i>Inspection</i>.pdf").click()
    address = f"{emulator.url}/file/d/{made}/view"
    tab.wait_for_url(address)
    with Client(emulator.url) as http:
        shown = http.get(address)
    assert shown.content == pdf
    assert shown.headers["content-type"] == "application/pdf"
    assert shown.headers["content-disposition"].startswith("inline")
