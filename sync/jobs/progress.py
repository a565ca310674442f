"""Chooses a job's word in a progress column, by the rules that apply to the job. Pure.

A rule is a milestone's key and a status (`KEY:APPROVED`), or one of JOB_RULES. Their order is in
two places: of a job's rules in `job_cells._progress` (with HOLDING), and of any in
`ProgressOrder.rank`, which compares typed words with them.
"""

from collections.abc import Mapping

from sync.jobs.status import in_sentence
from sync.settings.config_file import Config, Meaning

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

HOLDING: Mapping[Meaning, tuple[str, ...]] = {
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
