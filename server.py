"""Serves the receiver with waitress: one process whose threads get whole requests only.

To waitress's server are added a rule for which connection to drop when there are too many, and a
main loop that looks only at connections at which something happened. `connections.py` has what is
added to a single connection. Decision 0007 says why.
"""

import logging
import os
import signal
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from threading import Event, Thread
from typing import Any

import structlog
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from app import HEALTH, WEBHOOK, client_address, create_app
from connections import MOST_HEAD, Connection
from sync.errors import BrightsheetError, SettingsError
from sync.settings.environment import Settings
from sync.store import Database

THREADS = 16
"""They wait for the database most of the time. Health, which asks none, has a thread of its own."""
MOST_CONNECTIONS = 500
"""Beyond that, the connection that has waited longest is dropped."""
MOST_BYTES = 64 * 1024 * 1024
"""Of requests and answers in memory; or eight bodies of the largest size, if that is more."""
_FINISH_SECONDS = 5.0
_STOP_SECONDS = 4.0
_STOP_TALLY_SECONDS = 1.0
"""Of them at most: a database that is away must not take the worker's time."""
_UPGRADE_SECONDS = 3.0
_CHECK_SECONDS = 1.0
"""Between two looks for connections that waited too long."""

_log = structlog.get_logger()


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
        proxies: int = 0,
    ) -> None:
        """Listen; `most_body` is the size limit of a body, in bytes; `proxies` stand before.

        `note` is called for each webhook that is refused here, with status and sender's address.

        Raises OSError if the port cannot be opened, ValueError if `host` is not an address.
        """
        self._sockets: dict[int, Any] = {}
        self._note = note
        self._proxies = proxies
        self._selector = DefaultSelector()
        self._unsettled: set[Connection] = set()  # As far as the loop has seen `changed`.
        self._most_bytes = max(MOST_BYTES, 8 * most_body)
        self._held = 0
        self._check_at = 0.0
        self._health = ThreadedTaskDispatcher()
        self._health.set_thread_count(1)
        self.awaited = EVENT_READ
        self.changed: deque[Connection] = deque()
        """Connections that are new, or that a thread has begun to answer."""
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
            clear_untrusted_proxy_headers=False,  # The application reads them, in one place.
        )
        for number, one in self._sockets.items():  # The port, and what threads wake the loop with.
            self._selector.register(number, EVENT_READ, one)

    def add_task(self, task: Any) -> None:
        """Have a thread answer the first request of a connection.

        Where webhooks wait for the database in every thread, the process is still alive.
        """
        is_health = getattr(task.requests[0], "path", "") == HEALTH
        (self._health if is_health else self.task_dispatcher).add_task(task)

    def note(self, refused: Any, status: int, address: Any) -> None:
        """Pass on that a webhook was refused before the application saw it."""
        # A request that is too broken has no path.
        if self._note is not None and getattr(refused, "path", "") == WEBHOOK:
            forwarded = refused.headers.get("X_FORWARDED_FOR", "")
            self._note(status, client_address(str(address[0]), forwarded, self._proxies))

    def drop_overdue(self, now: float) -> None:
        """Drop connections that waited too long, or longest if there are too many or too large."""
        connections = list(self.active_channels.values())
        too_many = len(connections) - MOST_CONNECTIONS
        too_much = sum(one.held for one in connections) - self._most_bytes
        waiting = (one for one in connections if not one.requests)
        for one in sorted(waiting, key=lambda one: one.deadline):
            if one.deadline > now and too_many <= 0 and too_much <= 0:
                break
            too_many -= 1
            too_much -= one.held
            one.drop()
        self._check_at = now + _CHECK_SECONDS

    def serve_until(self, stopping: Event) -> None:
        """Serve until the event is set; then close the port and finish requests in progress."""
        while not stopping.is_set():
            self.turn(self.adj.asyncore_loop_timeout)
        self.asyncore.dispatcher.close(self)
        deadline = time.time() + _FINISH_SECONDS
        while self._is_busy() and time.time() < deadline:
            self.turn(0.1)
        for dispatcher in (self.task_dispatcher, self._health):
            dispatcher.shutdown(timeout=max(0.0, deadline - time.time()))

    def turn(self, seconds: float) -> None:
        """Run the main loop once, waiting for the sockets at most `seconds`.

        waitress's own loop asks every connection at every turn what it waits for.
        """
        self._settle_changed()
        now = time.time()
        if self._is_crowded() or now >= self._check_at:
            self.drop_overdue(now)
        self._await(self, EVENT_READ if self.readable() else 0)
        for key, events in self._selector.select(seconds):
            self._handle(key.data, events)

    def _handle(self, one: Any, events: int) -> None:
        if not isinstance(one, Connection):
            self.asyncore.read(one)
            return
        wanted = one.wanted & events
        if wanted & EVENT_READ:
            self.asyncore.read(one)
        if wanted & EVENT_WRITE and one.is_open:
            self.asyncore.write(one)
        if not wanted:  # It is being answered: what arrives meanwhile has to wait.
            self._await(one, 0)
        self._settle(one)

    def _settle_changed(self) -> None:
        while self.changed:
            self._unsettled.add(self.changed.popleft())
        for one in list(self._unsettled):
            if one.is_settled:
                self._unsettled.discard(one)
                self._settle(one)

    def _settle(self, one: Connection) -> None:
        """Wait for what a connection wants by now, and count what it holds."""
        if not one.is_open:
            return
        if wanted := one.wanted:
            self._await(one, wanted)
        # Else it is being answered: most clients send nothing then, so it stays registered.
        held = one.held
        self._held += held - one.counted
        one.counted = held

    def _await(self, one: Any, wanted: int) -> None:
        if one.awaited == wanted:
            return
        if not wanted:
            self._selector.unregister(one.socket)
        elif not one.awaited:
            self._selector.register(one.socket, wanted, one)
        else:
            self._selector.modify(one.socket, wanted, one)
        one.awaited = wanted

    def leave(self, one: Connection) -> None:
        """Forget a connection, which is about to be closed."""
        self._await(one, 0)
        self._held -= one.counted
        one.counted = 0
        self._unsettled.discard(one)

    def del_channel(self, sockets: Any = None) -> None:
        """Stop to accept connections."""
        self._await(self, 0)
        super().del_channel(sockets)

    def _is_crowded(self) -> bool:
        return len(self.active_channels) > MOST_CONNECTIONS or self._held > self._most_bytes

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
        most, proxies = settings.max_body_bytes, settings.trusted_proxies
        server = Server(app, host, settings.port, most, note, proxies)
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
