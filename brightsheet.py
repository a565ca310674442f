"""The command line."""

import ctypes
import io
import logging
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from threading import Event
from typing import NoReturn

import click
import structlog
from dotenv import dotenv_values

import compose
from sync.commands import backfill, sheet, stored
from sync.commands.doctor import doctor
from sync.commands.google import auth_group
from sync.errors import BrightsheetError, SettingsError
from sync.ops import logs
from sync.settings.config_file import VERSION
from sync.settings.environment import SQLITE_FILE, database_url, load
from sync.store import Database
from sync.wiring import opened
from sync.worker import Worker

_STOP_SECONDS = 8.0
_CHECKOUT = Path(__file__).parent
_NO_ENV_FILE = (
    " Settings are read from the environment, and from a .env file in the current folder, which "
    "doesn't exist."
)
_MMAP_THRESHOLD = -3
"""The number of this option in malloc.h."""
_LARGE_BLOCK = 128 * 1024
"""Bytes: glibc's initial value. Once it is set, it stays."""


def main() -> None:
    """Run a command; an error is one line on standard error."""
    has_env_file = True
    try:
        has_env_file = _read_env_file()
        cli(standalone_mode=True)
    except SettingsError as error:
        hint = _NO_ENV_FILE if error.is_missing and not has_env_file else ""
        _fail(error.message + hint, 2)
    except BrightsheetError as error:
        _fail(error.message, 1)


def _read_env_file() -> bool:
    """Add the settings in a `.env` file to the environment; return whether there is one.

    It is in the current folder, or beside the code. ENV_FILE names another, or none if it is blank.
    Raises SettingsError.
    """
    named = os.environ.get("ENV_FILE")
    if named == "":
        return False
    if named:
        values = _env_values(Path(named))
        if values is None:
            fix = "names no file. Set it to the path of one, or unset it."
            raise SettingsError("ENV_FILE", fix)
    else:
        values = _env_values(Path.cwd() / ".env")
        if values is None:
            values = _env_values_beside_code()
    for name, value in (values or {}).items():
        os.environ.setdefault(name, value or "")
    return values is not None


def _env_values(path: Path) -> dict[str, str | None] | None:
    """Return the settings in a file; None if there is none. Raises SettingsError."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise SettingsError(str(path), f"cannot be read ({why}).") from None
    return dotenv_values(stream=io.StringIO(text), interpolate=False)


def _env_values_beside_code() -> dict[str, str | None] | None:
    values = _env_values(_CHECKOUT / ".env")
    if values is not None:
        # Cron starts elsewhere, and a file created there would be an empty database. Not so for
        # ENV_FILE: systemd reads the same file, and takes a relative path in its WorkingDirectory.
        url = values.get("DATABASE_URL") or SQLITE_FILE
        if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
            values["DATABASE_URL"] = f"sqlite:///{_CHECKOUT / url.removeprefix('sqlite:///')}"
        if config := (values.get("CONFIG_FILE") or "").strip():
            values["CONFIG_FILE"] = str(_CHECKOUT / config)
    return values


def _fail(message: str, status: int) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(status)


def _give_back_memory() -> None:
    """Make glibc return freed bodies and documents to the system.

    Once one is freed, glibc keeps blocks of its size in each thread: after 1,600 bodies of 1 MB the
    receiver held 590 MiB more, and with this 100.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE_BLOCK)


def _log_events() -> None:
    # Before the settings are read, because reading them may log and checks LOG_FORMAT.
    logs.configure(for_people=os.environ.get("LOG_FORMAT", "").strip() == "console")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION)
def cli() -> None:
    """Keep a Google Sheet in sync with EverBright."""
    logs.configure(logging.WARNING)


@cli.command()
@click.option("--host", help="Address to listen on. [default: 0.0.0.0 with PORT, else 127.0.0.1]")
def serve(host: str | None) -> None:
    """Receive webhooks on PORT (8000), and update the sheet unless WORKER=separate."""
    from server import serve as serve_until_stopped

    _log_events()
    _give_back_memory()
    serve_until_stopped(load(os.environ), host)


@cli.command()
def worker() -> None:
    """Update the sheet from a separate process (set WORKER=separate for the receiver)."""
    _log_events()
    _give_back_memory()
    wiring = opened()
    if wiring.settings.worker == "embedded":
        text = "The receiver runs a worker, too: WORKER isn't separate. Either may write the sheet."
        structlog.get_logger().warning("second_worker", message=text)
    running = Worker(wiring)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    running.start()
    stop.wait()
    running.stop(_STOP_SECONDS)


@cli.group()
def db() -> None:
    """Commands for the database."""


@db.command()
def upgrade() -> None:
    """Bring the schema up to date."""
    Database(database_url(os.environ)).upgrade()
    click.echo("The database is up to date.")


_COMMANDS = (
    *(doctor, auth_group, *compose.commands()),
    *(stored.deliveries, stored.retry, stored.forget),
    *(sheet.init, sheet.rebuild, sheet.takeover, sheet.compare),
    *(stored.milestones, stored.statuses, stored.details, backfill.backfill),
)
for _command in _COMMANDS:
    cli.add_command(_command)

if (_CHECKOUT / "demo").is_dir():
    # So that a command started elsewhere finds the demo and the emulator, too.
    sys.path.append(str(_CHECKOUT))
    _demo, _emulator = import_module("demo.commands"), import_module("emulator.command")
    for _command in (_demo.demo, _demo.send, _emulator.emulator):
        cli.add_command(_command)


if __name__ == "__main__":
    main()
