"""Requests reach gunicorn's threads whole, or not at all.

gunicorn's threads read a request with a blocking socket and no time limit, and its main loop waits
up to 2 s for a client that does not close: eight clients that send a byte a second, or keep an
answered connection open, stop everybody else's webhooks. A proxy that buffers would help, but none
may be assumed. So the main loop itself gathers each request as it comes, as a proxy does, and only
then gives it to a thread. Whoever is too slow, or one of too many, costs a connection, no thread.
"""

import errno
import selectors
import socket
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any

from gunicorn import util  # type: ignore[import-untyped]
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]

READ_SECONDS = 30.0
"""For a request to come whole, from its first byte or the connection's start."""
LINGER_SECONDS = 2.0
"""For a client to close after its answer, so that the answer is not cut off by a reset."""
MOST_CONNECTIONS = 500
"""That are waited for at once; the one that has waited longest goes first."""
MOST_BYTES = 64 * 1024 * 1024
"""Of unfinished requests in memory."""
MOST_HEAD = 64 * 1024
_LINE = 16 * 1024
_PIECE = 64 * 1024
_END = b"\r\n\r\n"
_BODY = (
    "413 Content Too Large",
    "too_large",
    "The body is over the size limit (MAX_BODY_BYTES).",
)
_FIELDS = ("431 Request Header Fields Too Large", "too_large", "The headers are too long.")
_MALFORMED = ("400 Bad Request", "bad_request", "That is no HTTP request.")
_FAULT = ("500 Internal Server Error", "fault", "A fault of the receiver.")
_HEX = frozenset(b"0123456789abcdefABCDEF")


class Refusal(Exception):
    """A request that is not taken; `answer` is what the client is told, whole."""

    def __init__(self, status: str, reason: str, message: str) -> None:
        super().__init__(reason)
        body = f'{{"error":{{"message":"{message}","reason":"{reason}"}}}}\n'
        self.answer = (
            f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
        ).encode("ascii")


@dataclass
class Framer:
    """Tells when a request is whole. `most` bytes of body are gathered.

    Where it says so, gunicorn's parser reads or refuses the request without wanting another byte.
    """

    most: int
    data: bytearray = field(default_factory=bytearray)
    wants_continue: bool = False
    """Whether the client waits to be told to go on (Expect: 100-continue)."""
    _head: int = 0
    _searched: int = 0
    _length: int = 0
    _chunked: bool = False
    _at: int = 0
    _unpacked: int = 0

    def is_whole(self) -> bool:
        """Look at what has come. Raises Refusal where it would never do."""
        if not self._head and not self._read_head():
            return False
        if self._chunked:
            if len(self.data) > self._head + 2 * self.most + MOST_HEAD:
                raise Refusal(*_BODY)
            return self._has_last_chunk()
        return len(self.data) >= self._head + self._length

    def _read_head(self) -> bool:
        # An empty line may stand before the request (RFC 9112, section 2.2).
        start = 2 if self.data.startswith(b"\r\n") else 0
        end = self.data.find(_END, max(start, self._searched - 3))
        self._searched = len(self.data)
        if end == start or len(self.data if end < 0 else self.data[:end]) > MOST_HEAD:
            raise Refusal(*_FIELDS)
        if end < 0:
            return False
        self._at = self._head = end + len(_END)
        for line in bytes(self.data[start:end]).split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            self._read_field(name.lower(), value.strip(b" \t").lower())
        return True

    def _read_field(self, name: bytes, value: bytes) -> None:
        """Note what tells the body's end. What is malformed gunicorn refuses without the body."""
        if name == b"transfer-encoding":
            self._chunked = self._chunked or b"chunked" in value
        elif name == b"content-length" and value.isdigit():
            if len(value) > 18 or int(value) > self.most:
                raise Refusal(*_BODY)
            self._length = int(value)
        elif name == b"expect":
            self.wants_continue = value == b"100-continue"

    def _has_last_chunk(self) -> bool:
        while True:
            line_end = self.data.find(b"\r\n", self._at)
            if line_end < 0:
                return len(self.data) - self._at > _LINE
            digits = bytes(self.data[self._at : line_end]).partition(b";")[0].rstrip(b" \t")
            if not digits or not _HEX.issuperset(digits):
                return True
            size = int(digits, 16)
            if size == 0:
                return self._has_trailers(line_end + 2)
            if self._unpacked + size > self.most:
                raise Refusal(*_BODY)
            after = line_end + 2 + size + 2
            if len(self.data) < after:
                return False
            if self.data[after - 2 : after] != b"\r\n":
                return True
            self._unpacked += size
            self._at = after

    def _has_trailers(self, start: int) -> bool:
        if len(self.data) - start > MOST_HEAD:
            raise Refusal(*_FIELDS)
        return self.data[start : start + 2] == b"\r\n" or self.data.find(_END, start) >= 0


class _Connection(TConn):  # type: ignore[misc]
    """A connection whose graceful end is the worker's: gunicorn's own blocks the main loop."""

    worker: "GatheringWorker"

    def close(self, graceful: bool = False) -> None:
        """Close it; gracefully, once the client has closed or LINGER_SECONDS are over."""
        if graceful:
            self.worker.linger(self)
        else:
            util.close(self.sock)


@dataclass
class _Waiting:
    """What is waited for: a request (`framer`), or (None) that the client closes."""

    until: float
    framer: Framer | None


class GatheringWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker, whose threads get whole requests only. Not with TLS of its own:
    then requests are read as gunicorn does."""

    most_body = 1024 * 1024
    """Bytes; the config sets it to MAX_BODY_BYTES."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._waiting: dict[TConn, _Waiting] = {}
        self._held = 0

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection. Runs in the main loop, as all that follows."""
        try:
            sock, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                return
            raise
        self.nr_conns += 1
        connection = _Connection(self.cfg, sock, address, listener.getsockname())
        connection.worker = self
        self.enqueue_req(connection)

    def enqueue_req(self, conn: TConn) -> None:
        """Gather the next request of a connection, and only then give it to a thread."""
        if self.cfg.is_ssl:
            super().enqueue_req(conn)
            return
        framer = Framer(self.most_body)
        if conn.parser is not None:
            framer.data += conn.parser.unreader.take_buffered()
            self._held += len(framer.data)
        self._wait(conn, _Waiting(monotonic() + READ_SECONDS, framer))
        self._more(conn, conn.sock)
        while len(self._waiting) > MOST_CONNECTIONS or self._held > self._most_held():
            self._drop(next(iter(self._waiting)))

    def _most_held(self) -> int:
        return max(MOST_BYTES, 8 * self.most_body)

    def _wait(self, conn: TConn, waiting: _Waiting) -> None:
        conn.sock.setblocking(False)
        self._waiting[conn] = waiting
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._more, conn))

    def _more(self, conn: TConn, sock: socket.socket) -> None:
        """Take what came; runs whenever there is something."""
        if conn not in self._waiting:
            return  # Another event of the same look has dropped it.
        framer = self._waiting[conn].framer
        try:
            data = sock.recv(_PIECE)
        except BlockingIOError:
            data = None
        except OSError:
            data = b""
        if data == b"":
            self._drop(conn)
        elif framer is not None:
            framer.data += data or b""
            self._held += len(data or b"")
            self._judge(conn, framer)

    def _judge(self, conn: TConn, framer: Framer) -> None:
        try:
            if framer.is_whole():
                self._hand_over(conn, framer)
            elif framer.wants_continue:
                framer.wants_continue = False
                self._say(conn, b"HTTP/1.1 100 Continue\r\n\r\n")
        except Refusal as error:
            self._say(conn, error.answer)
            self._forget(conn)
            self.nr_conns -= 1
            self.linger(conn)

    def _hand_over(self, conn: TConn, framer: Framer) -> None:
        self._forget(conn)
        conn.init()
        conn.parser.unreader.unread(bytes(framer.data))
        conn.data_ready = True
        super().enqueue_req(conn)

    def _say(self, conn: TConn, text: bytes) -> None:
        """Send a few bytes; a client that takes none is not waited for."""
        try:
            conn.sock.send(text)
        except OSError:
            return

    def linger(self, conn: TConn) -> None:
        """Close a connection whose answer is sent, without waiting for its client here."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            util.close(conn.sock)
            return
        self._wait(conn, _Waiting(monotonic() + LINGER_SECONDS, None))

    def _forget(self, conn: TConn) -> _Waiting:
        waiting: _Waiting = self._waiting.pop(conn)
        self.poller.unregister(conn.sock)
        self._held -= len(waiting.framer.data) if waiting.framer else 0
        return waiting

    def _drop(self, conn: TConn) -> None:
        if self._forget(conn).framer is not None:
            self.nr_conns -= 1
        util.close(conn.sock)

    def handle_error(self, _req: Any, client: socket.socket, _addr: Any, exc: Exception) -> None:
        """Refuse what is no HTTP. gunicorn's own answer and log line repeat what was sent."""
        is_theirs = isinstance(exc, ParseException)
        if not is_theirs:
            self.log.error("A request could not be served (%s).", type(exc).__name__)
        try:
            client.sendall(Refusal(*(_MALFORMED if is_theirs else _FAULT)).answer)
        except OSError:
            return

    def murder_pending(self) -> None:
        """Drop what has been waited for too long; gunicorn calls it about once a second."""
        super().murder_pending()
        now = monotonic()
        for conn in [one for one, waiting in self._waiting.items() if waiting.until < now]:
            self._drop(conn)
