"""A job's folder has its customer's name, unless a person named it; its files are told apart."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator import Emulator
from emulator.drive.model import User
from sync.errors import BrightsheetError
from sync.everbright import answers
from sync.jobs.files import told_apart
from sync.worker import Worker
from tests.bench import Bench
from tests.made_up import document, milestone, task, uuid
from tests.sheets.conftest import with_more

pytestmark = pytest.mark.long

ADA = {"contacts": [{"first_name": "Ada", "last_name": "Alder", "primary": True}]}
TOWN = {"address": {"address_line_1": "1 Mesa St", "city_name": "Cedar Flats"}}
STAND_IN = f"Job {uuid(1)[:8]}"
NAME = "Ada Alder, Cedar Flats"


@pytest.fixture
def bench(google: Emulator, database_url: str) -> Bench:
    google.everbright.token = "a-token"
    google.everbright.set_site(uuid(1), **ADA, **TOWN)
    folder = google.create_folder("Documents")
    return Bench(google, database_url, EVERBRIGHT_API_TOKEN="a-token", DRIVE_FOLDER_ID=folder)


@pytest.fixture
def google() -> object:
    with Emulator() as running:
        yield running


def copy(bench: Bench) -> None:
    """Copy all documents that wait."""
    copier = bench.wiring.copier(lambda _: None)
    while (claimed := bench.wiring.documents.claim()) is not None:
        try:
            copier.copy(*claimed)
        finally:
            bench.wiring.documents.release(claimed[0])


def with_documents(*documents: dict[str, object], day: int = 1) -> dict[str, object]:
    return milestone(1, tasks=[task(*documents)], date_updated=f"2026-03-{day:02d}T10:00:00Z")


def name(bench: Bench, clock: Callable[[], float] = lambda: 0.0) -> None:
    """Name all folders that are due, in a process that has just started."""
    namer = bench.wiring.folder_namer()
    namer._clock = clock
    most = 20
    while namer.name_next():
        most -= 1
        assert most, "it does not come to an end"


def folder(bench: Bench) -> str:
    found = [f for f in bench.google.drive.files.values() if "brightsheetSite" in f.app_properties]
    (one,) = found
    return one.name


def renamed_by_a_person(bench: Bench, text: str) -> None:
    (one,) = [f for f in bench.google.drive.files.values() if "brightsheetSite" in f.app_properties]
    bench.google.drive.update(one.id, {"name": text}, User("owner@example.com"), all_drives=True)


def files(bench: Bench) -> list[str]:
    found = bench.google.drive.files.values()
    return sorted(f.name for f in found if "brightsheetDocument" in f.app_properties)


def calls(bench: Bench) -> int:
    return bench.google.calls.count("drive")


def other_customer(bench: Bench, town: str) -> None:
    """Have EverBright tell another town, a day later."""
    site = {**ADA, "address": {"city_name": town}}
    bench.wiring.customers.keep(uuid(1), answers.read_customer(site))


def test_a_folder_is_made_with_the_name_if_the_customer_is_known(bench: Bench) -> None:
    """Would catch two more calls of Drive for each job."""
    bench.shown(with_documents(document(1)))
    bench.ask()
    copy(bench)
    assert folder(bench) == NAME
    before = calls(bench)
    name(bench)
    assert calls(bench) == before


def test_a_folder_gets_the_name_once_the_customer_is_known(bench: Bench) -> None:
    bench.shown(with_documents(document(1)))
    copy(bench)
    assert folder(bench) == STAND_IN
    name(bench)
    assert folder(bench) == STAND_IN
    bench.ask()
    name(bench)
    assert folder(bench) == NAME
    before = calls(bench)
    name(bench)
    assert calls(bench) == before, "it is asked for again though nothing changed"
    bench.flush()
    assert bench.row(uuid(1))["Folder"] == "Folder"


def test_what_a_person_named_stays(bench: Bench) -> None:
    """Would catch a person's name that is undone, at once or with the next change."""
    bench.shown(with_documents(document(1)))
    copy(bench)
    renamed_by_a_person(bench, "Alder, east roof")
    bench.ask()
    name(bench)
    assert folder(bench) == "Alder, east roof"
    other_customer(bench, "Port Lindon")
    name(bench)
    assert folder(bench) == "Alder, east roof"


def test_it_follows_the_customer_as_long_as_nobody_else_named_it(bench: Bench) -> None:
    bench.shown(with_documents(document(1)))
    copy(bench)
    bench.ask()
    name(bench)
    other_customer(bench, "Port Lindon")
    name(bench)
    assert folder(bench) == "Ada Alder, Port Lindon"
    renamed_by_a_person(bench, NAME)
    other_customer(bench, "Marlow Heights")
    name(bench)
    assert folder(bench) == NAME, "a name that was given before is a person's choice now"


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503, "method": "drive.files.get"},
        {"status": 503, "method": "drive.files.update"},
        {"status": 503, "method": "drive.files.update", "when": "after"},
    ],
    ids=["not read", "not renamed", "renamed, answer lost"],
)
def test_after_a_failure_it_is_named_whatever_came_meanwhile(
    bench: Bench, fault: dict[str, Any]
) -> None:
    """Would catch our own name, of which the answer was lost, that is taken for a person's."""
    bench.shown(with_documents(document(1)))
    copy(bench)
    bench.ask()
    bench.google.faults.answer(**fault)
    name(bench)
    other_customer(bench, "Port Lindon")
    name(bench)
    assert folder(bench) == "Ada Alder, Port Lindon"


def test_a_folder_whose_making_is_in_doubt_is_named_too(bench: Bench) -> None:
    """Would catch a folder that was made as a stand-in, and is stored with the name."""
    bench.shown(with_documents(document(1)))
    bench.google.faults.answer(503, method="drive.files.create", when="after")
    with suppress(BrightsheetError):
        copy(bench)
    bench.ask()
    copy(bench)
    name(bench)
    assert folder(bench) == NAME


def test_a_folder_that_drive_does_not_let_be_renamed_delays_no_other(bench: Bench) -> None:
    bench.shown(with_documents(document(1)))
    copy(bench)
    bench.ask()
    bench.google.faults.answer(403, method="drive.files.update", reason="forbidden")
    now = 0.0
    namer = bench.wiring.folder_namer()
    namer._clock = lambda: now
    assert namer.name_next()
    assert not namer.name_next(), "no pause"
    now = 10_000.0
    assert not namer.name_next(), "tried again and again"


def test_a_folder_that_is_gone_is_not_asked_for_again(bench: Bench) -> None:
    bench.shown(with_documents(document(1)))
    copy(bench)
    bench.ask()
    (one,) = [f for f in bench.google.drive.files.values() if "brightsheetSite" in f.app_properties]
    one.trashed = True
    name(bench)
    before = calls(bench)
    name(bench)
    assert calls(bench) == before


def test_two_documents_of_one_name_are_told_apart(bench: Bench) -> None:
    """Would catch two files of one name, and another name with every try or repeat."""
    first, second, other = document(1), document(2), document(3, "Plan.pdf")
    third = document(4, "permit.PDF")
    bench.shown(with_documents(first, second, other))
    bench.shown(with_documents(first, second, other, third, day=2))
    bench.google.faults.answer(503, method="drive.upload", when="after")
    for _ in range(3):
        with suppress(BrightsheetError):
            copy(bench)
    copy(bench)
    assert files(bench) == sorted([
        "Permit.pdf", f"Permit ({uuid(40_002)[:8]}).pdf", "Plan.pdf",
        f"permit ({uuid(40_004)[:8]}).PDF",
    ])  # fmt: skip


def test_documents_of_two_jobs_may_have_one_name(bench: Bench) -> None:
    bench.shown(milestone(1, tasks=[task(document(1))]), milestone(2, tasks=[task(document(2))]))
    copy(bench)
    assert files(bench) == ["Permit.pdf", "Permit.pdf"]


@given(st.text(min_size=1, max_size=30), st.uuids(), st.uuids())
def test_names_are_told_apart_and_keep_their_ending(text: str, one: object, two: object) -> None:
    first, second = (told_apart(text, str(each)) for each in (one, two))
    assert first != text
    assert (first == second) is (str(one)[:8] == str(two)[:8])
    if "." in text.lstrip("."):
        assert first.endswith(text.rpartition(".")[2])


def test_the_worker_names_folders_and_asks_for_details(bench: Bench, tmp_path: Path) -> None:
    """Would catch parts that only tests use."""
    bench.google.everbright.data.set(uuid(20_001), system_capacity_kw=8.4)
    column = '[[columns]]\nid = "system_size"\nheader = "Size"\n'
    bench.configured(with_more(tmp_path, column))
    bench.shown(with_documents(document(1)))
    copy(bench)
    worker = Worker(bench.settings, bench.database)
    worker.start()
    try:
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline and (
            folder(bench) != NAME or bench.row(uuid(1)).get("Size") != "8.4"
        ):
            time.sleep(0.1)
    finally:
        worker.stop(10)
    assert (folder(bench), bench.row(uuid(1))["Size"]) == (NAME, "8.4")
