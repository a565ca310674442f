"""Tells whether a typed word in a progress column is ahead of the word for the job. Pure."""

from sync.boards.mapping.words import RuleWords
from sync.jobs.cells import Cell
from sync.jobs.milestones import Milestones
from sync.jobs.progress import (
    APPROVED,
    ARCHIVED,
    DONE,
    IN_PROGRESS,
    JOB_RULES,
    NEW,
    REJECTED,
    SIGNED,
    SUBMITTED,
)
from sync.settings.config_file import Config

STATUSES = (IN_PROGRESS, SUBMITTED, REJECTED, APPROVED)
"""The statuses that a rule can name, in the order of their rank."""

_JOB_RANKS = {NEW: 0, SIGNED: 1, DONE: 4, ARCHIVED: 5}
"""The ranks of milestones are between."""


class ProgressOrder:
    """The order of rules. The config has the order of the milestones."""

    def __init__(self, config: Config) -> None:
        self._milestones = Milestones(config)

    def rank(self, rule: str) -> tuple[int, int, int]:
        """Return the sort key of a rule: the larger is further.

        Milestones outside the order come before those in it.
        """
        if rule in JOB_RULES:
            return (_JOB_RANKS[rule], 0, 0)
        key, _, status = rule.rpartition(":")
        place = self._milestones.rank(key)
        if place < 0:
            return (2, 0, 0)
        return (3, place, STATUSES.index(status) if status in STATUSES else 0)

    def is_ahead(self, text: str, last: Cell, wanted: Cell, words: RuleWords) -> bool:
        """Return whether a typed word stands for more than EverBright has reached with `wanted`.

        Without an order, any milestone that the job hasn't reached is later. No word is ahead if
        the milestone was rejected or reopened since `last`. A word with several rules has the rank
        of the lowest.
        """
        rule, before = words.rule_of(wanted), words.rule_of(last)
        typed_rules = words.rules_of(text)
        if rule is None or not typed_rules:
            return False
        typed_rule = min(typed_rules, key=lambda each: (self.rank(each), each))
        if typed_rule in wanted.rules:
            return False
        was_reopened = before and before not in wanted.rules and not _is_rejected(before)
        if was_reopened or _is_rejected(rule):
            return False
        return self.rank(typed_rule) >= self.rank(rule)


def _is_rejected(rule: str) -> bool:
    return rule.endswith(f":{REJECTED}")
