"""Judges a state: what is wrong, and whether the sheet is up to date. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sync.status.rules import RULES, STALE_SECONDS, Entry, Level
from sync.status.state import State


class Verdict(StrEnum):
    """The three states of the sheet."""

    UP_TO_DATE = "up_to_date"
    UPDATING = "updating"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Status:
    """What is wrong, and what that means for the sheet."""

    verdict: Verdict
    heading: str
    problems: tuple[Entry, ...]
    notices: tuple[Entry, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self.problems + self.notices


def judge(state: State) -> Status:
    """Return the status: "up to date" only of what the last look at the sheet has seen."""
    problems, notices = tuple[Entry, ...](), tuple[Entry, ...]()
    for rule in RULES:
        entry = None if rule.yields and problems else rule.entry(state)
        if entry and rule.level is Level.PROBLEM:
            problems += (entry,)
        elif entry:
            notices += (entry,)
    last = state.last_pass
    is_right = not (last.pending or last.failed) and state.now - last.at < STALE_SECONDS
    if problems:
        what = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        return Status(Verdict.PROBLEM, what, problems, notices)
    if state.waits or state.pending.get("attempts") or not is_right:
        return Status(Verdict.UPDATING, "The sheet is being updated", problems, notices)
    what = "The sheet is up to date" if notices else "Everything is up to date"
    return Status(Verdict.UP_TO_DATE, what, problems, notices)


def to_json(status: Status, state: State) -> dict[str, Any]:
    """Return what anybody may see: no customer, no address and no ID."""
    return {
        "status": status.verdict.value,
        "problems": [{"code": each.rule.code, "message": each.text} for each in status.problems],
        "notices": [{"code": each.rule.code, "message": each.text} for each in status.notices],
        "pending": {
            name: int(state.pending.get(name, 0))
            for name in ("deliveries", "jobs", "lines", "documents", "attempts")
        },
        "last_pass": state.last_pass.at or None,
        "last_webhook": state.arrived or None,
    }
