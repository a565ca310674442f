"""What arrives as a document: copied once whatever fails, and a page of an error never."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from sync.everbright.document_check import document_problem
from tests import databases
from tests.core.test_http import is_quiet
from tests.made_up import document, milestone, task
from tests.world import TOKEN, World, wait_for

LARGE = 8_000_010
"""Bytes of a document that isn't uploaded in one call."""
SMALL = 500
"""Fewer than those of a sign-in page, of which nothing may be left."""

Fault = Callable[[Emulator, str], Any]

FAULTS: dict[str, Fault] = {
    "folder made, answer lost": lambda g, _: g.faults.drop(
        method="drive.files.create", when="after"
    ),
    "folder not made": lambda g, _: g.faults.answer(503, method="drive.files.create"),
    "ids made, answer lost": lambda g, _: g.faults.drop(
        method="drive.files.generateIds", when="after", count=2
    ),
    "session opened, answer lost": lambda g, _: g.faults.drop(
        method="drive.files.create", skip=1, when="after"
    ),
    "last bytes stored, answer lost": lambda g, _: g.faults.drop(
        method="drive.upload", when="after", count=5
    ),
    "bytes not stored": lambda g, _: g.faults.drop(method="drive.upload", count=6),
    "a proxy's page": lambda g, _: g.faults.html(502, method="drive.upload", count=2),
    "rate limit": lambda g, _: g.faults.answer(
        403, method="drive.*", count=3, reason="userRateLimitExceeded"
    ),
    "answer cut short": lambda g, _: g.faults.truncate(method="drive.*", count=4),
    "sign-in page": lambda g, uuid: g.everbright.fail(uuid, "sign_in", count=2),
    "error with status 200": lambda g, uuid: g.everbright.fail(uuid, "json_error", count=2),
    "body cut off": lambda g, uuid: g.everbright.fail(uuid, "cut", count=2),
    "not there yet": lambda g, uuid: g.everbright.fail(uuid, "error", status=404, count=2),
}


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_document_is_there_once_after_every_fault(google: Emulator, tmp_path: Path) -> None:
    """Large ones and small ones, with a fault each, one job after the other."""
    world = World(google, tmp_path, databases.fresh("sqlite", tmp_path), **TOKEN)
    with world.serve():
        for number, begin in enumerate([*FAULTS.values()] * 2):
            file = document(number)
            google.everbright.set_document(file["uuid"], size=LARGE if number % 2 else SMALL)
            begin(google, file["uuid"])
            world.send(milestone(number + 1, tasks=[task(file)]))
            wait_for(lambda: len(world.files()) > number and is_quiet(world), 60)  # noqa: B023
            google.faults.clear()
    tags = [file.app_properties["brightsheetDocument"] for file in world.files()]
    assert sorted(tags) == [document(number)["uuid"] for number in range(2 * len(FAULTS))]
    for file, tag in zip(world.files(), tags, strict=True):
        assert google.drive.content(file.id) == google.everbright.document(tag).content()
    folders = {tuple(file.parents) for file in world.files()}
    assert len(folders) == 2 * len(FAULTS), "a job has two folders"


def test_a_document_of_two_jobs_is_copied_once(google: Emulator, tmp_path: Path) -> None:
    world = World(google, tmp_path, databases.fresh("sqlite", tmp_path), **TOKEN)

    def links() -> list[Any]:
        cells = [cell for row in world.rows() for cell in row.values()]
        return [cell.links for cell in cells if "/file/" in str(cell.links)]

    with world.serve():
        for number in (1, 2):
            world.send(milestone(number, tasks=[task(document(1))]))
            wait_for(lambda: len(links()) == number)  # noqa: B023
    assert links()[0] == links()[1]
    assert len(world.files()) == 1


@pytest.mark.parametrize(
    ("name", "head", "media_type", "is_one"),
    [
        ("a.pdf", b"%PDF-1.7", "application/pdf", True),
        ("a.pdf", b"\xef\xbb\xbf%PDF-1.4", "application/octet-stream", True),
        ("a.pdf", b"<html><body>Sign in", "text/html", False),
        ("a.pdf", b'{"error": 1}', "application/json", False),
        ("a.pdf", b"PK\x03\x04", "application/pdf", False),
        ("a.pdf", b"error: not found", "text/plain", False),
        ("a.PDF ", b'{"error": 1}', "text/plain", False),
        ("a", b'{"error": 1}', "application/pdf", False),
        ("Permit no. 7", b"Not available", "application/pdf", False),
        ("Permit no. 7", b"%PDF-1.7", "application/pdf", True),
        ("a.docx", b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>", "", False),
        ("a.docx", b"PK\x03\x04\x14\x00", "application/octet-stream", True),
        ("a.heic", b"\x00\x00\x00\x20ftypheic", "image/heic", True),
        ("renamed.jpg", b"\x00\x00\x00\x20ftypheic", "image/jpeg", True),
        ("a.png", b"\x89PNG\r\n\x1a\n", "image/png", True),
        ("a", b"<?xml version='1.0'?>\n<!-- x --><html>", "text/xml", False),
        ("a", b"<?xml version='1.0'?>\n<Error><Code>x</Code>", "application/xml", False),
        ("plan.svg", b"<?xml version='1.0'?><svg>", "image/svg+xml", True),
        ("plan", b"<?xml version='1.0'?><svg>", "image/svg+xml", True),
        ("list.csv", b"a,b\n", "application/octet-stream", True),
        ("a.jpg", b"\xff\xd8\xff", "image/jpeg", True),
        ("a.jpg", b"<!DOCTYPE html>", "image/jpeg", False),
        ("a", b"<?xml version='1.0'?>", "text/xml", True),
        ("a", b'{"detail": "no"}', "application/json", False),
        ("page.html", b"<html>", "text/html", True),
        ("notes.txt", b"[x] done", "text/plain", True),
        ("a.pdf", b"", "application/pdf", False),
    ],
)
def test_a_page_is_no_document(name: str, head: bytes, media_type: str, is_one: bool) -> None:
    assert (document_problem(name, head, media_type) == "") is is_one
