"""The overview: is all well, and if not, what is wrong, why, and what is to be done."""

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template, request

from sync.console import plot
from sync.console.actions import DEEDS
from sync.console.parts import ConsoleParts
from sync.status.rules import NO_WORKER
from sync.status.silence import last_moment
from sync.status.verdict import evaluate
from sync.store import latest_hours

_DAYS = 14


def overview(parts: ConsoleParts) -> Any:
    """Show whether all is well: as `/status` says it, and with what is a warning to that."""
    wiring = parts.wiring
    backlog = wiring.backlog()
    problems = evaluate(backlog)
    zone = ZoneInfo(wiring.settings.time_zone) if wiring.settings.time_zone else UTC
    is_long = request.args.get("span") == "days"
    hours = latest_hours(wiring.database, _DAYS * 24 if is_long else 24)
    return render_template(
        "console/overview.html",
        problems=problems,
        deeds=DEEDS,
        tone=_tone([problem.is_behind for problem in problems]),
        backlog=backlog,
        last_delivery=last_moment(backlog),
        glance=wiring.sheet_store().spreadsheet.glance(),
        plot=plot.daily(hours, zone) if is_long else plot.hourly(hours, zone),
        is_long=is_long,
        is_alive=all(problem.code != NO_WORKER for problem in problems),
    )


def _tone(behind: list[bool]) -> str:
    """Return the class of the box: green only where nothing at all is wrong."""
    if not behind:
        return "good"
    return "bad" if any(behind) else "wait"
