"""Follows docs/office.md and docs/setup/own-sheet.md word by word with a messy board.

It presses, chooses and types in the order of the pages, and checks everything that a reader should
see. IMAGES=1 takes the pictures.
"""

import json
import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page
from werkzeug.datastructures import MultiDict

from demo import board, board_run
from demo.process import Receiver
from demo.run import SECRET, prepared
from demo.sheet import FIELDS, Row, rows_in
from emulator import Emulator
from tests.commands.test_google import CLIENT, CLIENT_SECRET, Command, signed_in
from tests.console.conftest import PASSWORD, entered
from tests.databases import fresh
from tests.made_up import ROOT, milestone
from tests.reading.test_pictures import IMAGES, LARGEST
from tests.world import wait_for

pytestmark = pytest.mark.timeout(400)
OFFICE = (ROOT / "docs" / "office.md").read_text("utf-8")
LATER = [(ROOT / "docs" / name).read_text("utf-8") for name in ("stage.md", "office-daily.md")]
INSTALLER = (ROOT / "docs" / "setup" / "own-sheet.md").read_text("utf-8")
MAPPING, _HEADING, CHECKING = OFFICE.partition("\n## 5. ")
BEFORE, _HEADING, AFTER = INSTALLER.partition("\n## After the mapping")
PAGES = "\n".join((BEFORE, MAPPING, AFTER, CHECKING))
"""The steps in their order: the office maps, and then the installer starts the worker."""
SITES = board.sites()
PICTURES = ["own-before", "own-after", "own-overview"]
_STEP = re.compile(
    r"^ +(?:\.venv/bin/)?brightsheet (?P<command>[^\n]+)$"
    r"|^ +(?P<restart>systemctl restart brightsheet)$"
    r"|^ *```text\n(?P<seen>.*?)```"
    r"|[Pp]ress \*\*(?P<button>[^*]+)\*\*"
    r"|(?:In \*(?P<group>[^*]+)\*,\s+under|Under)\s+\*\*(?P<label>[^*]+)\*\*,"
    r"\s+choose\s+\*\*(?P<option>[^*]+)\*\*"
    r"|choose\s+\*\*(?P<radio>[^*]+)\*\*"
    r"|[Gg]o to \*(?P<place>[^*]+)\*",
    re.MULTILINE | re.DOTALL,
)


@dataclass
class Day:
    """A reader who follows the pages, and the results."""

    google: Emulator
    folder: Path
    browser: Browser
    environment: dict[str, str]
    page: Page
    said: str = ""
    """The text of the last command or page."""
    receivers: list[Receiver] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)
    """Expected lines that were missing, with the text that was there."""
    seen: int = 0
    pictures: dict[str, bytes] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"{self.google.url}/spreadsheets/d/{self.environment['SPREADSHEET_ID']}/edit"

    def table(self, tab: str = board.ACTIVE) -> list[Row]:
        """Read without an API call, because polling would use up the reads of a minute."""
        where = {"spreadsheetId": self.environment["SPREADSHEET_ID"]}
        query, sheets = MultiDict({"fields": FIELDS}), self.google.sheets
        found = sheets.handle("sheets.spreadsheets.get", where, query, None, "onlooker")
        return rows_in(found, tab, board.HEADER_ROW)

    def do(self, step: re.Match[str]) -> None:
        parts = {name: " ".join(text.split()) for name, text in step.groupdict("").items() if text}
        if "command" in parts:
            self.command(shlex.split(parts["command"]))
        elif "restart" in parts:
            self.serve()
        elif "seen" in parts:
            self.look(step["seen"])
        elif "place" in parts:
            self.page.get_by_role("link", name=parts["place"], exact=True).click()
        elif "button" in parts:
            self.press(parts["button"])
        elif "radio" in parts:
            self.page.get_by_label(parts["radio"]).first.check()
        else:
            group = parts.get("group")
            place = self.page.get_by_role("group", name=group, exact=True) if group else self.page
            place.get_by_label(parts["label"], exact=True).select_option(label=parts["option"])

    def press(self, name: str) -> None:
        page = self.page
        control = page.get_by_role("button", name=name, exact=True)
        control = control.or_(page.get_by_role("link", name=name, exact=True)).first
        with page.expect_navigation():
            control.click()
        page.get_by_text("Reading customers").wait_for(state="hidden")
        self.said = page.locator("main").inner_text()

    def look(self, lines: str) -> None:
        said = squeezed(self.said)
        for line in lines.splitlines():
            self.seen += 1
            if squeezed(line).removesuffix("…") not in said:
                self.missing.append((line, said))

    def command(self, words: list[str]) -> None:
        if words[:2] == ["auth", "google"]:
            self.sign_in(words[2:])
            self.serve()  # The setup's host.
        else:
            self.said = board_run.command(self.environment | {"BACKFILL_RATE": "50"}, *words)

    def sign_in(self, words: list[str]) -> None:
        spreadsheet = self.environment.pop("SPREADSHEET_ID")
        del self.environment["DRIVE_FOLDER_ID"]
        file = self.folder / "client.json"
        app = {"client_id": CLIENT, "client_secret": CLIENT_SECRET}
        file.write_text(json.dumps({"installed": app}), "utf-8")
        options = [word.replace("/ADDRESS/", f"/{spreadsheet}/") for word in words]
        assert options[:2] == ["--client", "client.json"]
        command = Command(self.google, file, *options[2:])
        requests.get(signed_in(command.address), timeout=10)
        status, settings = command.end()
        assert status == 0, command.said
        self.said = command.said + "".join(f"{name}=\n" for name in settings)
        self.environment |= settings

    def serve(self) -> None:
        """Serve; the second time with a worker, as on the pages, and with a new event."""
        is_second = bool(self.receivers)
        apart = {} if is_second else {"WORKER": "separate"}
        if is_second:
            self.receivers[0].stop()
        receiver = Receiver(self.environment | apart, self.folder / "log").ready()
        self.receivers.append(receiver)
        if is_second:  # The session is still valid, as the console's page says.
            self.page.goto(receiver.url)
            send_first(receiver.url)
            wait_for(lambda: is_filled([*self.table(), *self.table(board.DONE)]))
        else:
            entered(self.page, receiver.url)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Day]:
    folder: Path = tmp_path_factory.mktemp("day")
    with Emulator() as google:
        google.limits.enabled = False  # The test reads more often than a person.
        google.accounts.oauth.clients[CLIENT] = CLIENT_SECRET
        settings = {"DATABASE_URL": fresh("sqlite", folder), "ADMIN_PASSWORD": PASSWORD}
        environment = prepared(google) | settings
        for number, site in enumerate(SITES, 1):
            steps = zip(board.STEPS, board.STATUSES[number - 1], strict=False)
            for place, (name, status) in enumerate(steps, 1):
                when = datetime.now(UTC) - timedelta(days=2 * number, hours=3 - place)
                sent = milestone(number, place, name=name, date_updated=when.isoformat())
                google.everbright.load({**sent, "site": site, "status": status})
        board.fill(google, environment["SPREADSHEET_ID"], SITES)
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        found = Day(google, folder, browser, environment, page)
        found.pictures["own-before"] = picture(browser, found.address)
        try:
            for step in _STEP.finditer(PAGES):
                found.do(step)
            found.rows = wait_for(lambda: settled(found.table()))
            found.pictures["own-after"] = picture(browser, found.address)
            page.goto(found.receivers[-1].url)
            page.set_viewport_size({"width": 1200, "height": 330})
            found.pictures["own-overview"] = page.screenshot()
        finally:
            for receiver in found.receivers:
                receiver.stop()
            page.close()
        yield found


def picture(browser: Browser, address: str) -> bytes:
    page = browser.new_page(viewport={"width": 1840, "height": 640})
    page.goto(address)
    page.get_by_text("Cust. Name", exact=True).first.click()  # The title is in another cell.
    taken = page.screenshot()
    page.close()
    return taken


def send_first(url: str) -> None:
    headers = {"X-Webhook-Secret": SECRET}
    news: dict[str, Any] = {"status": "APPROVED", "date_updated": "2099-01-01T00:00:00Z"}
    body = {**milestone(1, 2, name=board.STEPS[1], **news), "site": SITES[0]}
    answer = requests.post(f"{url}/webhooks/everbright", json=body, headers=headers, timeout=30)
    answer.raise_for_status()


def is_filled(rows: list[Row]) -> bool:
    keyed = [row for row in rows if board_run.text(row, "Site ID")]
    issued = [board_run.text(row, "Perm.") for row in keyed]
    filled = all(board_run.text(row, "Cell") for row in keyed)
    return len(keyed) == len(SITES) and filled and "Issued" in issued


def settled(rows: list[Row]) -> list[Row]:
    keyed = [row for row in rows if board_run.text(row, "Site ID")]
    row = next(row for row in rows if board_run.text(row, "#") == "4")
    return rows if row in keyed and all(board_run.text(row, "Days") for row in keyed) else []


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.long
def test_everything_that_the_pages_describe_is_visible(day: Day) -> None:
    assert day.missing == []
    assert day.seen > 11
    kinds = {
        name for step in _STEP.finditer(PAGES) for name, text in step.groupdict().items() if text
    }
    assert kinds == {*_STEP.groupindex}, "the pages tell less than this test can follow"


def test_the_office_needs_no_command() -> None:
    for page in (OFFICE, *LATER):
        assert "`brightsheet" not in page and "\n    " not in page


@pytest.mark.long
def test_the_board_has_its_jobs_and_all_typed_text(day: Day) -> None:
    names = [board_run.text(row, "Cust. Name") for row in day.rows]
    assert names.index(board.DIVIDER) - names.index("Elena Castillo") == 4
    assert names[-1] == "TOTAL" and board_run.text(day.rows[-1], "Contract $").startswith("$")
    for header, words in board.OPTIONS.items():
        assert {board_run.text(row, header) for row in day.rows} <= {*words, ""}
    assert board_run.text(day.rows[0], "Perm.") == "Issued"
    assert board_run.text(day.rows[0], "Notes") == "gate code 4411"
    stages = [board_run.text(row, "Stage") for row in day.rows if board_run.text(row, "Site ID")]
    typed = ["Permit OK", "Permit in", "Install", "NTP", "Permit done", "Permit in"]
    assert stages[:6] == typed
    assert sorted(stages[6:]) == ["NTP", "Permit OK", "Permit in"]


@pytest.mark.long
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_taken(day: Day, tmp_path: Path, name: str) -> None:
    taken = day.pictures[name]
    assert 10_000 < len(taken) < LARGEST
    folder = IMAGES if os.environ.get("IMAGES") else tmp_path
    (folder / f"{name}.png").write_bytes(taken)


@pytest.mark.parametrize("name", PICTURES)
def test_the_pictures_exist_and_are_small(name: str) -> None:
    assert 10_000 < (IMAGES / f"{name}.png").stat().st_size < LARGEST
