"""Resumable uploads, as a client that is cut off and killed has to rely on them."""

from __future__ import annotations

import io
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
from google.resumable_media.requests import ResumableUpload

from emulator.tests.conftest import Client

if TYPE_CHECKING:
    from emulator import Emulator

GRAIN = 256 * 1024
DATA = bytes(range(256)) * (GRAIN // 256) * 2 + b"the end"


def begin(http: Client, **metadata: Any) -> str:
    answer = http.post(
        "/upload/drive/v3/files?uploadType=resumable&supportsAllDrives=true&fields=id,size",
        json=metadata,
        headers={"X-Upload-Content-Type": "application/pdf"},
    )
    assert answer.status_code == 200, answer.text
    return answer.headers["Location"]


def put(http: Client, session: str, start: int, end: int, total: int | None = len(DATA)) -> Any:
    said = f"bytes {start}-{end - 1}/{'*' if total is None else total}"
    return http.put(session, data=DATA[start:end], headers={"Content-Range": said})


def status(http: Client, session: str) -> Any:
    return http.put(session, headers={"Content-Range": f"bytes */{len(DATA)}"})


def test_pieces_questions_and_the_end(http: Client, emulator: Emulator) -> None:
    session = begin(http, name="a.pdf")
    asked = status(http, session)
    assert (asked.status_code, "Range" in asked.headers) == (308, False)
    first = put(http, session, 0, GRAIN)
    assert (first.status_code, first.headers["Range"]) == (308, f"bytes=0-{GRAIN - 1}")
    done = put(http, session, GRAIN, len(DATA))
    assert done.status_code == 200
    assert done.json()["size"] == str(len(DATA))
    assert status(http, session).json() == done.json()  # the finished session answers again
    assert emulator.drive.content(done.json()["id"]) == DATA
    assert emulator.calls.count("drive", "drive.upload") == 4


def test_a_piece_that_is_no_multiple_of_256_kib_is_refused(http: Client) -> None:
    session = begin(http, name="a.pdf")
    answer = put(http, session, 0, 1000)
    assert answer.status_code == 400
    assert "equal or greater than 262144" in answer.text
    assert "Range" not in status(http, session).headers


def test_a_total_that_is_told_only_at_the_end(http: Client, emulator: Emulator) -> None:
    session = begin(http, name="a.pdf")
    assert put(http, session, 0, GRAIN, None).status_code == 308
    done = put(http, session, GRAIN, len(DATA))
    assert emulator.drive.content(done.json()["id"]) == DATA


def test_a_piece_that_was_sent_before_is_taken_once(http: Client, emulator: Emulator) -> None:
    session = begin(http, name="a.pdf")
    put(http, session, 0, GRAIN)
    again = put(http, session, 0, 2 * GRAIN)
    assert again.headers["Range"] == f"bytes=0-{2 * GRAIN - 1}"
    done = put(http, session, 2 * GRAIN, len(DATA))
    assert emulator.drive.content(done.json()["id"]) == DATA


def test_a_gap_is_refused(http: Client) -> None:
    session = begin(http, name="a.pdf")
    assert put(http, session, GRAIN, 2 * GRAIN).status_code == 503


def test_what_arrived_before_a_cut_is_kept_in_whole_grains(http: Client) -> None:
    session = begin(http, name="a.pdf")
    address = urlsplit(session)
    with socket.create_connection((address.hostname, address.port)) as raw:
        head = (
            f"PUT {address.path}?{address.query} HTTP/1.1\r\nHost: x\r\n"
            f"Content-Range: bytes 0-{len(DATA) - 1}/{len(DATA)}\r\n"
            f"Content-Length: {len(DATA)}\r\n\r\n"
        )
        raw.sendall(head.encode() + DATA[: GRAIN + 5000])
        raw.shutdown(socket.SHUT_WR)
        raw.recv(1000)
    asked = status(http, session)
    assert (asked.status_code, asked.headers["Range"]) == (308, f"bytes=0-{GRAIN - 1}")
    assert put(http, session, GRAIN, len(DATA)).status_code == 200


@pytest.mark.parametrize("path", ["unknown", "expired"])
def test_a_session_that_is_no_more_answers_404(http: Client, emulator: Emulator, path: str) -> None:
    session = begin(http, name="a.pdf")
    if path == "unknown":
        session = session[:-1]
    else:
        next(iter(emulator.drive.sessions.values())).began -= 8 * 24 * 3600
    assert status(http, session).status_code == 404


def test_refusals_come_before_the_first_byte(http: Client, emulator: Emulator) -> None:
    ids = http.get("/drive/v3/files/generateIds?count=1").json()["ids"]
    start = "/upload/drive/v3/files?uploadType=resumable"
    http.put(begin(http, name="a", id=ids[0]), data=b"x")
    assert http.post(start, json={"name": "a", "id": ids[0]}).status_code == 409
    assert http.post(start, json={"name": "a", "parents": ["nowhere"]}).status_code == 404
    robot = Client(emulator.url, "robot")
    assert robot.post(start, json={"name": "a"}).status_code == 403


def test_an_upload_replaces_a_files_bytes(http: Client, emulator: Emulator) -> None:
    file = http.post("/drive/v3/files", json={"name": "a"}).json()["id"]
    answer = http.patch(f"/upload/drive/v3/files/{file}?uploadType=resumable", json={"name": "b"})
    done = http.put(answer.headers["Location"], data=DATA).json()
    assert (done["id"], done["name"]) == (file, "b")
    assert emulator.drive.content(file) == DATA


def test_googles_own_client_library_uploads(emulator: Emulator) -> None:
    folder = emulator.create_folder("Jobs")
    upload = ResumableUpload(
        f"{emulator.url}/upload/drive/v3/files?uploadType=resumable&supportsAllDrives=true", GRAIN
    )
    transport = requests.Session()
    upload.initiate(
        transport, io.BytesIO(DATA), {"name": "a", "parents": [folder]}, "application/pdf"
    )
    emulator.faults.drop(method="drive.upload", when="after", nth=[2])  # it sends the piece again
    while not upload.finished:
        answer = upload.transmit_next_chunk(transport)
    assert emulator.drive.content(answer.json()["id"]) == DATA
