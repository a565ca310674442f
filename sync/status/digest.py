"""The daily digest: counts, and nothing of any job or person. Pure."""

from collections.abc import Callable, Iterable
from datetime import date

from sync.jobs.model import Change
from sync.status.verdict import judge
from sync.store import Backlog


def digest(
    changes: Iterable[Change],
    means: Callable[[str | None], str],
    follow_ups: Iterable[date],
    today: date,
    found: Backlog,
) -> str:
    """Return the text.

    `changes` are those since the last digest, `means` returns "approved", "rejected" or "" for a
    status, `follow_ups` the days on which jobs are to be checked.
    """
    latest = {(one.site, one.subject): means(one.after) for one in changes}
    meanings = list(latest.values())
    days = list(follow_ups)
    stuck = sum(day < today for day in days)
    approved, rejected = meanings.count("approved"), meanings.count("rejected")
    lines = [
        f"Approved since yesterday: {approved}, rejected: {rejected}.",
        f"Jobs to follow up today: {days.count(today)}, stuck (their day has passed): {stuck}.",
        f"Documents: {found.given_up} given up, {found.documents} waiting.",
    ]
    reasons = judge(found)
    lines += [one.text for one in reasons] or ["The sheet shows everything that came."]
    return "\n".join(lines)
