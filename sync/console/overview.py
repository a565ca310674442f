"""Serves the overview: the problems, and figures of hours or days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import groupby
from typing import Any

from flask import render_template, request

from sync.console.parts import ConsoleParts
from sync.jobs.learned import ending_question
from sync.status.rules import is_alive
from sync.status.verdict import evaluate
from sync.store.hourly_counts import HourFigures, latest_hours

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
    proposed = store.confirmations.proposed_order()
    return render_template(
        "console/overview.html",
        problems=problems,
        tone=tone,
        backlog=backlog,
        glance=store.spreadsheet.glance(),
        plot=_plot(hours, wiring.settings.zone, "%a, %b %-d" if is_long else "%a %-I %p"),
        is_long=is_long,
        ending=ending_question(proposed, store.confirmations.read().milestones),
        last=proposed[-1].definitions[0] if proposed else "",
        is_alive=is_alive(backlog),
    )
