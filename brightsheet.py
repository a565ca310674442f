"""The command line."""

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import NoReturn
from uuid import UUID

import click
from rich.console import Console
from rich.progress import Progress, TaskID

from demo import commands as trial
from sync.commands.doctor import doctor
from sync.commands.google import auth_group
from sync.errors import BrightsheetError, SettingsError
from sync.jobs import detail_list, milestone_list, status_list
from sync.ops import logs
from sync.settings.environment import database_url, google_id, load
from sync.setup import Setup
from sync.status import compare as sheet
from sync.status import deliveries as what_came
from sync.store import Database, Documents
from sync.store.deliveries import Deliveries, Wanted
from sync.webhooks.schema import Outcome
from sync.wiring import Wiring
from sync.wiring import opened as _opened
from sync.worker import Worker, link_cli, map_cli
from sync.worker.backfill_command import BackfillCommand

_STOP_SECONDS = 8.0
NOT_WELL = 3
"""Exit status of a comparison that found that not all is well."""
SPREADSHEET_PAGE = "https://docs.google.com/spreadsheets/d/{}/edit"

_out = Console()


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
    *(doctor, auth_group, map_cli.map_tabs, link_cli.link_rows),
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
    settings, database = _opened()
    running = Worker(settings, database)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    running.start()
    stop.wait()
    running.stop(_STOP_SECONDS)


def _since(text: str) -> float:
    try:
        return what_came.moment(text, datetime.now(UTC))
    except (ValueError, OverflowError):
        raise click.BadParameter("say a date like 2026-03-31, or how long ago: 2d, 3h") from None


@cli.group(invoke_without_command=True)
@click.option("--outcome", type=click.Choice([one.value for one in Outcome]))
@click.option("--site", default="", help="Of this job: its site ID, or the beginning of it.")
@click.option(
    "--since", type=_since, metavar="WHEN", help="A date (UTC), or how long ago: 2d, 3h, 30m."
)
@click.option("--reason", default="", help="Refused for this reason, like missing_site.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with the body.")
@click.option("--unmask", is_flag=True, help="Show personal data, too.")
@click.pass_context
def deliveries(
    context: click.Context,
    outcome: str | None,
    site: str,
    since: float | None,
    reason: str,
    limit: int,
    as_json: bool,
    unmask: bool,
) -> None:
    """List what was received, newest first; without a filter also what failed or was refused."""
    if context.invoked_subcommand:
        return
    settings, database = _opened()
    wanted = Wanted(Outcome(outcome) if outcome else None, site, reason, since)
    kept = Deliveries(database).newest(limit, wanted)
    refused = what_came.refused(Wiring(settings, database).refusals.latest, wanted)
    if as_json:
        told = [what_came.as_json(one, unmasked=unmask) for one in kept]
        _echo(map(json.dumps, [*told, *map(what_came.refused_as_json, refused)]))
        return
    _echo(what_came.lines(kept))
    _echo(what_came.refused_lines(refused))
    if wanted == Wanted():
        troubled = Documents(database, settings.lease_seconds).troubled(limit)
        _echo(what_came.troubled_lines(troubled, unmasked=unmask))


@deliveries.command()
@click.argument("id")
@click.option("--unmask", is_flag=True, help="Show personal data, too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def show(id: str, unmask: bool, as_json: bool) -> None:  # noqa: A002 - the argument's name
    """Show one delivery with its body; the beginning of its ID is enough."""
    _, database = _opened()
    kept = what_came.found(database, id)
    if as_json:
        click.echo(json.dumps(what_came.as_json(kept, unmasked=unmask)))
    else:
        click.echo(what_came.shown(kept, unmasked=unmask))


@cli.command()
@click.argument("id", required=False)
@click.option("--all", "everything", is_flag=True, help="Everything that was rejected or given up.")
def retry(id: str | None, everything: bool) -> None:  # noqa: A002 - the argument's name
    """Try again: a rejected delivery or a document that was given up, by its ID, or --all."""
    if bool(id) == everything:
        raise click.UsageError("Give an id, or --all.")
    again = what_came.Retry(*_opened())
    _echo(again.one(id) if id else again.everything())


@cli.command()
def init() -> None:
    """Set up a spreadsheet and a Drive folder; run it again at any time."""
    _log(logging.WARNING)
    settings, database = _opened(needs_spreadsheet=False)
    setup = Setup(settings, database, time.sleep)
    folder, is_new_folder = setup.folder()
    spreadsheet, is_new = setup.spreadsheet(folder)
    for name, found, made in (
        ("DRIVE_FOLDER_ID", folder, is_new_folder),
        ("SPREADSHEET_ID", spreadsheet, is_new),
    ):
        if made:
            click.echo(f"{name} was not set. Made one. Set it:")
        click.echo(f"{name}={found}" if found else f"{name} is not set: no copies of documents.")
    lines = setup.provision(spreadsheet)
    _echo(lines or ["Nothing to do: all is there."])
    if settings.spreadsheet_id:
        _echo(sheet.rowless_notice(Wiring(settings, database), time.sleep))


@cli.command()
@click.option("--into", help="Id or address of an empty spreadsheet; one is made without it.")
def rebuild(into: str | None) -> None:
    """Fill a new spreadsheet with every job there is, and write that one from now on."""
    _log(logging.WARNING)
    settings, database = _opened()
    setup = Setup(settings, database, time.sleep)
    spreadsheet = google_id("--into", into) if into else setup.new_spreadsheet(setup.folder()[0])
    click.echo(f"Filling {SPREADSHEET_PAGE.format(spreadsheet)}")
    with Progress(console=_out) as progress:
        task = progress.add_task("Jobs", total=None)
        count = setup.fill(
            spreadsheet, lambda done, total: progress.update(task, completed=done, total=total)
        )
    click.echo(f"{count} jobs. Set SPREADSHEET_ID={spreadsheet} and restart the worker.")


@cli.command()
@click.option("--restore", is_flag=True, help="List the jobs without a row.")
@click.option("--write", is_flag=True, help="With --restore: bring their rows back.")
@click.option(
    "--site", default="", help="With --restore: only this job; its ID or the beginning of it."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def compare(restore: bool, write: bool, site: str, as_json: bool) -> None:
    """Compare the whole sheet with what came; the worker writes what differs.

    Exit status 0 if the sheet shows everything that came, 3 if it does not, 1 if it could not be
    compared.
    """
    if (write or site) and not restore:
        raise click.UsageError("--write and --site go with --restore.")
    _log(logging.WARNING)
    wiring = Wiring(*_opened())
    found = sheet.compare(wiring, time.sleep)
    if write:
        count = sheet.restore(wiring, time.sleep, found.rowless_of(site))
        click.echo(f"Rows brought back: {count}", err=as_json)
        found = sheet.compare(wiring, time.sleep)
    if as_json:
        click.echo(json.dumps(sheet.as_json(found)))
    else:
        _echo(
            sheet.restore_lines(found.rowless_of(site))
            if restore and not write
            else sheet.lines(found)
        )
    sys.exit(0 if found.is_well else NOT_WELL)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def milestones(as_json: bool) -> None:
    """Print the milestones of all jobs as [[milestones]] for the config, in their order."""
    settings, database = _opened()
    pending = Wiring(settings, database).sheet_store().pending
    jobs = (one.job for one in pending.every())
    found = milestone_list.entries(settings.config, jobs)
    if as_json:
        for one in found:
            click.echo(one.model_dump_json())
    elif found:
        click.echo(milestone_list.toml(found))
    else:
        click.echo("No job has reached a milestone yet.", err=True)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
def statuses(as_json: bool) -> None:
    """Print the statuses that came as [statuses] for the config, with what they may mean."""
    settings, database = _opened()
    pending = Wiring(settings, database).sheet_store().pending
    found = status_list.entries(settings.config, (one.job for one in pending.every()))
    lines = [one.model_dump_json() for one in found] if as_json else [status_list.toml(found)]
    for line in lines:
        click.echo(line)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
def details(as_json: bool) -> None:
    """Print which metrics of EverBright's Data Access Layer this account has."""
    found = Wiring(*_opened()).detail_entries()
    _echo(one.model_dump_json() if as_json else detail_list.text(one) for one in found)
    if not found:
        click.echo("No column is filled from there: see [[columns]] in the config.", err=True)


@cli.command()
@click.option("--site", type=click.UUID, help="This job alone.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Jobs that changed since a day.")
@click.option(
    "--csv",
    "report",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="EverBright's Milestones report, where there is no access to the API.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, and no progress.")
def backfill(site: UUID | None, since: datetime | None, report: Path | None, as_json: bool) -> None:
    """Read jobs back from EverBright; what its webhooks did not bring goes into the inbox.

    Killed, it goes on where it was when it is run again.
    """
    if sum(bool(one) for one in (site, since, report)) > 1:
        raise click.UsageError("Give one of --site, --since and --csv.")
    _log(logging.WARNING)
    wiring = Wiring(*_opened(needs_spreadsheet=False))
    command = BackfillCommand(wiring, time.sleep)
    if report:
        summary = command.report(report)
    elif site:
        summary = command.one(str(site))
    else:
        with Progress(console=Console(stderr=True), disable=as_json) as progress:
            day = since.replace(tzinfo=UTC) if since else None
            summary = command.every(day, _shown_in(progress))
    click.echo(json.dumps(summary.as_json()) if as_json else summary.text())
    sys.exit(0 if summary.is_complete else 1)


@cli.group()
def db() -> None:
    """Commands for the database."""


@db.command()
def upgrade() -> None:
    """Bring the schema up to date."""
    Database(database_url(os.environ)).upgrade()
    click.echo("The database is up to date.")


def _echo(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _shown_in(progress: Progress) -> Callable[[str, int, int | None], None]:
    """Return a callback that shows in bars how many of what are done, and of how many."""
    bars: dict[str, TaskID] = {}

    def show(what: str, done: int, total: int | None) -> None:
        if what not in bars:
            bars[what] = progress.add_task(what.title(), total=None)
        progress.update(bars[what], completed=done, total=total)

    return show


if __name__ == "__main__":
    main()
