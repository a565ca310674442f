"""A webhook becomes a row, with its documents in Drive."""

import signal
import time

import pytest
import requests

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


def test_the_sample_becomes_one_row_with_its_document(sqlite_world: World) -> None:
    world = sqlite_world
    with world.receiver().ready():
        first = world.send(SAMPLE)
        assert (first.status_code, first.json()["outcome"]) == (202, "accepted")
        again = world.send(SAMPLE)
        assert (again.status_code, again.json()["outcome"]) == (202, "duplicate")
        wait_for(lambda: is_linked(world))
        row = world.by_site()[SAMPLE_SITE]
        assert row[STATUS].text == "Approved"
        assert row["Initial quote"].text == SAMPLE_QUOTE
        preview, name = row[f"{STATUS} documents"].links
        assert (name.text, preview.text) == (FILE, "↗")
        assert preview.uri == f"{world.google.url}/api/v1/document/{SAMPLE_DOCUMENT}/preview"
        (file,) = world.files()
        sent = requests.get(
            f"{world.google.url}/api/v1/document/{SAMPLE_DOCUMENT}/download/", timeout=10
        )
        assert world.google.drive.content(file.id) == sent.content
        assert file.id in name.uri
        wait_for(lambda: world.by_site()[SAMPLE_SITE]["Folder"].links)
    assert len(world.rows()) == 1
    assert world.google.calls.count(path="*/permissions*") == 0


@pytest.mark.long
def test_nothing_delivered_is_no_call_at_all(sqlite_world: World) -> None:
    """It looks into the store twice a second and flushes once a second at most."""
    world = sqlite_world
    with world.receiver().ready():
        world.send(SAMPLE)
        wait_for(lambda: SAMPLE_SITE in world.by_site())
        wait_for(lambda: world.by_site()[SAMPLE_SITE]["Folder"].links)
        wait_for(lambda: is_linked(world))
        time.sleep(1.5)
        world.google.calls.clear()
        assert world.send(SAMPLE).json()["outcome"] == "duplicate"
        time.sleep(2.5)
        assert list(world.google.calls) == []


def test_events_of_a_job_update_its_row_wherever_it_is(sqlite_world: World) -> None:
    world = sqlite_world
    with world.receiver().ready():
        for job in (1, 2, 3):
            world.send(milestone(job, status="SUBMITTED"))
        wait_for(lambda: len(world.by_site()) == 3)
        world.edit("insert_rows", index=1)
        world.edit("insert_columns", index=2, count=2)
        world.edit("rename_header", column=0, text="Client")
        world.edit("sort", column=world.header("Site ID"), ascending=False)
        world.send(
            milestone(2, status="APPROVED", date_updated="2026-03-02T00:00:00Z", definition=1)
        )
        world.send(milestone(2, definition=2, status="REJECTED"))
        wait_for(lambda: world.by_site()[uuid(2)].get("Milestone 2"))
    seen = {site: row["Milestone 1"].text for site, row in world.by_site().items()}
    assert seen == {uuid(1): "Submitted", uuid(2): "Approved", uuid(3): "Submitted"}
    assert world.by_site()[uuid(2)]["Milestone 2"].text == "Rejected"
    assert "Client" in world.by_site()[uuid(2)]


@pytest.mark.long
def test_a_row_that_a_person_made_with_the_uuid_is_adopted(sqlite_world: World) -> None:
    world = sqlite_world
    with world.receiver().ready():
        world.send(milestone(1))
        wait_for(lambda: uuid(1) in world.by_site())
        world.edit("type_cell", row=5, column=world.header("Site ID"), text=uuid(2).upper())
        world.send(milestone(2))
        wait_for(lambda: all(row["Customer"].text for row in world.rows()))
    assert len(world.rows()) == 2


@pytest.mark.long
def test_without_drive_the_preview_links_stay(sqlite_world: World) -> None:
    world = sqlite_world
    del world.environment["DRIVE_FOLDER_ID"]
    with world.receiver().ready():
        world.send(SAMPLE)
        wait_for(lambda: SAMPLE_SITE in world.by_site())
        time.sleep(2)
        (link,) = world.by_site()[SAMPLE_SITE][f"{STATUS} documents"].links
    assert link.uri.endswith(f"/api/v1/document/{SAMPLE_DOCUMENT}/preview")
    assert world.google.calls.count("drive") == 0


@pytest.mark.long
def test_generated_documents_are_not_downloaded(sqlite_world: World) -> None:
    world = sqlite_world
    files = [task(document(1, "Contract.pdf", "GENERATED"), document(2))]
    with world.receiver().ready():
        world.send(milestone(1, tasks=files))
        wait_for(lambda: len(world.files()) == 1 and uuid(1) in world.by_site())
        wait_for(lambda: "↗" in world.by_site()[uuid(1)]["Milestone 1 documents"].text)
        time.sleep(1)
    assert world.google.calls.count("everbright") == 1


@pytest.mark.parametrize(
    ("empty_url", "ending"),
    [("postgresql", signal.SIGTERM), pytest.param("sqlite", signal.SIGINT, marks=pytest.mark.long)],
    indirect=["empty_url"],
)
def test_a_worker_apart_does_it_and_ends_cleanly(world: World, ending: signal.Signals) -> None:
    world.environment["WORKER"] = "separate"
    assert world.command("db", "upgrade").process.wait() == 0, world.log.read_text()
    with world.receiver().ready():
        world.send(SAMPLE)
        time.sleep(1.5)
        assert list(world.google.calls) == []
        with world.worker() as worker:
            wait_for(lambda: is_linked(world))
            began = time.monotonic()
            worker.process.send_signal(ending)
            assert worker.process.wait() == 0
            assert time.monotonic() - began < 10
    assert "Traceback" not in world.log.read_text()


@pytest.mark.long
def test_the_receiver_ends_within_ten_seconds_even_while_google_hangs(sqlite_world: World) -> None:
    world = sqlite_world
    with world.receiver().ready() as receiver:
        world.google.faults.down()
        world.send(SAMPLE)
        wait_for(lambda: [call for call in world.google.calls if call.status == 0])
        began = time.monotonic()
        assert receiver.stop() == 0
        assert time.monotonic() - began < 10
        world.google.faults.up()
