"""What a webhook or an answer names is never where we are led: addresses, tokens, names, sizes."""

import io
import time
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from emulator import Emulator
from sync.documents.copier import Copier
from sync.documents.folders import JobFolders
from sync.errors import BrightsheetError, Retryable, SettingsError, UnprocessableDocument
from sync.everbright.client import SITE_PATH, EverBright
from sync.google.auth import EmulatorSession
from sync.google.drive import Drive
from sync.jobs.files import Addresses
from sync.settings.environment import load
from sync.store import Database, Documents, DocumentToCopy, Jobs, Leases, Projected
from sync.webhooks.parse import read
from tests.documents.bench import claimed
from tests.made_up import body, document, milestone, task, uuid
from tests.security.servers import Server, say
from tests.settings.test_environment import LEAST

TOKEN = "an-everbright-token"
PATH = "/api/v1/document/{document}/download/"
DOCUMENT = uuid(1)
ASKED = PATH.format(document=DOCUMENT)
PDF = b"%PDF-1.7 made up"


@pytest.fixture
def home() -> Iterator[Server]:
    with Server().running() as server:
        yield server


@pytest.fixture
def inside() -> Iterator[Server]:
    with Server().running() as server:
        server.answers["/secrets.pdf"] = say(200, PDF)
        yield server


def download(home: Server, path: str = PATH, sub_task: str = "", patience: float = 60) -> bytes:
    everbright = EverBright(home.url, TOKEN, "Authorization: Token", path, patience)
    into = io.BytesIO()
    everbright.download(DOCUMENT, sub_task, "a.pdf", into)
    return into.getvalue()


@pytest.mark.parametrize(
    "target",
    [
        "http://2130706433:{port}/secrets.pdf",  # 127.0.0.1 as a number
        "http://0x7f.1:{port}/secrets.pdf",
        "http://0.0.0.0:{port}/secrets.pdf",
        "http://[::ffff:127.0.0.1]:{port}/secrets.pdf",
        "http://169.254.169.254/secrets.pdf",
        "https://10.0.0.1/secrets.pdf",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/_x",
        "http://user:word@127.0.0.1:{port}/secrets.pdf",
        "//127.0.0.1:{port}\\@example.com/secrets.pdf",
        "http://[::1",
        "http://127.0.0.1:99999/",
        "",
    ],
)
def test_a_redirect_reaches_no_service_inside(home: Server, inside: Server, target: str) -> None:
    """An address is judged by where it ends. (Plain loopback is followed from loopback only.)"""
    location = target.format(port=inside.port)
    home.answers[ASKED] = say(302, Location=location)
    with pytest.raises(Retryable):
        download(home)
    home.answers[SITE_PATH.format(site=DOCUMENT)] = say(302, Location=location)
    with pytest.raises(BrightsheetError) as caught:
        EverBright(home.url, TOKEN, "Authorization: Token", PATH).site(DOCUMENT)
    assert caught.value.reason in ("everbright_redirects", "everbright_unreachable")
    assert inside.asked == []


def test_redirects_from_loopback_to_loopback_are_followed_without_the_token(
    home: Server, inside: Server
) -> None:
    home.answers[ASKED] = say(302, Location=f"{inside.url}/secrets.pdf")
    assert download(home) == PDF
    assert TOKEN in home.asked[0][1]
    assert TOKEN not in inside.asked[0][1]


def test_redirects_in_a_circle_end(home: Server) -> None:
    """Catches a host that keeps a copier busy for ever: five redirects, and it is given back."""
    home.answers[ASKED] = say(302, Location=ASKED)
    with pytest.raises(Retryable):
        download(home)
    assert len(home.asked) == 1 + 5


@pytest.mark.parametrize(
    "crooked", ["..", ".", "%2e%2e", "../../site/1", "a?b#c", "\r\nX: y", "//h"]
)
def test_no_field_of_a_webhook_leads_out_of_the_path(home: Server, crooked: str) -> None:
    """A sub-task's identifier goes into the address where EVERBRIGHT_DOCUMENT_PATH has it."""
    sent = task(document(1))
    sent["sub_tasks"][0]["uuid"] = crooked
    found = read(body(milestone(tasks=[sent]))).milestone
    assert found is not None
    ((sub_task, _),) = found.documents()
    assert sub_task == ""
    with pytest.raises(UnprocessableDocument):
        download(home, "/api/v1/sub_task/{sub_task}/download/", sub_task)
    assert home.asked == []
    # And should it come from elsewhere: it stays one part of the path.
    page = Addresses("https://e.example", "").page("/a/{site}/b", site=crooked)
    assert page.startswith("https://e.example/a/")
    assert page.count("/") == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EVERBRIGHT_API_TOKEN", "hush\r\nX-Injected: hush"),
        ("EVERBRIGHT_API_TOKEN", "hush-hüsh"),
        ("EVERBRIGHT_AUTH_HEADER", "Authorization: Token\r\nX-Injected: hush"),
        ("WEBHOOK_SECRET_HEADER", "X-A\r\nX-Injected: hush"),
    ],
)
def test_no_setting_puts_a_second_header_into_a_request(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(LEAST | {name: value})
    assert caught.value.message.startswith(f"{name}: ")
    for part in ("hush", "hüsh", "Injected"):
        assert part not in caught.value.message


def test_a_download_is_not_unpacked(home: Server) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b"\0" * 2**20) for _ in range(128)) + packer.flush()
    home.answers[ASKED] = say(200, bomb, Content_Encoding="gzip")
    began = time.monotonic()
    with pytest.raises(Retryable) as caught:
        download(home)
    assert caught.value.reason == "everbright_encoded"
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("announced", ["", "chunked"])
def test_a_download_that_drips_is_given_back(home: Server, announced: str) -> None:
    """A byte now and then would keep a copier for ever, and there are three."""

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length" if not announced else "X-Chunked", "1000000")
        if announced:
            handler.send_header("Transfer-Encoding", announced)
        handler.end_headers()
        for _ in range(600):
            handler.wfile.write(b"1\r\na\r\n" if announced else b"a")
            time.sleep(0.02)

    home.answers[ASKED] = drip
    began = time.monotonic()
    with pytest.raises(Retryable) as caught:
        download(home, patience=0.5)
    assert caught.value.reason in ("everbright_slow", "everbright_unreachable")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("header", ["²", "-1", "1e9", "9" * 5000, "soon", ""])
def test_no_header_of_an_answer_is_a_fault_of_ours(home: Server, header: str) -> None:
    """Nonsense beside a refusal is a refusal; beside a document, that document or none."""
    home.answers[ASKED] = say(503, Retry_After=header)
    with pytest.raises(Retryable):
        download(home)
    home.answers[ASKED] = say(200, PDF, Content_Length=header or "x")
    try:
        assert download(home) == PDF
    except Retryable as error:
        assert error.reason in ("document_cut", "everbright_unreachable")


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "/etc/passwd.pdf", "..\\a.pdf", "a\x00.pdf", "=1+1.pdf"]
)
def test_a_documents_name_is_a_name_and_no_path(tmp_path: Path, sqlite_url: str, name: str) -> None:
    """Its bytes pass through a file without a name; in Drive it stands under its job's folder."""
    with Emulator() as google:
        root = google.create_folder("Documents", shared_drive=True)
        database = Database(sqlite_url)
        database.upgrade()
        held = Leases(database, 30).acquire("sheet")
        assert held is not None
        Jobs(database).take_in(held, Projected([], [DocumentToCopy(DOCUMENT, uuid(2), "", name)]))
        documents = Documents(database, 30)
        found = claimed(documents)
        assert found is not None
        everbright = EverBright(google.url, "", "Authorization: Token", PATH)
        drive = Drive(EmulatorSession(google.url), root, "tests")
        before = set(tmp_path.rglob("*"))
        copier = Copier(documents, drive, everbright, lambda _: None, JobFolders(documents))
        copier.copy(*found)
        assert {one.name for one in set(tmp_path.rglob("*")) - before} <= {
            "brightsheet.sqlite3-wal"
        }
        (file,) = [
            f for f in google.drive.files.values() if "brightsheetDocument" in f.app_properties
        ]
        (folder,) = [
            f for f in google.drive.files.values() if "brightsheetSite" in f.app_properties
        ]
        assert file.name == name
        assert list(file.parents) == [folder.id]
