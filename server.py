"""Serves the receiver with waitress: one process whose threads get whole requests only.

waitress's main loop buffers each request until it is complete, so that a slow client costs a
connection and never a thread. Four things that it lacks are added here, in subclasses that it looks
up by name (`channel_class`, `parser_class`, `error_task_class`): a deadline for a whole request, a
rule for which connection to drop when there are too many, a check of the length that a chunk
announces, and error answers that repeat nothing of the request. Decision 0007 says why.
"""

import json
import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from threading import Event, Thread
from typing import Any

import structlog
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask
from waitress.utilities import BadRequest, RequestEntityTooLarge

from app import WEBHOOK, create_app
from sync.errors import BrightsheetError, SettingsError
from sync.settings.environment import Settings
from sync.store import Database

THREADS = 8
"""They wait for the database most of the time."""
READ_SECONDS = 30.0
"""For a request to arrive whole, from its first byte or the start of the connection."""
LINGER_SECONDS = 2.0
"""For a client to close after its last answer, so that the answer is not cut off by a reset."""
MOST_CONNECTIONS = 500
"""Beyond that, the connection that has waited longest is dropped."""
MOST_BYTES = 64 * 1024 * 1024
"""Of requests and answers in memory; or eight bodies of the largest size, if that is more."""
MOST_HEAD = 64 * 1024
"""Bytes of request line and headers; of a chunk's size line, and of trailers."""

_FINISH_SECONDS = 5.0
_STOP_SECONDS = 4.0
_STOP_TALLY_SECONDS = 1.0
"""Of them at most: a database that is away must not take the worker's time."""
_UPGRADE_SECONDS = 3.0
_ERRORS = {
    400: ("bad_request", "The request is malformed."),
    413: ("too_large", "The body is over the size limit (MAX_BODY_BYTES)."),
    431: ("too_large", "The headers are too long."),
    500: ("fault", "An internal error of the receiver: see its log."),
}

_log = structlog.get_logger()


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


class Connection(HTTPChannel):  # type: ignore[misc]
    """A client's connection. The main loop calls its methods, unless they say otherwise."""

    parser_class = RequestParser
    error_task_class = ErrorAnswer
    will_close: bool
    lingers = False
    """The last answer is sent; what still arrives is discarded until the client closes."""

    @property
    def deadline(self) -> float:
        """When it is dropped, by the process's clock."""
        if self.lingers:
            return self.last_activity + LINGER_SECONDS
        return (self.request.began if self.request else self.last_activity) + READ_SECONDS

    @property
    def held(self) -> int:
        """Bytes in memory: of the request that arrives, of those in progress, and of answers."""
        requests = [*self.requests, self.request]
        return int(self.total_outbufs_len + sum(one.size for one in requests if one))

    def readable(self) -> bool:
        """Return whether to read what arrives."""
        return bool(self.lingers or super().readable())

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


class Server(TcpWSGIServer):  # type: ignore[misc]
    """waitress's server with limits to waiting."""

    channel_class = Connection

    def __init__(
        self,
        app: Any,
        host: str,
        port: int,
        most_body: int,
        note: Callable[[int, str], None] | None = None,
    ) -> None:
        """Listen; `most_body` is the size limit of a body, in bytes.

        `note` is called for each webhook that is refused here, with status and sender's address.

        Raises OSError if the port cannot be opened, ValueError if `host` is not an address.
        """
        self._sockets: dict[int, Any] = {}
        self._note = note
        super().__init__(
            app,
            map=self._sockets,
            host=host,
            port=port,
            threads=THREADS,
            ident=None,
            max_request_body_size=most_body + 1,  # waitress refuses this length, too.
            max_request_header_size=MOST_HEAD,
            inbuf_overflow=most_body + 1,  # In memory, which drop_overdue bounds; never on disk.
            # Reached only if so many whole requests wait for a thread: then clients have to wait.
            connection_limit=MOST_CONNECTIONS + 100,
            log_socket_errors=False,
            expose_tracebacks=False,
            clear_untrusted_proxy_headers=True,
        )

    def note(self, refused: Any, status: int, address: Any) -> None:
        """Pass on that a webhook was refused before the application saw it."""
        # A request that is too broken has no path.
        if self._note is not None and getattr(refused, "path", "") == WEBHOOK:
            self._note(status, str(address[0]))

    def readable(self) -> bool:
        """Make room; the main loop calls this before every wait for its sockets."""
        self.drop_overdue(time.time())
        return bool(super().readable())

    def drop_overdue(self, now: float) -> None:
        """Drop connections that waited too long, or longest if there are too many or too large."""
        connections = list(self.active_channels.values())
        too_many = len(connections) - MOST_CONNECTIONS
        too_much = sum(one.held for one in connections) - max(
            MOST_BYTES, 8 * self.adj.max_request_body_size
        )
        waiting = (one for one in connections if not one.requests)
        for one in sorted(waiting, key=lambda one: one.deadline):
            if one.deadline > now and too_many <= 0 and too_much <= 0:
                return
            too_many -= 1
            too_much -= one.held
            one.drop()

    def serve_until(self, stopping: Event) -> None:
        """Serve until the event is set; then close the port and finish requests in progress."""
        while not stopping.is_set():
            self.turn(self.adj.asyncore_loop_timeout)
        self.asyncore.dispatcher.close(self)
        deadline = time.time() + _FINISH_SECONDS
        while self._is_busy() and time.time() < deadline:
            self.turn(0.1)
        self.task_dispatcher.shutdown(timeout=max(0.0, deadline - time.time()))

    def turn(self, seconds: float) -> None:
        """Run the main loop once, waiting for the sockets at most `seconds`."""
        self.asyncore.loop(timeout=seconds, use_poll=True, map=self._sockets, count=1)

    def _is_busy(self) -> bool:
        connections = list(self.active_channels.values())
        return any(one.requests or one.total_outbufs_len for one in connections)


def serve(settings: Settings, host: str | None = None) -> None:
    """Serve on `host` and the PORT of the environment until SIGTERM or SIGINT.

    Raises SettingsError if the database has another schema or the port cannot be opened.
    """
    _prepare(Database(settings.database_url.get_secret_value()))
    app = create_app(settings)
    server = _listening(app, settings, host or _default_host())
    stopping = _signals(server.pull_trigger)
    worker, watch = app.extensions["brightsheet"], app.extensions["brightsheet_watch"]
    tally = app.extensions["brightsheet_tally"]
    if settings.worker == "embedded":
        worker.start()
    if settings.has_alerts:
        watch.start()
    server.serve_until(stopping)
    until = time.monotonic() + _STOP_SECONDS
    watch.stop()
    tally.stop(_STOP_TALLY_SECONDS)
    worker.stop(until - time.monotonic())


def _default_host() -> str:
    """Return all addresses if PORT is set, as platforms do; else loopback."""
    return "0.0.0.0" if os.environ.get("PORT", "").strip() else "127.0.0.1"  # noqa: S104


def _listening(app: Any, settings: Settings, host: str) -> Server:
    # This logger warns whenever a request waits for a thread.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        note = app.extensions["brightsheet_tally"].note
        server = Server(app, host, settings.port, settings.max_body_bytes, note)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no such address"
        problem = f"{host}:{settings.port} cannot be listened on ({why})."
        raise SettingsError("PORT", problem) from None
    _log.info("listening", host=host, port=int(server.effective_port))
    return server


def _signals(wake: Callable[[], None]) -> Event:
    """Return an event that SIGTERM and SIGINT set; `wake` ends the main loop's wait."""
    stopping = Event()

    def stop(*_: object) -> None:
        stopping.set()
        wake()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    return stopping


def _prepare(database: Database) -> None:
    """Upgrade a SQLite file; check that PostgreSQL has been upgraded.

    A database that cannot be reached does not stop the start: it may come back, and until then
    webhooks are answered 503. Raises SettingsError if the schema is not the one of this version.
    """
    try:
        if database.is_sqlite:
            database.upgrade()
        elif not database.is_current():
            fix = "does not have the schema of this version. Run: brightsheet db upgrade"
            raise SettingsError("DATABASE_URL", f"the database {fix}")
    except SettingsError:
        raise
    except BrightsheetError as error:
        _log.error("unavailable", reason=error.reason)
        if database.is_sqlite:
            Thread(target=_upgrade_once_possible, args=(database,), daemon=True).start()
            return
    database.close()


def _upgrade_once_possible(database: Database) -> None:
    """Upgrade as soon as the disk, which was full at the start, has room again."""
    while True:
        time.sleep(_UPGRADE_SECONDS)
        with suppress(BrightsheetError):
            database.upgrade()
            database.close()
            return
