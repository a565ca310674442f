"""A server on loopback that stands for a chat to which alerts are sent."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from pydantic import SecretStr

PATH = "/services/made/up-and-secret"
SLACK = ":message=text&:title&:type&:version&:attachments"
"""Makes a `json` address send what Slack's webhooks take: `{"text": …}`."""


class Chat:
    """A webhook on loopback. `statuses` are answered first, then 200; `hold` keeps answers back."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.times: list[float] = []
        """When each was heard."""
        self.statuses: list[int] = []
        self.paths: list[str] = []
        self.hold = Event()
        self.hold.set()
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                chat.paths.append(self.path)
                chat.hold.wait(10)
                status = chat.statuses.pop(0) if chat.statuses else 200
                if status == 200:
                    chat.heard.append(json.loads(raw))
                    chat.times.append(time.time())
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = SecretStr(f"json://127.0.0.1:{self.server.server_port}{PATH}?{SLACK}")
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def texts(self) -> list[str]:
        return [body["text"] for body in self.heard]


@contextmanager
def chatting() -> Iterator[Chat]:
    made = Chat()
    yield made
    made.hold.set()
    made.server.shutdown()
    made.server.server_close()
