"""`brightsheet init`, `rebuild`, `takeover` and `compare`."""

import json
import sys
import time

import click
from rich.console import Console
from rich.progress import Progress

from sync.actions import compare as comparing
from sync.commands import NO_EXTRAS, echo, json_option, shown_in
from sync.errors import Permanent
from sync.settings.environment import google_id
from sync.setup.spreadsheet import EXTRAS, Setup
from sync.sheets.fence_check import DOUBTS
from sync.store import FenceDoubt
from sync.types import Mode
from sync.wiring import Wiring, opened

NOT_WELL = 3
"""Exit status of a comparison that found that not all is well."""
SPREADSHEET_PAGE = "https://docs.google.com/spreadsheets/d/{}/edit"


@click.command()
@click.option(
    "--add",
    "extras",
    multiple=True,
    type=click.Choice(list(EXTRAS)),
    help="Add this to a mapped spreadsheet. Repeat for more.",
)
def init(extras: tuple[str, ...]) -> None:
    """Set up a spreadsheet and a Drive folder; run it again at any time."""
    wiring = opened(needs_spreadsheet=False)
    settings, setup = wiring.settings, Setup(wiring, time.sleep)
    folder, is_new_folder = setup.folder()
    spreadsheet, is_new = setup.spreadsheet(folder)
    for name, configured, file_id, is_made in (
        ("DRIVE_FOLDER_ID", settings.drive_folder_id, folder, is_new_folder),
        ("SPREADSHEET_ID", settings.spreadsheet_id, spreadsheet, is_new),
    ):
        if not file_id:
            click.echo(f"{name} isn't set, so documents aren't copied.")
            continue
        if not configured:
            how = "Created one" if is_made else "Found the one that was created before"
            click.echo(f"{name} isn't set. {how}. Set it:")
        click.echo(f"{name}={file_id}")
    lines = setup.provision(spreadsheet, extras)
    echo(lines or ["Nothing to do: everything exists."])
    mode = wiring.sheet_store(spreadsheet).spreadsheet.mode()
    if mode is Mode.MAPPED and not extras:
        click.echo(NO_EXTRAS)


@click.command()
@click.option("--into", help="ID or address of an empty spreadsheet; without it, one is created.")
def rebuild(into: str | None) -> None:
    """Fill a new spreadsheet with all jobs, and use it from now on."""
    setup = Setup(opened(), time.sleep)
    spreadsheet = google_id("--into", into) if into else setup.new_spreadsheet()
    click.echo(f"Filling {SPREADSHEET_PAGE.format(spreadsheet)}")
    with Progress(console=Console()) as progress:
        count = setup.fill(spreadsheet, shown_in(progress))
    click.echo(f"{count} jobs. Set SPREADSHEET_ID={spreadsheet} and restart the worker.")


@click.command("takeover")
@click.option("--write", is_flag=True, help="Do it.")
def takeover(write: bool) -> None:
    """Write the spreadsheet from this database, although another one, or a newer state, wrote it.

    An installation with another database stops at its next read.
    """
    wiring = opened()
    spreadsheet = wiring.sheet_store().spreadsheet
    doubt = spreadsheet.doubt() or _read_doubt(wiring)
    if not doubt:
        click.echo("Nothing to do: no other database has written the spreadsheet.")
    elif write:
        spreadsheet.take_over()
        click.echo(
            "The worker writes the spreadsheet from this database within a minute. Any other one "
            "stops."
        )
    else:
        click.echo(f"{DOUBTS[FenceDoubt(doubt)]}\nTo write from this database, add --write.")


def _read_doubt(wiring: Wiring) -> str:
    """Read the spreadsheet for a doubt, because an idle worker hasn't noticed one."""
    try:
        with wiring.hold(time.sleep) as lease:
            wiring.flusher(time.sleep).check_fence(lease)
    except Permanent as error:
        if error.reason not in DOUBTS:
            raise
        return error.reason
    return ""


@click.command()
@click.option("--restore", is_flag=True, help="List the jobs without a row.")
@click.option("--write", is_flag=True, help="With --restore: bring their rows back.")
@click.option(
    "--site", default="", help="With --restore: only this job; its ID or the beginning of it."
)
@click.option(
    "--rows-deleted",
    type=click.IntRange(min=0),
    default=0,
    metavar="NUMBER",
    help="If so many site IDs are missing: confirm that their rows were deleted.",
)
@json_option("One JSON object.")
def compare(restore: bool, write: bool, site: str, rows_deleted: int, as_json: bool) -> None:
    """Compare the whole sheet with the stored jobs; the worker writes the differences.

    Exit status 0 if the sheet is up to date, 3 if it isn't, 1 if it couldn't be compared.
    """
    if (write or site) and not restore:
        raise click.UsageError("--write and --site go with --restore.")
    wiring = opened()
    comparison = comparing.compare(wiring, time.sleep, confirmed_deletions=rows_deleted)
    if write:
        sites = {job.site for job in comparison.without_row_starting(site)}
        count = comparing.restore(wiring, time.sleep, sites)
        click.echo(f"Rows brought back: {count}", err=as_json)
        comparison = comparing.compare(wiring, time.sleep)
    if as_json:
        click.echo(json.dumps(comparing.as_json(comparison)))
    else:
        is_listed = restore and not write
        missing = comparison.without_row_starting(site)
        echo(comparing.restore_lines(missing) if is_listed else comparing.lines(comparison))
    sys.exit(0 if comparison.is_well else NOT_WELL)
