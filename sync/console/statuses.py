"""The page on which people say what the statuses mean that the config does not name."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from sync.console.parts import ConsoleParts
from sync.jobs.learned import seen_statuses
from sync.settings.config_file import OPEN
from sync.store import Confirmations

_MEANINGS = {
    "approved": "Approved",
    "rejected": "Rejected, has to be corrected",
    "waiting": "Submitted, EverBright has to answer",
    "cancelled": "The submission was canceled",
    OPEN: "None of these: still in progress",
}


def statuses(parts: ConsoleParts) -> Any:
    """Show the statuses that nobody named in the config, or store their meanings."""
    wiring = parts.wiring
    confirmations = Confirmations(wiring.database)
    known = confirmations.asked()
    if request.method == "POST":
        pairs = zip(request.form.getlist("code"), request.form.getlist("means"), strict=False)
        said = {
            c: means for c, means in pairs if means in _MEANINGS and known.get(c, means) != means
        }
        if said:
            detail = ", ".join(f"{code}: {means}" for code, means in said.items())
            done = "Every job is shown by it from now on."
            parts.recorded("statuses", detail, lambda: confirmations.confirm_statuses(said), done)
            flash(f"Stored. {done}")
            parts.wake()
        return redirect(url_for("console.statuses"), 303)
    jobs = (waiting.job for waiting in wiring.sheet_store().pending.every())
    seen = {status.status: status for status in seen_statuses(wiring.config(), jobs)}
    asked = [
        (code, means, seen.get(code))
        for code, means in known.items()
        if code not in wiring.settings.config.statuses
    ]
    return render_template("console/statuses.html", asked=asked, meanings=_MEANINGS)
