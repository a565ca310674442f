"""`brightsheet backfill`."""

import json
import logging
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import click
from rich.console import Console
from rich.progress import Progress

from sync.backfill.intake import report_words, take_report
from sync.backfill.reader import ProgressCallback
from sync.backfill.run import Summary
from sync.commands import shown_in
from sync.errors import Permanent
from sync.jobs.model import Job
from sync.ops import logs
from sync.store import Jobs
from sync.store.backfills import SINCE
from sync.wiring import Sleep, Wiring, opened

_ALL = "all"
_AT_ONCE = 500


@dataclass(frozen=True)
class ReadBack:
    """The ways to read jobs back; `sleep` waits."""

    _wiring: Wiring
    _sleep: Sleep

    def every(self, since: datetime | None, progress: ProgressCallback) -> Summary:
        """Read all jobs, or those that EverBright changed `since` (UTC).

        Raises Permanent or Retryable if EverBright can't be read; the next call continues.
        """
        self._wiring.must_have_token()
        scope = f"{SINCE}{since:%Y-%m-%d}" if since else _ALL
        backfill = self._wiring.backfill(scope, self._sleep)
        with self._wiring.hold_backfill(self._sleep) as held:
            return backfill.run(held, since, progress=progress)

    def only(self, site: str) -> Summary:
        self._wiring.must_have_token()
        return self._wiring.backfill(_ALL, self._sleep).only(site)

    def report(self, file: Path) -> Summary:
        """Read EverBright's Milestones report. Raises Permanent if the file isn't one."""
        meanings = report_words(self._wiring.settings, self._jobs())
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                events, problems = take_report(lines, meanings, self._wiring.intake())
        except (OSError, UnicodeDecodeError) as error:
            raise Permanent("no_csv", f"{file} isn't CSV in UTF-8 ({error}).") from None
        with_events = sum(count > 0 for count in events.values())
        return Summary(len(events), sum(events.values()), with_events, problems=problems)

    def _jobs(self) -> Iterable[Job]:
        store = Jobs(self._wiring.database)
        sites = sorted(store.sites())
        for start in range(0, len(sites), _AT_ONCE):
            yield from store.states(sites[start : start + _AT_ONCE]).values()


@click.command()
@click.option("--site", type=click.UUID, help="This job alone.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Jobs that changed since a day.")
@click.option(
    "--csv",
    "report",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read EverBright's Milestones report instead of the API.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, and no progress.")
def backfill(site: UUID | None, since: datetime | None, report: Path | None, as_json: bool) -> None:
    """Read jobs from EverBright, and add events that no webhook delivered.

    If it is interrupted, the next run continues with the remaining jobs.
    """
    if sum(map(bool, (site, since, report))) > 1:
        raise click.UsageError("Give one of --site, --since and --csv.")
    logs.configure(logging.WARNING)
    wiring = Wiring(*opened(needs_spreadsheet=False))
    command = ReadBack(wiring, time.sleep)
    if report:
        summary = command.report(report)
    elif site:
        summary = command.only(str(site))
    else:
        with Progress(console=Console(stderr=True), disable=as_json) as progress:
            day = since.replace(tzinfo=UTC) if since else None
            summary = command.every(day, shown_in(progress))
    click.echo(json.dumps(summary.as_json()) if as_json else summary.text())
    sys.exit(0 if summary.is_complete else 1)
