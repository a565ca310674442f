"""What a reader sees of the demo; IMAGES=1 writes the pictures to docs/images."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from demo import board, run
from emulator import Emulator
from tests.databases import fresh
from tests.made_up import ROOT
from tests.world import PASSWORD, World, wait_for

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]

CHROMIUM = Path("/usr/bin/chromium")
IMAGES = ROOT / "docs" / "images"
PICTURES = ("jobs", "today-phone", "view-rep", "overview", "tab")
LARGEST = 200_000
"""Most bytes of a picture, because every clone has them."""
BOARD = 2027
"""The sheet ID of the demo's board."""
HEADERS_AND_ENDS = """cells => cells.map(
    cell => [cell.innerText.trim(), cell.getBoundingClientRect().right])"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("chromium isn't installed here")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The demo's jobs."""
    folder: Path = tmp_path_factory.mktemp("reading")
    with Emulator() as google:
        google.limits.enabled = False
        url = fresh("sqlite", folder)
        world = World(google, folder, url, EVERBRIGHT_API_TOKEN=run.TOKEN)
        world.environment |= {"CONFIG_FILE": str(run.CONFIG), "WEBHOOK_SECRET": run.SECRET}
        google.everbright.token = run.TOKEN
        with world.serve():
            sites = run.send_all(world.url)
            wait_for(lambda: len(world.rows()) == len(sites), 120)
            wait_for(lambda: all("Job " not in row["Customer"].text for row in world.rows()), 120)
            wait_for(world.is_up_to_date, 120)
            yield world


def sheet(browser: Browser, world: World, width: int, height: int) -> Page:
    """Open the spreadsheet at *Jobs*."""
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(f"{world.google.url}/spreadsheets/d/{world.spreadsheet}/edit")
    open_tab(page, "Jobs", "Next action")
    return page


def open_tab(page: Page, title: str, header: str) -> None:
    """Press a tab until it shows a header: a press may come just as the page changes."""

    def is_open() -> bool:
        page.locator("#tabs").get_by_text(title, exact=True).click()
        return header in page.locator("#scroller").inner_text()

    wait_for(is_open)


def console(browser: Browser, world: World, path: str) -> Page:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(world.url + path)
    page.fill("input[type=password]", PASSWORD)
    page.press("input[type=password]", "Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    return page


def keep(page: Page, name: str, folder: Path) -> None:
    """Take a picture; with IMAGES=1 it is written to the docs."""
    page.mouse.move(2, 2)
    picture = page.screenshot()
    assert 10_000 < len(picture) < LARGEST
    place = IMAGES if os.environ.get("IMAGES") else folder
    (place / f"{name}.png").write_bytes(picture)
    page.close()


def test_the_first_screen_has_whom_a_job_waits_on_and_since_when(
    browser: Browser, world: World, tmp_path: Path
) -> None:
    page = sheet(browser, world, 1440, 800)
    ends = page.locator("tr[data-row='0'] td").evaluate_all(HEADERS_AND_ENDS)
    shown = [title for title, right in ends if right <= 1440]
    expected = ["Customer", "Status", "Days", "Next action", "Waiting on", "Rep"]
    assert [title for title in shown if title in expected] == expected
    keep(page, "jobs", tmp_path)


def test_a_phone_shows_customer_status_and_days(browser: Browser, world: World) -> None:
    page = sheet(browser, world, 390, 780)
    ends = page.locator("tr[data-row='0'] td").evaluate_all(HEADERS_AND_ENDS)
    shown = [title for title, right in ends if right <= 390]
    assert {"Customer", "Status", "Days"} <= set(shown)
    page.close()


def test_a_phone_shows_of_history_what_became_of_whose_milestone(
    browser: Browser, world: World
) -> None:
    page = sheet(browser, world, 390, 780)
    page.locator("#tabs").get_by_text("History", exact=True).click()
    expect(page.locator("#scroller")).to_contain_text("Received")
    ends = page.locator("tr[data-row='0'] td").evaluate_all(HEADERS_AND_ENDS)
    shown = [title for title, right in ends if right <= 391]  # The frozen column has a line.
    assert shown == ["Customer", "What", "To"]
    page.close()


def test_a_rep_has_a_view_of_open_jobs(browser: Browser, world: World, tmp_path: Path) -> None:
    page = sheet(browser, world, 1440, 560)
    page.get_by_role("button", name="Filter views").click()
    page.locator("#views-menu").get_by_text("Dora Eskew's jobs", exact=True).click()
    expect(page.locator("#viewing b")).to_have_text("Dora Eskew's jobs")
    statuses = page.locator("tbody tr:not([data-row='0']) td[data-column='1']").all_inner_texts()
    assert len(statuses) >= 3
    assert not {"Done", "Archived"} & {text.strip() for text in statuses}
    keep(page, "view-rep", tmp_path)


def test_todays_jobs_are_those_that_wait_on_us(
    browser: Browser, world: World, tmp_path: Path
) -> None:
    page = sheet(browser, world, 390, 780)
    open_tab(page, "Today", "What to do")
    ours = [row for row in world.rows() if row["Waiting on"].text == "Us"]
    lines = page.locator("tbody tr:not([data-row='0']) td[data-column='0']").all_inner_texts()
    reps = {row["Rep"].text or "No rep" for row in ours}
    assert reps <= {*lines}
    assert len([line for line in lines if line.strip()]) == len(ours) + 2 * len(reps)
    keep(page, "today-phone", tmp_path)


def test_the_overview_says_that_all_is_shown(
    browser: Browser, world: World, tmp_path: Path
) -> None:
    page = console(browser, world, "/")
    page.set_viewport_size({"width": 1100, "height": 380})
    expect(page.get_by_role("heading", name="up to date")).to_be_visible()
    keep(page, "overview", tmp_path)


def test_the_page_of_a_tab_proposes_its_columns(
    browser: Browser, world: World, tmp_path: Path
) -> None:
    sites = [row["Site ID"].text for row in world.rows()]
    board.fill(world.google, world.spreadsheet, sites)
    page = console(browser, world, f"/tabs/{BOARD}")
    expect(page.get_by_label("E-mail", exact=False).first).to_have_value("email")
    expect(page.get_by_label("Permit OK: from this step on")).not_to_have_value("")
    keep(page, "tab", tmp_path)


@pytest.mark.parametrize("name", PICTURES)
def test_the_pictures_exist_and_are_small(name: str) -> None:
    assert 10_000 < (IMAGES / f"{name}.png").stat().st_size < LARGEST


def test_there_are_no_other_pictures() -> None:
    assert {file.stem for file in IMAGES.glob("*.png")} == {*PICTURES}
