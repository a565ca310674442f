"""The answer of `/status`: counts, ages in seconds and reasons; public. Pure."""

from typing import Any

from sync.status.verdict import judge
from sync.store import Backlog


def answer(found: Backlog) -> dict[str, Any]:
    """Return the JSON object; its `status` is "ok" or "behind"."""
    reasons = judge(found)
    return {
        "status": "behind" if reasons else "ok",
        "reasons": [{"reason": one.code, "message": one.text} for one in reasons],
        "oldest_event_seconds": _rounded(found.oldest),
        "worker_seconds": _rounded(found.worker),
        "trouble": found.trouble,
        "paused_seconds": _rounded(found.paused),
        "waiting": waiting(found),
        "documents_given_up": found.given_up,
        "refused_last_hour": found.refused,
        "refused_requests_since_yesterday": found.turned_away,
    }


def waiting(found: Backlog) -> dict[str, int]:
    """Return what waits, by stage; jobs in quarantine are among the jobs."""
    return {
        "deliveries": found.deliveries,
        "jobs": found.jobs,
        "quarantined": found.quarantined,
        "history_lines": found.lines,
        "documents": found.documents,
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(max(0.0, seconds), 1)
