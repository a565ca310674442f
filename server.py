"""Runs the web process: the receiver behind waitress, so that slow clients can't hold up others.

waitress buffers each request in its main loop, so a slow client costs a connection and never a
thread. Subclasses of its parts add what it lacks: a deadline for a whole request, limits on
connections and memory, errors in JSON that quote nothing of the request, a thread of its own for
`/healthz`, and a main loop that looks only at connections where something happened. Decision 0007
has the measurements; `tests/test_waitress.py` pins what is used of waitress.
"""

import json
import logging
import os
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from threading import Event, Thread
from typing import Any

import structlog
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher, WSGITask
from waitress.utilities import BadRequest, RequestEntityTooLarge

from app import create_app
from sync.errors import Retryable, SettingsError
from sync.forwarded import client_address
from sync.routes import HEALTH, WEBHOOK
from sync.settings.environment import Settings
from sync.store import Database

THREADS = 16
"""They wait for the database most of the time. `/healthz`, which doesn't, has one of its own."""
MAX_CONNECTIONS = 500
"""Beyond that, the connection that has waited longest is dropped."""
MAX_BUFFERED_BYTES = 64 * 1024 * 1024
"""Requests and responses in memory; or eight bodies of the largest size, if that is more."""
MAX_HEAD_BYTES = 64 * 1024
"""Request line and headers; also the size line of a chunk, and trailers."""
READ_SECONDS = 30.0
"""For a request to arrive whole, from its first byte or the start of the connection."""
LINGER_SECONDS = 2.0
"""For a client to close after its last response, so that a reset doesn't cut the response off."""
_CHECK_SECONDS = 1.0  # between two looks for connections past their deadline
_FINISH_SECONDS = 5.0  # for requests in progress, on shutdown
_STOP_SECONDS = 4.0  # for the worker and the watch after that
_STOP_COUNTER_SECONDS = 1.0  # of those: an unreachable database must not take the worker's time
_UPGRADE_SECONDS = 3.0

_ERRORS = {
    400: ("bad_request", "The request is malformed."),
    413: ("too_large", "The body is over the size limit."),
    431: ("too_large", "The headers are too long."),
    500: ("fault", "An internal error of the receiver: see its log."),
}

_log = structlog.get_logger()


class RequestParser(HTTPRequestParser):  # type: ignore[misc]
    """Parses one request as it arrives; refuses lengths that are too large or ambiguous."""

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self.started = time.time()

    @property
    def size(self) -> int:
        """Return how many bytes have arrived."""
        return int(self.header_bytes_received + self.body_bytes_received)

    def received(self, data: bytes) -> int:
        """Parse what arrived, and return how much of it belongs to this request."""
        consumed: int = super().received(data)
        if self.chunked and not self.completed:
            self._check_chunks(self.body_rcv)
        if self.completed:
            # The body is refused, or already here: don't ask for it with 100 Continue.
            self.expect_continue = False
        return consumed

    def _check_chunks(self, body: Any) -> None:
        """Refuse a chunk by the length it announces; waitress counts only what has arrived."""
        if len(body) + body.chunk_remainder >= self.adj.max_request_body_size:
            self.error = RequestEntityTooLarge("")
        elif max(len(body.control_line), len(body.trailer)) > MAX_HEAD_BYTES:
            self.error = BadRequest("")
        self.completed = self.error is not None

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the head. Raises ParsingError also if a proxy might read another length."""
        try:
            super().parse_header(header_plus)
        except ValueError:  # An address that can't be split, a number of thousands of digits.
            raise ParsingError("invalid") from None
        # waitress prefers chunks to a length, and ignores chunks before HTTP/1.1.
        unread = "TRANSFER_ENCODING" in self.headers
        if unread or (self.chunked and "CONTENT_LENGTH" in self.headers):
            raise ParsingError("ambiguous length")


class ErrorResponse(ErrorTask):  # type: ignore[misc]
    """Answers a request that was refused. waitress's own response quotes the invalid line."""

    def execute(self) -> None:
        """Respond in JSON, as the app does. An unknown transfer coding (501) is a 400, too."""
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
        self.channel.server.report_refused(self.request, status.value, self.channel.addr)
        self.write(body)


class AppResponse(WSGITask):  # type: ignore[misc]
    """Calls the app and sends its response."""

    wrote_header: bool

    def write(self, data: bytes) -> None:
        """Send a piece. A response in one piece goes out with its head, in one segment."""
        is_whole = self.complete and not self.wrote_header and self.content_length == len(data)
        if not (is_whole and self.has_body):
            super().write(data)
            return
        head = self.build_response_header()
        self.wrote_header = True
        self.content_bytes_written = len(data)
        self.channel.write_soon(head + data)


class Connection(HTTPChannel):  # type: ignore[misc]
    """A client's connection. The main loop calls its methods, unless they say otherwise.

    Of waitress: `request` is the one that is arriving, `requests` are those that are complete, and
    `requests_lock` guards both. `total_outbufs_len` counts the bytes to be sent, `will_close` asks
    for the end of the connection, `last_activity` is when bytes were last read or sent, and `adj`
    has the server's options.
    """

    parser_class = RequestParser
    task_class = AppResponse
    error_task_class = ErrorResponse
    will_close: bool
    is_lingering = False
    """The last response was sent; what still arrives is discarded until the client closes."""
    is_open = True
    registered_events = 0
    """What the main loop waits for."""
    counted_bytes = 0
    """Its part of the server's total."""

    @property
    def deadline(self) -> float:
        """Return when it will be dropped, by the process's clock."""
        if self.is_lingering:
            return self.last_activity + LINGER_SECONDS
        return (self.request.started if self.request else self.last_activity) + READ_SECONDS

    @property
    def is_waiting(self) -> bool:
        """Return whether it waits for the client to send or to read, and not for the app."""
        return not self.requests or self.total_outbufs_len > 0

    @property
    def buffered_bytes(self) -> int:
        """Return the bytes in memory: requests, arriving or in progress, and responses."""
        arriving = self.request.size if self.request else 0
        return int(self.total_outbufs_len + arriving + sum(one.size for one in self.requests))

    @property
    def wanted_events(self) -> int:
        """Return the events to wait for now; they change while a thread responds."""
        reads = EVENT_READ if self.readable() else 0
        return reads | (EVENT_WRITE if self.writable() else 0)

    @property
    def is_idle(self) -> bool:
        """Return whether no thread is busy with a request of it."""
        with self.requests_lock:
            return not self.requests

    def add_channel(self, sockets: Any = None) -> None:
        """Join the main loop."""
        super().add_channel(sockets)
        self.server.changed.append(self)

    def del_channel(self, sockets: Any = None) -> None:
        """Leave the main loop."""
        self.is_open = False
        self.server.forget(self)
        super().del_channel(sockets)

    def service(self) -> None:
        """Respond to a request, in a thread, which wakes the main loop at its end."""
        self.server.changed.append(self)
        super().service()

    def readable(self) -> bool:
        """Return whether to read what arrives."""
        return bool(self.is_lingering or super().readable())

    def writable(self) -> bool:
        """Return whether to send. A thread sends its response itself, unless it waits to do so."""
        is_thread_waiting = self.total_outbufs_len > self.adj.outbuf_high_watermark
        if self.requests and not self.will_close and not is_thread_waiting:
            return False
        return bool(super().writable())

    def handle_read(self) -> None:
        """Read what arrived."""
        if not self.is_lingering:
            super().handle_read()
            return
        with suppress(OSError):
            self.recv(self.adj.recv_bytes)

    def handle_close(self) -> None:
        """Close; after a response, once the client has closed, or LINGER_SECONDS later.

        If it closed with bytes unread, the client would get a reset, maybe before it has read the
        response.
        """
        if self.will_close and not self.is_lingering:
            self.is_lingering, self.will_close = True, False
            self.last_activity = time.time()
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
                return
        self.drop()

    def drop(self) -> None:
        """Close at once."""
        super().handle_close()


class Server(TcpWSGIServer):  # type: ignore[misc]
    """waitress's server with a main loop and limits of its own."""

    channel_class = Connection

    def __init__(
        self,
        app: Any,
        host: str,
        port: int,
        max_body_bytes: int,
        on_refused: Callable[[int, str, Mapping[str, str]], None] | None = None,
        proxies: int = 0,
    ) -> None:
        """Listen, behind so many `proxies`.

        `on_refused` is called with status, client address and headers (`X_WEBHOOK_SECRET`) for each
        webhook that is refused before the app sees it.

        Raises OSError if the port can't be opened, ValueError if `host` isn't an address.
        """
        self._sockets: dict[int, Any] = {}
        self._on_refused = on_refused
        self._proxies = proxies
        self._selector = DefaultSelector()
        self._busy: set[Connection] = set()  # Those that the loop has taken from `changed`.
        self._max_buffered_bytes = max(MAX_BUFFERED_BYTES, 8 * max_body_bytes)
        self._buffered_bytes = 0
        self._next_check = 0.0
        self._health = ThreadedTaskDispatcher()
        self._health.set_thread_count(1)
        self.registered_events = EVENT_READ
        self.changed: deque[Connection] = deque()
        """Connections that are new, or that a thread has begun to serve."""
        super().__init__(
            app,
            map=self._sockets,
            host=host,
            port=port,
            threads=THREADS,
            ident=None,
            max_request_body_size=max_body_bytes + 1,  # waitress refuses this length, too.
            max_request_header_size=MAX_HEAD_BYTES,
            inbuf_overflow=max_body_bytes + 1,  # In memory, which drop_overdue bounds; not on disk.
            # Reached only if so many whole requests wait for a thread. Then clients have to wait.
            connection_limit=MAX_CONNECTIONS + 100,
            log_socket_errors=False,
            expose_tracebacks=False,
            clear_untrusted_proxy_headers=False,  # The app reads them, in one place.
        )
        for number, one in self._sockets.items():  # The port, and what wakes the loop.
            self._selector.register(number, EVENT_READ, one)

    def serve_until(self, stopping: Event) -> None:
        """Serve until the event is set; then close the port and finish requests in progress."""
        while not stopping.is_set():
            self.run_once(self.adj.asyncore_loop_timeout)
        self.asyncore.dispatcher.close(self)
        deadline = time.time() + _FINISH_SECONDS
        while self._has_work() and time.time() < deadline:
            self.run_once(0.1)
        for dispatcher in (self.task_dispatcher, self._health):
            dispatcher.shutdown(timeout=max(0.0, deadline - time.time()))

    def _has_work(self) -> bool:
        connections = list(self.active_channels.values())
        return any(one.requests or one.total_outbufs_len for one in connections)

    def run_once(self, seconds: float) -> None:
        """Run the main loop once, waiting for the sockets at most `seconds`.

        waitress's own loop asks every connection at every turn what it waits for.
        """
        self._update_changed()
        now = time.time()
        is_crowded = len(self.active_channels) > MAX_CONNECTIONS
        is_full = self._buffered_bytes > self._max_buffered_bytes
        if is_crowded or is_full or now >= self._next_check:
            self.drop_overdue(now)
        self._register(self, EVENT_READ if self.readable() else 0)
        for key, events in self._selector.select(seconds):
            self._handle(key.data, events)

    def drop_overdue(self, now: float) -> None:
        """Drop connections past their deadline, then the oldest while there are too many.

        While they buffer too many bytes, the oldest of those that buffer any are dropped.
        """
        connections = list(self.active_channels.values())
        too_many = len(connections) - MAX_CONNECTIONS
        too_much = sum(one.buffered_bytes for one in connections) - self._max_buffered_bytes
        waiting = (one for one in connections if one.is_waiting)
        for one in sorted(waiting, key=lambda one: one.deadline):
            buffered = one.buffered_bytes
            if one.deadline <= now or too_many > 0 or (too_much > 0 and buffered):
                too_many -= 1
                too_much -= buffered
                one.drop()
        self._next_check = now + _CHECK_SECONDS

    def _handle(self, one: Any, events: int) -> None:
        if not isinstance(one, Connection):
            self.asyncore.read(one)
            return
        wanted = one.wanted_events & events
        if wanted & EVENT_READ:
            self.asyncore.read(one)
        if wanted & EVENT_WRITE and one.is_open:
            self.asyncore.write(one)
        if not wanted:  # A thread is busy with it: what arrives meanwhile has to wait.
            self._register(one, 0)
        self._update(one)

    def _update_changed(self) -> None:
        while self.changed:
            self._busy.add(self.changed.popleft())
        for one in list(self._busy):
            if one.is_idle:
                self._busy.discard(one)
                self._update(one)

    def _update(self, one: Connection) -> None:
        """Wait for the events that a connection wants now, and count what it buffers."""
        if not one.is_open:
            return
        if wanted := one.wanted_events:
            self._register(one, wanted)
        # Else a thread is busy with it. Most clients send nothing then, so it stays registered.
        buffered = one.buffered_bytes
        self._buffered_bytes += buffered - one.counted_bytes
        one.counted_bytes = buffered

    def _register(self, one: Any, wanted: int) -> None:
        if one.registered_events == wanted:
            return
        if not wanted:
            self._selector.unregister(one.socket)
        elif not one.registered_events:
            self._selector.register(one.socket, wanted, one)
        else:
            self._selector.modify(one.socket, wanted, one)
        one.registered_events = wanted

    def forget(self, one: Connection) -> None:
        """Remove a connection that is about to be closed."""
        self._register(one, 0)
        self._buffered_bytes -= one.counted_bytes
        one.counted_bytes = 0
        self._busy.discard(one)

    def del_channel(self, sockets: Any = None) -> None:
        """Stop accepting connections."""
        self._register(self, 0)
        super().del_channel(sockets)

    def add_task(self, task: Any) -> None:
        """Have a thread respond to the first request of a connection.

        `/healthz` shows that the process lives even when every other thread waits for the database.
        """
        is_health = getattr(task.requests[0], "path", "") == HEALTH
        (self._health if is_health else self.task_dispatcher).add_task(task)

    def report_refused(self, request: Any, status: int, address: Any) -> None:
        """Report a webhook that was refused before the app saw it."""
        # A request that is too broken has no path.
        if self._on_refused is not None and getattr(request, "path", "") == WEBHOOK:
            forwarded = request.headers.get("X_FORWARDED_FOR", "")
            client = client_address(str(address[0]), forwarded, self._proxies)
            self._on_refused(status, client, request.headers)


def serve(settings: Settings, host: str | None = None) -> None:
    """Serve on `host` and the PORT of the environment until SIGTERM or SIGINT.

    Raises SettingsError if the database has another schema or the port can't be opened.
    """
    _prepare(Database(settings.database_url.get_secret_value()))
    app = create_app(settings)
    # On all addresses if PORT is set, as platforms do; else on loopback.
    default_host = "0.0.0.0" if os.environ.get("PORT", "").strip() else "127.0.0.1"  # noqa: S104
    server = _listening(app, settings, host or default_host)
    stopping = _stop_signals(server.pull_trigger)
    worker, watch = app.extensions["brightsheet"], app.extensions["brightsheet_watch"]
    refusals = app.extensions["brightsheet_refusal_counter"]
    if settings.worker == "embedded":
        worker.start()
    if settings.alert_urls:
        watch.start()
    server.serve_until(stopping)
    until = time.monotonic() + _STOP_SECONDS
    watch.stop()
    refusals.stop(_STOP_COUNTER_SECONDS)
    worker.stop(until - time.monotonic())


def _listening(app: Any, settings: Settings, host: str) -> Server:
    # This logger warns whenever a request waits for a thread.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        on_refused = app.extensions["brightsheet_refused"]
        max_body_bytes, proxies = settings.max_body_bytes, settings.trusted_proxies
        server = Server(app, host, settings.port, max_body_bytes, on_refused, proxies)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no such address"
        problem = f"{host}:{settings.port} cannot be listened on ({why})."
        raise SettingsError("PORT", problem) from None
    _log.info("listening", host=host, port=int(server.effective_port))
    return server


def _stop_signals(wake: Callable[[], None]) -> Event:
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

    An unreachable database doesn't prevent the start: it may come back, and until then webhooks are
    answered 503. Raises SettingsError if the schema isn't this version's.
    """
    try:
        database.prepare()
    except Retryable as error:
        _log.error("unavailable", reason=error.reason, message=error.message)
        if database.is_sqlite:
            Thread(target=_upgrade_once_possible, args=(database,), daemon=True).start()
            return
    database.close()


def _upgrade_once_possible(database: Database) -> None:
    """Upgrade as soon as the disk, which was full at the start, has room again."""
    while True:
        time.sleep(_UPGRADE_SECONDS)
        with suppress(Retryable):
            database.upgrade()
            database.close()
            return
