"""Runs the processes: the receiver behind waitress, and the worker."""

import os
import resource
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

import structlog
from waitress.server import create_server

from app import create_app
from sync.alerts.watch import Watch
from sync.boards.tabs import office_tabs
from sync.core.database import Database
from sync.core.store import Store
from sync.core.worker import Worker
from sync.errors import Retryable, SettingsError
from sync.settings.environment import Settings

_THREADS = 16
"""They wait for the database most of the time."""
_CONNECTIONS = 900
"""Beyond that, new ones wait. Each may have a second open file, for a body over 512 KB."""
_OPEN_FILES = 4096
"""The usual limit of 1,024 can be raised without privileges, and isn't enough for that."""
_IDLE_SECONDS = 30
"""Without a byte in either direction, until a connection is closed."""
_STOP_SECONDS = 4.0

_log = structlog.get_logger()


def prepare(settings: Settings) -> Database:
    """Return the database with its tables.

    One that doesn't answer doesn't stop the start: until it is back, webhooks are answered 503.
    """
    database = Database(settings.database_url.get_secret_value())
    try:
        Store(database).prepare()
    except Retryable as error:
        _log.error("unavailable", reason=error.reason, message=error.message)
    return database


def serve(settings: Settings, host: str | None = None) -> None:
    """Serve until SIGTERM or SIGINT. Raises SettingsError if the port can't be opened."""
    _raise_file_limit()
    database = prepare(settings)
    worker = Worker(settings, database, office_tabs)
    # On all addresses if PORT is set, as platforms do; else on loopback.
    host = host or ("0.0.0.0" if os.environ.get("PORT", "").strip() else "127.0.0.1")  # noqa: S104
    try:
        server = create_server(
            create_app(settings, database, worker.wake),
            host=host,
            port=settings.port,
            threads=_THREADS,
            ident=None,
            connection_limit=_CONNECTIONS,
            asyncore_use_poll=True,  # `select` fails with more than 1,024 open files.
            channel_timeout=_IDLE_SECONDS,
            cleanup_interval=5,
            # The app refuses what is over its own limit, and lists it; this is where reading ends.
            max_request_body_size=4 * settings.max_body_bytes,
            log_socket_errors=False,
            clear_untrusted_proxy_headers=False,  # The app reads them, in one place.
        )
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no such address"
        text = f"PORT: {host}:{settings.port} cannot be listened on ({why})."
        raise SettingsError(text) from None
    _log.info("listening", host=host, port=server.effective_port)
    # At the end, it finishes the requests in progress.
    _run(settings, database, worker, server.run, writes=settings.worker == "embedded")


def work(settings: Settings) -> None:
    """Write the sheet until SIGTERM or SIGINT."""
    database = prepare(settings)
    if settings.worker == "embedded":
        text = "The receiver writes the sheet, too: WORKER isn't separate. Either may write it."
        _log.warning("second_worker", message=text)
    worker = Worker(settings, database, office_tabs)
    _run(settings, database, worker, _sleep, writes=True)


def _run(
    settings: Settings,
    database: Database,
    worker: Worker,
    loop: Callable[[], object],
    *,
    writes: bool,
) -> None:
    """Run a loop, the alerts, and the worker if it `writes`, until SIGTERM or SIGINT."""
    watch = Watch(settings, database)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    with suppress(SystemExit):
        if writes:
            worker.start()
        watch.start()
        loop()
    watch.stop()
    worker.stop(_STOP_SECONDS)


def _raise_file_limit() -> None:
    least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if most == resource.RLIM_INFINITY else min(_OPEN_FILES, most)
    if least != resource.RLIM_INFINITY and least < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _sleep() -> NoReturn:
    """Sleep in short turns: a signal that arrives just before a wait begins doesn't end it."""
    while True:
        time.sleep(1)


def _stop(*_: object) -> NoReturn:
    raise SystemExit  # The loop ends.
