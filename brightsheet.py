"""The command line."""

import logging
import os
import signal
import sys
from threading import Event
from typing import NoReturn

import click

from demo import commands as trial
from sync.commands import backfill, deliveries, lists, sheet
from sync.commands.doctor import doctor
from sync.commands.google import auth_group
from sync.commands.link import link_rows
from sync.commands.map import map_tabs
from sync.errors import BrightsheetError, SettingsError
from sync.ops import logs
from sync.settings.environment import database_url, load
from sync.store import Database
from sync.wiring import opened
from sync.worker import Worker

_STOP_SECONDS = 8.0


def main() -> None:
    """Run a command; an error is one line on standard error."""
    try:
        cli(standalone_mode=True)
    except SettingsError as error:
        _fail(error.message, 2)
    except BrightsheetError as error:
        _fail(error.message, 1)


def _fail(message: str, status: int) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(status)


def _log(least: int = logging.INFO) -> None:
    # Before the settings are read: reading them may log, and checks what LOG_FORMAT is.
    logs.configure(least, for_people=os.environ.get("LOG_FORMAT", "").strip() == "console")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="brightsheet")
def cli() -> None:
    """Keep a Google Sheet true to EverBright."""


_COMMANDS = (
    *(trial.demo, trial.emulator, trial.send),
    *(doctor, auth_group, map_tabs, link_rows),
    *(deliveries.deliveries, deliveries.retry),
    *(sheet.init, sheet.rebuild, sheet.compare),
    *(lists.milestones, lists.statuses, lists.details, backfill.backfill),
)
for _command in _COMMANDS:
    cli.add_command(_command)


@cli.command()
@click.option("--host", help="Address to listen on. [default: 0.0.0.0 with PORT, else 127.0.0.1]")
def serve(host: str | None) -> None:
    """Receive webhooks on PORT (8000), and write the sheet unless WORKER=separate."""
    from server import serve as serve_until_stopped

    _log()
    serve_until_stopped(load(os.environ), host)


@cli.command()
def worker() -> None:
    """Write the sheet, in a process of its own (set WORKER=separate for the receiver)."""
    _log()
    settings, database = opened()
    running = Worker(settings, database)
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


if __name__ == "__main__":
    main()
