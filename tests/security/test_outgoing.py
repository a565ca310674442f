"""What a webhook or an answer names is never where we are led: addresses, tokens, names, sizes."""

import io
import json
import time
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from emulator import Emulator
from sync.errors import (
    BrightsheetError,
    Permanent,
    Retryable,
    SettingsError,
    UnprocessableDocument,
)
from sync.everbright.answers import read_customer
from sync.everbright.client import SITE_PATH, EverBright
from sync.everbright.document_check import document_problem
from sync.settings.environment import load
from sync.webhooks.parse import read
from tests import databases
from tests.made_up import body, document, everbright_at, milestone, task, uuid
from tests.security.servers import Server, say
from tests.settings.test_environment import LEAST
from tests.world import TOKEN as TOKENS
from tests.world import World, wait_for

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
    everbright = everbright_at(home.url, TOKEN, path, patience)
    into = io.BytesIO()
    everbright.download(DOCUMENT, sub_task, "a.pdf", into)
    return into.getvalue()


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://127.0.0.1/_x", "http://[::1"])
def test_a_redirect_to_what_is_no_web_address_is_refused(home: Server, target: str) -> None:
    home.answers[ASKED] = say(302, Location=target)
    with pytest.raises(Retryable):
        download(home)


def test_the_answer_about_a_job_is_at_home_only(home: Server, inside: Server) -> None:
    home.answers[SITE_PATH.format(site=DOCUMENT)] = say(302, Location=inside.url)
    with pytest.raises(BrightsheetError):
        everbright_at(home.url, TOKEN, PATH).site(DOCUMENT)
    assert inside.asked == []


def test_redirects_to_another_origin_are_followed_without_the_token(
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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EVERBRIGHT_API_TOKEN", "hush\r\nX-Injected: hush"),
        ("EVERBRIGHT_API_TOKEN", "hush-hüsh"),
        ("EVERBRIGHT_AUTH_HEADER", "Authorization: Token\r\nX-Injected: hush"),
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
    with pytest.raises((Permanent, Retryable)) as caught:
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


NAMES = ["../../../etc/passwd", "/etc/passwd.pdf", "..\\a.pdf", "a\x00.pdf", "=1+1.pdf"]


def test_a_documents_name_is_a_name_and_no_path(google: Emulator, tmp_path: Path) -> None:
    """Its bytes pass through a file without a name; in Drive it is in its job's folder."""
    world = World(google, tmp_path, databases.fresh("sqlite", tmp_path), **TOKENS)
    files = [document(number, name) for number, name in enumerate(NAMES)]
    with world.serve():
        before = {each.name for each in tmp_path.iterdir()}
        world.send(milestone(1, tasks=[task(*files)]))
        wait_for(lambda: len(world.files()) == len(NAMES))
        assert {each.name for each in tmp_path.iterdir()} == before
    (folder,) = (
        file
        for file in google.drive.files.values()
        if "brightsheetSite" in (file.app_properties or {})
    )
    assert {file.name.replace("\x00", "") for file in world.files()} == {
        name.replace("\x00", "") for name in NAMES
    }
    assert {tuple(file.parents) for file in world.files()} == {(folder.id,)}


SITE = SITE_PATH.format(site=DOCUMENT)


@pytest.fixture
def asked(home: Server) -> EverBright:
    return everbright_at(home.url, TOKEN, PATH)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>Sign in</html>",
        b"[" * 100_000,
        b"\xff\xfe\x00",
        b"9" * 5000,
        b'{"contacts": "' + b"x" * (5 * 1024**2) + b'"}',
    ],
)
def test_an_answer_about_a_job_that_is_none_is_refused(
    home: Server, asked: EverBright, answer: bytes
) -> None:
    home.answers[SITE] = say(200, answer)
    with pytest.raises(Permanent):
        asked.site(DOCUMENT)


@pytest.mark.parametrize(
    "odd",
    [
        {"contacts": None, "address": None, "uuid": 1},
        {"contacts": [None, 5, {"first_name": ["x"], "last_name": {"a": 1}}], "address": "Main St"},
        {"data": {"contacts": {"first_name": "Ada"}, "address": [1]}},
    ],
)
def test_odd_parts_of_a_job_stay_blank(home: Server, asked: EverBright, odd: object) -> None:
    home.answers[SITE] = say(200, json.dumps(odd).encode())
    customer, is_archived = read_customer(asked.site(DOCUMENT))
    assert (any(customer.values()), is_archived) == (False, None)


def test_a_customers_texts_are_short_single_lines(home: Server, asked: EverBright) -> None:
    contact = {"first_name": "=A1\n\x00", "last_name": "x" * 9000, "phone_number": 5550161}
    home.answers[SITE] = say(200, json.dumps({"contacts": [contact]}).encode())
    found, _ = read_customer(asked.site(DOCUMENT))
    assert found["customer"].startswith("=A1 xxx")
    assert len(found["customer"]) < 1100
    assert found["phone"] == "5550161"


def test_a_page_of_comments_does_not_hold_the_process_up() -> None:
    """A pattern that backtracks would freeze every thread, the receiver's included."""
    began = time.thread_time()
    assert document_problem("plan.svg", b"<!---->" * 290, "image/svg+xml") == ""
    assert document_problem("plan.svg", b"<!-- x -->\n" * 90 + b"<html>", "image/svg+xml") != ""
    assert time.thread_time() - began < 1
