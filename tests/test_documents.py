"""A document is copied once, whatever fails or is killed when; what is no document is none."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from sync.errors import BrightsheetError, Permanent, Retryable
from sync.everbright.client import _redirect_target as redirected
from sync.everbright.document_check import document_problem
from sync.google.auth import EmulatorSession
from sync.google.upload import Body
from tests.documents.bench import DOCUMENT, TOKEN, Bench

pytestmark = pytest.mark.long

LARGE = 8_000_010
"""Bytes of a document that needs a session."""


class Spoiling(EmulatorSession):
    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> Any:
        data = options.get("data")
        if isinstance(data, Body):
            options["data"] = b"".join(data).replace(b"%%EOF", b"%?EOF")
        return super().request(method, url, *args, **options)


class Breaking(EmulatorSession):
    """A line that breaks in the middle of each PUT."""

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> Any:
        body = options.get("data")
        if method == "PUT" and isinstance(body, Body):
            options["data"] = Half(body)
        return super().request(method, url, *args, **options)


class Half:
    def __init__(self, body: Body) -> None:
        self._body = body

    def __len__(self) -> int:
        return len(self._body)

    def __iter__(self) -> Iterator[bytes]:
        left = len(self._body) // 2
        for piece in self._body:
            yield piece[:left]
            left -= len(piece)
            if left <= 0:
                raise ConnectionError("cut off")


@pytest.fixture
def bench(sqlite_url: str) -> Iterator[Bench]:
    with Emulator() as google:
        google.everbright.token = TOKEN
        yield Bench(google, sqlite_url)


Fault = Callable[[Emulator], Any]

FAULTS: dict[str, Fault] = {
    "folder made, answer lost": lambda g: g.faults.answer(
        503, method="drive.files.create", when="after"
    ),
    "folder made, connection cut": lambda g: g.faults.drop(
        method="drive.files.create", when="after"
    ),
    "folder not made": lambda g: g.faults.answer(503, method="drive.files.create"),
    "ids made, answer lost": lambda g: g.faults.drop(
        method="drive.files.generateIds", when="after", count=2
    ),
    "session opened, answer lost": lambda g: g.faults.drop(
        method="drive.files.create", skip=1, when="after"
    ),
    "last bytes stored, answer lost": lambda g: g.faults.answer(
        503, method="drive.upload", when="after", count=3
    ),
    "last bytes stored, connection cut": lambda g: g.faults.drop(
        method="drive.upload", when="after", count=5
    ),
    "bytes not stored": lambda g: g.faults.drop(method="drive.upload", count=6),
    "a proxy's page": lambda g: g.faults.html(502, method="drive.upload", count=2),
    "rate limit": lambda g: g.faults.answer(
        403, method="drive.*", count=3, reason="userRateLimitExceeded"
    ),
    "search refused": lambda g: g.faults.answer(500, method="drive.files.list", count=2),
    "answer cut short": lambda g: g.faults.truncate(method="drive.*", count=4),
    "everything at times": lambda g: g.faults.answer(
        503, method="drive.*", chance=0.3, when="after"
    ),
    "sign-in page": lambda g: g.everbright.fail(DOCUMENT, "sign_in", count=2),
    "error with status 200": lambda g: g.everbright.fail(DOCUMENT, "json_error", count=2),
    "body cut off": lambda g: g.everbright.fail(DOCUMENT, "cut", count=2),
    "not there yet": lambda g: g.everbright.fail(DOCUMENT, "error", status=404, count=2),
    "server error": lambda g: g.everbright.fail(DOCUMENT, "error", status=500, count=2),
}


@pytest.mark.parametrize("size", [5_000, LARGE])
@pytest.mark.parametrize("name", list(FAULTS))
def test_a_document_is_there_once_after_every_fault(bench: Bench, name: str, size: int) -> None:
    """Each try is a new process; the store and Drive are all that it knows."""
    bench.google.everbright.set_document(DOCUMENT, size=size)
    FAULTS[name](bench.google)
    bench.until_done()
    (file,) = bench.files()
    assert (
        bench.google.drive.content(file.id) == bench.google.everbright.document(DOCUMENT).content()
    )
    assert len(bench.folders()) == 1
    assert file.parents == [bench.folders()[0].id]


@pytest.mark.parametrize("shared_drive", [True, False])
def test_a_killed_upload_is_repeated_and_there_once(sqlite_url: str, shared_drive: bool) -> None:
    with Emulator() as google:
        bench = Bench(google, sqlite_url, shared_drive)
        google.everbright.set_document(DOCUMENT, size=LARGE)
        bench.session = Breaking
        with pytest.raises(Retryable):
            bench.once()
        assert bench.files() == []
        bench.session = EmulatorSession
        bench.once()
        (file,) = bench.files()
        assert google.drive.content(file.id) == google.everbright.document(DOCUMENT).content()


def test_an_upload_continues_while_bytes_arrive(bench: Bench) -> None:
    google = bench.google
    google.everbright.set_document(DOCUMENT, size=LARGE)
    sent: list[int] = []

    class Weak(EmulatorSession):
        """Breaks in the middle of each of the first five PUTs with bytes."""

        def request(self, method: Any, url: Any, *args: Any, **options: Any) -> Any:
            body = options.get("data")
            if method == "PUT" and isinstance(body, Body):
                sent.append(len(body))
                options["data"] = Half(body) if len(sent) <= 5 else body
            try:
                return super().request(method, url, *args, **options)
            except Exception:
                time.sleep(0.2)  # Drive stores what arrived after the break.
                raise

    bench.session = Weak
    bench.once()
    (file,) = bench.files()
    assert google.drive.content(file.id) == google.everbright.document(DOCUMENT).content()
    assert len(sent) == 6
    assert sent == sorted(sent, reverse=True), "what arrived was sent again"


def test_other_bytes_begin_a_new_upload(bench: Bench) -> None:
    """A document that changed between two tries must not be joined from two halves."""
    google = bench.google
    google.everbright.set_document(DOCUMENT, size=LARGE)
    bench.session = Breaking
    with pytest.raises(Retryable):
        bench.once()
    bench.session = EmulatorSession
    google.everbright.set_document(DOCUMENT, size=LARGE + 5)
    bench.until_done()
    (file,) = bench.files()
    assert google.drive.content(file.id) == google.everbright.document(DOCUMENT).content()


def test_an_expired_session_is_renewed(bench: Bench) -> None:
    google = bench.google
    google.everbright.set_document(DOCUMENT, size=LARGE)
    google.faults.drop(method="drive.upload", count=4)
    with pytest.raises(Retryable):
        bench.once()
    google.faults.answer(410, method="drive.upload")
    bench.until_done()
    assert len(bench.files()) == 1


def test_a_store_from_a_backup_finds_the_file_by_its_tag(bench: Bench, tmp_path: Path) -> None:
    """Redelivered after the store was lost: Drive has the file already."""
    bench.until_done()
    again = Bench(bench.google, f"sqlite:///{tmp_path}/other.sqlite3")
    again.root = bench.root
    again.until_done()
    assert len(bench.files()) == 1
    assert len(bench.folders()) == 1


def test_a_service_accounts_own_drive_has_no_room(sqlite_url: str) -> None:
    """Permanent, and the message names the fix: a shared drive or a user account."""
    with Emulator(anonymous_is_person=False) as google:
        bench = Bench(google, sqlite_url, shared_drive=False)
        with pytest.raises(BrightsheetError) as caught:
            bench.until_done()
    assert isinstance(caught.value, Permanent)
    assert caught.value.reason == "no_storage"
    assert "shared drive" in caught.value.message


def test_a_persons_full_storage_is_reported_as_such(bench: Bench) -> None:
    bench.account = "ada@installer.example"
    bench.google.faults.answer(403, reason="storageQuotaExceeded", path="/upload/*")
    with pytest.raises(Permanent) as caught:
        bench.once()
    assert caught.value.reason == "drive_full"
    assert "The Google storage of ada@installer.example is full." in caught.value.message


def test_a_wrong_token_is_reported(bench: Bench) -> None:
    bench.google.everbright.token = "another"
    with pytest.raises(Permanent) as caught:
        bench.once()
    assert "EVERBRIGHT_API_TOKEN" in caught.value.message
    assert TOKEN not in caught.value.message


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
        ("walk.mp4", b"Not found", "text/plain", False),
        ("a.heic", b'"The document could not be read."', "text/plain", False),
        ("a.heic", b"\x00\x00\x00\x20ftypheic", "image/heic", True),
        ("renamed.jpg", b"\x00\x00\x00\x20ftypheic", "image/jpeg", True),
        ("a.png", b"\x89PNG\r\n\x1a\n", "image/png", True),
        ("a.png", "Nicht verf\u00fcgbar".encode()[:-1], "image/png", False),
        ("photo", b"Too many requests", "image/jpeg", False),
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


def test_a_page_of_comments_does_not_hold_the_process_up() -> None:
    """A pattern that backtracks would freeze every thread, the receiver's included."""
    began = time.thread_time()
    assert document_problem("plan.svg", b"<!---->" * 290, "image/svg+xml") == ""
    assert document_problem("plan.svg", b"<!-- x -->\n" * 90 + b"<html>", "image/svg+xml") != ""
    assert time.thread_time() - began < 1


def test_redirects_do_not_lead_inside() -> None:
    """EverBright at a public address has no business with this machine's network."""
    for inside in (
        "http://127.0.0.1/x",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://localhost/",
    ):
        with pytest.raises(Retryable):
            redirected("https://engine.goeverbright.com/a", inside)
    assert redirected("https://e.example/a", "https://files.example/b") == "https://files.example/b"


@pytest.mark.parametrize("size", [5_000, LARGE])
def test_a_damaged_download_is_never_stored(bench: Bench, size: int) -> None:
    """Not at once, and not by a later try that asks the session: the file goes into the bin."""
    google = bench.google
    google.everbright.set_document(DOCUMENT, size=size)
    bench.session = Spoiling
    with pytest.raises(Retryable) as caught:
        bench.once()
    assert caught.value.reason == "upload_damaged"
    bench.session = EmulatorSession
    bench.until_done()
    good = [file for file in bench.files() if not file.trashed]
    assert len(good) == 1
    assert google.drive.content(good[0].id) == google.everbright.document(DOCUMENT).content()
