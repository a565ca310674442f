"""The commands: serve, worker, doctor, db upgrade, auth google and map."""

import logging
import os
import sys
from pathlib import Path
from typing import NoReturn

import click
from dotenv import load_dotenv

import server
from sync.boards.command import map_command
from sync.checks.check import Check
from sync.checks.run import run_checks
from sync.commands.google import auth_group
from sync.core.database import Database
from sync.errors import BrightsheetError, SettingsError
from sync.ops import logs
from sync.settings.config_file import VERSION
from sync.settings.environment import database_url, load


def main() -> None:
    """Run a command; an error is one line on standard error."""
    file = os.environ.get("ENV_FILE", ".env")
    try:
        _read_env_file(file)
        cli()
    except SettingsError as error:
        hint = f"\nSettings are read from the environment, and from {file}, which isn't there."
        _fail(error.message + (hint if file and not Path(file).is_file() else ""), 2)
    except BrightsheetError as error:
        _fail(error.message, 1)


def _read_env_file(file: str) -> None:
    """Add the settings in a file, if it is there, to the environment. Raises SettingsError."""
    try:
        load_dotenv(file, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise SettingsError(f"{file}: cannot be read ({why}).") from None


def _fail(message: str, status: int) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(status)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION)
def cli() -> None:
    """Keep a Google Sheet in sync with EverBright."""
    logs.configure(logging.WARNING)


@cli.command()
@click.option("--host", help="Address to listen on. [default: 0.0.0.0 with PORT, else 127.0.0.1]")
def serve(host: str | None) -> None:
    """Receive webhooks on PORT (8000), and write the sheet unless WORKER=separate."""
    logs.configure()
    server.serve(load(os.environ), host)


@cli.command()
def worker() -> None:
    """Write the sheet from a separate process (set WORKER=separate for the receiver)."""
    logs.configure()
    server.work(load(os.environ))


@cli.group()
def db() -> None:
    """Commands for the database."""


@db.command()
def upgrade() -> None:
    """Bring the schema up to date."""
    Database(database_url(os.environ)).create()
    click.echo("The database is up to date.")


@cli.command()
def doctor() -> None:
    """Check the whole installation. The exit status is 1 if a check failed."""
    logs.configure(logging.CRITICAL)
    found = list[Check]()
    try:
        settings = load(os.environ)
        for check in run_checks(settings, Database(settings.database_url.get_secret_value())):
            click.echo(check.lines())
            found.append(check)
    except SettingsError as error:
        found = [Check("failed", error.message, title="Settings")]
        click.echo(found[0].lines())
    if any(check.fix for check in found):
        click.echo("After you change a setting, restart Brightsheet. Then run the checks again.")
    sys.exit(any(check.result == "failed" for check in found))


cli.add_command(auth_group)
cli.add_command(map_command)


if __name__ == "__main__":
    main()
