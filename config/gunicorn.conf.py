"""How gunicorn runs the receiver. One process with threads: its work is to wait for the store."""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

sys.path.insert(0, str(Path.cwd()))

from config.gathering import GatheringWorker
from sync.errors import BrightsheetError, SettingsError
from sync.ops.logs import configure
from sync.settings.environment import load
from sync.store import Database

worker_class = GatheringWorker
threads = 8
timeout = 60
graceful_timeout = 5
control_socket_disable = True

_STOP_SECONDS = 4.0
_UPGRADE_SECONDS = 3.0
_lacks_schema = Event()


def _stop(error: SettingsError) -> None:
    print(error, file=sys.stderr)  # noqa: T201 - one line for whoever starts it
    sys.exit(2)


configure()
try:
    _settings = load(os.environ)
except SettingsError as _error:
    _stop(_error)
GatheringWorker.most_body = _settings.max_body_bytes
bind = f"0.0.0.0:{_settings.port}" if "PORT" in os.environ else f"127.0.0.1:{_settings.port}"


def on_starting(_server: Any) -> None:
    """Make the schema where that is ours to do; without it nothing could be kept."""
    database = Database(_settings.database_url.get_secret_value())
    try:
        if database.is_sqlite:
            database.upgrade()
        elif not database.is_current():
            mend = "has not the schema of this version. Run: brightsheet db upgrade"
            _stop(SettingsError("DATABASE_URL", f"the database {mend}"))
    except BrightsheetError as error:
        # It may come back: until then senders are answered 503.
        print(error, file=sys.stderr)  # noqa: T201
        if database.is_sqlite:
            _lacks_schema.set()
    finally:
        database.close()


def _upgrade_once_possible(database: Database) -> None:
    """A disk that was full at the start would else leave the file without tables for ever."""
    while True:
        with suppress(BrightsheetError):
            database.upgrade()
            return
        time.sleep(_UPGRADE_SECONDS)


def post_worker_init(worker: Any) -> None:
    """Start the embedded worker, in the process that serves."""
    if _lacks_schema.is_set():
        database = Database(_settings.database_url.get_secret_value())
        Thread(target=_upgrade_once_possible, args=(database,), daemon=True).start()
    if _settings.worker == "embedded":
        worker.wsgi.extensions["brightsheet"].start()


def worker_exit(_server: Any, worker: Any) -> None:
    """End it with the process; whatever it cannot end in time is found again in the store."""
    app = getattr(worker, "wsgi", None)
    if app is not None:
        app.extensions["brightsheet"].stop(_STOP_SECONDS)
