"""`brightsheet backfill`."""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import click
from rich.console import Console
from rich.progress import Progress

from sync.actions.backfill_summary import lines
from sync.backfill.intake import report_words, take_report
from sync.backfill.run import Summary
from sync.commands import echo, json_option, shown_in
from sync.errors import Permanent
from sync.wiring import Wiring, opened


def read_report(wiring: Wiring, file: Path) -> Summary:
    """Read EverBright's Milestones report. Raises Permanent if the file isn't one."""
    wiring.project(time.sleep)  # So that the milestones of waiting webhooks are known, too.
    words = report_words(wiring.settings, wiring.jobs())
    try:
        with file.open(encoding="utf-8-sig", newline="") as content:
            missed, problems = take_report(content, words, wiring.intake())
    except (OSError, UnicodeDecodeError) as error:
        raise Permanent("no_csv", f"{file} isn't CSV in UTF-8 ({error}).") from None
    with_missed = sum(count > 0 for count in missed.values())
    return Summary(len(missed), sum(missed.values()), with_missed, problems=problems)


@click.command()
@click.option("--site", type=click.UUID, help="This job alone.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Jobs that changed since a day.")
@click.option(
    "--csv",
    "report",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read EverBright's Milestones report instead of the API.",
)
@json_option("One JSON object, and no progress.")
def backfill(site: UUID | None, since: datetime | None, report: Path | None, as_json: bool) -> None:
    """Read jobs from EverBright, and add events that no webhook delivered.

    If it is interrupted, the next run continues with the remaining jobs.
    """
    if sum(map(bool, (site, since, report))) > 1:
        raise click.UsageError("Give one of --site, --since and --csv.")
    wiring = opened(needs_spreadsheet=False)
    if report:
        summary = read_report(wiring, report)
    elif site:
        summary = wiring.read_job(str(site), time.sleep)
    else:
        with Progress(console=Console(stderr=True), disable=as_json) as progress:
            day = since.replace(tzinfo=UTC) if since else None
            summary = wiring.read_back(day, time.sleep, shown_in(progress))
    echo([json.dumps(summary.as_json())] if as_json else lines(summary))
    sys.exit(0 if summary.is_complete else 1)
