"""The one evaluation of what is wrong now. Pure.

`/status`, the console, doctor, alerts, the digest, the metrics and `compare` all speak from it, so
they cannot contradict each other. What can be wrong is listed in `entries.py`.
"""

from collections.abc import Set

from sync.status.entries import ENTRIES
from sync.status.problem import Problem, counted, lasting
from sync.store import Backlog

__all__ = ["OVER", "Problem", "alarms", "counted", "evaluate", "judge", "lasting"]

OVER = {entry.code: entry.over for entry in ENTRIES if entry.over}
"""What people are told at the end of what they were told of."""


def evaluate(now: Backlog, *, strict: bool = False) -> tuple[Problem, ...]:
    """Return all that is wrong, the most urgent first; nothing where all is well.

    `strict`: does the sheet show everything at this moment? Then nothing may wait at all.
    """
    problems = (entry.problem(now, strict=strict) for entry in ENTRIES)
    return tuple(problem for problem in problems if problem)


def judge(now: Backlog, *, strict: bool = False) -> tuple[Problem, ...]:
    """Return why the sheet may not show what came; nothing where it does."""
    return tuple(problem for problem in evaluate(now, strict=strict) if problem.is_behind)


def alarms(now: Backlog, told: Set[str] = frozenset()) -> dict[str, Problem | None]:
    """Return what people are to be told, or know already (`told`) and is not over, by code.

    None stands for what is only not over yet.
    """
    wrong: dict[str, Problem | None] = {}
    for entry in ENTRIES:
        problem = entry.problem(now)
        if not entry.over:
            continue
        if problem and (entry.code in told or entry.alerts(now)):
            wrong[entry.code] = problem
        elif entry.code in told and entry.stays(now):
            wrong[entry.code] = None
    return wrong
