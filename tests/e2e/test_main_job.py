"""A webhook becomes a row, with its documents in Drive."""

import signal
import time
from pathlib import Path

import pytest
import requests

from emulator import Emulator
from tests.core.test_http import is_quiet, lines
from tests.made_up import (
    SAMPLE,
    SAMPLE_DOCUMENT,
    SAMPLE_QUOTE,
    SAMPLE_SITE,
    document,
    milestone,
    task,
    uuid,
)
from tests.world import World, wait_for

FILE = "Silver-Inspection (Passed).pdf"
STATUS = "Construction & Signoff"


def is_linked(world: World) -> bool:
    row = world.by_site().get(SAMPLE_SITE, {})
    return any("/file/d/" in link.uri for cell in row.values() for link in cell.links)


def test_the_sample_becomes_one_row_with_its_document(
    google: Emulator, sqlite_world: World, tmp_path: Path
) -> None:
    world = sqlite_world
    with world.serve():
        first = world.send(SAMPLE)
        assert (first.status_code, first.json()["outcome"]) == (202, "accepted")
        again = world.send(SAMPLE)
        assert (again.status_code, again.json()["outcome"]) == (202, "duplicate")
        wait_for(lambda: is_linked(world))
        row = world.by_site()[SAMPLE_SITE]
        assert row[STATUS].text == "Approved Sep 4, 2018"
        assert row["Quote"].text == SAMPLE_QUOTE
        (link,) = row[f"{STATUS} documents"].links
        assert link.text == FILE
        (file,) = world.files()
        path = f"/api/v1/document/{SAMPLE_DOCUMENT}/download/"
        sent = requests.get(world.google.url + path, timeout=10)
        assert world.google.drive.content(file.id) == sent.content
        assert file.id in link.uri
        wait_for(lambda: world.by_site()[SAMPLE_SITE]["Folder"].links and is_quiet(world))
        assert not world.by_site()[SAMPLE_SITE]["Customer"].text.startswith("Job ")
    assert (len(world.rows()), lines(world)) == (1, 1)
    assert world.google.calls.count(path="*/permissions*") == 0
    # A database that was restored from earlier finds the file by its tag.
    for rest in tmp_path.glob("brightsheet.sqlite3*"):
        rest.unlink()
    world.environment["SPREADSHEET_ID"] = world.spreadsheet = google.create_spreadsheet("Another")
    with world.serve():
        assert world.send(SAMPLE).json()["outcome"] == "accepted"
        wait_for(lambda: is_linked(world) and is_quiet(world))
    assert world.files() == [file]


@pytest.mark.long
def test_nothing_delivered_is_no_call_at_all(sqlite_world: World) -> None:
    world = sqlite_world
    with world.serve():
        world.send(SAMPLE)
        wait_for(lambda: is_linked(world) and is_quiet(world))
        time.sleep(3)
        world.google.calls.clear()
        assert world.send(SAMPLE).json()["outcome"] == "duplicate"
        time.sleep(2.5)
        assert list(world.google.calls) == []


def test_events_of_a_job_update_its_row_wherever_it_is(sqlite_world: World) -> None:
    world = sqlite_world
    with world.serve():
        for job in (1, 2, 3):
            world.send(milestone(job, status="SUBMITTED"))
        wait_for(lambda: len(world.by_site()) == 3)
        world.edit("insert_rows", index=1)
        world.edit("insert_columns", index=2, count=2)
        world.edit("type_cell", row=0, column=0, text="Client")
        world.edit("sort", column=world.header("Site ID"), ascending=False)
        world.send(milestone(2, status="APPROVED", date_updated="2026-03-02T00:00:00Z"))
        world.send(milestone(2, 2, status="REJECTED"))
        wait_for(lambda: world.by_site()[uuid(2)].get("Milestone 2") and is_quiet(world))
    rows = world.by_site()
    seen = {site: row["Milestone 1"].text for site, row in rows.items()}
    assert seen == {
        uuid(1): "Submitted Mar 1",
        uuid(2): "Approved Mar 2",
        uuid(3): "Submitted Mar 1",
    }
    assert rows[uuid(2)]["Milestone 2"].text == "Rejected Mar 1"
    assert "Client" in rows[uuid(2)]


@pytest.mark.long
def test_a_row_that_a_person_made_with_the_uuid_is_adopted(sqlite_world: World) -> None:
    world = sqlite_world
    with world.serve():
        world.send(milestone(1))
        wait_for(lambda: uuid(1) in world.by_site())
        world.edit("insert_rows", index=2, count=3)
        world.edit("type_cell", row=4, column=world.header("Site ID"), text=uuid(2).upper())
        world.send(milestone(2))
        wait_for(lambda: all(row["Customer"].text for row in world.rows()))
    assert len(world.rows()) == 2


@pytest.mark.long
def test_without_drive_documents_link_to_everbright(sqlite_world: World) -> None:
    world = sqlite_world
    del world.environment["DRIVE_FOLDER_ID"]
    with world.serve():
        world.send(SAMPLE)
        wait_for(lambda: SAMPLE_SITE in world.by_site() and is_quiet(world))
        (link,) = world.by_site()[SAMPLE_SITE][f"{STATUS} documents"].links
    assert f"/api/v1/document/{SAMPLE_DOCUMENT}/" in link.uri
    assert world.google.calls.count("drive", "drive.files.create") == 0


@pytest.mark.long
def test_generated_documents_are_not_downloaded(sqlite_world: World) -> None:
    world = sqlite_world
    files = [task(document(1, "Contract.pdf", "GENERATED"), document(2))]
    with world.serve():
        world.send(milestone(1, tasks=files))
        wait_for(lambda: len(world.files()) == 1 and is_quiet(world))
    assert world.google.calls.count("everbright", path="/api/v1/document/*") == 1


@pytest.mark.parametrize(
    ("empty_url", "ending"),
    [("postgresql", signal.SIGTERM), pytest.param("sqlite", signal.SIGINT, marks=pytest.mark.long)],
    indirect=["empty_url"],
)
def test_a_worker_apart_does_it_and_ends_cleanly(world: World, ending: signal.Signals) -> None:
    world.environment["WORKER"] = "separate"
    with world.serve():
        world.send(SAMPLE)
        time.sleep(1.5)
        assert list(world.google.calls) == []
        with world.worker() as worker:
            wait_for(lambda: is_linked(world) and is_quiet(world))
            assert lines(world) == 1
            began = time.monotonic()
            worker.process.send_signal(ending)
            assert worker.process.wait() == 0
            assert time.monotonic() - began < 10
    assert "Traceback" not in world.log.read_text()


@pytest.mark.long
def test_the_receiver_ends_within_ten_seconds_even_while_google_hangs(sqlite_world: World) -> None:
    world = sqlite_world
    with world.serve() as receiver:
        # The first pass asks Drive about the trash; while that hangs, nothing else is called.
        wait_for(lambda: any(c.api == "drive" and c.status == 200 for c in world.google.calls))
        world.google.faults.down()
        world.send(SAMPLE)
        hanging = {"sheets", "drive"}
        wait_for(lambda: hanging <= {c.api for c in world.google.calls if c.status == 0})
        began = time.monotonic()
        assert receiver.stop() == 0
        assert time.monotonic() - began < 10
        world.google.faults.up()
