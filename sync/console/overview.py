"""Serves the overview: the problems, and figures of hours or days."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from itertools import groupby
from typing import Any

from flask import render_template, request

from sync.console.access import shows_personal
from sync.console.parts import ConsoleParts
from sync.jobs.learned import ending_question
from sync.status.rules import is_alive
from sync.status.verdict import evaluate
from sync.store import Backlog
from sync.store.findings import WITHOUT_ROW
from sync.store.hourly_counts import HourFigures, latest_hours

_DAYS = 14


@dataclass(frozen=True)
class Bucket:
    """The figures of an hour or a day, which `label` names."""

    label: str
    deliveries: int
    rejected: int
    flushes: int


def _buckets(hours: Sequence[HourFigures], zone: tzinfo, form: str) -> list[Bucket]:
    """Return the sums of the hours that `form` labels the same, oldest first."""
    buckets = []
    for label, group in groupby(hours, lambda hour: hour.start.astimezone(zone).strftime(form)):
        figures = [(hour.deliveries, hour.rejected, hour.flushes) for hour in group]
        buckets.append(Bucket(label, *map(sum, zip(*figures, strict=True))))
    return buckets


def _with_names(parts: ConsoleParts, backlog: Backlog) -> Backlog:
    """Return the backlog with the customers of jobs without a row instead of the jobs' IDs."""
    sites = sorted(parts.wiring.sheet_store().findings.sites(WITHOUT_ROW, ()))
    names = parts.jobs.names(sites)
    texts = [names[site].text if site in names else f"job {site[:8]}" for site in sites]
    return replace(backlog, findings={**backlog.findings, WITHOUT_ROW: texts})


def overview(parts: ConsoleParts) -> Any:
    """Show the problems that `/status` lists, and the figures."""
    wiring = parts.wiring
    backlog, store = wiring.backlog(), wiring.sheet_store()
    problems = evaluate(_with_names(parts, backlog) if shows_personal() else backlog)
    tone = "wait" if problems else "good"
    if any(problem.is_behind for problem in problems):
        tone = "bad"
    is_long = request.args.get("span") == "days"
    hours = latest_hours(wiring.database, _DAYS * 24 if is_long else 24)
    buckets = _buckets(hours, wiring.settings.zone, "%a, %b %-d" if is_long else "%a %-I %p")
    proposed = store.confirmations.proposed_order()
    return render_template(
        "console/overview.html",
        problems=problems,
        tone=tone,
        backlog=backlog,
        glance=store.spreadsheet.glance(),
        buckets=buckets,
        most=max(max(bucket.deliveries, bucket.flushes) for bucket in buckets),
        is_long=is_long,
        ending=ending_question(proposed, store.confirmations.read().milestones),
        last=proposed[-1].definitions[0] if proposed else "",
        is_alive=is_alive(backlog),
    )
