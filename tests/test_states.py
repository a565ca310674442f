"""What is wrong is produced for real, and found: on the overview, in /status and in a message.

Once it is fixed, it is gone, and a problem's end is sent, too.
"""

import html
import itertools
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import pytest
import requests
from sqlalchemy import func, select, update

from emulator import Emulator
from sync.core.customers import ANSWERED
from sync.core.schema import delivery, document, job, setting
from sync.core.snapshot import HISTORY
from sync.status.rules import RULES, Level
from tests.boards.board_world import BoardWorld
from tests.chat import Chat, chatting
from tests.databases import fresh
from tests.made_up import document as file
from tests.made_up import milestone, task, uuid
from tests.world import TOKEN, World, wait_for

JOBS = 8
DAY = 86_400.0
WITHIN = 60.0
"""Seconds until something is listed, and until it is gone."""
UNSENT = {rule.code for rule in RULES if not rule.is_sent}
LEVELS = {rule.code: rule.level for rule in RULES}
NUMBERS = itertools.count(200)

_W = TypeVar("_W", bound=World)
Steps = Iterator[str]
"""Makes something wrong, yields its code, and fixes it."""


def look(world: World) -> None:
    """Press *Check now*."""
    assert world.visitor.post("/actions/check_now").status_code == 303


def hear(world: World) -> None:
    """Receive a webhook."""
    assert world.send(milestone(next(NUMBERS), 1)).ok


def change(world: World, table: Any, **values: Any) -> None:
    with world.database().begin() as connection:
        connection.execute(update(table).values(**values))


def cell(world: World, header: str, row: int, text: str) -> str:
    """Type into a cell; return what it showed."""
    before = world.rows()[row - 1][header].text
    world.edit("type_cell", row=row, column=world.header(header), text=text)
    return before


def wrong_secret(world: World) -> Steps:
    url, headers = f"{world.url}/webhooks/everbright", {"X-Webhook-Secret": "x" * 20}
    assert requests.post(url, json={}, headers=headers, timeout=30).status_code == 401
    yield "wrong_secret"
    hear(world)


def silence(world: World) -> Steps:
    change(world, delivery, received=time.time() - 30 * DAY)
    yield "silent"
    hear(world)


def nothing_ever(world: World) -> Steps:
    change(world, delivery, outcome="ignored")
    world.store().put("begun", time.time() - 30 * DAY)
    yield "never_arrived"
    hear(world)


def no_worker(world: World) -> Steps:
    """Its process has ended a while ago."""
    world.kept["worker"].stop()
    world.store().put("begun", time.time() - DAY)
    change(world, setting.metadata.tables["lease"], expires=time.time() - 300)
    yield "not_running"
    world.kept["worker"] = world.worker()


def hanging_worker(world: World) -> Steps:
    """A call of Google's doesn't end, since half an hour."""
    world.google.latency = 30.0
    hear(world)
    time.sleep(2)
    world.store().put("pass", world.store().get("pass") | {"at": time.time() - 2000})
    yield "hanging"
    world.google.latency = None


def google_refuses(world: World) -> Steps:
    world.google.faults.answer(400, api="sheets", method="*batchUpdate", count=None)
    hear(world)
    yield "refused"
    world.google.faults.clear()


def press(world: World, kind: str) -> None:
    """Press a button of the overview, and say yes to what it explains."""
    (query,) = re.findall(rf'/actions/{kind}\?([^"]*)"', world.visitor.page("/"))
    world.visitor.post(f"/actions/{kind}", **dict(parse_qsl(html.unescape(query))))


def not_shared(world: World) -> Steps:
    world.google.faults.answer(403, api="sheets", count=None)
    look(world)
    yield "failing"
    world.google.faults.clear()


def rows_gone(world: World) -> Steps:
    world.edit("delete_rows", index=1, count=JOBS)
    look(world)
    yield "keys_gone"
    press(world, "rows_deleted")


def header_gone(world: World) -> Steps:
    world.edit("delete_rows", index=0)
    look(world)
    yield "header_gone"
    world.visitor.post("/actions/put_back")


def header_sorted_in(world: World) -> Steps:
    column = world.header("Site ID")
    world.edit("type_cell", row=0, column=column, text=uuid(1))
    look(world)
    yield "header_gone"
    world.edit("type_cell", row=0, column=column, text="Site ID")


def another_customer(world: World) -> Steps:
    """A part of the sheet was sorted alone: a row has another one's texts."""
    typed = {"Customer": "Walter Diaz", "Phone": "555-999-1234", "Email": "w@example.com"}
    typed["Address"] = "1 Elsewhere Rd, Otown, CA 90000"
    held = {header: cell(world, header, 2, text) for header, text in typed.items()}
    look(world)
    yield "other_customer"
    for header, text in held.items():
        cell(world, header, 2, text)


def two_rows(world: World) -> Steps:
    world.edit("copy_rows", start=2, end=3, to=6)
    look(world)
    yield "two_rows"
    world.edit("delete_rows", index=6)


def jobs_deleted(world: World) -> Steps:
    world.edit("delete_tab")
    look(world)
    yield "tab_gone"
    press(world, "put_back")


def history_deleted(world: World) -> Steps:
    world.edit("delete_tab", sheet_id=HISTORY)
    look(world)
    yield "history_deleted"
    press(world, "put_back")


def another_database(world: World) -> Steps:
    """The database is new, or another installation has the same spreadsheet."""
    owner = world.store().get("database")
    world.kept["worker"].stop()
    world.store().put("database", f"{owner}0")
    world.kept["worker"] = world.worker()
    look(world)
    yield "other_database"
    world.visitor.post("/actions/this_database")


def restored_backup(world: World) -> Steps:
    """The database doesn't know what was written since."""
    world.kept["worker"].stop()
    store = world.store()
    store.put("last_fence", 1)
    store.put("sheet", store.get("sheet") | {"fence": 1})
    world.kept["worker"] = world.worker()
    look(world)
    yield "other_database"
    world.visitor.post("/actions/this_database")


def tabs_of_theirs(world: World) -> Steps:
    """The spreadsheet is another one, in which the office works."""
    world.kept["worker"].stop()
    other = world.google.create_spreadsheet("Active jobs")
    world.google.edit(other, "add_tab", title="Leads")
    world.spreadsheet = world.environment["SPREADSHEET_ID"] = other
    world.kept["worker"] = world.worker()
    yield "add_tabs"
    world.visitor.post("/actions/add_tabs")


def unknown_status(world: World) -> Steps:
    world.send(milestone(1, 4, status="ON_HOLD"))
    yield "unknown_status"
    world.visitor.post("/setup/statuses", code="ON_HOLD", means="canceled")


def paused(world: World) -> Steps:
    world.visitor.post("/actions/pause")
    yield "paused"
    world.visitor.post("/actions/resume")


def rejected(world: World) -> Steps:
    world.send(b"{")
    yield "rejected"
    dismiss(world, "rejected")


def odd_field(world: World) -> Steps:
    world.send(milestone(1, 2, quote={"of": "another form"}))
    yield "odd_fields"
    dismiss(world, "odd")


def dismiss(world: World, query: str) -> None:
    page = world.visitor.page(f"/webhooks?q={query}")
    number = page.partition('name="id" value="')[2].partition('"')[0]
    world.visitor.post("/actions/dismiss", f"/webhooks?q={query}", id=number)


def tries(world: World) -> int:
    """Return how often a document couldn't be copied."""
    with world.database().begin() as connection:
        return connection.scalar(select(func.max(document.c.tries))) or 0


def failed_document(world: World) -> Steps:
    world.google.everbright.fail(uuid(40_007), "not_found")
    world.send(milestone(1, 3, tasks=[task(file(7))]))
    wait_for(lambda: tries(world))
    change(world, document, tries=299, due=0.0)
    yield "documents_failed"
    assert "Permit.pdf" in world.visitor.page("/jobs/documents")
    world.google.everbright.heal()
    world.visitor.post("/actions/retry_documents", id=uuid(40_007))


def late_document(world: World) -> Steps:
    world.google.everbright.fail(uuid(40_007), "not_found")
    world.send(milestone(1, 3, tasks=[task(file(7))]))
    wait_for(lambda: tries(world))
    change(world, document, tries=8, due=0.0)
    yield "documents_late"
    world.google.everbright.heal()
    change(world, document, due=0.0)


def late_customers(world: World) -> Steps:
    world.google.faults.answer(500, api="everbright", count=None)
    change(world, job, customer_tries=8, customer_due=0.0)
    yield "customers_late"
    world.google.faults.clear()
    change(world, job, customer_due=0.0)


def refused_token(world: World) -> Steps:
    """For more than a day, EverBright has answered 403 for all jobs: it doesn't know the token."""
    world.google.faults.answer(403, api="everbright", count=None)
    world.store().put(ANSWERED, time.time() - 2 * DAY)
    hear(world)
    change(world, job, customer_due=0.0)
    yield "token_refused"
    world.google.faults.clear()
    look(world)


def folder_gone(world: World) -> Steps:
    folder = world.google.drive.files.pop(world.folder)
    world.send(milestone(1, 3, tasks=[task(file(7))]))
    yield "documents_late"
    assert "Google knows no such file" in world.visitor.page("/")
    world.google.drive.files[world.folder] = folder
    look(world)


def in_the_trash(world: World) -> Steps:
    files = [world.google.drive.files[each] for each in (world.spreadsheet, world.folder)]
    for file_ in files:
        file_.trashed = True
    look(world)
    yield "trashed"
    assert "The spreadsheet and the documents&#39; folder: moved to" in world.visitor.page("/")
    for file_ in files:
        file_.trashed = False


def order_asked(world: World) -> Steps:
    yield "order"
    steps = [uuid(30_001), "done"]
    world.visitor.post("/setup/order", step=steps)


def lost_alerts(world: World) -> Steps:
    """The chat refuses what is sent."""
    chat = world.kept["chat"]
    chat.statuses += [500] * 500
    world.send(b"{")
    yield "alerts_failing"
    chat.statuses.clear()


def late(world: World) -> Steps:
    """Google answers that it can't now, since the last pass."""
    world.google.faults.answer(503, api="sheets", count=None)
    world.store().put("pass", world.store().get("pass") | {"at": time.time() - 600})
    hear(world)
    wait_for(lambda: world.store().backlog()["jobs"])
    with world.database().begin() as connection:
        own = update(job).where(job.c.dirty_since > 0)
        connection.execute(own.values(dirty_since=time.time() - 1000))
    yield "late"
    world.google.faults.clear()


def history_lost_its_header(world: World) -> Steps:
    world.google.edit(world.spreadsheet, "delete_rows", sheet_id=HISTORY, index=0)
    look(world)
    yield "history_gone"
    press(world, "put_back")


def restored_version(world: World) -> Steps:
    """Somebody takes back, in File, Version history, what was written since."""
    book = world.google.sheets.spreadsheets[world.spreadsheet]
    with book.lock:
        before = deepcopy((book.sheets, book.metadata))
    count, fence = len(world.by_site()), world.store().get("sheet")["fence"]
    hear(world)
    wait_for(lambda: world.store().get("sheet")["fence"] > fence and world.is_up_to_date())
    assert len(world.by_site()) > count
    with book.lock:
        book.sheets, book.metadata = before
        book.revision += 1
    look(world)
    yield "restored_version"
    wait_for(lambda: len(world.by_site()) > count)
    world.kept["worker"].stop()
    store = world.store()
    store.put("sheet", store.get("sheet") | {"restored": time.time() - DAY})
    world.kept["worker"] = world.worker()


TOGETHER = [
    *(wrong_secret, header_gone, another_customer, two_rows, rejected, odd_field, failed_document),
    *(late_customers, refused_token, in_the_trash, jobs_deleted, history_deleted),
    *(history_lost_its_header, another_database, paused, order_asked, unknown_status),
    restored_version,
]
"""Each has a code of its own, as a message is sent once an hour; and leaves the rest as it was."""
ALONE = [
    *(silence, nothing_ever, no_worker, hanging_worker, late, google_refuses, not_shared),
    *(rows_gone, header_sorted_in, late_document, folder_gone, lost_alerts),
    *(restored_backup, tabs_of_theirs),
]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("states")
    with Emulator() as google, chatting() as chat:
        alerts = {"ALERT_URLS": chat.url.get_secret_value(), "WORKER": "separate"}
        world = World(google, folder, fresh("sqlite", folder), **TOKEN, **alerts)
        with playing(world, chat):
            yield world


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", TOGETHER, ids=lambda case: case.__name__)
def test_what_is_wrong_is_found_and_gone_once_it_is_fixed(
    case: Callable[[World], Steps], played: World
) -> None:
    judge(played, case, played.kept["chat"])


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", ALONE, ids=lambda case: case.__name__)
def test_more_that_is_wrong_is_found_and_gone_once_it_is_fixed(
    case: Callable[[World], Steps], google: Emulator, chat: Chat, tmp_path: Path
) -> None:
    alerts = {"ALERT_URLS": chat.url.get_secret_value(), "WORKER": "separate"}
    world = World(google, tmp_path, fresh("sqlite", tmp_path), **TOKEN, **alerts)
    with playing(world, chat):
        judge(world, case, chat)


def full_disk(world: World) -> Steps:
    disk = Path(world.kept["disk"])
    ballast = disk / "ballast"
    ballast.write_bytes(b"x" * (shutil.disk_usage(disk).free - 1_200_000))
    yield "disk_low"
    ballast.unlink()


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_disk_that_is_nearly_full_is_found(
    google: Emulator, chat: Chat, small_disk: Path, tmp_path: Path
) -> None:
    alerts = {"ALERT_URLS": chat.url.get_secret_value(), "WORKER": "separate"}
    world = World(google, tmp_path, fresh("sqlite", small_disk), **TOKEN, **alerts)
    with playing(world, chat):
        world.kept["disk"] = small_disk
        judge(world, full_disk, chat)


OFFICE = """
[[tabs]]
title = "Sheet1"
[tabs.columns]
Client = "customer"
Email = "email"
Permit = "status:Permits"
[tabs.words.Permit]
"Handed in" = ["Permits submitted"]
"""


def row_asked(world: BoardWorld) -> Steps:
    """A row has the name of a new job's customer, and nothing else of it."""
    world.fill([["Ada Number199"]], JOBS + 1)
    world.customer(199)
    world.send(milestone(199, 1, name="Permits"))
    yield "unanswered"
    world.fill([["Walk-in, Joe"]], JOBS + 1)


def their_tab_deleted(world: BoardWorld) -> Steps:
    world.edit("delete_tab", sheet_id=0)
    look(world)
    yield "connected_tab_gone"
    world.visitor.post("/tabs/0/disconnect")


def their_rows_deleted(world: BoardWorld) -> Steps:
    world.edit("delete_rows", sheet_id=0, index=1, count=6)
    look(world)
    yield "keys_gone"
    press(world, "rows_deleted")


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "case",
    [row_asked, their_tab_deleted, their_rows_deleted],
    ids=lambda case: case.__name__,
)
def test_what_is_wrong_in_a_connected_tab_is_found_and_gone_once_it_is_fixed(
    case: Callable[[BoardWorld], Steps], google: Emulator, chat: Chat, tmp_path: Path
) -> None:
    world = BoardWorld(google, tmp_path, ALERT_URLS=chat.url.get_secret_value(), WORKER="separate")
    rows = [[f"Ada Number{number}", f"home{number}@example.com"] for number in range(1, JOBS + 1)]
    world.fill([["Client", "Email", "Permit"], *rows])
    world.drop_down(2, "Handed in")
    for number in range(1, JOBS + 1):
        world.customer(number)
    path = tmp_path / "map.toml"
    path.write_text(OFFICE, "utf-8")
    with playing(world, chat):
        assert "Done." in world.map(str(path), "--write")
        wait_for(lambda: all(row.get("Permit") for row in world.rows_by_header()))
        judge(world, case, chat)


@contextmanager
def playing(world: World, chat: Chat) -> Iterator[None]:
    """Run a receiver and a worker, with eight jobs that are in the sheet."""
    world.kept = {"chat": chat}
    with world.serve():
        world.kept["worker"] = world.worker()
        world.visitor.signed_in()
        try:
            for number in range(1, JOBS + 1):
                world.send(milestone(number, 1, name="Permits"))
            wait_for(world.is_up_to_date)
            yield
        finally:
            world.kept["worker"].stop()


def judge(world: _W, case: Callable[[_W], Steps], chat: Chat) -> None:
    """Play a case: it is listed, said and sent within a minute, and gone once it is fixed."""
    chat.heard.clear()
    steps = case(world)
    code = next(steps)
    wait_for(lambda: code in world.codes(), WITHIN)
    found = world.status()
    (text,) = (e["message"] for e in [*found["problems"], *found["notices"]] if e["code"] == code)
    is_problem = LEVELS[code] is Level.PROBLEM
    assert (found["status"] == "problem") == bool(found["problems"])
    assert is_problem == (code in {each["code"] for each in found["problems"]})
    begins = text.partition(". ")[0].partition(" for ")[0].partition(" ago")[0]
    assert begins in html.unescape(world.visitor.page("/"))
    if code not in UNSENT:
        wait_for(lambda: any(begins[:14] in said for said in chat.texts()), WITHIN)
    next(steps, None)
    look(world)
    wait_for(lambda: code not in world.codes(), WITHIN)
    if is_problem:
        wait_for(lambda: any("Fixed: " + begins[:14] in said for said in chat.texts()), WITHIN)
    wait_for(lambda: world.status()["status"] != "problem", WITHIN)
