"""The overview, and the pages that call others when a person asks: the columns, the checks."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from time import sleep
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flask import render_template, request

from sync.console.parts import ConsoleParts
from sync.doctor import as_json, is_well, run_checks
from sync.jobs.learned import ending_question
from sync.jobs.milestones import Milestones
from sync.sheets.job_tabs import OwnTab
from sync.sheets.read import RECOVERED_TAB, Snapshot, Table
from sync.sheets.reconcile import last_compared
from sync.sheets.surroundings import NOTHING_ELSE
from sync.status.problem import last_moment
from sync.status.rules import NO_WORKER
from sync.status.verdict import evaluate
from sync.store import HourFigures, latest_hours
from sync.types import Mode, letters

HEIGHT = 100.0
"""Of the tallest bar, in the units of the picture."""
STEP = 10.0
"""From one pair of bars to the next."""
_WIDTH = 4.0
_LEAST = 1.5
"""A bar of one among thousands is still to be seen."""


@dataclass(frozen=True)
class Bar:
    """A bar: a class for its colour, and its place from the top left."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Bucket:
    """What happened in an hour or a day; `label` says when."""

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


def hourly(hours: Sequence[HourFigures], zone: tzinfo) -> Plot:
    """Return a plot with a pair of bars for each hour."""
    return _plot(_grouped(hours, zone, "%a %H:00"))


def daily(hours: Sequence[HourFigures], zone: tzinfo) -> Plot:
    """Return a plot with a pair of bars for each day."""
    return _plot(_grouped(hours, zone, "%a %d %b"))


def _grouped(hours: Sequence[HourFigures], zone: tzinfo, form: str) -> list[Bucket]:
    """Return buckets: hours with the same label, which are neighbours, are one."""
    label: Callable[[datetime], str] = lambda moment: moment.astimezone(zone).strftime(form)  # noqa: E731
    buckets: dict[str, Bucket] = {}
    for hour in hours:
        name = label(hour.start)
        known = buckets.get(name, Bucket(name, 0, 0, 0))
        buckets[name] = Bucket(
            name,
            known.deliveries + hour.deliveries,
            known.rejected + hour.rejected,
            known.flushes + hour.flushes,
        )
    return list(buckets.values())


def _plot(buckets: Sequence[Bucket]) -> Plot:
    most = max((max(bucket.deliveries, bucket.flushes) for bucket in buckets), default=0)
    bars: list[Bar] = []
    for index, bucket in enumerate(buckets):
        left = index * STEP + (STEP - 2 * _WIDTH) / 2
        came, refused = _height(bucket.deliveries, most), _height(bucket.rejected, most)
        bars += _bar("deliveries", left, came)
        bars += _bar("rejected", left, refused)
        bars += _bar("flushes", left + _WIDTH, _height(bucket.flushes, most))
    return Plot(buckets, bars, len(buckets) * STEP, most)


def _height(count: int, most: int) -> float:
    return max(_LEAST, count / most * HEIGHT) if count else 0.0


def _bar(kind: str, left: float, height: float) -> list[Bar]:
    return [Bar(kind, left, HEIGHT - height, _WIDTH, height)] if height else []


_DAYS = 14


def overview(parts: ConsoleParts) -> Any:
    """Show whether all is well: as `/status` says it, and with what is a warning to that."""
    wiring = parts.wiring
    backlog, store = wiring.backlog(), wiring.sheet_store()
    problems = evaluate(backlog)
    zone = ZoneInfo(wiring.settings.time_zone) if wiring.settings.time_zone else UTC
    is_long = request.args.get("span") == "days"
    hours = latest_hours(wiring.database, _DAYS * 24 if is_long else 24)
    return render_template(
        "console/overview.html",
        problems=problems,
        tone=_tone([problem.is_behind for problem in problems]),
        backlog=backlog,
        last_delivery=last_moment(backlog),
        glance=store.spreadsheet.glance(),
        plot=daily(hours, zone) if is_long else hourly(hours, zone),
        is_long=is_long,
        ending=ending_question(
            store.confirmations.proposed_order(), store.confirmations.read().milestones
        ),
        is_alive=all(problem.code != NO_WORKER for problem in problems),
    )


def _tone(behind: list[bool]) -> str:
    """Return the class of the box: green only where nothing at all is wrong."""
    if not behind:
        return "good"
    return "bad" if any(behind) else "wait"


def columns(parts: ConsoleParts) -> Any:
    """Show which column of the sheet shows what; the sheet is read on demand, once."""
    spreadsheet = parts.wiring.sheet_store().spreadsheet
    snapshot, titles, is_read = Snapshot(OwnTab()), NOTHING_ELSE.titles, request.method == "POST"
    if is_read:
        with parts.alone():
            # Two reads beside the worker's: its rate limit leaves room for ten a minute.
            flusher = parts.wiring.flusher(sleep)
            client, pending = flusher.client, flusher.store.pending.read(0, 0)
            tabs = flusher.tabs(pending.mode)
            snapshot, titles = client.read(tabs), client.surroundings().titles
            flusher.notice_columns(tabs, snapshot, pending)
    layout, names = parts.wiring.layout(), _milestone_names(parts) if is_read else {}
    return render_template(
        "console/columns.html",
        is_read=is_read,
        tables=[(table, _found(table)) for table in snapshot.tables],
        gone=spreadsheet.read_columns().gone,
        is_adopted=spreadsheet.mode() is Mode.ADOPTED,
        compared=last_compared(spreadsheet),
        tabs=_tabs(snapshot, titles),
        title=lambda column: layout.title(column, is_mapped=True, names=names) or column,
    )


def _milestone_names(parts: ConsoleParts) -> dict[str, str]:
    jobs = (waiting.job for waiting in parts.wiring.sheet_store().pending.every())
    headings = Milestones(parts.wiring.config()).headings(jobs, with_hidden=True)
    return {heading.key: heading.header for heading in headings}


def checks(parts: ConsoleParts) -> Any:
    """Show the button that runs the checks, or run them."""
    if request.method == "GET":
        return render_template("console/checks.html", found=None)
    with parts.alone():
        results = list(run_checks(parts.wiring.settings))
    # What is downloaded is what is shown: the page itself holds it.
    download = "data:application/json;charset=utf-8," + quote(
        json.dumps(as_json(results), indent=2)
    )
    return render_template(
        "console/checks.html", found=results, is_well=is_well(results), download=download
    )


def _tabs(snapshot: Snapshot, titles: Mapping[int, str]) -> list[tuple[str, str]]:
    """Return every tab's title, and what it is."""
    hidden = dict.fromkeys(snapshot.copies, "hidden, for checking what was written")
    roles = {**hidden, RECOVERED_TAB: "what was recovered"}
    roles |= {table.sheet_id: "jobs" for table in snapshot.tables}
    parts = {"lines of the History": snapshot.history, "figures": snapshot.pipeline}
    roles |= {tab.sheet_id: role for role, tab in parts.items() if tab is not None}
    return [(title, roles.get(number, "yours")) for number, title in titles.items()]


def _found(table: Table) -> list[tuple[str, str, str]]:
    """Return letter, header and id of each managed column, from the left."""
    places = sorted((index, column) for column, index in table.columns.items())
    return [(letters(index), table.headers.get(index, ""), column) for index, column in places]
