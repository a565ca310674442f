"""The whole mapping in a browser, by keyboard alone."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, expect

from demo import board
from demo.process import WORKER, Receiver, Running
from demo.run import SECRET, prepared
from demo.sheet import read, rows_in
from emulator import Emulator
from tests.console.conftest import PASSWORD, entered
from tests.console.test_browser import IMAGES, LARGEST, serious
from tests.databases import fresh
from tests.made_up import body, milestone
from tests.world import wait_for

SITES = board.sites()
PERMIT = board.STEPS[1]
SIZE: Any = {"width": 1200, "height": 900}
KEPT = ("mapping-tabs", "mapping-columns", "mapping-preview")
"""The pictures that the docs show."""
TALLEST = 100
"""Pixels of a row in the preview."""
LONGEST_WAY = 400
"""Presses of Tab: a page with more between two controls is no page."""


@dataclass(frozen=True)
class Office:
    """Somebody's board, jobs that came, and a console; no worker yet."""

    google: Emulator
    environment: dict[str, str]
    receiver: Receiver
    folder: Path

    def row(self, name: str) -> dict[str, str]:
        answer = read(self.google.url, self.environment["SPREADSHEET_ID"])
        rows = rows_in(answer, board.ACTIVE, board.HEADER_ROW)
        texts = ({h: cell.text for h, cell in row.items()} for row in rows)
        return next(row for row in texts if row.get("Cust. Name") == name)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with Emulator() as google:
        google.limits.enabled = False  # The test looks more often than a person.
        settings = {"DATABASE_URL": fresh("sqlite", tmp_path), "ADMIN_PASSWORD": PASSWORD}
        environment = prepared(google) | settings | {"WORKER": "separate"}
        board.fill(google, environment["SPREADSHEET_ID"], SITES)
        with Receiver(environment, tmp_path / "log", 0) as receiver:
            receiver.ready()
            for number, site in enumerate(SITES, 1):
                steps = zip(board.STEPS, board.STATUSES[number - 1], strict=False)
                for step, (name, status) in enumerate(steps, 1):
                    sent = milestone(number, step, name=name, status=status)
                    send(receiver.url, {**sent, "site": site})
            yield Office(google, environment, receiver, tmp_path)


def send(url: str, payload: Mapping[str, Any]) -> None:
    headers = {"X-Webhook-Secret": SECRET, "Content-Type": "application/json"}
    answer = requests.post(
        f"{url}/webhooks/everbright", data=body(payload), headers=headers, timeout=30
    )
    answer.raise_for_status()


def go_to(page: Page, control: Locator) -> None:
    """Press Tab until a control has the focus, which must be seen."""
    for _ in range(LONGEST_WAY):
        if control.evaluate("e => e === document.activeElement"):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
            return
        page.keyboard.press("Tab")
    pytest.fail(f"no key leads to {control}")


def press(page: Page, name: str) -> None:
    """Go to a button and press it; a page that answers it is waited for."""
    button = page.get_by_role("button", name=name, exact=True)
    go_to(page, button)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.get_by_text("Reading customers").wait_for(state="hidden")


def choose(page: Page, label: str, text: str) -> None:
    field = page.get_by_label(label, exact=True)
    go_to(page, field)
    page.wait_for_timeout(1_100)  # Within a second, typed letters are added to the earlier ones.
    page.keyboard.type(text)
    expect(field.locator("option:checked")).to_have_text(text)


def looked_at(page: Page, name: str, tmp_path: Path) -> None:
    """Check a page for those who cannot see well; IMAGES=1 puts its picture under docs/images."""
    assert serious(page) == []
    folder = IMAGES if name in KEPT and os.environ.get("IMAGES") else tmp_path
    picture = page.screenshot()
    assert 10_000 < len(picture) < LARGEST
    (folder / f"{name}-wide.png").write_bytes(picture)


@pytest.mark.long
def test_a_board_is_mapped_by_keyboard(office: Office, browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page(viewport=SIZE, color_scheme="light")
    entered(page, office.receiver.url)
    page.goto(f"{office.receiver.url}/mapping")
    assert serious(page) == []
    press(page, "Read my tabs")
    row = page.get_by_label("Row 4", exact=True).first
    go_to(page, row)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(row).to_be_checked()
    looked_at(page, "mapping-tabs", tmp_path)
    press(page, "Continue to the columns")
    words = page.get_by_label("Approved in Perm.", exact=True)
    choose(page, "Perm. shows", "nothing (it’s mine)")
    expect(words.locator("visible=true")).to_have_count(0)
    choose(page, "Perm. shows", PERMIT)
    expect(words.locator("visible=true")).to_have_count(1)
    stage = page.get_by_label("Stage shows", exact=True)
    stage.evaluate("e => e.closest('li').scrollIntoView()")
    looked_at(page, "mapping-columns", tmp_path)
    choose(page, "Add a column", "Days")
    press(page, "Preview")
    expect(page.get_by_role("heading", name="7 matched rows")).to_be_visible()
    heights = page.locator("tbody tr").evaluate_all(
        "rows => rows.filter(row => row.checkVisibility()).map(row => row.clientHeight)"
    )
    assert max(heights) <= TALLEST, "a text takes a line for each of its few characters"
    looked_at(page, "mapping-preview", tmp_path)
    press(page, "Back to the columns")
    expect(page.get_by_label("Days", exact=True).first).to_be_checked()
    press(page, "Preview")
    press(page, "Map these tabs")
    expect(page.get_by_role("status")).to_have_text("Mapped: Active, Done.")
    with Running(WORKER, office.environment, office.folder / "worker.log"):
        wait_for(lambda: office.row(board.name(SITES[0])).get("Site ID") == SITES[0])
        settled(office, page, tmp_path)
    page.close()


@pytest.mark.long
def test_back_shows_each_step_again(office: Office, browser: Browser) -> None:
    page = browser.new_page(viewport=SIZE)
    entered(page, office.receiver.url)
    page.goto(f"{office.receiver.url}/mapping")
    label = "M1 shows"
    for name in ("Read my tabs", "Continue to the columns"):
        page.get_by_role("button", name=name, exact=True).click()
    page.get_by_label(label, exact=True).select_option(f"approved:{board.STEPS[0]}")
    page.get_by_role("button", name="Preview", exact=True).click()
    page.get_by_role("button", name="Map these tabs", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Mapped: Active, Done.")
    page.go_back()
    expect(page.get_by_text("This is what the next update writes")).to_be_visible()
    page.go_back()
    expect(page.get_by_label(label, exact=True)).to_have_value(f"approved:{board.STEPS[0]}")
    page.go_back()
    expect(page.get_by_role("button", name="Continue to the columns")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name="Read my tabs", exact=True)).to_be_visible()
    page.close()


def settled(office: Office, page: Page, tmp_path: Path) -> None:
    wait_for(lambda: has_doubts(page))
    row = page.get_by_label("Same job: row 8 of Active").first
    go_to(page, page.locator("fieldset").first.get_by_role("radio", checked=True))
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("Not this one").first).to_be_checked()
    page.keyboard.press("ArrowUp")
    expect(row).to_be_checked()
    looked_at(page, "mapping-rows", tmp_path)
    press(page, "Save these answers")
    expect(page.get_by_role("status")).to_contain_text("1 row was matched.")
    wait_for(lambda: office.row(board.name(SITES[3])).get("Site ID") in (SITES[3], SITES[-1]))
    page.goto(f"{office.receiver.url}/mapping/extras")
    press(page, "Add Pipeline")
    expect(page.get_by_role("status")).to_contain_text("'Pipeline': created")
    looked_at(page, "mapping-extras", tmp_path)
    page.goto(f"{office.receiver.url}/mapping/unmap")
    press(page, "List what is mapped")
    looked_at(page, "mapping-unmap", tmp_path)
    press(page, "Unmap Done")
    expect(page.get_by_role("status")).to_contain_text("Unmapped: Done.")


def has_doubts(page: Page) -> bool:
    page.goto(page.url)
    press(page, "List them")
    return page.get_by_label("Same job: row 8 of Active").count() == 2
