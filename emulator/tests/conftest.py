from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gspread
import pytest
import requests
from gspread.http_client import HTTPClient

from emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDINGS = Path(__file__).parents[3] / "shared" / "google-recordings"
collect_ignore = [] if RECORDINGS.is_dir() else ["test_recordings.py"]
"""A clone has no recordings."""

HOSTS = ("https://sheets.googleapis.com", "https://www.googleapis.com")


class Client(requests.Session):
    """Paths under one emulator; never waits for ever."""

    def __init__(self, url: str, token: str | None = None) -> None:
        super().__init__()
        self.url = url
        self.trust_env = False
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", 10)
        if str(url).startswith("/"):
            url = self.url + str(url)
        return super().request(method, url, *args, **kwargs)


def upload(http: Client, data: bytes, name: str, kind: str, **metadata: Any) -> str:
    """Upload a file in one request; return its id."""
    head = json.dumps({"name": name, **metadata}).encode()
    body = b"--b\r\n\r\n%b\r\n--b\r\nContent-Type: %b\r\n\r\n%b\r\n--b--" % (
        head,
        kind.encode(),
        data,
    )
    answer = http.post(
        "/upload/drive/v3/files?uploadType=multipart&supportsAllDrives=true",
        data=body,
        headers={"Content-Type": "multipart/related; boundary=b"},
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def gspread_client(url: str) -> gspread.Client:
    class Local(HTTPClient):
        def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> Any:
            for host in HOSTS:
                endpoint = endpoint.replace(host, url)
            return super().request(method, endpoint, *args, **kwargs)

    session: Any = requests.Session()
    return gspread.Client(auth=None, session=session, http_client=Local)  # type: ignore[arg-type]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def http(emulator: Emulator) -> Iterator[Client]:
    with Client(emulator.url) as client:
        yield client
