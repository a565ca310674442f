"""Chooses a job's word in a progress column, by the rules that apply to the job. Pure.

A rule is a milestone's key and a status (`KEY:APPROVED`), or one of JOB_RULES.
"""

from collections.abc import Mapping, Sequence

from sync.jobs.milestones import ReachedMilestone
from sync.jobs.status import Meaning, Statuses, in_sentence
from sync.settings.config_file import Config

PROGRESS = "progress"
"""The ID of the field."""
NEW, SIGNED, DONE, ARCHIVED = "new", "signed", "done", "archived"
JOB_RULES: Mapping[str, str] = {
    NEW: "New job",
    SIGNED: "Contract signed",
    DONE: "Done",
    ARCHIVED: "Archived",
}
"""The rules about a whole job, and their labels."""
APPROVED, REJECTED, SUBMITTED, IN_PROGRESS = "APPROVED", "REJECTED", "SUBMITTED", "INPROG"

_HOLD: Mapping[Meaning, tuple[str, ...]] = {
    Meaning.APPROVED: (APPROVED, SUBMITTED, IN_PROGRESS),
    Meaning.REJECTED: (REJECTED, SUBMITTED, IN_PROGRESS),
    Meaning.WAITING: (SUBMITTED, IN_PROGRESS),
    Meaning.OPEN: (IN_PROGRESS,),
}
"""The rules of a milestone that apply for each meaning of its status, the furthest first."""


def milestone_rule(key: str, status: str) -> str:
    return f"{key}:{status}"


def rule_label(rule: str, title: str, config: Config) -> str:
    """Return a rule's label ("Permits approved"); `title` is its milestone's."""
    if rule in JOB_RULES:
        return JOB_RULES[rule]
    return f"{title} {in_sentence(config.status_label(rule.rpartition(':')[2]))}"


def holding_rules(
    milestones: Sequence[ReachedMilestone],
    statuses: Statuses,
    last: str | None,
    *,
    is_signed: bool,
    is_archived: bool,
) -> tuple[str, ...]:
    """Return the rules that apply to a job, the furthest first.

    `milestones` are those that it has reached, in order; `last` is the key of the final one.
    """
    of_milestones: list[str] = []
    for reached in reversed(milestones):
        milestone = reached.event.milestone
        if not milestone.status or statuses.configured_meaning(milestone.status) == "canceled":
            continue
        held = _HOLD[statuses.meaning(milestone)]
        of_milestones += [milestone_rule(reached.key, status) for status in held]
    # Also while *Status* shows that an earlier one is under review: words show the furthest.
    rules = {ARCHIVED: is_archived, DONE: statuses.is_done(milestones, last)}
    return (
        *(rule for rule, holds in rules.items() if holds),
        *of_milestones,
        *((SIGNED,) if is_signed else ()),
        NEW,
    )
