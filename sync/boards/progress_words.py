"""Compares a typed word in a progress column with the word that a job should show. Pure.

The words of a column map a rule (`sync.jobs.progress`) to the word to write for it; `RULE~WORD` is
a synonym.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

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
FURTHER_WORD = "~"
"""Separates a rule from a synonym for its word."""


@dataclass(frozen=True)
class ProgressWords:
    """The words of a column, as the module describes. The config has the order of the milestones.

    The word of a rule is "" if it can no longer be written.
    """

    words: Mapping[str, str]
    config: Config

    @cached_property
    def _milestones(self) -> Milestones:
        return Milestones(self.config)

    def rank(self, rule: str) -> tuple[int, int, int]:
        """Return the sort key of a rule: the larger is further.

        Milestones outside the order come before all others.
        """
        if rule in JOB_RULES:
            return ((NEW, SIGNED, "", "", DONE, ARCHIVED).index(rule), 0, 0)
        key, _, status = rule.rpartition(":")
        place = self._milestones.rank(key)
        if place < 0:
            return (2, 0, 0)
        return (3, place, STATUSES.index(status) if status in STATUSES else 0)

    def rule_of(self, cell: Cell) -> str | None:
        """Return the furthest rule with a word that applies to a job; None if there is none."""
        return next((rule for rule in cell.words if rule in self.words), None)

    def word_of(self, cell: Cell) -> str | None:
        """Return the word that a job should show; None if no rule with a word applies."""
        rule = self.rule_of(cell)
        return None if rule is None else self.words[rule]

    def rules(self, text: str) -> list[str]:
        """Return the rules whose word is a text in the column, the lowest first."""
        typed = _folded(text)
        rules = {
            key.partition(FURTHER_WORD)[0]
            for key, word in self.words.items()
            if word and _folded(word) == typed
        }
        return sorted(rules, key=lambda rule: (self.rank(rule), rule))

    def is_synonym(self, text: str, wanted: Cell) -> bool:
        """Return whether a text in the column is a synonym of the word a job should show."""
        return self.rule_of(wanted) in self.rules(text)

    def is_ahead(self, text: str, last: Cell, wanted: Cell) -> bool:
        """Return whether a typed word is further than EverBright's current status.

        It isn't if the milestone was rejected or reopened since `last`. A word with several rules
        has the rank of the lowest.
        """
        rule, before = self.rule_of(wanted), self.rule_of(last)
        typed = next(iter(self.rules(text)), None)
        if rule is None or typed is None or typed in wanted.words:
            return False
        was_reopened = before and before not in wanted.words and not _is_rejected(before)
        if was_reopened or _is_rejected(rule):
            return False
        return self.rank(typed) >= self.rank(rule)


def _is_rejected(rule: str) -> bool:
    return rule.endswith(f":{REJECTED}")


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
