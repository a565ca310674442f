"""The command line: wires the receiver's worker, the emulator and the demo."""

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import NoReturn
from uuid import UUID

import click
import requests
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from sync.errors import BrightsheetError, Rejected, SettingsError
from sync.jobs import milestone_list
from sync.ops import logs
from sync.settings.environment import Settings, database_url, google_id, load
from sync.setup import Setup
from sync.store import Database, Documents, Inbox
from sync.webhooks import parse
from sync.webhooks.schema import Outcome
from sync.wiring import Wiring
from sync.worker import Worker
from sync.worker.backfill_command import BackfillCommand

_STOP_SECONDS = 8.0
_SEND_TIMEOUT = 30
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


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="brightsheet")
def cli() -> None:
    """Keep a Google Sheet true to EverBright."""


@cli.command()
@click.option("--once", is_flag=True, help="Check what stands in the sheet, and exit.")
@click.option("--port", default=8000, show_default=True, help="Of the receiver; 0 is any.")
@click.option("--emulator-port", default=8001, show_default=True, help="Of the emulator.")
def demo(once: bool, port: int, emulator_port: int) -> None:
    """See it work: made-up jobs, no account, nothing leaves this machine."""
    from demo.run import run

    sys.exit(run(_out, port=port, emulator_port=emulator_port, once=once))


@cli.command()
@click.option("--port", default=8001, show_default=True)
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Keep state here.")
@click.option(
    "--latency", help="Seconds an answer takes: 0.25, or median and 90th percentile 0.2,0.8."
)
@click.option("--limits/--no-limits", default=True, show_default=True, help="Google's quotas.")
def emulator(port: int, data: Path | None, latency: str | None, limits: bool) -> None:
    """Stand in for Google and EverBright on this machine."""
    from emulator import serve
    from emulator.latency import parse

    try:
        seconds = parse(latency) if latency else None
    except ValueError:
        raise click.BadParameter("say 0.25, or 0.2,0.8", param_hint="--latency") from None
    serve("127.0.0.1", port, data, latency=seconds, limits=limits)


@cli.command()
@click.option("--host", help="Address to listen on. [default: 0.0.0.0 with PORT, else 127.0.0.1]")
def serve(host: str | None) -> None:
    """Receive webhooks on PORT (8000), and keep the sheet unless WORKER=separate."""
    from server import serve as serve_until_stopped

    logs.configure()
    serve_until_stopped(load(os.environ), host)


@cli.command()
def worker() -> None:
    """Keep the sheet, apart from the receiver (set WORKER=separate there)."""
    logs.configure()
    settings, database = _opened()
    running = Worker(settings, database)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    running.start()
    stop.wait()
    running.stop(_STOP_SECONDS)


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="The receiver's.")
def send(file: Path, url: str) -> None:
    """Post a payload to a running receiver, with the first secret in WEBHOOK_SECRET."""
    # Not an option: every user of the machine can read what a command is called with.
    secret = os.environ.get("WEBHOOK_SECRET", "").partition(",")[0].strip()
    header = os.environ.get("WEBHOOK_SECRET_HEADER", "X-Webhook-Secret")
    headers = {"Content-Type": "application/json", header: secret}
    try:
        answer = requests.post(
            f"{url.rstrip('/')}/webhooks/everbright",
            data=file.read_bytes(),
            headers=headers,
            timeout=_SEND_TIMEOUT,
        )
    except requests.RequestException as error:
        _fail(f"No receiver answers at {url} ({type(error).__name__}).", 1)
    click.echo(f"{answer.status_code} {answer.text.strip()}")
    sys.exit(0 if answer.ok else 1)


@cli.command()
@click.option("--outcome", type=click.Choice([one.value for one in Outcome]))
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
def deliveries(outcome: str | None, limit: int, as_json: bool) -> None:
    """List what was received, newest first, and documents whose copy failed."""
    settings, database = _opened()
    kept = Inbox(database).recent(limit, Outcome(outcome) if outcome else None)
    rows = [
        (f"{one.received:%Y-%m-%d %H:%M:%S}", one.id, one.outcome, one.kind, one.site, one.reason)
        for one in kept
    ]
    names = ("received", "delivery", "outcome", "kind", "site", "reason")
    if as_json:
        for row in rows:
            click.echo(json.dumps(dict(zip(names, row, strict=True))))
        return
    _print_table(names, rows)
    troubled = Documents(database, settings.lease_seconds).troubled(limit)
    if troubled:
        _print_table(("document", "name", "state", "reason", "message"), troubled)


@cli.command()
@click.argument("id", required=False)
@click.option("--all", "everything", is_flag=True, help="All that was given up or rejected.")
def retry(id: str | None, everything: bool) -> None:  # noqa: A002 - the argument's name
    """Try again: a rejected delivery or a document that was given up, by its id, or --all."""
    if bool(id) == everything:
        raise click.UsageError("Name an id, or say --all.")
    settings, database = _opened()
    inbox = Inbox(database)
    documents = Documents(database, settings.lease_seconds)
    found = inbox.recent(10_000, Outcome.REJECTED) if everything else [inbox.find(str(id))]
    chosen = [one for one in found if one and one.body and one.outcome is Outcome.REJECTED]
    for one in chosen:
        try:
            outcome = inbox.readmit(one, parse.read(one.body, settings.config.webhooks)).value
        except Rejected as error:
            outcome = f"still rejected: {error.message}"
        click.echo(f"delivery {one.id}: {outcome}")
    count = documents.retry(None if everything else id)
    click.echo(f"documents: {count}")
    if not chosen and not count and not everything:
        _fail(f"Nothing that failed has the id {id}. See: brightsheet deliveries", 1)


@cli.command()
def init() -> None:
    """Set a spreadsheet and a Drive folder up; run it again at any time."""
    logs.configure(logging.WARNING)
    settings, database = _opened(needs_spreadsheet=False)
    setup = Setup(settings, database, time.sleep)
    folder, is_new_folder = setup.folder()
    spreadsheet, is_new = setup.spreadsheet(folder)
    for name, found, made in (
        ("DRIVE_FOLDER_ID", folder, is_new_folder),
        ("SPREADSHEET_ID", spreadsheet, is_new),
    ):
        if made:
            click.echo(f"{name} was not set. Made one; set it:")
        click.echo(f"{name}={found}" if found else f"{name} is not set: no copies of documents.")
    lines = setup.provision(spreadsheet)
    for line in lines or ["Nothing to do: all is there."]:
        click.echo(line)


@cli.command()
@click.option("--into", help="Id or address of an empty spreadsheet; one is made without it.")
def rebuild(into: str | None) -> None:
    """Fill a new spreadsheet with every job there is, and write that one from now on."""
    logs.configure(logging.WARNING)
    settings, database = _opened()
    setup = Setup(settings, database, time.sleep)
    spreadsheet = google_id("--into", into) if into else setup.new_spreadsheet(setup.folder()[0])
    click.echo(f"Filling {SPREADSHEET_PAGE.format(spreadsheet)}")
    with Progress(console=_out) as progress:
        task = progress.add_task("Jobs", total=None)
        count = setup.fill(
            spreadsheet, lambda done, total: progress.update(task, completed=done, total=total)
        )
    click.echo(f"{count} jobs. Set SPREADSHEET_ID={spreadsheet} and start the worker anew.")


@cli.command()
def compare() -> None:
    """Compare the whole sheet with what it should show; the worker writes what differs."""
    logs.configure(logging.WARNING)
    settings, database = _opened()
    differing = Setup(settings, database, time.sleep).compare()
    click.echo(f"{differing} jobs differ." if differing else "The sheet shows what it should.")


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
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
    logs.configure(logging.WARNING)
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
    """The database."""


@db.command()
def upgrade() -> None:
    """Bring the schema up to date."""
    Database(database_url(os.environ)).upgrade()
    click.echo("The database is up to date.")


def _opened(*, needs_spreadsheet: bool = True) -> tuple[Settings, Database]:
    settings = load(os.environ, needs_spreadsheet=needs_spreadsheet)
    database = Database(settings.database_url.get_secret_value())
    if database.is_sqlite:
        database.upgrade()
    elif not database.is_current():
        fix = "has not the schema of this version. Run: brightsheet db upgrade"
        raise SettingsError("DATABASE_URL", f"the database {fix}")
    return settings, database


def _shown_in(progress: Progress) -> Callable[[str, int, int | None], None]:
    """Return a callback that shows in bars how many of what are done, and of how many."""
    bars: dict[str, TaskID] = {}

    def show(what: str, done: int, total: int | None) -> None:
        if what not in bars:
            bars[what] = progress.add_task(what.title(), total=None)
        progress.update(bars[what], completed=done, total=total)

    return show


def _print_table(names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    table = Table(*names)
    for row in rows:
        table.add_row(*row)
    _out.print(table)


if __name__ == "__main__":
    main()
