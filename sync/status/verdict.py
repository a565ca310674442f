"""The one evaluation of what is wrong now, and the answer of `/status`. Pure."""

from collections.abc import Iterable, Set
from typing import Any

from sync.status.problem import Problem
from sync.status.rules import RULES
from sync.store import Backlog


def over(code: str) -> str:
    """Return what people are told when a problem that they were told about is over, or ""."""
    return next((rule.over for rule in RULES if rule.code == code), "")


def evaluate(now: Backlog, *, strict: bool = False) -> tuple[Problem, ...]:
    """Return all that is wrong, the most urgent first; nothing where all is well.

    `strict`: does the sheet show everything at this moment? Then nothing may wait at all.
    """
    problems = (rule.problem(now, strict=strict) for rule in RULES)
    return tuple(problem for problem in problems if problem)


def judge(now: Backlog, *, strict: bool = False) -> tuple[Problem, ...]:
    """Return why the sheet may not show what came; nothing where it does."""
    return tuple(problem for problem in evaluate(now, strict=strict) if problem.is_behind)


def alarms(now: Backlog, reported: Set[str] = frozenset()) -> dict[str, Problem | None]:
    """Return what people are to be told, or know already (`reported`) and is not over, by code.

    None stands for what is only not over yet.
    """
    wrong: dict[str, Problem | None] = {}
    for rule in RULES:
        problem = rule.problem(now)
        if not rule.over:
            continue
        if problem and (rule.code in reported or rule.alerts(now)):
            wrong[rule.code] = problem
        elif rule.code in reported and rule.stays(now):
            wrong[rule.code] = None
    return wrong


def answer(now: Backlog) -> dict[str, Any]:
    """Return the JSON object; its `status` is "ok" or "behind".

    `reasons` say why it is behind; `warnings` are wrong though the sheet shows what came.
    """
    problems = evaluate(now)
    reasons = _listed(problem for problem in problems if problem.is_behind)
    return {
        "status": "behind" if reasons else "ok",
        "reasons": reasons,
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
