"""The pages of the office's tabs in a browser: accessible in each look, and without scripts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from emulator import Emulator
from tests.boards.board_world import BoardWorld, form
from tests.boards.test_http import HEADERS, STAGES, is_answered, send
from tests.console.test_browser import CHROMIUM, LOOKS, entered, faults
from tests.world import wait_for

pytestmark = pytest.mark.long
CLICKS = 20
"""From sign-in to two connected status columns, by hand."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield made
        made.close()


def test_the_pages_are_accessible(browser: Browser, google: Emulator, tmp_path: Path) -> None:
    world = BoardWorld(google, tmp_path)
    google.limits.enabled = False  # Four looks at each page, within a minute.
    rows = [
        [f"Number{n}, Ada", f"home{n}@example.com", None, "Sold", "Typed before", 8]
        for n in (1, 2, 3)
    ]
    world.fill([HEADERS[:6], *rows, ["Number4, Ada", None, None, "Sold"]])
    world.drop_down(3, *STAGES)
    for number in range(1, 6):
        world.customer(number)
    found = dict[str, list[str]]()
    with world.serve():
        visitor = world.visitor.signed_in()
        for number in range(1, 6):
            send(world, number, "SUBMITTED")
        wait_for(lambda: is_answered(world, 5))
        for is_connected in (False, True):
            if is_connected:
                visitor.post("/tabs/0", "/tabs/0", **form(visitor.page("/tabs/0")))
                wait_for(lambda: "checked" in visitor.page("/tabs/rows"))
                wait_for(lambda: "not in your tabs" in visitor.page("/tabs"))
            for look, options in LOOKS.items():
                context = browser.new_context(**options, java_script_enabled=True)
                page = entered(context.new_page(), world.url)
                for path in ("/tabs", "/tabs/0", "/tabs/rows"):
                    page.goto(world.url + path)
                    found[f"{look} {path} {is_connected}"] = faults(page)
                context.close()
    assert {path: each for path, each in found.items() if each} == {}


def test_a_tab_is_connected_in_few_clicks_without_scripts(
    browser: Browser, google: Emulator, tmp_path: Path
) -> None:
    world = BoardWorld(google, tmp_path)
    world.fill([HEADERS[:6], ["Number1, Ada", "home1@example.com", None, "Sold", None, 8]])
    world.drop_down(3, *STAGES)
    world.customer(1)
    with world.serve():
        send(world, 1, "SUBMITTED")
        wait_for(lambda: world.visitor.signed_in() and is_answered(world, 1))
        context = browser.new_context(java_script_enabled=False)
        page = entered(context.new_page(), world.url)
        clicks = 2  # The password and the button.
        page.get_by_role("link", name="Your tabs").click()
        page.get_by_role("link", name="Sheet1").click()
        page.get_by_label("On hold: from this step on").select_option("mine")
        page.get_by_role("button", name="Connect").click()
        clicks += 5
        wait_for(lambda: "Site ID" in world.texts()[0])
        wait_for(lambda: "certain" in world.visitor.page("/tabs"))
        wait_for(lambda: "checked" in world.visitor.page("/tabs/rows"))
        page.get_by_role("link", name="Your tabs").click()
        page.get_by_role("link", name="Whose row is it?").click()
        page.get_by_role("button", name="Write the site IDs").click()
        clicks += 3
        wait_for(lambda: world.rows_by_header()[0].get("Permit") == "Submitted")
        assert clicks <= CLICKS
        context.close()
