"""Serves the overview, and the pages that call Google and EverBright: columns and checks."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import groupby
from time import sleep
from typing import Any
from urllib.parse import quote

from flask import render_template, request

from sync.console.parts import ConsoleParts
from sync.doctor import run_checks
from sync.doctor.check import AFTERWARDS, as_json, is_well
from sync.field_table import JOB_FIELDS
from sync.jobs.learned import ending_question
from sync.jobs.milestones import Milestones
from sync.sheets.snapshot import Snapshot, Table
from sync.status.rules import is_alive, last_moment
from sync.status.verdict import evaluate
from sync.store.hourly_counts import HourFigures, latest_hours
from sync.types import Mode, letters

HEIGHT = 100.0
"""The height of the tallest bar, in the units of the picture."""
STEP = 10.0
"""The distance between pairs of bars."""
_WIDTH = 4.0
_LEAST = 1.5
"""The height of the lowest bar, so that one among thousands is visible."""


@dataclass(frozen=True)
class Bar:
    """A bar: a class for its color, and its place from the top left."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Bucket:
    """The figures of an hour or a day, which `label` names."""

    label: str
    deliveries: int
    rejected: int
    flushes: int


@dataclass(frozen=True)
class Plot:
    """A plot of `buckets`, the oldest first, as bars in a picture that is `width` wide."""

    buckets: Sequence[Bucket]
    bars: Sequence[Bar]
    width: float
    most: int


def _plot(hours: Sequence[HourFigures], zone: tzinfo, form: str) -> Plot:
    """Return a plot with a pair of bars for each group of hours that `form` labels the same."""
    buckets = []
    for label, group in groupby(hours, lambda hour: hour.start.astimezone(zone).strftime(form)):
        figures = [(hour.deliveries, hour.rejected, hour.flushes) for hour in group]
        buckets.append(Bucket(label, *map(sum, zip(*figures, strict=True))))
    most = max((max(bucket.deliveries, bucket.flushes) for bucket in buckets), default=0)
    bars = []
    for index, bucket in enumerate(buckets):
        left = index * STEP + (STEP - 2 * _WIDTH) / 2
        for kind, x, count in (
            ("deliveries", left, bucket.deliveries),
            ("rejected", left, bucket.rejected),
            ("flushes", left + _WIDTH, bucket.flushes),
        ):
            if count:
                height = max(_LEAST, count / most * HEIGHT)
                bars.append(Bar(kind, x, HEIGHT - height, _WIDTH, height))
    return Plot(buckets, bars, len(buckets) * STEP, most)


_DAYS = 14


def overview(parts: ConsoleParts) -> Any:
    """Show the problems that `/status` lists, and the figures."""
    wiring = parts.wiring
    backlog, store = wiring.backlog(), wiring.sheet_store()
    problems = evaluate(backlog)
    tone = "wait" if problems else "good"
    if any(problem.is_behind for problem in problems):
        tone = "bad"
    is_long = request.args.get("span") == "days"
    hours = latest_hours(wiring.database, _DAYS * 24 if is_long else 24)
    return render_template(
        "console/overview.html",
        problems=problems,
        tone=tone,
        backlog=backlog,
        last_delivery=last_moment(backlog),
        glance=store.spreadsheet.glance(),
        plot=_plot(hours, wiring.settings.zone, "%a, %b %-d" if is_long else "%a %-I %p"),
        is_long=is_long,
        ending=ending_question(
            store.confirmations.proposed_order(), store.confirmations.read().milestones
        ),
        is_alive=is_alive(backlog),
    )


def columns(parts: ConsoleParts) -> Any:
    """Show the fields of the sheet's columns; the sheet is read only on request."""
    spreadsheet = parts.wiring.sheet_store().spreadsheet
    snapshot, names = Snapshot(), dict[str, str]()
    is_read = request.method == "POST"
    if is_read:
        with parts.alone():
            # One read in addition to the worker's, whose rate limit leaves ten a minute.
            flusher = parts.wiring.flusher(sleep)
            client, pending = flusher.client, flusher.store.pending.read(0, 0)
            tabs = flusher.tabs(pending.mode)
            snapshot = client.read(tabs)
            flusher.notice_columns(tabs, snapshot, pending)
        headings = Milestones(parts.wiring.config()).headings(parts.wiring.jobs())
        names = {heading.key: heading.header for heading in headings}
    layout = parts.wiring.layout()
    headers = {entry.id: entry.header for entry in JOB_FIELDS}
    return render_template(
        "console/columns.html",
        is_read=is_read,
        tables=[(table, _found(table)) for table in snapshot.tables],
        gone=spreadsheet.read_columns().gone,
        is_mapped=spreadsheet.mode() is Mode.MAPPED,
        title=lambda column: (
            layout.title(column, is_mapped=True, names=names) or headers.get(column, column)
        ),
    )


def checks(parts: ConsoleParts) -> Any:
    """Show the button that runs the checks, or run them."""
    if request.method == "GET":
        return render_template("console/checks.html", found=None)
    with parts.alone():
        results = list(run_checks(parts.wiring.settings))
    # The page contains the download, so that it has the same results as the page.
    download = "data:application/json;charset=utf-8," + quote(
        json.dumps(as_json(results), indent=2)
    )
    return render_template(
        "console/checks.html",
        found=results,
        is_well=is_well(results),
        afterwards=AFTERWARDS if any(check.fix for check in results) else "",
        download=download,
    )


def _found(table: Table) -> list[tuple[str, str, str]]:
    """Return the letter, header and ID of each managed column, from the left."""
    places = sorted((index, column) for column, index in table.columns.items())
    return [(letters(index), table.headers.get(index, ""), column) for index, column in places]
