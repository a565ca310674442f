"""The overview: is all well, and if not, why and what is to be done."""

from dataclasses import dataclass
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template, request, url_for

from sync.console import plot
from sync.console.parts import Parts
from sync.status import verdict
from sync.status.answer import answer
from sync.status.verdict import counted
from sync.store import Backlog, Glance, latest_hours

_DAYS = 14


@dataclass(frozen=True)
class Hand:
    """Something that needs a person: what, and where on the console it is seen to."""

    text: str
    link: str


def overview(parts: Parts) -> Any:
    """Show whether all is well."""
    wiring = parts.wiring
    backlog = wiring.backlog()
    glance = wiring.sheet_store().spreadsheet.glance()
    zone = ZoneInfo(wiring.settings.time_zone) if wiring.settings.time_zone else UTC
    is_long = request.args.get("span") == "days"
    hours = latest_hours(wiring.database, _DAYS * 24 if is_long else 24)
    return render_template(
        "console/overview.html",
        status=answer(backlog),
        backlog=backlog,
        glance=glance,
        hands=hands(backlog, glance),
        plot=plot.daily(hours, zone) if is_long else plot.hourly(hours, zone),
        is_long=is_long,
        hours=hours[-24:],
        is_alive=backlog.worker is not None and backlog.worker <= verdict.ALIVE_SECONDS,
    )


def hands(backlog: Backlog, glance: Glance) -> list[Hand]:
    """Return what needs a person, the most urgent first."""
    rejected = url_for("console.deliveries", outcome="rejected")
    count = counted
    found = [
        (bool(backlog.trouble), glance.message or backlog.trouble, url_for("console.checks")),
        (
            backlog.not_taken_in,
            count(backlog.not_taken_in, "delivery was", "deliveries were") + " rejected",
            rejected,
        ),
        (
            backlog.given_up,
            count(backlog.given_up, "document was", "documents were") + " given up",
            url_for("console.documents", state="failed"),
        ),
        (
            backlog.turned_away,
            count(backlog.turned_away, "request was", "requests were")
            + " refused since yesterday: a wrong secret, or no webhook",
            url_for("console.deliveries", _anchor="refused"),
        ),
        (
            backlog.quarantined,
            count(backlog.quarantined, "job is", "jobs are")
            + " in quarantine: Google does not take what is to be written",
            url_for("console.checks"),
        ),
        (
            backlog.unplaced,
            count(backlog.unplaced, "delivery names", "deliveries name")
            + " a milestone whose job is unknown",
            url_for("console.deliveries"),
        ),
    ]
    return [Hand(f"{text.rstrip('.')}.", link) for is_so, text, link in found if is_so]
