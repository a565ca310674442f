"""An address of this machine to which Google sends a person's browser after the sign-in."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from time import monotonic
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from sync.errors import Permanent

_PAGE = (
    "<!doctype html><title>Brightsheet</title><p>This window can be closed: Brightsheet goes on in "
    "the terminal."
)
_LOOK_SECONDS = 1.0


class Loopback:
    """Listens on 127.0.0.1, on a port of its own, until the browser came."""

    def __init__(self) -> None:
        self._answer = ""
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 5
            """Seconds: a browser may open a connection and send nothing."""

            def do_GET(self) -> None:
                # A browser also asks for an icon.
                if {"code", "error"} & parse_qs(urlsplit(self.path).query).keys():
                    loopback._answer = self.path
                body = _PAGE.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Log nothing: the path holds the code."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._server.timeout = _LOOK_SECONDS
        self.address = f"http://127.0.0.1:{self._server.server_port}/"

    def wait(self, seconds: float) -> str:
        """Return the path and query with which the browser came. Raises Permanent if it did not."""
        until = monotonic() + seconds
        while not self._answer and monotonic() < until:
            self._server.handle_request()
        if not self._answer:
            text = "Nobody signed in. Run the command again, or with --no-browser."
            raise Permanent("google_sign_in", text)
        return self._answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._server.server_close()
