"""The client of one spreadsheet, at servers that behave badly."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sync.core.client import SheetClient
from sync.errors import Retryable


@pytest.fixture
def dripping() -> Iterator[str]:
    """A server that sends the head of an answer, and then a byte now and then."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while not ended.wait(0.05):
                    try:
                        connection.sendall(b" ")
                    except OSError:
                        return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        ended.set()
        thread.join()


class Redirected(requests.Session):
    """Sends requests for Google to a server of the test."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> Any:
        assert url.startswith("https://sheets.googleapis.com/")
        return super().request(method, self._url, *args, **options)


def test_an_answer_that_drips_ends(dripping: str) -> None:
    client = SheetClient(Redirected(dripping), "spreadsheet", "somebody", call_seconds=0.5)
    began = time.monotonic()
    with pytest.raises(Retryable):
        client.read([], "sheets")
    assert time.monotonic() - began < 30
