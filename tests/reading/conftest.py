"""The demo's jobs in the emulator, and a browser that looks at them: made once for all of these."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.datastructures import MultiDict

from demo.process import Receiver
from demo.run import SITE, prepared, send_all
from demo.sheet import FIELDS, Row, rows_in
from emulator import Emulator
from tests.databases import fresh
from tests.made_up import milestone, uuid
from tests.world import wait_for

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@dataclass(frozen=True)
class Shown:
    """A spreadsheet that stands complete; `jobs` are how many rows it has."""

    google: Emulator
    spreadsheet: str
    jobs: int

    @property
    def address(self) -> str:
        return f"{self.google.url}/spreadsheets/d/{self.spreadsheet}/edit"

    def rows(self, tab: str) -> list[Row]:
        """What stands in a tab, without a call."""
        where, query = {"spreadsheetId": self.spreadsheet}, MultiDict({"fields": FIELDS})
        sheets = self.google.sheets
        return rows_in(
            sheets.handle("sheets.spreadsheets.get", where, query, None, "onlooker"), tab
        )


@pytest.fixture(scope="package")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """Everything of the demo in the sheet, and one change of yesterday."""
    folder: Path = tmp_path_factory.mktemp("reading")
    with Emulator() as google:
        environment = prepared(google) | {"DATABASE_URL": fresh("sqlite", folder)}
        with Receiver(environment, folder / "log", 0) as receiver:
            receiver.ready()
            yesterday = (datetime.now(UTC) - timedelta(hours=20)).isoformat()
            late = milestone(1, name="Site Survey", date_updated=yesterday)
            sites = send_all(receiver.url, late)
            seen = Shown(google, environment["SPREADSHEET_ID"], len(sites))
            wait_for(lambda: _is_complete(seen))
            yield seen


def _is_complete(seen: Shown) -> bool:
    rows = seen.rows("Jobs")
    told = {line["Site ID"].text for line in seen.rows("History")}
    named = all(not row["Customer"].text.startswith("Job ") for row in rows)
    filed = all(
        len(cell.links) > 1
        for row in rows
        for header, cell in row.items()
        if header.endswith(" documents") and cell.text
    )
    return len(rows) == seen.jobs and named and filed and told >= {SITE, uuid(1)}


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, shown: Shown) -> Iterator[Page]:
    """The spreadsheet, freshly opened: the Jobs tab."""
    opened = browser.new_page(viewport={"width": 1360, "height": 640})
    opened.goto(shown.address)
    opened.get_by_text("Customer", exact=True).first.wait_for()
    yield opened
    opened.close()
