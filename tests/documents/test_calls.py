"""Few calls of Drive, and yet each document once."""

import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from emulator import Emulator
from sync.documents.calls import Calls, Ids
from sync.errors import Retryable
from sync.google.auth import EmulatorSession
from sync.google.drive import Drive
from sync.google.upload import Multipart
from sync.store import DocumentToCopy
from tests.documents.bench import DOCUMENT, SITE, Bench
from tests.made_up import uuid
from tests.test_documents import FAULTS, Spoiling

ONCE_A_PROCESS = 2
"""The root's drive, and a hundred ids."""


class OwnIds(EmulatorSession):
    """A drive that gives a file an id of its own, whatever was asked for: it might."""

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> Any:
        if isinstance(options.get("data"), Multipart):
            whole = b"".join(options["data"])
            options["data"] = re.sub(rb', "id": "[^"]+"', b"", whole, count=1)
        return super().request(method, url, *args, **options)


def wanted(documents: int, jobs: int) -> list[DocumentToCopy]:
    return [DocumentToCopy(uuid(100 + n), uuid(n % jobs), "", f"{n}.pdf") for n in range(documents)]


def finish(bench: Bench, tries: int) -> None:
    copier = bench.copier()
    while set(bench.documents.counts()) != {"done"}:
        assert tries, "some are missing"
        tries -= 1
        with suppress(Retryable):
            bench.once(copier)


@pytest.mark.parametrize(("documents", "jobs"), [(8, 8), (12, 3)])
def test_a_small_document_takes_one_call_and_a_folder_two(
    google: Emulator, sqlite_url: str, documents: int, jobs: int
) -> None:
    bench = Bench(google, sqlite_url, wanted=wanted(documents, jobs))
    finish(bench, documents)
    assert bench.calls() == documents + 2 * jobs + ONCE_A_PROCESS
    assert bench.calls("drive.upload") == 0


def test_the_next_process_looks_into_a_folder_once(google: Emulator, sqlite_url: str) -> None:
    """One call for a job that has a folder, not one for each of its documents."""
    bench = Bench(google, sqlite_url)
    bench.until_done()
    bench.want(*(DocumentToCopy(uuid(50 + n), SITE, "", "more.pdf") for n in range(4)))
    google.calls.clear()
    finish(bench, 4)
    assert bench.calls("drive.files.list") == 1
    assert bench.calls("drive.files.create") == 4
    assert bench.calls("drive.files.generateIds") == 1
    assert bench.calls() == 7  # And which drive the root is on.


def test_every_third_call_fails_and_each_document_is_there_once(
    google: Emulator, sqlite_url: str
) -> None:
    """Half of them were done, and say that they were not."""
    google.faults.answer(503, method="drive.*", chance=1 / 6)
    google.faults.answer(503, method="drive.*", chance=1 / 5, when="after")
    bench = Bench(google, sqlite_url, wanted=wanted(40, 15))
    finish(bench, 60)
    assert sorted(file.name for file in bench.files()) == sorted(f"{n}.pdf" for n in range(40))
    assert len(bench.folders()) == 15


def test_most_attempts_survive_every_third_call_failing(google: Emulator, sqlite_url: str) -> None:
    google.faults.answer(503, method="drive.*", chance=1 / 3)
    bench = Bench(google, sqlite_url, wanted=wanted(30, 10))
    copier, given_up = bench.copier(), 0
    for _ in range(30):
        try:
            bench.once(copier)
        except Retryable:
            given_up += 1
    assert given_up <= 6


def test_a_lost_answer_is_looked_up_before_the_create_is_repeated(
    google: Emulator, sqlite_url: str
) -> None:
    """By the id: in place, in the same attempt, and the file is not sent again."""
    google.faults.answer(503, method="drive.files.create", skip=1, when="after")
    bench = Bench(google, sqlite_url)
    bench.once()
    assert len(bench.files()) == 1
    assert bench.calls("drive.files.create") == 2


def test_a_drive_without_ids_has_each_document_once(google: Emulator, sqlite_url: str) -> None:
    """Whether shared drives take generated ids is not documented: the tag is the answer then."""
    google.faults.answer(503, method="drive.files.create", skip=1, when="after")
    bench = Bench(google, sqlite_url)
    bench.session = OwnIds
    bench.once()
    (file,) = bench.files()
    assert google.drive.content(file.id) == google.everbright.document(DOCUMENT).content()


def test_a_drive_that_refuses_ids_has_each_document_once_after_a_kill(
    google: Emulator, sqlite_url: str
) -> None:
    """The session is forgotten with the process: the tag tells that the file is in Drive."""
    google.faults.between(
        lambda emulator, _: emulator.drive.generated.clear(), method="drive.files.create", count=9
    )
    google.faults.answer(503, method="drive.upload", when="after", count=4)
    bench = Bench(google, sqlite_url)
    with pytest.raises(Retryable):
        bench.once()
    assert len(bench.files()) == 1
    bench.until_done()
    assert len(bench.files()) == 1


def test_a_file_with_retry_after_is_postponed(google: Emulator, sqlite_url: str) -> None:
    google.faults.answer(503, headers={"Retry-After": "60"}, method="drive.files.create")
    bench = Bench(google, sqlite_url)
    with pytest.raises(Retryable) as caught:
        bench.once()
    assert caught.value.after == 60
    assert bench.calls("drive.files.create") == 1
    reserved = bench.documents.folder(SITE)
    assert reserved.id and not reserved.link
    bench.once()
    assert bench.documents.folder(SITE).id == reserved.id, "a late create would make a second one"


def test_the_id_of_a_deleted_file_is_dropped(google: Emulator, sqlite_url: str) -> None:
    bench = Bench(google, sqlite_url)
    google.faults.answer(409, method="drive.files.create", skip=1, count=4)
    with pytest.raises(Retryable) as caught:
        bench.once()
    assert caught.value.reason == "id_used_up"
    bench.until_done()
    assert len(bench.files()) == 1


@pytest.mark.parametrize("reason", ["folder_gone", "upload_damaged"])
def test_a_file_of_an_earlier_try_that_is_in_the_trash_or_damaged_is_not_linked(
    google: Emulator, sqlite_url: str, reason: str
) -> None:
    """Drive has it, but the first process didn't get an answer."""
    google.faults.answer(503, method="drive.files.create", skip=1, when="after")
    google.faults.answer(503, method="drive.files.get", skip=1, count=12)
    bench = Bench(google, sqlite_url)
    bench.session = Spoiling if reason == "upload_damaged" else EmulatorSession
    with pytest.raises(Retryable):
        bench.once()
    (first,) = bench.files()
    first.trashed = reason == "folder_gone"
    bench.session = EmulatorSession
    with pytest.raises(Retryable) as caught:
        bench.once()
    assert caught.value.reason == reason
    bench.once()
    (file,) = [file for file in bench.files() if not file.trashed]
    assert google.drive.content(file.id) == google.everbright.document(DOCUMENT).content()
    assert bench.documents.counts() == {"done": 1}


def test_any_bytes_pass_through_one_call(google: Emulator, sqlite_url: str) -> None:
    lots = random.Random(5)
    data = b"%PDF-1.7\r\n--" + lots.randbytes(300_000) + b"\r\n--\r\n\r\n"
    google.everbright.set_document(DOCUMENT, data)
    bench = Bench(google, sqlite_url)
    bench.once()
    (file,) = bench.files()
    assert google.drive.content(file.id) == data


LOST = [
    "folder made, answer lost",
    "folder made, connection cut",
    "last bytes stored, answer lost",
    "everything at times",
]


@pytest.mark.parametrize("name", LOST)
def test_a_document_is_there_once_though_drive_takes_an_id_twice(
    google: Emulator, sqlite_url: str, name: str
) -> None:
    bench = Bench(google, sqlite_url)
    google.answer_otherwise("file_id")
    google.everbright.set_document(DOCUMENT, size=5_000)
    FAULTS[name](google)
    bench.until_done()
    (file,) = bench.files()
    assert google.drive.content(file.id) == google.everbright.document(DOCUMENT).content()
    assert len(bench.folders()) == 1


class Numbered(Drive):
    def __init__(self) -> None:
        self.given = 0

    def new_ids(self, count: int) -> list[str]:  # noqa: ARG002
        time.sleep(0.01)
        self.given += 5
        return [f"id-{self.given - n}" for n in range(5)]


def test_no_id_is_given_twice() -> None:
    ids, drive = Ids(), Numbered()
    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(lambda _: ids.take(Calls(drive, lambda _: None)), range(42)))
    assert len(set(taken)) == 42
    assert drive.given == 45
