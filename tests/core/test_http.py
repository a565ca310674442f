"""The core over HTTP: bursts, two workers, outages, documents, on both databases."""

import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from demo.process import Running
from emulator import Emulator
from sync.core.database import Database
from sync.core.schema import change, lease
from sync.core.snapshot import HISTORY, RECOVERED
from sync.core.store import Store
from sync.errors import Retryable
from tests import databases
from tests.made_up import document, milestone, task, uuid
from tests.traffic import Senders, history, replay, shown
from tests.world import TOKEN, World, wait_for


@pytest.fixture(params=databases.KINDS)
def world(request: pytest.FixtureRequest, google: Emulator, tmp_path: Path) -> Iterator[World]:
    yield World(google, tmp_path, databases.fresh(request.param, tmp_path), **TOKEN)


@pytest.fixture
def sqlite_world(google: Emulator, tmp_path: Path) -> World:
    return World(google, tmp_path, databases.fresh("sqlite", tmp_path), **TOKEN)


def is_quiet(world: World) -> bool:
    database = world.database()
    waits = Store(database).backlog()
    database.engine.dispose()
    return not any(waits[name] for name in ("deliveries", "jobs", "lines", "attempts"))


def lines(world: World) -> int:
    """Return how many lines *History* has."""
    tab = world.google.sheets.spreadsheets[world.spreadsheet].sheet(HISTORY)
    assert tab is not None
    return sum(any(cell.value is not None for cell in row.cells.values()) for row in tab.rows) - 1


def stored_lines(world: World) -> int:
    database = Database(world.environment["DATABASE_URL"])
    with database.begin() as connection:
        return connection.scalar(select(func.count()).select_from(change)) or 0


@pytest.mark.long
def test_a_burst_is_a_few_calls(google: Emulator, sqlite_world: World) -> None:
    """8 clients send 1,100 webhooks of 300 jobs in random order, Google takes 250 ms."""
    world = sqlite_world
    del world.environment["DRIVE_FOLDER_ID"]
    events = history(1000, 300, seed=1)
    sent = events + events[::10]
    random.Random(2).shuffle(sent)
    with world.serve():
        google.latency = 0.25
        google.calls.clear()
        began = time.monotonic()
        senders = Senders(world, sent).start()
        senders.join()
        wait_for(lambda: shown(world) == replay(events), 60)
        wait_for(lambda: is_quiet(world))
        seconds = time.monotonic() - began
    calls = [call for call in google.calls if call.api == "sheets"]
    print(f"{len(sent)} webhooks, {seconds:.1f} s, {len(calls)} calls")
    assert senders.statuses == {202}
    assert len(calls) <= seconds + 8


def freeze(world: World, running: Running) -> None:
    """Stop the process where it holds no lock of the database, as SQLite has one for all."""
    while True:
        running.process.send_signal(signal.SIGSTOP)
        database = world.database()
        try:
            with database.begin() as connection:
                connection.execute(update(lease).where(lease.c.name == "").values(expires=0))
            return
        except Retryable:
            running.process.send_signal(signal.SIGCONT)
        finally:
            database.engine.dispose()


@pytest.mark.long
def test_a_frozen_worker_that_wakes_writes_nothing(google: Emulator, world: World) -> None:
    """Its lease has gone to another, and its batch is refused by the fence."""
    world.environment |= {"WORKER": "separate", "LEASE_SECONDS": "1"}
    with world.serve(), world.worker() as first:
        world.send(milestone(1, 1, status="SUBMITTED"))
        wait_for(lambda: len(world.by_site()) == 1)
        freeze(world, first)
        with world.worker():
            world.send(milestone(2, 1, status="REJECTED"))
            wait_for(lambda: len(world.by_site()) == 2)
            first.process.send_signal(signal.SIGCONT)
            for number in range(3, 9):
                world.send(milestone(number, 1, status="APPROVED"))
            wait_for(lambda: len(world.by_site()) == 8)
            wait_for(lambda: is_quiet(world))
    assert lines(world) == 8


@pytest.mark.long
def test_a_worker_that_has_lost_its_lease_reports_no_failure(
    google: Emulator, sqlite_world: World
) -> None:
    """The pass in which it notices belongs to another: the reports are that one's."""
    world = sqlite_world
    world.environment["LEASE_SECONDS"] = "60"
    del world.environment["EVERBRIGHT_API_TOKEN"]  # Nothing but the pass is to notice it.
    with world.serve():
        world.send(milestone(1, 1, status="SUBMITTED"))
        wait_for(lambda: len(world.by_site()) == 1 and is_quiet(world))
        google.latency = 2.0
        world.send(milestone(2, 1, status="REJECTED"))
        wait_for(lambda: any(not call.status for call in google.calls), pause=0.02)
        with world.database().begin() as connection:
            connection.execute(update(lease).values(token=99, expires=time.time() + 60))
        wait_for(lambda: "lease_lost" in world.log.read_text())
        google.latency = None
    assert "pass_failed" not in world.log.read_text()


@pytest.mark.long
def test_after_an_outage_the_sheet_is_up_to_date_at_once(
    google: Emulator, sqlite_world: World
) -> None:
    """Catches a pace that counts the outage as the time that a pass takes."""
    world = sqlite_world
    with world.serve():
        world.send(milestone(1, 1, status="SUBMITTED"))
        wait_for(lambda: len(world.by_site()) == 1 and is_quiet(world))
        google.faults.answer(503, api="sheets", count=None)
        world.send(milestone(2, 1, status="SUBMITTED"))
        time.sleep(12)
        google.faults.clear()
        wait_for(lambda: len(world.by_site()) == 2)
        world.send(milestone(3, 1, status="SUBMITTED"))
        wait_for(lambda: len(world.by_site()) == 3, 12)


DOCUMENTS = 125


def copies(world: World) -> list[str]:
    return [file.app_properties["brightsheetDocument"] for file in world.files()]


def linked(world: World) -> set[str]:
    files = {file.id: file.app_properties["brightsheetDocument"] for file in world.files()}
    uris = [
        link.uri
        for row in world.by_site().values()
        for cell in row.values()
        for link in cell.links
        if "/file/d/" in link.uri
    ]
    return {files[uri.partition("/file/d/")[2].partition("/")[0]] for uri in uris}


@pytest.mark.long
@pytest.mark.timeout(240)
@pytest.mark.parametrize("fail", [0.0, 0.3])
def test_documents_are_copied_once(google: Emulator, sqlite_world: World, fail: float) -> None:
    """EverBright and Drive take 100 ms; with faults, half of them after the call took effect."""
    world, sites = sqlite_world, 25
    events = [
        milestone(
            1 + number,
            1,
            tasks=[task(*(document(5 * number + n) for n in range(DOCUMENTS // sites)))],
        )
        for number in range(sites)
    ]
    google.latency = 0.1
    if fail:
        google.faults.answer(503, method="drive.*", chance=fail / 2)
        google.faults.answer(503, method="drive.*", when="after", chance=fail / 2)
        google.faults.answer(503, api="everbright", chance=fail / 2)
        google.faults.truncate(100, api="everbright", chance=fail / 2)
    with world.serve():
        began = time.monotonic()
        for event in events:
            assert world.send(event).status_code == 202
        wait_for(lambda: len(linked(world)) == DOCUMENTS, 150)
        seconds = time.monotonic() - began
        wait_for(lambda: is_quiet(world))
    calls = google.calls.count("drive")
    print(f"{DOCUMENTS} documents, {seconds:.1f} s, {calls / DOCUMENTS:.1f} Drive calls each")
    assert sorted(copies(world)) == sorted({*copies(world)}), "a document is in Drive twice"
    assert len(copies(world)) == DOCUMENTS


def test_a_document_that_hangs_holds_up_no_other(google: Emulator, sqlite_world: World) -> None:
    document_of, hangs = google.everbright.document, threading.Event()

    def slow(name: str) -> Any:
        if name == uuid(40_001):
            hangs.wait(60)
        return document_of(name)

    google.everbright.document = slow  # type: ignore[assignment]
    with sqlite_world.serve():
        sqlite_world.send(milestone(1, 1, tasks=[task(document(1))]))
        wait_for(lambda: google.calls.count("everbright"))
        for job in (2, 3):
            sqlite_world.send(milestone(job, 1, tasks=[task(document(job))]))
        wait_for(lambda: len(linked(sqlite_world)) == 2, 30)
        hangs.set()
        wait_for(lambda: len(linked(sqlite_world)) == 3)


def test_a_wrong_spreadsheet_id_and_deleted_tabs_forget_nothing(sqlite_world: World) -> None:
    world, right = sqlite_world, sqlite_world.environment["SPREADSHEET_ID"]
    with world.serve():
        world.send(milestone(1, status="SUBMITTED"))
        wait_for(lambda: world.by_site() and is_quiet(world))
    world.environment["SPREADSHEET_ID"] = f"{right}x"
    with world.serve():
        wait_for(lambda: "failing" in world.codes())
    world.environment["SPREADSHEET_ID"] = right
    world.edit("delete_tab")
    with world.serve():
        wait_for(lambda: "tab_gone" in world.codes())
        world.visitor.signed_in().post("/actions/put_back", tab="Jobs")
        wait_for(lambda: world.by_site() and is_quiet(world))
        wait_for(lambda: "tab_gone" not in world.codes())
        # The fence goes with *Recovered*: the pass makes it again, and continues.
        before, book = lines(world), world.google.sheets.spreadsheets[world.spreadsheet]
        world.edit("delete_tab", sheet_id=RECOVERED)
        world.send(milestone(1, status="APPROVED", date_updated="2030-01-01T00:00:00Z"))
        world.send(milestone(2, status="APPROVED"))
        wait_for(lambda: len(world.by_site()) == 2 and is_quiet(world))
    assert book.sheet(RECOVERED) is not None
    assert lines(world) == before + 2
