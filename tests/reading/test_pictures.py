"""Pictures of the three tabs as a person sees them; IMAGES=1 puts them under docs/images."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.made_up import ROOT
from tests.reading.conftest import Shown, opened
from tests.reading.ten_jobs import NAMES

pytestmark = pytest.mark.long

IMAGES = ROOT / "docs" / "images"
LARGEST = 200_000
"""Bytes a picture: they travel with every clone."""
HEIGHTS = {"Jobs": 470, "History": 560, "Pipeline": 720}


@pytest.mark.parametrize("tab", ["Jobs", "History", "Pipeline"])
def test_a_picture_of_each_tab(page: Page, shown: Shown, tmp_path: Path, tab: str) -> None:
    """Catches a tab that is blank, without its colours, or without its chart."""
    page.set_viewport_size({"width": 1360, "height": HEIGHTS[tab]})
    page.locator("#tabs").get_by_text(tab, exact=True).click()
    expect(page.locator("#scroller")).to_contain_text(
        {"Jobs": "Next action", "History": "Comment", "Pipeline": "Jobs by milestone"}[tab]
    )
    picture = page.screenshot()
    assert len(picture) < LARGEST
    if tab == "Pipeline":
        assert page.locator("#scroller .chart .bar").count() > 5
    else:
        tinted = page.locator("td[style*='background-color']")
        assert tinted.count() > shown.jobs
    folder = IMAGES if os.environ.get("IMAGES") else tmp_path
    (folder / f"{tab.lower()}.png").write_bytes(picture)


def test_on_a_telephone_the_name_stays_and_the_rest_can_be_swiped(
    browser: Browser, shown: Shown, tmp_path: Path
) -> None:
    phone = browser.new_page(viewport={"width": 390, "height": 780})
    phone.goto(shown.address)
    phone.locator("tr[data-row='1']").wait_for()
    phone.screenshot(path=tmp_path / "phone-first.png")
    name = phone.locator("tr[data-row='1'] > td[data-column='0']")
    name.wait_for()
    phone.locator("#scroller").evaluate("e => e.scrollLeft = 900")
    box = name.bounding_box()
    assert box is not None
    assert box["x"] >= 0 and box["x"] + box["width"] < 390
    phone.screenshot(path=tmp_path / "phone.png")
    phone.close()


def test_a_newcomer_sees_the_milestones_without_swiping(
    browser: Browser, ten: Shown, tmp_path: Path
) -> None:
    """The statuses are the point of the sheet: five milestones fit a screen 1,400 pixels wide."""
    page = opened(browser, ten, width=1400)
    page.screenshot(path=tmp_path / "wide.png")
    ends = []
    for title in (*NAMES.values(), "Construction & Signoff"):
        header = page.locator("tr[data-row='0'] td").get_by_text(title, exact=True)
        box = header.locator("xpath=ancestor::td").bounding_box()
        assert box is not None
        ends.append(box["x"] + box["width"])
    assert ends == sorted(ends), "the sample came first, and its milestone is the last"
    assert ends[-1] <= 1400
    cut_off = page.locator("tbody tr > td:nth-child(-n+5) > div").evaluate_all(
        "cells => cells.filter(c => c.scrollWidth > c.clientWidth + 1).map(c => c.innerText)"
    )
    assert cut_off == []
    page.close()


@pytest.mark.parametrize("tab", ["jobs", "history", "pipeline"])
def test_the_pictures_are_there_and_small(tab: str) -> None:
    assert 10_000 < (IMAGES / f"{tab}.png").stat().st_size < LARGEST
