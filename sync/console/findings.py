"""Serves the page with the findings of the last comparison, and unknown customers, item by item."""

from typing import Any

from flask import render_template

from sync.console.access import shows_personal
from sync.console.parts import ConsoleParts
from sync.status.verdict import evaluate
from sync.store.findings import ListedFinding

_LISTED = 200


def findings(parts: ConsoleParts) -> Any:
    """List the items of each warning, to restore or dismiss."""
    store = parts.wiring.sheet_store()
    listed = store.findings.listed(_LISTED)
    if unanswered := parts.wiring.customers.unanswered(_LISTED):
        jobs = [ListedFinding(site, site, f"job {site[:8]}", "") for site in unanswered]
        listed["customers_unknown"] = jobs
    sites = {item.site for items in listed.values() for item in items if item.site}
    problems = evaluate(parts.wiring.backlog())
    return render_template(
        "console/findings.html",
        problems=[one for one in problems if one.code in listed],
        has_others=any(one.code not in listed for one in problems),
        listed=listed,
        names=parts.jobs.names(sites) if shows_personal() else {},
        most=_LISTED,
        compared_at=store.spreadsheet.glance().compared_at,
    )
