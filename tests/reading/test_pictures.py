"""Takes pictures of a sheet with 40 made-up jobs; IMAGES=1 writes them to docs/images.

They show the emulator's page of the spreadsheet, as their captions in the docs say.
"""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.made_up import ROOT
from tests.reading.conftest import Shown, opened
from tests.reading.forty_jobs import NAMES as MILESTONES
from tests.reading.ten_jobs import NAMES

pytestmark = pytest.mark.long

IMAGES = ROOT / "docs" / "images"
LARGEST = 200_000
"""Most bytes of a picture, because every clone has them."""
HEIGHTS = {"Jobs": 800, "History": 700, "Pipeline": 800}
VIEWS = {"Rejected": "rejected", "Ada Birch's jobs": "rep"}
"""Views of the Jobs tab, and the names of their pictures."""
PICTURES = {
    *("jobs", "jobs-phone", "documents", "history", "pipeline"),
    *(f"view-{name}" for name in VIEWS.values()),
}


BROKEN = """cells => cells.flatMap(cell => {
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), broken = [];
    for (let node; node = walker.nextNode();) {
        for (const word of node.data.matchAll(/[^ \\n]+/g)) {
            const range = document.createRange();
            range.setStart(node, word.index);
            range.setEnd(node, word.index + word[0].length);
            if (new Set([...range.getClientRects()].map(box => box.top)).size > 1)
                broken.push(word[0]);
        }
    }
    return broken;
})"""
"""Returns the words that are on two lines; month and day count as one."""


@pytest.fixture
def page(browser: Browser, forty: Shown) -> Iterator[Page]:
    with closing(opened(browser, forty, width=1440)) as page:
        yield page


def keep(page: Page, name: str, folder: Path) -> None:
    """Take a picture; with IMAGES=1 it is written to the docs."""
    page.mouse.move(2, 2)
    page.locator("#scroller").dispatch_event("mouseover")  # So that no note covers other cells.
    expect(page.get_by_text("Filled in automatically.")).not_to_be_visible()
    assert page.locator("#scroller td").evaluate_all(BROKEN) == []
    picture = page.screenshot()
    assert 10_000 < len(picture) < LARGEST
    place = IMAGES if os.environ.get("IMAGES") else folder
    (place / f"{name}.png").write_bytes(picture)


@pytest.mark.parametrize("tab", ["Jobs", "History", "Pipeline"])
def test_a_picture_of_each_tab(page: Page, forty: Shown, tmp_path: Path, tab: str) -> None:
    page.set_viewport_size({"width": 1440, "height": HEIGHTS[tab]})
    page.locator("#tabs").get_by_text(tab, exact=True).click()
    expect(page.locator("#scroller")).to_contain_text(
        {"Jobs": "Next action", "History": "Comment", "Pipeline": "Open jobs by milestone"}[tab]
    )
    if tab == "Pipeline":
        assert page.locator("#scroller .chart .bar").count() > 5
    else:
        tinted = page.locator("td[style*='background-color']")
        assert tinted.count() > forty.jobs
    keep(page, tab.lower(), tmp_path)


def test_a_picture_of_documents_and_a_note(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 1440, "height": 400})
    row = page.locator("tbody tr").filter(has_text="PTO letter.pdf").first
    first = page.locator("tr[data-row='0'] td").get_by_text(MILESTONES[-1], exact=True)
    script = "cell => cell.closest('td').offsetLeft - cell.closest('tr').cells[2].offsetLeft"
    left = first.evaluate(script)
    page.locator("#scroller").evaluate("(e, left) => e.scrollLeft = left", left)
    expect(row.get_by_role("link", name="Job card.pdf")).to_be_visible()
    row.locator("td[data-note]").get_by_text("Approved", exact=True).last.hover()
    expect(page.locator("#tip")).to_be_visible()
    picture = page.screenshot()
    assert 10_000 < len(picture) < LARGEST
    place = IMAGES if os.environ.get("IMAGES") else tmp_path
    (place / "documents.png").write_bytes(picture)


@pytest.mark.parametrize("title", list(VIEWS))
def test_a_picture_of_each_view(page: Page, tmp_path: Path, title: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 560})
    everything = page.locator("tbody tr").count()
    page.get_by_role("button", name="Filter views").click()
    page.locator("#views-menu").get_by_text(title, exact=True).click()
    expect(page.locator("#viewing b")).to_have_text(title)
    assert 1 < page.locator("tbody tr").count() < everything
    keep(page, f"view-{VIEWS[title]}", tmp_path)


def test_a_row_has_two_lines_and_a_screen_sixteen_jobs(page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    high = page.locator("tbody tr:not([data-row='0'])").evaluate_all(
        "rows => rows.filter(row => row.offsetHeight > 42).map(row => row.innerText)"
    )
    assert high == []
    ends = page.locator("tbody tr:not([data-row='0'])").evaluate_all(
        "rows => rows.map(row => row.getBoundingClientRect().bottom)"
    )
    tabs = page.locator("#tabs").bounding_box()
    assert tabs is not None
    assert sum(end <= tabs["y"] for end in ends) >= 16
    tops = page.locator("tr[data-row='1'] td").evaluate_all(
        "cells => cells.map(cell => getComputedStyle(cell).verticalAlign)"
    )
    assert set(tops) == {"top"}


def test_on_a_phone_the_name_stays_and_the_other_columns_scroll(
    browser: Browser, forty: Shown, tmp_path: Path
) -> None:
    phone = browser.new_page(viewport={"width": 390, "height": 780})
    phone.goto(forty.address)
    phone.locator("tr[data-row='1']").wait_for()
    keep(phone, "jobs-phone", tmp_path)
    ends = phone.locator("tr[data-row='0'] td").evaluate_all(
        "cells => cells.map(c => [c.innerText.trim(), c.getBoundingClientRect().right])"
    )
    shown = [title for title, right in ends if right <= 390]
    assert {"Customer", "Status", "Days"} <= set(shown)
    name = phone.locator("tr[data-row='1'] > td[data-column='0']")
    name.wait_for()
    phone.locator("#scroller").evaluate("e => e.scrollLeft = 900")
    box = name.bounding_box()
    assert box is not None
    assert box["x"] >= 0 and box["x"] + box["width"] < 390
    phone.screenshot(path=tmp_path / "phone.png")
    phone.close()


def test_a_reps_questions_are_answered_on_the_first_screen(browser: Browser, ten: Shown) -> None:
    page = opened(browser, ten, width=1440)
    first = ["Customer", "Status", "Days", "Next action", "Last change", "Rep"]
    ends = page.locator("tr[data-row='0'] td").evaluate_all(
        "cells => cells.map(c => [c.innerText.trim(), c.getBoundingClientRect().right])"
    )
    shown = [title for title, right in ends if right <= 1440]
    assert [title for title in shown if title in first] == first
    assert {NAMES[1], NAMES[2]} <= set(shown)
    cells = page.locator(f"tbody tr:not([data-row='0']) > td:nth-of-type(-n+{len(shown)}) > div")
    cut_off = cells.evaluate_all(
        "cells => cells.filter(c => c.scrollWidth > c.clientWidth + 1).map(c => c.innerText)"
    )
    assert cut_off == []
    page.close()


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_the_pictures_exist_and_are_small(name: str) -> None:
    assert 10_000 < (IMAGES / f"{name}.png").stat().st_size < LARGEST
