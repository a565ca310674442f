"""Evaluates what is wrong now: for `/status`, the console, the doctor and alerts. Pure."""

from collections.abc import Iterable, Set
from typing import Any

from sync.status.problem import Problem
from sync.status.rules import RULES
from sync.store import Backlog


def evaluate(now: Backlog, *, strict: bool = False) -> tuple[Problem, ...]:
    """Return all problems, the most urgent first. With `strict`, nothing may be pending at all."""
    problems = (rule.problem(now, strict=strict) for rule in RULES)
    return tuple(problem for problem in problems if problem)


def alarms(now: Backlog, reported: Set[str] = frozenset()) -> dict[str, Problem | None]:
    """Return the problems to alert about, and the `reported` ones that aren't resolved, by code.

    The value None is for a reported problem that no longer exists but isn't resolved yet.
    """
    wrong: dict[str, Problem | None] = {}
    for rule in RULES:
        problem = rule.problem(now)
        if problem and (rule.code in reported or rule.alerts(now)):
            wrong[rule.code] = problem
        elif rule.code in reported and rule.is_ongoing(now):
            wrong[rule.code] = None
    return wrong


def answer(now: Backlog) -> dict[str, Any]:
    """Return the JSON object; its `status` is "ok" or "behind".

    `reasons` are the problems that mean it is behind, `warnings` all others.
    """
    problems = evaluate(now)
    reasons = _listed(problem for problem in problems if problem.is_behind)
    return {
        "status": "behind" if reasons else "ok",
        "reasons": reasons,
        "warnings": _listed(problem for problem in problems if not problem.is_behind),
        "oldest_event_seconds": _rounded(now.oldest),
        "worker_seconds": _rounded(now.worker_age),
        "trouble": now.trouble,
        "paused_seconds": _rounded(now.paused_age),
        "waiting": waiting(now),
        "documents_failed": now.failed_documents,
        "refused_last_hour": now.rejected_last_hour,  # An old name for webhooks that were stored.
        "refused_requests_since_yesterday": now.refused_requests,
    }


def waiting(now: Backlog) -> dict[str, int]:
    """Return how much is pending, by stage; jobs in quarantine are among the jobs."""
    return {
        "deliveries": now.deliveries,
        "jobs": now.jobs,
        "quarantined": now.quarantined,
        "history_lines": now.lines,
        "documents": now.documents,
    }


def _listed(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    return [
        {"reason": problem.code, "message": problem.text, "seconds": _rounded(problem.age)}
        for problem in problems
    ]


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(max(0.0, seconds), 1)
