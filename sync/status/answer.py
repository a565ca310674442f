"""The answer of `/status`: counts, ages in seconds, and what is wrong; public. Pure."""

from collections.abc import Iterable
from typing import Any

from sync.status.problem import Problem
from sync.status.verdict import evaluate
from sync.store import Backlog


def answer(now: Backlog) -> dict[str, Any]:
    """Return the JSON object; its `status` is "ok" or "behind".

    `reasons` say why it is behind; `warnings` are wrong though the sheet shows what came.
    """
    problems = evaluate(now)
    reasons = [problem for problem in problems if problem.is_behind]
    return {
        "status": "behind" if reasons else "ok",
        "reasons": _listed(reasons),
        "warnings": _listed(problem for problem in problems if not problem.is_behind),
        "oldest_event_seconds": _rounded(now.oldest),
        "worker_seconds": _rounded(now.worker),
        "trouble": now.trouble,
        "paused_seconds": _rounded(now.paused),
        "waiting": waiting(now),
        "documents_given_up": now.given_up,
        "refused_last_hour": now.refused,
        "refused_requests_since_yesterday": now.turned_away,
    }


def waiting(now: Backlog) -> dict[str, int]:
    """Return what waits, by stage; jobs in quarantine are among the jobs."""
    return {
        "deliveries": now.deliveries,
        "jobs": now.jobs,
        "quarantined": now.quarantined,
        "history_lines": now.lines,
        "documents": now.documents,
    }


def _listed(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    return [
        {"reason": problem.code, "message": problem.text, "seconds": _rounded(problem.since)}
        for problem in problems
    ]


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(max(0.0, seconds), 1)
