"""A job's folder has its customer's name once EverBright has answered; its files differ in name."""

import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from emulator import Emulator
from sync.errors import BrightsheetError
from sync.everbright import answers
from sync.jobs.files import distinct_name
from sync.store import schema
from sync.store.database import now
from sync.store.lookups import NAME_WAIT_SECONDS
from sync.worker import Worker
from tests.bench import Bench
from tests.documents.bench import claimed
from tests.made_up import document, milestone, task, uuid
from tests.sheets.conftest import with_more

ADA = {
    "contacts": [{"first_name": "Ada", "last_name": "Alder", "primary": True}],
    "address": {"address_line_1": "1 Mesa St", "city_name": "Cedar Flats"},
}
NAME = "Ada Alder, Cedar Flats"
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def bench(google: Emulator, database_url: str) -> Bench:
    google.everbright.token = "a-token"
    google.everbright.set_site(uuid(1), **ADA)
    folder = google.create_folder("Documents")
    return Bench(google, database_url, EVERBRIGHT_API_TOKEN="a-token", DRIVE_FOLDER_ID=folder)


def copy(bench: Bench) -> list[str]:
    """Copy all documents that are due, and return the names of the folders in Drive."""
    copier = bench.wiring.copier(lambda _: None)
    while (first := claimed(bench.wiring.documents)) is not None:
        try:
            copier.copy(*first)
        finally:
            bench.wiring.documents.release(first[0])
    return tagged(bench, "brightsheetSite")


def tagged(bench: Bench, tag: str) -> list[str]:
    files = bench.google.drive.files.values()
    return sorted(file.name for file in files if tag in file.app_properties)


def pass_a_minute(bench: Bench) -> None:
    earlier = {"wanted_at": now() - NAME_WAIT_SECONDS - 1}
    with bench.database.writing() as connection:
        connection.execute(update(schema.document).values(earlier))


def with_documents(*documents: dict[str, object], day: int = 1) -> dict[str, object]:
    return milestone(1, tasks=[task(*documents)], date_updated=f"2026-03-{day:02d}T10:00:00Z")


@ON_SQLITE
def test_a_folder_is_made_once_everbright_has_answered(bench: Bench) -> None:
    bench.shown(with_documents(document(1)))
    assert copy(bench) == [], "made before the customer is known"
    bench.ask()
    assert copy(bench) == [NAME]
    bench.flush()
    assert bench.row(uuid(1))["Folder"] == "Folder"


def test_after_a_minute_a_folder_is_made_without_an_answer_and_keeps_its_name(bench: Bench) -> None:
    bench.google.everbright.fail(uuid(1), "error", status=503, count=9)
    bench.shown(with_documents(document(1)))
    bench.ask()
    assert copy(bench) == []
    pass_a_minute(bench)
    first = f"Job {uuid(1)[:8]}"
    assert copy(bench) == [first]
    bench.google.everbright.heal()
    bench.wiring.customers.postpone(uuid(1), 0)
    bench.ask()
    bench.shown(with_documents(document(1), document(2), day=2))
    assert copy(bench) == [first]
    assert len(tagged(bench, "brightsheetDocument")) == 2


def test_jobs_with_a_known_customer_go_first(bench: Bench) -> None:
    bench.send(*(milestone(job, tasks=[task(document(job))]) for job in (2, 1)))
    bench.project()
    bench.wiring.customers.keep(uuid(1), answers.read_customer(ADA), 1)
    pass_a_minute(bench)
    first = claimed(bench.wiring.documents)
    assert first is not None
    assert first[0].site == uuid(1)


def test_a_folder_is_created_at_once_without_lookups(google: Emulator, sqlite_url: str) -> None:
    google.everbright.token = None
    bench = Bench(google, sqlite_url, DRIVE_FOLDER_ID=google.create_folder("Documents"))
    bench.shown(with_documents(document(1)))
    assert copy(bench) == [f"Job {uuid(1)[:8]}"]


@ON_SQLITE
def test_two_documents_with_one_name_get_different_names(bench: Bench) -> None:
    first, second, other = document(1), document(2), document(3, "Plan.pdf")
    third = document(4, "permit.PDF")
    bench.shown(with_documents(first, second, other))
    bench.shown(with_documents(first, second, other, third, day=2))
    bench.ask()
    bench.google.faults.answer(503, method="drive.upload", when="after")
    for _ in range(3):
        with suppress(BrightsheetError):
            copy(bench)
    copy(bench)
    assert tagged(bench, "brightsheetDocument") == sorted([
        "Permit.pdf", f"Permit ({uuid(40_002)[:8]}).pdf", "Plan.pdf",
        f"permit ({uuid(40_004)[:8]}).PDF",
    ])  # fmt: skip


@ON_SQLITE
def test_documents_of_two_jobs_may_have_one_name(bench: Bench) -> None:
    bench.shown(milestone(1, tasks=[task(document(1))]), milestone(2, tasks=[task(document(2))]))
    pass_a_minute(bench)
    copy(bench)
    assert tagged(bench, "brightsheetDocument") == ["Permit.pdf", "Permit.pdf"]


@given(st.text(min_size=1, max_size=30), st.uuids(), st.uuids())
def test_equal_names_are_numbered_with_their_extension(text: str, one: object, two: object) -> None:
    first, second = (distinct_name(text, str(each)) for each in (one, two))
    assert first != text
    assert (first == second) is (str(one)[:8] == str(two)[:8])
    if "." in text.lstrip("."):
        assert first.endswith(text.rpartition(".")[2])


def test_the_worker_asks_for_customers_and_details_and_copies(bench: Bench, tmp_path: Path) -> None:
    bench.google.everbright.data.set(uuid(20_001), system_capacity_kw=8.4)
    column = '[[columns]]\nid = "system_size"\nheader = "Size"\n'
    bench.configured(with_more(tmp_path, column))
    bench.shown(with_documents(document(1)))
    worker = Worker(bench.wiring)
    worker.start()
    try:
        deadline = time.monotonic() + NAME_WAIT_SECONDS
        while time.monotonic() < deadline and (
            not tagged(bench, "brightsheetDocument") or bench.row(uuid(1)).get("Size") != "8.4"
        ):
            time.sleep(0.1)
    finally:
        worker.stop(10)
    assert (tagged(bench, "brightsheetSite"), bench.row(uuid(1))["Size"]) == ([NAME], "8.4")


@pytest.mark.parametrize("is_late", [False, True], ids=["together", "after the copy"])
def test_both_jobs_of_a_document_link_to_its_one_copy(bench: Bench, *, is_late: bool) -> None:
    first, second = (milestone(job, tasks=[task(document(1, "Plan.pdf"))]) for job in (1, 2))
    bench.send(*([first] if is_late else [first, second]))
    bench.flush()
    bench.ask()
    copy(bench)
    if is_late:
        bench.send(second)
        bench.flush()
        bench.ask()
        copy(bench)
    bench.flush()
    links = [
        {link.uri for cell in row.values() for link in cell.links if "/file/d/" in link.uri}
        for row in bench.rows()
        if "Site ID" in row
    ]
    (copied,) = (file for file in bench.google.drive.files.values() if file.name == "Plan.pdf")
    assert len(links) == 2
    assert all(copied.id in link for one in links for link in one)
    assert links[0] == links[1] != set()
