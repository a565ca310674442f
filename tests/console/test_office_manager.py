"""Six bad days, played from the console alone: how many clicks to the cause, and to the fix."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from demo.process import Receiver
from emulator import Emulator
from sync.store import Database
from sync.store.schema import delivery
from sync.store.schema import document as documents
from tests.backfill.stand import TOKEN, event
from tests.console.conftest import PASSWORD, entered
from tests.made_up import document, milestone, task, uuid
from tests.world import World, wait_for

pytestmark = pytest.mark.long

SECONDS = 60_000
"""For what the worker does meanwhile."""
EARLIER, LATER = "2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z"


class Manager:
    """A signed-in office manager at the overview, whose clicks are counted."""

    def __init__(self, page: Page, world: World) -> None:
        self.page, self.world = page, world
        self.clicks = 0
        self.figures: list[int] = []
        entered(page, world.url)

    def click(self, role: str, name: str) -> None:
        self.clicks += 1
        self.page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]

    def read(self, text: str) -> None:
        expect(self.page.locator("main")).to_contain_text(text, timeout=SECONDS)

    def counted(self) -> None:
        self.figures.append(self.clicks)
        self.clicks = 0


@pytest.fixture
def world(google: Emulator, tmp_path: Path, sqlite_url: str) -> Iterator[World]:
    google.everbright.token = TOKEN
    more = {"EVERBRIGHT_API_TOKEN": TOKEN, "BACKFILL_RATE": "50"}
    made = World(google, tmp_path, sqlite_url, ADMIN_PASSWORD=PASSWORD, **more)
    with Receiver(made.environment, made.log, made.port) as receiver:
        receiver.ready()
        assert made.send(event(1, status="REJECTED", date_updated=EARLIER)).status_code == 202
        wait_for(lambda: made.by_site().get(uuid(1)))
        yield made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    made = browser.new_page(viewport={"width": 390, "height": 800})
    yield made
    made.close()


def change(world: World, table: object, **values: object) -> None:
    database = Database(world.environment["DATABASE_URL"])
    with database.writing() as connection:
        connection.execute(update(table).values(**values))  # type: ignore[arg-type]
    database.close()


def document_missing(world: World, manager: Manager) -> None:
    world.google.everbright.fail(uuid(40_007), "error", status=404, count=1)
    world.send(milestone(7, tasks=[task(document(7))]))
    wait_for(lambda: world.by_site().get(uuid(7)))
    what = {"state": "failed", "reason": "everbright_missing", "message": "EverBright has it not."}
    database = Database(world.environment["DATABASE_URL"])
    which = documents.c.uuid == uuid(40_007)
    tried = select(documents.c.uuid).where(which, documents.c.reason != "")
    wait_for(lambda: list(database.rows(tried)))  # Otherwise the retry below would fail, too.
    with database.writing() as connection:
        connection.execute(update(documents).where(which).values(**what))
    database.close()
    manager.page.reload()
    manager.read("1 document couldn't be copied.")
    manager.click("link", "1 document couldn't be copied.")
    manager.read("EverBright has it not.")
    manager.counted()
    manager.click("link", "Retry all")
    manager.click("button", "Retry every failed document")
    manager.read("No document has failed.")
    wait_for(lambda: len(world.files()) == 2)
    manager.counted()


def rejected_here_approved_there(world: World, manager: Manager) -> None:
    world.google.everbright.load(event(1, status="APPROVED", date_updated=LATER))
    manager.click("link", "Deliveries")
    manager.click("link", f"Job {uuid(1)[:8]}")
    manager.read("Rejected")
    manager.counted()
    manager.click("link", "Read again from EverBright")
    manager.click("button", "Read again from EverBright")
    manager.read("1 missed event added")
    wait_for(lambda: world.by_site()[uuid(1)]["Status"].text.endswith("approved"))
    manager.counted()


def nothing_since_tuesday(world: World, manager: Manager) -> None:
    change(world, delivery, received_at=delivery.c.received_at - 8 * 86_400)
    world.google.everbright.load(event(2, date_updated=_lately()))
    manager.page.reload()
    manager.read("accepted for 3 working days")
    manager.counted()
    manager.click("link", "Read changes from EverBright")
    manager.click("button", "Read changes from EverBright")
    wait_for(lambda: world.by_site().get(uuid(2)))
    manager.counted()


def column_deleted(world: World, manager: Manager) -> None:
    world.edit("delete_columns", index=world.header("Status"))
    world.send(event(3, date_updated=EARLIER))
    wait_for(lambda: world.by_site().get(uuid(3)))
    manager.page.reload()
    manager.read("Somebody deleted 'Status' in 'Jobs'.")
    manager.counted()
    manager.click("link", "Put it back")
    manager.click("button", "Put it back")
    wait_for(lambda: "Status" in world.by_site()[uuid(3)])
    wait_for(lambda: "Status" in world.by_site()[uuid(1)])
    manager.counted()


def secret_changed(world: World, manager: Manager) -> None:
    where = f"{world.url}/webhooks/everbright"
    answer = requests.post(where, b"{}", headers={"X-Webhook-Secret": "other"}, timeout=10)
    assert answer.status_code == 401
    world.google.everbright.load(event(4, date_updated=_lately()))
    manager.read("A request with a wrong or missing secret was refused")
    manager.read("the secret of its credential differs from")
    manager.counted()
    manager.click("link", "Read changes from EverBright")
    manager.click("button", "Read changes from EverBright")
    wait_for(lambda: world.by_site().get(uuid(4)))
    manager.counted()


def google_away(world: World, manager: Manager) -> None:
    world.google.faults.down("refuse")
    world.send(event(5, date_updated=EARLIER))
    manager.read("The sheet could not be written")
    manager.read("Google did not answer")
    manager.counted()
    world.google.faults.up()
    wait_for(lambda: world.by_site().get(uuid(5)))
    manager.counted()


def _lately() -> str:
    return (datetime.now(UTC) - timedelta(days=2)).isoformat()


CASES: dict[str, tuple[Callable[[World, Manager], None], int, int]] = {
    "A document is missing": (document_missing, 1, 2),
    "The sheet says Rejected, EverBright says Approved": (rejected_here_approved_there, 2, 2),
    "Nothing since Tuesday": (nothing_since_tuesday, 0, 2),
    "Somebody deleted a column": (column_deleted, 0, 2),
    "The secret was changed": (secret_changed, 0, 2),
    "Google was away": (google_away, 0, 0),
}
"""The scenarios, with the clicks to the cause and then to the fix."""


@pytest.mark.parametrize("case", CASES)
def test_a_problem_is_fixed_with_only_the_console(world: World, page: Page, case: str) -> None:
    play, to_cause, to_fix = CASES[case]
    manager = Manager(page, world)
    play(world, manager)
    assert manager.figures == [to_cause, to_fix]
