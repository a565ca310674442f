"""Sets up jobs in the emulator and a browser that shows them, once for all tests here."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import func, select, update
from werkzeug.datastructures import MultiDict

from demo.process import WORKER, Receiver, Running
from demo.run import CONFIG, SECRET, SITE, prepared
from demo.sheet import FIELDS, Row, rows_in
from emulator import Emulator
from sync.store import Database
from sync.store.schema import delivery
from tests.databases import fresh
from tests.made_up import SAMPLE, body, uuid
from tests.reading import forty_jobs, ten_jobs
from tests.world import wait_for

expect.set_options(timeout=30_000)

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@dataclass(frozen=True)
class Shown:
    """A completely written spreadsheet; `jobs` is its number of rows."""

    google: Emulator
    spreadsheet: str
    jobs: int
    now: datetime
    """What the days of its jobs count from."""

    @property
    def address(self) -> str:
        return f"{self.google.url}/spreadsheets/d/{self.spreadsheet}/edit"

    def views(self) -> list[str]:
        """Return the filter views of reps, without an API call."""
        fields = "sheets(properties(title),filterViews(title))"
        where, query = {"spreadsheetId": self.spreadsheet}, MultiDict({"fields": fields})
        book = self.google.sheets.handle("sheets.spreadsheets.get", where, query, None, "onlooker")
        views = (view for sheet in book["sheets"] for view in sheet.get("filterViews", ()))
        return [view["title"] for view in views if view["title"].endswith("'s jobs")]

    def rows(self, tab: str) -> list[Row]:
        """Return the cells of a tab, without an API call."""
        where, query = {"spreadsheetId": self.spreadsheet}, MultiDict({"fields": FIELDS})
        sheets = self.google.sheets
        return rows_in(
            sheets.handle("sheets.spreadsheets.get", where, query, None, "onlooker"), tab
        )


def post(url: str, bodies: Iterable[bytes]) -> None:
    with requests.Session() as session:
        session.headers.update({"X-Webhook-Secret": SECRET, "Content-Type": "application/json"})
        for one in bodies:
            session.post(f"{url}/webhooks/everbright", data=one, timeout=30).raise_for_status()


@pytest.fixture(scope="package")
def ten(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """Return the sheet with the ten jobs of `ten_jobs`, and the published sample."""
    folder: Path = tmp_path_factory.mktemp("ten")
    sites = [ten_jobs.site(n) for n, _ in enumerate(ten_jobs.CUSTOMERS, 1)]
    people = dict(zip(sites, ten_jobs.CUSTOMERS, strict=True))
    people[SITE] = ten_jobs.SAMPLE_CUSTOMER
    with Emulator() as google:
        for site, name in people.items():
            first, last = name.split()
            google.everbright.set_site(site, contacts=[{"first_name": first, "last_name": last}])
        for number, customer in enumerate(ten_jobs.CUSTOMERS, 1):
            _sell(google, number, ten_jobs.SOLD.get(customer, ""))
        environment = prepared(google) | {"DATABASE_URL": fresh("sqlite", folder)}
        environment["CONFIG_FILE"] = _config(folder)
        with Receiver(environment, folder / "log", 0) as receiver:
            receiver.ready()
            now = datetime.now(UTC)
            # The sample is first: its milestone is a late one, and the only one of its job.
            post(receiver.url, [SAMPLE, *map(body, ten_jobs.payloads(now))])
            seen = Shown(google, environment["SPREADSHEET_ID"], len(people), now)
            wait_for(lambda: _are_all_there(seen, set(people.values())))
            wait_for(lambda: {f"{rep}'s jobs" for rep in ten_jobs.MINE} <= set(seen.views()))
            yield seen


@pytest.fixture(scope="package")
def forty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """Return the sheet with forty jobs in all stages, with the milestones in the config."""
    folder = tmp_path_factory.mktemp("forty")
    people = dict(forty_jobs.customers())
    with Emulator() as google:
        google.limits.enabled = False
        for number, (site, known) in enumerate(people.items()):
            google.everbright.set_site(site, **known)
            _sell(google, number, forty_jobs.rep(number))
        environment = prepared(google) | {"DATABASE_URL": fresh("sqlite", folder)}
        environment |= {"CONFIG_FILE": _config(folder, forty_jobs.CONFIG), "WORKER": "separate"}
        with Receiver(environment, folder / "log", 0) as receiver:
            receiver.ready()
            now = datetime.now(UTC)
            week = (now - timedelta(days=8)).replace(hour=8, minute=0)
            sent = sorted(forty_jobs.payloads(now), key=lambda one: str(one["date_updated"]))
            earlier = [one for one in sent if one["date_updated"] < week.isoformat()]
            later = sent[len(earlier) :]
            later.insert(-1, later.pop(-10))  # One arrives late.
            seen = Shown(google, environment["SPREADSHEET_ID"], len(people), now)
            _receive(environment, receiver.url, earlier, week)
            with Running(WORKER, environment, folder / "worker.log"):
                begun = len({one["site"] for one in earlier})
                wait_for(lambda: _are_named(seen, begun), 400)
                lines = len(seen.rows("History"))
            _receive(environment, receiver.url, later, week)
            with Running(WORKER, environment, folder / "worker.log"):
                wait_for(
                    lambda: _are_named(seen, seen.jobs) and len(seen.rows("History")) > lines, 100
                )
                wait_for(lambda: _are_copied(seen), 300)
            google.edit(seen.spreadsheet, "delete_tab", sheet_id=0)
            yield seen


def _receive(
    environment: dict[str, str], url: str, payloads: list[dict[str, Any]], start: datetime
) -> None:
    """Post webhooks as if each had arrived soon after its event, and none before `start`."""
    database = Database(environment["DATABASE_URL"])
    with database.writing() as connection:
        before = connection.scalar(select(func.max(delivery.c.seq))) or 0
    post(url, map(body, payloads))
    with database.writing() as connection:
        new = select(delivery.c.seq).where(delivery.c.seq > before).order_by(delivery.c.seq)
        found = connection.scalars(new).all()
        for seq, one in zip(found, payloads, strict=True):
            start += timedelta(seconds=5)
            moment = start = max(datetime.fromisoformat(one["date_updated"]), start)
            row = update(delivery).where(delivery.c.seq == seq)
            connection.execute(row.values(received_at=moment.timestamp()))
    database.close()


def _sell(google: Emulator, number: int, rep: str) -> None:
    google.everbright.data.set(uuid(20_000 + number), sales_representative_name=rep or None)


def _config(folder: Path, more: str = "") -> str:
    """Return the path of the demo's config with the column of sales representatives and `more`."""
    file = folder / "brightsheet.toml"
    column = '\n[[columns]]\nid = "sales_representative"\nheader = "Sales representative"\n'
    file.write_text(CONFIG.read_text("utf-8") + column + more, "utf-8")
    return str(file)


def _are_named(seen: Shown, jobs: int) -> bool:
    """Return whether the sheet has these jobs, their customers and reps, and the reps' views."""
    rows = seen.rows("Jobs")
    customers = enumerate(forty_jobs.customers())
    reps = {site: forty_jobs.rep(number) for number, (site, _) in customers}
    sold = all(row["Rep"].text == reps[row["Site ID"].text] for row in rows if "Rep" in row)
    named = all(not row["Customer"].text.startswith("Job ") for row in rows if "Customer" in row)
    viewed = {f"{rep}'s jobs" for rep in forty_jobs.REPS} <= set(seen.views())
    return len(rows) == jobs and named and sold and viewed


def _are_copied(seen: Shown) -> bool:
    rows = seen.rows("Jobs")
    links = [c for row in rows for h, c in row.items() if h.endswith(" documents") and c.text]
    return all(len(cell.links) > 1 for cell in links)


def _are_all_there(seen: Shown, names: set[str]) -> bool:
    rows = seen.rows("Jobs")
    named = {row["Customer"].text for row in rows} == names
    last = {line["What"].text for line in seen.rows("History")} >= {"Installation", "Job"}
    filed = any(len(cell.links) > 1 for row in rows for cell in row.values())
    return named and last and filed and len(rows) == len(names)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()


def opened(browser: Browser, seen: Shown, width: int = 1360, height: int = 640) -> Page:
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(seen.address)
    page.get_by_text("Customer", exact=True).first.wait_for()
    return page
