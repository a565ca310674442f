"""Uploads: in one request with the metadata, and by a session."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from emulator.tests.conftest import Client, upload

if TYPE_CHECKING:
    from emulator import Emulator

DATA = bytes(range(256)) * 4000 + b"\r\n--not the boundary\r\n"
START = "/upload/drive/v3/files?uploadType=resumable&supportsAllDrives=true&fields=id,size"


def begin(http: Client, **metadata: Any) -> str:
    answer = http.post(START, json=metadata, headers={"X-Upload-Content-Type": "application/pdf"})
    assert answer.status_code == 200, answer.text
    return answer.headers["Location"]


def test_a_multipart_upload_keeps_the_bytes(http: Client, emulator: Emulator) -> None:
    made = upload(http, DATA, "a.bin", "application/x-thing")
    assert emulator.drive.files[made].mime_type == "application/x-thing"
    assert emulator.drive.content(made) == DATA


@pytest.mark.parametrize("headers", [{}, {"Content-Range": f"bytes 0-{len(DATA) - 1}/{len(DATA)}"}])
def test_a_session_takes_the_whole_file(
    http: Client, emulator: Emulator, headers: dict[str, str]
) -> None:
    done = http.put(begin(http, name="a.pdf"), data=DATA, headers=headers)
    assert done.json()["size"] == str(len(DATA))
    assert emulator.drive.content(done.json()["id"]) == DATA
    assert emulator.calls.count("drive", "drive.upload") == 1


def test_a_body_in_chunks_is_read(http: Client, emulator: Emulator) -> None:
    made = http.put(begin(http, name="a"), data=iter([b"one ", b"two"])).json()
    assert emulator.drive.content(made["id"]) == b"one two"
    assert http.get("/drive/v3/files").status_code == 200


def test_an_upload_that_is_cut_makes_no_file(http: Client, emulator: Emulator) -> None:
    address = urlsplit(begin(http, name="a.pdf"))
    with socket.create_connection((address.hostname, address.port)) as raw:
        head = (
            f"PUT {address.path}?{address.query} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
        )
        raw.sendall(head.encode() + b"123")
        raw.shutdown(socket.SHUT_WR)
        assert raw.recv(1000) == b""
    assert http.get("/drive/v3/files", params={"q": "name = 'a.pdf'"}).json()["files"] == []


def test_a_session_that_is_no_more_answers_404(http: Client) -> None:
    session = begin(http, name="a.pdf")
    assert http.put(session[:-1], data=DATA).status_code == 404
    assert http.put(session, data=DATA).status_code == 200
    assert http.put(session, data=DATA).status_code == 404


def test_refusals_come_before_the_first_byte(http: Client, emulator: Emulator) -> None:
    ids = http.get("/drive/v3/files/generateIds?count=1").json()["ids"]
    http.put(begin(http, name="a", id=ids[0]), data=b"x")
    assert http.post(START, json={"name": "a", "id": ids[0]}).status_code == 409
    assert http.post(START, json={"name": "a", "parents": ["nowhere"]}).status_code == 404
    robot = Client(emulator.url, "robot")
    assert robot.post(START, json={"name": "a"}).status_code == 403


def test_a_file_is_downloaded(http: Client) -> None:
    made = upload(http, b"bytes", "a", "text/plain")
    assert http.get(f"/drive/v3/files/{made}?alt=media").content == b"bytes"
    folder = {"name": "a", "mimeType": "application/vnd.google-apps.folder"}
    made = http.post("/drive/v3/files", json=folder).json()["id"]
    assert http.get(f"/drive/v3/files/{made}?alt=media").status_code == 403


def test_what_is_not_served_says_so(http: Client) -> None:
    made = upload(http, b"x", "a", "text/plain")
    pieces = {"Content-Range": "bytes 0-262143/*"}
    for method, path, headers in (
        ("PUT", begin(http, name="a"), pieces),
        ("POST", "/upload/drive/v3/files?uploadType=media", {}),
        ("PATCH", f"/upload/drive/v3/files/{made}?uploadType=resumable", {}),
        ("GET", f"/drive/v3/files/{made}?alt=proto", {}),
    ):
        answer = http.request(method, path, data=b"{}", headers=headers)
        assert answer.status_code == 501, (method, path)
        assert "the emulator does not support" in answer.json()["error"]["message"]
