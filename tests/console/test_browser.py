"""Tests the console in a browser: a repair, pages without JavaScript, and accessibility."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Integer, cast, select, update

from demo.process import Receiver
from demo.run import prepared, send_all
from emulator import Emulator
from sync.store import Database
from sync.store.schema import delivery, flush_hour
from sync.store.schema import document as documents
from tests.console.conftest import PASSWORD, entered
from tests.databases import fresh
from tests.made_up import ROOT, SAMPLE_SITE, document, milestone, task, uuid
from tests.world import World, wait_for

IMAGES = ROOT / "docs" / "images"
LARGEST = 200_000
"""Most bytes of a picture, because every clone has them."""
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1200, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1200, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 800}, "color_scheme": "light"},
    "phone-dark": {"viewport": {"width": 390, "height": 800}, "color_scheme": "dark"},
}
PAGES = [
    *("/", "/?span=days", "/deliveries", "/deliveries?outcome=rejected", "/documents?state=done"),
    *("/documents?state=failed", "/columns", "/statuses", "/checks", "/actions", "/actions/pause"),
    *("/actions/rebuild", "/actions/replay", f"/jobs/{SAMPLE_SITE}", "/deliveries/gone"),
]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    made = browser.new_page()
    yield made
    made.close()


def fail_document(world: World) -> None:
    database = Database(world.environment["DATABASE_URL"])
    with database.writing() as connection:
        connection.execute(update(documents).values(state="failed"))
    database.close()


@pytest.mark.long
def test_new_webhooks_show_up_and_failures_can_be_retried(world: World, page: Page) -> None:
    page.goto(f"{world.url}/deliveries")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("Wrong password.")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Deliveries", exact=True)).to_be_visible()
    expect(page.get_by_text("Nothing has arrived yet.")).to_be_visible()
    # It arrives while the page is open.
    world.google.everbright.fail(uuid(40_001), "not_found")
    world.send(milestone(1, name="Site Survey", tasks=[task(document(1))]))
    expect(page.get_by_role("cell", name="Site Survey")).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="Job 00000000").click()
    expect(page.get_by_text("The row is up to date")).to_be_visible(timeout=30_000)
    # Its document cannot be copied.
    page.get_by_role("link", name="Documents").click()
    expect(page.locator("tbody tr")).to_contain_text("EverBright", timeout=30_000)
    fail_document(world)
    page.goto(world.url)
    page.get_by_role("link", name="1 document couldn't be copied.").click()
    page.get_by_role("checkbox").check()
    world.google.everbright.heal()
    page.get_by_role("button", name="Retry the selected documents").click()
    page.get_by_role("button", name="Retry documents").click()
    expect(page.get_by_role("status")).to_have_text("Retry documents: 1 will be copied again.")
    page.get_by_role("link", name="In Drive").click()
    expect(page.get_by_role("link", name=uuid(40_001)[:8], exact=True)).to_be_visible(
        timeout=30_000
    )
    assert len(world.files()) == 1


@pytest.mark.long
def test_everything_works_without_javascript(world: World, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = entered(context.new_page(), world.url)
    page.get_by_role("link", name="Pause writing").click()
    page.get_by_role("button", name="Pause writing").click()
    expect(page.get_by_role("link", name="Writing has been paused")).to_be_visible()
    page.get_by_role("link", name="Columns").click()
    page.get_by_role("button", name="Read the sheet").click()
    expect(page.get_by_text("There is no tab for jobs yet.")).to_be_visible()
    page.get_by_role("link", name="Checks").click()
    page.get_by_role("button", name="Run the checks").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as JSON").click()
    assert '"checks"' in download.value.path().read_text("utf-8")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{world.url}/actions")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    context.close()


@pytest.mark.long
def test_a_second_click_does_not_end_the_wait_for_the_first(browser: Browser, demo: str) -> None:
    page = browser.new_page()
    entered(page, demo)
    page.goto(f"{demo}/checks")
    box = page.locator("main form button").bounding_box()
    assert box is not None
    for _ in range(2):
        page.mouse.click(box["x"] + 10, box["y"] + 10)
        page.wait_for_timeout(120)
    expect(page.get_by_role("link", name="Download as JSON")).to_be_visible(timeout=30_000)
    page.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a console with the demo's jobs, and one of each kind of failure; return its URL."""
    folder: Path = tmp_path_factory.mktemp("console")
    with Emulator() as google:
        settings = {"DATABASE_URL": fresh("sqlite", folder), "ADMIN_PASSWORD": PASSWORD}
        environment = prepared(google) | settings
        with Receiver(environment, folder / "log", 0) as receiver:
            receiver.ready()
            send_all(receiver.url)
            spoil(environment, receiver.url)
            yield receiver.url


def spoil(environment: dict[str, str], url: str) -> None:
    """Add a rejected delivery, a refused request and a failed document, once the demo is done."""

    def is_done() -> bool:
        status = requests.get(f"{url}/status", timeout=10).json()
        waiting = status["waiting"]
        return not (waiting["deliveries"] or waiting["jobs"] or waiting["documents"])

    wait_for(is_done)
    secret = environment["WEBHOOK_SECRET"].partition(",")[0]
    for headers in ({"X-Webhook-Secret": secret}, {"X-Webhook-Secret": "wrong"}):
        sent = {"milestone_definition": uuid(1), "name": "Site Survey", "tasks": []}
        requests.post(f"{url}/webhooks/everbright", json=sent, headers=headers, timeout=10)
    database = Database(environment["DATABASE_URL"])
    with database.writing() as connection:
        which = documents.c.site == SAMPLE_SITE
        message = "EverBright has no such document (404)."
        error = {"state": "failed", "reason": "document_missing", "message": message, "link": ""}
        connection.execute(update(documents).where(which).values(error))
        # Everything arrived within a minute; spread it over a day.
        ago = delivery.c.seq * delivery.c.seq * delivery.c.seq % 97 % 23 * 3600.0
        connection.execute(update(delivery).values(received_at=delivery.c.received_at - ago))
        hours = select(cast(delivery.c.received_at, Integer) / 3600)
        for (hour,) in connection.execute(hours.distinct()).all():
            counts = {"hour": int(hour), "flushes": int(hour) % 4 + 1, "jobs": 1}
            connection.execute(database.insert(flush_hour).values(counts).on_conflict_do_nothing())
    database.close()


@pytest.mark.long
@pytest.mark.parametrize("look", LOOKS)
def test_no_page_has_serious_accessibility_problems(browser: Browser, demo: str, look: str) -> None:
    context = browser.new_context(**LOOKS[look])
    page = context.new_page()
    page.goto(demo)
    faults = {"/sign-in": serious(page)}
    entered(page, demo)
    for path in PAGES:
        page.goto(demo + path)
        faults[path] = serious(page)
    for path in ("/columns", "/checks"):
        page.goto(demo + path)
        page.locator("main form button").first.click()
        page.locator("table, .checks").first.wait_for()
        page.wait_for_load_state()  # The style sheet with the colors loads after the table.
        faults[f"{path}, done"] = serious(page)
    assert {path: found for path, found in faults.items() if found} == {}
    context.close()


def serious(page: Page) -> list[str]:
    """Return what axe-core and a check of the width find on a page."""
    answer = Axe().run(page).response
    assert len(answer["passes"]) > 5, "nothing was looked at"
    found = answer["violations"]
    faults = [
        f"{one['id']}: {node['html']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return faults + ([f"{wide} pixels too wide"] if wide > 0 else [])


@pytest.mark.long
def test_everything_can_be_reached_with_the_keyboard(browser: Browser, demo: str) -> None:
    page = browser.new_page()
    entered(page, demo)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Open the sheet")).to_be_focused()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"
    page.goto(f"{demo}/actions/pause")
    page.get_by_role("button", name="Pause writing").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Actions", exact=True)).to_be_visible()
    page.close()


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "path", "size"),
    [
        ("console", "/", {"width": 1200, "height": 1360}),
        ("console-job", f"/jobs/{SAMPLE_SITE}", {"width": 1200, "height": 820}),
    ],
)
def test_a_picture_of_the_console(
    browser: Browser, demo: str, tmp_path: Path, name: str, path: str, size: Any
) -> None:
    page = browser.new_page(viewport=size, color_scheme="light")
    entered(page, demo)
    page.goto(demo + path)
    if path == "/":
        assert page.locator("svg rect.deliveries").count() >= 1
    assert page.locator("header.bar").evaluate("e => getComputedStyle(e).display") == "flex"
    picture = page.screenshot()
    assert len(picture) < LARGEST
    folder = IMAGES if os.environ.get("IMAGES") else tmp_path
    (folder / f"{name}.png").write_bytes(picture)
    page.close()
