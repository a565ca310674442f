"""Serves the page on which people choose the meanings of statuses that the config doesn't have."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from sync.console.access import shows_personal
from sync.console.parts import ConsoleParts
from sync.jobs.learned import seen_statuses
from sync.jobs.model import Job
from sync.settings.config_file import Meaning
from sync.store import Confirmations

_MEANINGS = {
    Meaning.APPROVED: "Approved",
    Meaning.REJECTED: "Rejected: you have to fix it",
    Meaning.WAITING: "Submitted: EverBright has to decide",
    Meaning.CANCELED: "The submission was canceled",
    Meaning.OPEN: "None of these: still in progress",
}

_LISTED = 5
"""Most jobs that are named for a status."""


def statuses(parts: ConsoleParts) -> Any:
    """Show the statuses that the config doesn't have, or store their meanings."""
    wiring = parts.wiring
    confirmations = Confirmations(wiring.database)
    asked = confirmations.asked(wiring.settings.config)
    if request.method == "POST":
        pairs = zip(request.form.getlist("code"), request.form.getlist("means"), strict=False)
        chosen = {
            c: means for c, means in pairs if means in _MEANINGS and asked.get(c, means) != means
        }
        if chosen:
            detail = ", ".join(f"{code}: {means}" for code, means in chosen.items())
            done = "It applies to every job from now on."
            parts.recorded("statuses", detail, lambda: confirmations.confirm_statuses(chosen), done)
            flash(f"Stored. {done}")
            parts.wake()
        return redirect(url_for("console.statuses"), 303)
    # Reads every job, which takes seconds if there are thousands.
    sites: dict[str, list[str]] = {code: [] for code in asked}
    jobs = _noting_sites(wiring.jobs(), sites) if asked else ()
    listed = seen_statuses(wiring.config(), jobs)
    shown = {site for found in sites.values() for site in found[:_LISTED]}
    return render_template(
        "console/statuses.html",
        asked=asked,
        seen_statuses={status.status: status for status in listed},
        meanings=_MEANINGS,
        sites=sites,
        most=_LISTED,
        names=parts.jobs.names(shown) if shows_personal() else {},
    )


def _noting_sites(jobs: Iterable[Job], sites: Mapping[str, list[str]]) -> Iterator[Job]:
    """Yield jobs one by one, and add each to the `sites` of the statuses that it has now."""
    for job in jobs:
        codes = set[str | None]()
        for event in job.events.values():
            codes |= {event.milestone.status, *(task.status for task in event.milestone.tasks)}
        for code in sites.keys() & codes:
            sites[code].append(job.site)
        yield job
