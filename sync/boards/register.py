"""Adds boards to the core: their tabs, status rules and check."""

from sync import doctor
from sync.boards.check import mapping
from sync.boards.job_tabs import BoardTabs
from sync.boards.problem_rules import RULES
from sync.doctor import Step
from sync.status import rules
from sync.types import Mode
from sync.wiring import register_tabs


def register() -> None:
    """Have the core serve mapped tabs; once is enough."""
    register_tabs(Mode.MAPPED, BoardTabs)
    for rule in RULES:
        # The rule of the core that is next in urgency.
        before = "documents_failed" if rule.code == "mapped_columns_gone" else "doubled"
        rules.register(rule, before=before)
    check = Step("mapping", "Your own sheet", mapping, ("spreadsheet",))
    doctor.register(check, after="spreadsheet")
