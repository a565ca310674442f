"""docs/first-day.md, followed word by word on the demo's own sheet; IMAGES=1 takes its pictures."""

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser

from demo import own_run, own_sheet
from demo.payloads import Story
from demo.process import Receiver
from demo.run import SECRET, prepared
from demo.sheet import Row
from emulator import Emulator
from tests.databases import fresh
from tests.made_up import ROOT
from tests.reading.test_pictures import IMAGES, LARGEST
from tests.world import wait_for

PAGE = (ROOT / "docs" / "first-day.md").read_text("utf-8")
_COMMAND = re.compile(r"^    \.venv/bin/brightsheet (.+)$", re.MULTILINE)


@dataclass
class Day:
    """What the page's commands said, in their order, and his tabs after the last."""

    said: list[tuple[str, str]] = field(default_factory=list)
    opened: list[Row] = field(default_factory=list)
    installed: list[Row] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)


def promised() -> list[tuple[str, list[str]]]:
    """Return each command of the page with the lines that it is said to print."""
    found = []
    for number, command in enumerate(matches := list(_COMMAND.finditer(PAGE))):
        end = matches[number + 1].start() if number + 1 < len(matches) else len(PAGE)
        blocks = re.findall(r"```text\n(.*?)```", PAGE[command.end() : end], re.DOTALL)
        found.append((command[1], [line for block in blocks for line in block.splitlines()]))
    return found


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Day]:
    """The page, followed once."""
    folder: Path = tmp_path_factory.mktemp("day")
    payloads = [one for one in Story().deliveries() if "milestone_definition" in one]
    found = Day()
    with Emulator() as google:
        google.limits.enabled = False  # the test looks more often than a person
        environment = prepared(google) | {"DATABASE_URL": fresh("sqlite", folder)}
        for one in payloads:
            google.everbright.load(one)
        sites = list(dict.fromkeys(one["site"] for one in payloads))
        spreadsheet = environment["SPREADSHEET_ID"]
        own_sheet.fill(google, spreadsheet, sites)
        address = f"{google.url}/spreadsheets/d/{spreadsheet}/edit"
        found.pictures["own-before"] = picture(browser, address)
        apart = environment | {"WORKER": "separate", "BACKFILL_RATE": "50"}
        receiver: Receiver | None = None
        try:
            for command, _ in promised():
                if command == "serve":
                    receiver = Receiver(environment, folder / "log").ready()
                    send_first(receiver.url, payloads[0])
                    wait_for(lambda: is_filled(google, spreadsheet, len(sites)))
                    found.pictures["own-after"] = picture(browser, address)
                else:
                    said = own_run.command(apart, *shlex.split(command))
                    found.said.append((command, said))
            found.opened, found.installed = own_run.tables(google, spreadsheet)
        finally:
            if receiver:
                receiver.stop()
        yield found


def picture(browser: Browser, address: str) -> bytes:
    page = browser.new_page(viewport={"width": 1360, "height": 600})
    page.goto(address)
    page.get_by_text("Customer", exact=True).first.wait_for()
    taken = page.screenshot()
    page.close()
    return taken


def send_first(url: str, payload: dict[str, object]) -> None:
    headers = {"X-Webhook-Secret": SECRET}
    body = {**payload, "status": "APPROVED", "date_updated": "2099-01-01T00:00:00Z"}
    answer = requests.post(f"{url}/webhooks/everbright", json=body, headers=headers, timeout=30)
    answer.raise_for_status()


def is_filled(google: Emulator, spreadsheet: str, jobs: int) -> bool:
    """Tell whether every job has its row, and each such row what the second batch writes."""
    rows = [row for tab in own_run.tables(google, spreadsheet) for row in tab]
    keyed = [row for row in rows if own_run.text(row, "Site ID")]
    return len(keyed) == jobs and all(own_run.text(row, "Phone") for row in keyed)


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.long
def test_every_command_says_what_the_page_promises(day: Day) -> None:
    """Catches a page that a newcomer cannot follow: a command, a number or a name that changed."""
    said = dict(day.said)
    assert len(said) == len(promised()) - 1
    for command, lines in promised():
        if command != "serve":
            shown = squeezed(said[command])
            assert [line for line in lines if squeezed(line) not in shown] == [], (command, shown)
            assert "Traceback" not in shown


@pytest.mark.long
def test_his_rows_have_their_jobs_and_all_that_he_typed(day: Day) -> None:
    opened, installed = day.opened, day.installed
    assert own_run.text(opened[1], "Site ID").startswith("90c192cf"), "settled by hand"
    for number, row in enumerate((*opened[: own_sheet.BY_MAIL], *installed)):
        assert own_run.text(row, "Site ID"), number
        assert own_run.text(row, "Price") and own_run.text(row, "Deposit")
    assert [own_run.text(row, "Customer") for row in opened[6:8]] == list(own_sheet.LEADS)
    words = {own_run.text(row, "Permits") for row in (*opened, *installed)}
    assert words <= {*own_sheet.OPTIONS, ""} and len(words) > 2


@pytest.mark.long
@pytest.mark.parametrize("name", ["own-before", "own-after"])
def test_a_picture_of_his_sheet(day: Day, tmp_path: Path, name: str) -> None:
    """Catches a picture of nothing, or one that is too large for every clone."""
    taken = day.pictures[name]
    assert 10_000 < len(taken) < LARGEST
    folder = IMAGES if os.environ.get("IMAGES") else tmp_path
    (folder / f"{name}.png").write_bytes(taken)


@pytest.mark.parametrize("name", ["own-before", "own-after"])
def test_the_pictures_are_there_and_small(name: str) -> None:
    assert 10_000 < (IMAGES / f"{name}.png").stat().st_size < LARGEST
