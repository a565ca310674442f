"""The HTTP server: kept-alive connections, streamed bodies, answers that can be cut off."""

import contextlib
import os
import socket
import struct
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.types import WSGIApplication, WSGIEnvironment

from werkzeug.exceptions import ClientDisconnected, InternalServerError
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wsgi import LimitedStream

CHUNK = 1 << 16
GONE = (ClientDisconnected, ConnectionError, TimeoutError)
BODYLESS = {204, 304}
Headers = list[tuple[str, str]]


class Cut(Exception):
    """Raised by the application: close the connection without the rest of the answer.

    With `reset` the peer sees a reset (RST), otherwise an orderly end where more was due.
    """

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__("connection cut")
        self.reset = reset


def cut_after(pieces: Iterable[bytes], left: int) -> Iterator[bytes]:
    """Yield `left` bytes of the pieces, then Cut."""
    for piece in pieces:
        yield piece[:left]
        left -= len(piece)
        if left <= 0:
            raise Cut


class Handler(WSGIRequestHandler):
    """One connection. Werkzeug's own closes after each answer; a client of Google's keeps it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = CHUNK

    def setup(self) -> None:
        """Register the connection, so that the server can end it."""
        super().setup()
        self._connections.add(self.connection)

    def finish(self) -> None:
        """Forget the connection."""
        self._connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    @property
    def _connections(self) -> set[socket.socket]:
        connections: set[socket.socket] = self.server.connections  # type: ignore[attr-defined]
        return connections

    def run_wsgi(self) -> None:
        """Answer one request and leave the connection ready for the next, if it can be."""
        environ = self.make_environ()
        if "wsgi.input_terminated" not in environ:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            source: Any = self.rfile
            environ["wsgi.input"] = LimitedStream(source, length)
            environ["wsgi.input_terminated"] = True
        try:
            self._answer(environ)
            while environ["wsgi.input"].read(CHUNK):  # The next request follows it.
                pass
        except Cut as cut:
            self._cut(cut)
        except (*GONE, ValueError):  # ValueError: the file is closed
            self.close_connection = True

    def _answer(self, environ: WSGIEnvironment) -> None:
        started: list[tuple[str, Headers]] = []

        def start_response(status: str, headers: Headers, _: Any = None) -> Any:
            started[:] = [(status, headers)]

        try:
            chunks = self.server.app(environ, start_response)
        except (Cut, *GONE):
            raise
        except Exception:  # a fault of the emulator itself: seen in the terminal and by the client
            traceback.print_exc(file=sys.stderr)
            chunks = InternalServerError()(environ, start_response)
        try:
            self._send(environ, *started[0], chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()

    def _send(
        self, environ: WSGIEnvironment, status: str, headers: Headers, chunks: Iterable[bytes]
    ) -> None:
        code, _, reason = status.partition(" ")
        names = {name.lower() for name, _ in headers}
        self.send_response_only(int(code), reason)
        if "date" not in names:
            self.send_header("Date", self.date_time_string())
        for name, value in headers:
            self.send_header(name, value)
        bodyless = environ["REQUEST_METHOD"] == "HEAD" or int(code) in BODYLESS
        chunked = "content-length" not in names and not bodyless
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for chunk in chunks:
            if chunk and not bodyless:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _cut(self, cut: Cut) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            if cut.reset:
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                os.close(self.connection.detach())  # at once: an orderly shutdown comes later
            else:
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)


class Server:
    """A listening server, in threads of its own once started. `port` is the real one."""

    def __init__(self, app: WSGIApplication, host: str, port: int) -> None:
        self._server: BaseWSGIServer = make_server(
            host, port, app, threaded=True, request_handler=Handler
        )
        self._connections: set[socket.socket] = set()
        self._server.connections = self._connections  # type: ignore[attr-defined]
        self.port: int = self._server.port
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Serve in a thread."""
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="emulator", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and end every connection."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
