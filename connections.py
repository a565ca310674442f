"""A client's connection to waitress: its requests as they arrive, and its error answers.

waitress's main loop buffers each request until it is complete, so that a slow client costs a
connection and never a thread. What it lacks is added here, in subclasses that it looks up by name
(`channel_class`, `parser_class`, `task_class`, `error_task_class`): a deadline for a whole request,
a check of the length that a chunk announces, error answers that repeat nothing of the request, and
what the main loop in `server.py` needs to know. Decision 0007 says why.
"""

import json
import socket
import time
from contextlib import suppress
from http import HTTPStatus
from selectors import EVENT_READ, EVENT_WRITE
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import BadRequest, RequestEntityTooLarge

READ_SECONDS = 30.0
"""For a request to arrive whole, from its first byte or the start of the connection."""
LINGER_SECONDS = 2.0
"""For a client to close after its last answer, so that the answer is not cut off by a reset."""
MOST_HEAD = 64 * 1024
"""Bytes of request line and headers; of a chunk's size line, and of trailers."""

_ERRORS = {
    400: ("bad_request", "The request is malformed."),
    413: ("too_large", "The body is over the size limit (MAX_BODY_BYTES)."),
    431: ("too_large", "The headers are too long."),
    500: ("fault", "An internal error of the receiver: see its log."),
}


class RequestParser(HTTPRequestParser):  # type: ignore[misc]
    """One request, as it arrives."""

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self.began = time.time()

    @property
    def size(self) -> int:
        """Bytes that have arrived."""
        return int(self.header_bytes_received + self.body_bytes_received)

    def received(self, data: bytes) -> int:
        """Take what arrived, and return how much of it belongs to this request."""
        consumed: int = super().received(data)
        if self.chunked and not self.completed:
            self._check_chunks(self.body_rcv)
        if self.completed:
            # The body is refused, or already here: do not ask for it.
            self.expect_continue = False
        return consumed

    def _check_chunks(self, body: Any) -> None:
        """Refuse a chunk by the length it announces. waitress itself counts what has arrived."""
        if len(body) + body.chunk_remainder >= self.adj.max_request_body_size:
            self.error = RequestEntityTooLarge("")
        elif max(len(body.control_line), len(body.trailer)) > MOST_HEAD:
            self.error = BadRequest("")
        self.completed = self.error is not None

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head. Raises ParsingError also if a proxy might read another length."""
        try:
            super().parse_header(header_plus)
        except ValueError:  # An address that cannot be split, a number of thousands of digits.
            raise ParsingError("invalid") from None
        # waitress prefers chunks to a length, and ignores chunks before HTTP/1.1.
        unread = "TRANSFER_ENCODING" in self.headers
        if unread or (self.chunked and "CONTENT_LENGTH" in self.headers):
            raise ParsingError("doubtful length")


class ErrorAnswer(ErrorTask):  # type: ignore[misc]
    """The answer to a refused request. waitress's own answers quote the line that is wrong."""

    def execute(self) -> None:
        """Answer as the receiver itself does. An unknown transfer coding (501) is a 400, too."""
        code = self.request.error.code
        status = HTTPStatus(code if code in _ERRORS else 400)
        reason, message = _ERRORS[status]
        body = json.dumps({"error": {"message": message, "reason": reason}}).encode() + b"\n"
        self.version = "1.1"
        self.status = f"{status.value} {status.phrase}"
        self.content_length = len(body)
        self.response_headers += [
            ("Content-Type", "application/json"),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "no-store"),
        ]
        self.set_close_on_finish()
        self.channel.server.note(self.request, status.value, self.channel.addr)
        self.write(body)


class Answer(WSGITask):  # type: ignore[misc]
    """An answer of the application."""

    wrote_header: bool

    def write(self, data: bytes) -> None:
        """Send a piece; an answer in one piece together with its head, in one segment."""
        is_whole = self.complete and not self.wrote_header and self.content_length == len(data)
        if not (is_whole and self.has_body):
            super().write(data)
            return
        head = self.build_response_header()
        self.wrote_header = True
        self.content_bytes_written = len(data)
        self.channel.write_soon(head + data)


class Connection(HTTPChannel):  # type: ignore[misc]
    """A client's connection. The main loop calls its methods, unless they say otherwise."""

    parser_class = RequestParser
    task_class = Answer
    error_task_class = ErrorAnswer
    will_close: bool
    lingers = False
    """The last answer is sent; what still arrives is discarded until the client closes."""
    is_open = True
    awaited = 0
    """The events that the main loop waits for."""
    counted = 0
    """Its part of the bytes that the server has counted."""

    @property
    def deadline(self) -> float:
        """When it is dropped, by the process's clock."""
        if self.lingers:
            return self.last_activity + LINGER_SECONDS
        return (self.request.began if self.request else self.last_activity) + READ_SECONDS

    @property
    def held(self) -> int:
        """Bytes in memory: of the request that arrives, of those in progress, and of answers."""
        arrives = self.request.size if self.request else 0
        return int(self.total_outbufs_len + arrives + sum(one.size for one in self.requests))

    @property
    def wanted(self) -> int:
        """The events to wait for, as things stand; they change while a thread answers."""
        reads = EVENT_READ if self.readable() else 0
        return reads | (EVENT_WRITE if self.writable() else 0)

    @property
    def is_settled(self) -> bool:
        """Whether no thread answers a request of it."""
        with self.requests_lock:
            return not self.requests

    def add_channel(self, sockets: Any = None) -> None:
        """Take part in the main loop."""
        super().add_channel(sockets)
        self.server.changed.append(self)

    def del_channel(self, sockets: Any = None) -> None:
        """Leave the main loop."""
        self.is_open = False
        self.server.leave(self)
        super().del_channel(sockets)

    def service(self) -> None:
        """Answer a request, in a thread; at its end the main loop is woken."""
        self.server.changed.append(self)
        super().service()

    def readable(self) -> bool:
        """Return whether to read what arrives."""
        return bool(self.lingers or super().readable())

    def writable(self) -> bool:
        """Return whether to send: while a thread answers, it does so, or waits for the client."""
        waits = self.total_outbufs_len > self.adj.outbuf_high_watermark
        if self.requests and not self.will_close and not waits:
            return False
        return bool(super().writable())

    def handle_read(self) -> None:
        """Take what arrived."""
        if not self.lingers:
            super().handle_read()
            return
        with suppress(OSError):
            self.recv(self.adj.recv_bytes)

    def handle_close(self) -> None:
        """Close; after an answer, once the client has closed, or LINGER_SECONDS later.

        If it were closed with unread bytes, the client would get a reset, maybe before it has
        read the answer.
        """
        if self.will_close and not self.lingers:
            self.lingers, self.will_close = True, False
            self.last_activity = time.time()
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
                return
        self.drop()

    def drop(self) -> None:
        """Close at once."""
        super().handle_close()
