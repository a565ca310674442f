"""The console in a browser: accessible in every look, by keyboard, on a phone, without scripts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import update

from emulator import Emulator
from sync.core.schema import document as documents
from tests.databases import fresh
from tests.made_up import SAMPLE, SAMPLE_SITE, document, milestone, task
from tests.world import PASSWORD, TOKEN, World, wait_for

pytestmark = pytest.mark.long

CHROMIUM = Path("/usr/bin/chromium")
PHONE = {"width": 390, "height": 800}
DESK = {"width": 1440, "height": 900}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESK, "color_scheme": "light"},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light"},
    "phone-dark": {"viewport": PHONE, "color_scheme": "dark"},
}
ANOTHER = {
    "Customer": "Walter Diaz",
    "Phone": "555-999-1234",
    "Email": "w@example.com",
    "Address": "1 Elsewhere Rd, Otown, CA 90000",
}
PAGES = [
    *("/", "/jobs", "/jobs?q=castillo", "/jobs?q=nobody", f"/jobs/{SAMPLE_SITE}"),
    *("/jobs/documents", "/webhooks", "/webhooks?q=rejected", "/webhooks?q=nothing", "/webhooks/1"),
    *("/tabs", "/setup", "/actions/forget", "/actions/pause", "/actions/nothing"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A console with some of everything: jobs, documents, rejected webhooks and problems."""
    folder: Path = tmp_path_factory.mktemp("console")
    with Emulator() as google:
        world = World(google, folder, fresh("sqlite", folder), **TOKEN)
        with world.serve():
            world.send(SAMPLE)
            for number in range(1, 9):
                files = [document(number, f"Plan set {number}.pdf")]
                world.send(milestone(number, number % 3, tasks=[task(*files)]))
            world.send(milestone(9, 1, status="ON_HOLD"))
            world.send(milestone(1, 2, quote={"of": "another form"}))
            world.send(b"{")
            wait_for(world.is_up_to_date)
            with world.database().begin() as connection:
                failed = documents.c.site != SAMPLE_SITE
                values = {"state": "failed", "error": "EverBright has no such document (404)."}
                connection.execute(update(documents).where(failed).values(values))
            for header, text in ANOTHER.items():
                world.edit("type_cell", row=2, column=world.header(header), text=text)
            world.send(milestone(20))
            wait_for(lambda: "other_customer" in world.codes(), 60)
            requests.post(f"{world.url}/webhooks/everbright", json={}, timeout=10)
            yield world.url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    made = browser.new_page(viewport=DESK)  # type: ignore[arg-type]
    yield made
    made.close()


def entered(page: Page, url: str) -> Page:
    page.goto(url)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Overview").wait_for()
    return page


def faults(page: Page) -> list[str]:
    """Return what axe-core and a check of the width find on a page."""
    answer = Axe().run(page).response
    assert len(answer["passes"]) > 5, "nothing was looked at"
    found = [
        f"{one['id']}: {node['html']}"
        for one in answer["violations"]
        if one["impact"] in ("serious", "critical", "moderate")
        for node in one["nodes"]
    ]
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return found + ([f"{wide} pixels too wide"] if wide > 0 else [])


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_accessible(browser: Browser, console: str, look: str) -> None:
    context = browser.new_context(**LOOKS[look])
    page = context.new_page()
    page.goto(console)
    found = {"/sign-in": faults(page)}
    entered(page, console)
    for path in PAGES:
        page.goto(console + path)
        found[path] = faults(page)
    page.goto(f"{console}/setup")
    page.get_by_role("button", name="Run the checks").click()
    page.locator(".checks").wait_for()
    page.wait_for_load_state()
    found["checks"] = faults(page)
    assert {path: each for path, each in found.items() if each} == {}
    context.close()


def test_a_planted_fault_is_seen(page: Page, console: str) -> None:
    entered(page, console)
    page.evaluate("document.querySelector('h1').outerHTML = '<img src=/static/icon.svg>'")
    assert [each.partition(":")[0] for each in faults(page)] == [
        "image-alt",
        "page-has-heading-one",
    ]


def test_the_navigation_is_one_line_on_a_phone(browser: Browser, console: str) -> None:
    page = entered(browser.new_page(viewport=PHONE), console)  # type: ignore[arg-type]
    tops = {box["y"] for a in page.locator("nav a").all() if (box := a.bounding_box())}
    assert len(tops) == 1
    assert page.locator("nav a").count() == 5
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.close()


def test_everything_can_be_done_with_the_keyboard(page: Page, console: str) -> None:
    entered(page, console)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Check now")).to_be_focused()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"
    page.goto(f"{console}/setup")
    names = page.locator(".order li > span:first-of-type")
    before = names.all_inner_texts()
    page.get_by_role("button", name=f"{before[0]} down").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Not stored yet")).to_be_visible()
    after = names.all_inner_texts()
    assert after[:2] == before[1::-1]
    # It can be moved on without looking for it.
    expect(page.get_by_role("button", name=f"{before[0]} down")).to_be_focused()
    page.goto(f"{console}/webhooks?q=rejected")
    page.get_by_role("checkbox", name="Select number").first.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name="Select number").first).to_be_checked()


def test_a_page_stays_fresh_and_leaves_a_choice_alone(page: Page, console: str) -> None:
    entered(page, console)
    page.goto(f"{console}/webhooks")
    rows = page.locator("tbody tr")
    before = rows.count()
    headers = {"X-Webhook-Secret": "a-made-up-secret-of-tests", "Content-Type": "application/json"}
    requests.post(f"{console}/webhooks/everbright", data=b"[", headers=headers, timeout=10)
    expect(rows).to_have_count(before + 1, timeout=15_000)
    page.get_by_role("checkbox", name="Select all").check()
    expect(page.get_by_role("checkbox", name="Select number").first).to_be_checked()


def test_everything_works_without_scripts(browser: Browser, console: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = entered(context.new_page(), console)
    page.get_by_role("link", name="Jobs", exact=True).click()
    page.get_by_label("Name, address").fill("prairie")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Dale Castillo").click()
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    page.get_by_role("link", name="Delete this customer").click()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", name="Dale Castillo")).to_be_visible()
    page.get_by_role("link", name="Setup").click()
    page.get_by_role("button", name="Run the checks").click()
    expect(page.get_by_text("A file was written to the folder")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{console}/setup")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    context.close()
