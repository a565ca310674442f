"""Compares a typed word in a progress column with the word that a job should show. Pure."""

from collections.abc import Iterable, Mapping, Sequence
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

_SYNONYM = "~"
_JOB_RANKS = {NEW: 0, SIGNED: 1, DONE: 4, ARCHIVED: 5}
"""The ranks of milestones are between."""


@dataclass(frozen=True)
class RuleWord:
    """A word of a progress column, and the rule (`sync.jobs.progress`) that it stands for."""

    rule: str
    word: str
    is_synonym: bool = False
    """Whether it is only recognized, because another word is written for the rule."""


def parse_rule_words(stored: Mapping[str, str]) -> tuple[RuleWord, ...]:
    """Return the words of a column as they are stored: by rule, synonyms by `RULE~WORD`."""
    return tuple(
        RuleWord(key.partition(_SYNONYM)[0], word, _SYNONYM in key) for key, word in stored.items()
    )


def stored_words(words: Iterable[RuleWord]) -> dict[str, str]:
    """Return the words of a column as `parse_rule_words` reads them."""
    return {
        f"{each.rule}{_SYNONYM}{each.word}" if each.is_synonym else each.rule: each.word
        for each in words
    }


@dataclass(frozen=True)
class ProgressWords:
    """Finds and compares a column's words. The config has the order of the milestones."""

    words: Sequence[RuleWord]
    config: Config

    @cached_property
    def _by_rule(self) -> dict[str, str]:
        return {each.rule: each.word for each in self.words if not each.is_synonym}

    @cached_property
    def _milestones(self) -> Milestones:
        return Milestones(self.config)

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

    def rule_of(self, cell: Cell) -> str | None:
        """Return the furthest rule with a word that applies to a job; None if there is none."""
        return next((rule for rule in cell.words if rule in self._by_rule), None)

    def word_of(self, cell: Cell) -> str | None:
        """Return the word that a job should show; None if no rule with a word applies."""
        rule = self.rule_of(cell)
        return None if rule is None else self._by_rule[rule]

    def rules(self, text: str) -> list[str]:
        """Return the rules whose word is a text in the column, the lowest first."""
        folded = _folded(text)
        rules = {each.rule for each in self.words if _folded(each.word) == folded}
        return sorted(rules, key=lambda rule: (self.rank(rule), rule))

    def is_synonym(self, text: str, wanted: Cell) -> bool:
        """Return whether a text in the column is a synonym of the word a job should show."""
        return self.rule_of(wanted) in self.rules(text)

    def is_ahead(self, text: str, last: Cell, wanted: Cell) -> bool:
        """Return whether a typed word stands for EverBright's current status, or a later one.

        Without an order, any milestone that the job hasn't reached is later. It isn't ahead if the
        milestone was rejected or reopened since `last`. (If our word is the same as before,
        `BoardTabs.compare_word` leaves the typed one, whatever happened.) A word with several rules
        has the rank of the lowest.
        """
        rule, before = self.rule_of(wanted), self.rule_of(last)
        typed_rule = next(iter(self.rules(text)), None)
        if rule is None or typed_rule is None or typed_rule in wanted.words:
            return False
        was_reopened = before and before not in wanted.words and not _is_rejected(before)
        if was_reopened or _is_rejected(rule):
            return False
        return self.rank(typed_rule) >= self.rank(rule)


def _is_rejected(rule: str) -> bool:
    return rule.endswith(f":{REJECTED}")


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
