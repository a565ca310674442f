"""Adds boards to the core: their tabs, status rules and check."""

from sync import doctor
from sync.boards.check import mapping
from sync.boards.job_tabs import BoardTabs
from sync.boards.problem_rules import RULES
from sync.doctor import Step
from sync.status import rules
from sync.types import Mode
from sync.wiring import register_tabs

_BEFORE = {
    "mapped_columns_gone": "documents_failed",
    "unsettled": "doubled",
    "missing_words": "doubled",
    "missing_options": "doubled",
    "kept_words": "doubled",
    "foreign_keys": "doubled",
}
"""By code, the rule of the core that is next in urgency."""


def register() -> None:
    """Have the core serve mapped tabs; once is enough."""
    register_tabs(Mode.MAPPED, BoardTabs)
    for rule in RULES:
        rules.register(rule, before=_BEFORE[rule.code])
    needs = ("database", "google", "spreadsheet")
    doctor.register(Step("mapping", "Your own sheet", mapping, needs), after="spreadsheet")
