"""The core over HTTP: bursts, two workers, deleted tabs, documents, on both databases."""

import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import func, select, update

from demo.process import Running
from emulator import Emulator
from sync.core.database import Database
from sync.core.schema import change, delivery, lease
from sync.core.snapshot import HISTORY, JOBS, RECOVERED
from sync.core.store import Store
from sync.errors import Retryable
from tests import databases
from tests.made_up import SECRET, body, document, milestone, task, uuid
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


def test_a_webhook_is_a_row_and_a_line(world: World) -> None:
    with world.serve():
        assert world.send(milestone(1, 1, status="SUBMITTED")).json()["outcome"] == "accepted"
        assert world.send(milestone(1, 1, status="SUBMITTED")).json()["outcome"] == "duplicate"
        (row,) = wait_for(lambda: list(world.by_site().values()))
        wait_for(lambda: is_quiet(world))
        (row,) = world.by_site().values()
        assert row["Status"].text == "Milestone 1 under review"
        assert row["Waiting on"].text == "EverBright"
        assert not row["Customer"].text.startswith("Job "), "the customer's name has arrived"
        assert lines(world) == 1


def test_a_wrong_secret_is_refused(sqlite_world: World) -> None:
    with sqlite_world.serve():
        secret, sqlite_world.environment["WEBHOOK_SECRET"] = "x" * 20, ""
        url = f"{sqlite_world.url}/webhooks/everbright"
        answer = requests.post(url, json={}, headers={"X-Webhook-Secret": secret}, timeout=30)
        assert answer.status_code == 401


def test_a_webhook_that_is_known_shows_that_the_secret_is_right_again(sqlite_world: World) -> None:
    """EverBright's test message has the same body each time."""
    with sqlite_world.serve():
        sqlite_world.send(milestone(1, 1))
        url = f"{sqlite_world.url}/webhooks/everbright"
        requests.post(url, json={}, headers={"X-Webhook-Secret": "x" * 20}, timeout=30)
        assert sqlite_world.store().get("wrong_secret")
        assert sqlite_world.send(milestone(1, 1)).json()["outcome"] == "duplicate"
        assert not sqlite_world.store().get("wrong_secret")


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


def test_a_body_that_is_no_json_by_its_type_is_kept(sqlite_world: World) -> None:
    """So that it can be replayed once the credential's content type is right."""
    world = sqlite_world
    with world.serve():
        headers = {"X-Webhook-Secret": SECRET, "Content-Type": "text/plain"}
        url, sent = f"{world.url}/webhooks/everbright", body(milestone(1, 1))
        assert requests.post(url, data=sent, headers=headers, timeout=30).status_code == 415
    database = Database(world.environment["DATABASE_URL"])
    with database.begin() as connection:
        assert connection.scalars(select(delivery.c.body)).all() == [sent]


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


def test_the_tab_recovered_is_deleted(google: Emulator, sqlite_world: World) -> None:
    """The fence goes with it: the pass makes it again, and continues."""
    world = sqlite_world
    with world.serve():
        world.send(milestone(1, 1, status="SUBMITTED"))
        wait_for(lambda: len(world.by_site()) == 1 and is_quiet(world))
        google.edit(world.spreadsheet, "delete_tab", sheet_id=RECOVERED)
        world.send(milestone(1, 1, status="APPROVED", date_updated="2030-01-01T00:00:00Z"))
        world.send(milestone(2, 1, status="APPROVED"))
        wait_for(lambda: len(world.by_site()) == 2 and is_quiet(world))
    assert google.sheets.spreadsheets[world.spreadsheet].sheet(RECOVERED) is not None
    assert lines(world) == 3


def test_a_deleted_column_stays_deleted(google: Emulator, sqlite_world: World) -> None:
    world = sqlite_world
    with world.serve():
        world.send(milestone(1, 1, status="SUBMITTED"))
        wait_for(lambda: len(world.by_site()) == 1 and is_quiet(world))
        world.edit("delete_columns", index=world.header("Waiting on"))
        world.send(milestone(1, 2, status="REJECTED"))
        wait_for(lambda: next(iter(world.by_site().values()))["Status"].text.endswith("rejected"))
        assert "Waiting on" not in world.rows()[0]


def test_jobs_is_deleted(google: Emulator, sqlite_world: World) -> None:
    """Nothing is written, and the list says so."""
    world = sqlite_world
    with world.serve():
        world.send(milestone(1, 1, status="SUBMITTED"))
        wait_for(lambda: len(world.by_site()) == 1 and is_quiet(world))
        google.edit(world.spreadsheet, "delete_tab", sheet_id=JOBS)
        world.send(milestone(2, 1, status="REJECTED"))
        wait_for(lambda: (world.store().get("pass") or {}).get("findings"))
        findings = world.store().get("pass")["findings"]
        assert [each["code"] for each in findings] == ["tab_gone"]


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


def test_a_restored_database_copies_nothing_twice(
    google: Emulator, sqlite_world: World, tmp_path: Path
) -> None:
    """It doesn't know the files that were copied since, and finds them by their tags."""
    world = sqlite_world
    with world.serve():
        assert world.send(milestone(1, 1, tasks=[task(document(1))])).status_code == 202
        wait_for(lambda: len(linked(world)) == 1 and is_quiet(world))
    (tmp_path / "brightsheet.sqlite3").unlink()
    for rest in tmp_path.glob("brightsheet.sqlite3-*"):
        rest.unlink()
    world.environment["SPREADSHEET_ID"] = world.spreadsheet = google.create_spreadsheet("Another")
    with world.serve():
        assert world.send(milestone(1, 1, tasks=[task(document(1))])).status_code == 202
        wait_for(lambda: len(linked(world)) == 1 and is_quiet(world))
    assert len(copies(world)) == 1


def test_a_wrong_spreadsheet_id_forgets_nothing(sqlite_world: World) -> None:
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
