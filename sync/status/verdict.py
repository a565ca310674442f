"""The one evaluation of what is wrong now. Pure.

`/status`, the console, doctor, alerts, the digest, the metrics and `compare` all speak from it, so
they cannot contradict each other. What can be wrong is listed in `rules.py`.
"""

from collections.abc import Set

from sync.status.problem import Problem, counted, lasting
from sync.status.rules import RULES
from sync.store import Backlog

__all__ = ["OVER", "Problem", "alarms", "counted", "evaluate", "judge", "lasting"]

OVER = {rule.code: rule.over for rule in RULES if rule.over}
"""What people are told at the end of what they were told of."""


def evaluate(now: Backlog, *, strict: bool = False) -> tuple[Problem, ...]:
    """Return all that is wrong, the most urgent first; nothing where all is well.

    `strict`: does the sheet show everything at this moment? Then nothing may wait at all.
    """
    problems = (rule.problem(now, strict=strict) for rule in RULES)
    return tuple(problem for problem in problems if problem)


def judge(now: Backlog, *, strict: bool = False) -> tuple[Problem, ...]:
    """Return why the sheet may not show what came; nothing where it does."""
    return tuple(problem for problem in evaluate(now, strict=strict) if problem.is_behind)


def alarms(now: Backlog, told: Set[str] = frozenset()) -> dict[str, Problem | None]:
    """Return what people are to be told, or know already (`told`) and is not over, by code.

    None stands for what is only not over yet.
    """
    wrong: dict[str, Problem | None] = {}
    for rule in RULES:
        problem = rule.problem(now)
        if not rule.over:
            continue
        if problem and (rule.code in told or rule.alerts(now)):
            wrong[rule.code] = problem
        elif rule.code in told and rule.stays(now):
            wrong[rule.code] = None
    return wrong
