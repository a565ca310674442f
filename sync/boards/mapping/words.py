"""Holds what a column shows for our texts, or a progress column for rules. Pure.

The package's docstring has a table of these concepts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sync.jobs.cells import Cell
from sync.sheets.ids import OTHER_TEXTS

StoredWords = Mapping[str, str]
"""The words of a column as they are stored: by our text, or by rule (`RuleWord.stored_key`)."""
NO_WORD = ""
"""In place of a word: a person chose that a text has none."""
_LONGEST = 10_000
"""Characters of a mapping of words: Google lets all metadata of a tab have 30,000."""
_SYNONYM = "~"


@dataclass(frozen=True)
class TextWords:
    """A column's words, by our texts."""

    by_text: Mapping[str, str]
    """Without ended words, except after `parse`: what is stored doesn't show which have ended."""
    excluded: tuple[str, ...] = ()
    """Our texts for which a person chose NO_WORD."""
    takes_others: bool = False
    """Whether the column has no drop-down: a text without a word is written as it is."""
    ended: StoredWords = field(default_factory=dict)
    """Words that are no longer options, as they are stored."""
    without_word: tuple[str, ...] = ()
    """Our texts that match no option, and aren't written: the excluded ones, too."""

    @classmethod
    def parse(cls, stored: StoredWords | None) -> "TextWords":
        """Return stored words; None stands for a column without any, which shows our texts."""
        if stored is None:
            return cls({}, takes_others=True)
        by_text = {t: word for t, word in stored.items() if word != NO_WORD and t != OTHER_TEXTS}
        excluded = tuple(text for text, word in stored.items() if word == NO_WORD)
        return cls(by_text, excluded, takes_others=OTHER_TEXTS in stored)

    @property
    def stored(self) -> dict[str, str]:
        """What is stored with the column.

        An ended word stays, if no option was proposed for its text: it may be an option again.
        """
        others = {OTHER_TEXTS: OTHER_TEXTS} if self.takes_others else {}
        excluded = dict.fromkeys(self.excluded, NO_WORD)
        return {**self.ended, **self.by_text, **excluded, **others}

    @property
    def is_too_long(self) -> bool:
        """Whether it is too long to be stored with the column."""
        return sum(map(len, [*self.stored, *self.stored.values()])) > _LONGEST

    def word_of(self, *texts: str) -> str | None:
        """Return the word, or NO_WORD, for the first of a value's texts with either; else None."""
        for text in texts:
            if text in self.by_text:
                return self.by_text[text]
            if text in self.excluded:
                return NO_WORD
        return None

    def writes_as_is(self, *texts: str) -> bool:
        """Return whether a value with these texts is written as it is."""
        return self.takes_others and self.word_of(*texts) is None


@dataclass(frozen=True)
class RuleWord:
    """A word of a progress column, and the rule (`sync.jobs.progress`) that it stands for."""

    rule: str
    word: str
    is_synonym: bool = False
    """Whether it is only recognized, because another word is written for the rule."""

    @property
    def stored_key(self) -> str:
        return f"{self.rule}{_SYNONYM}{self.word}" if self.is_synonym else self.rule


@dataclass(frozen=True)
class RuleWords:
    """A progress column's words, by rules."""

    pairs: tuple[RuleWord, ...]
    """Without ended words, except after `parse`."""
    ended: StoredWords = field(default_factory=dict)
    """Words that are no longer options, as they are stored."""

    @classmethod
    def parse(cls, stored: StoredWords) -> "RuleWords":
        return cls(
            tuple(
                RuleWord(key.partition(_SYNONYM)[0], word, is_synonym=_SYNONYM in key)
                for key, word in stored.items()
            )
        )

    @property
    def stored(self) -> dict[str, str]:
        """What is stored with the column: an ended word may be an option again."""
        return {**self.ended, **{pair.stored_key: pair.word for pair in self.pairs}}

    @cached_property
    def _written(self) -> dict[str, str]:
        return {pair.rule: pair.word for pair in self.pairs if not pair.is_synonym}

    def rule_of(self, cell: Cell) -> str | None:
        """Return the furthest rule with a word that applies to a job; None if there is none."""
        return next((rule for rule in cell.rules if rule in self._written), None)

    def word_of(self, cell: Cell) -> str | None:
        """Return the word that a job should show; None if no rule with a word applies."""
        rule = self.rule_of(cell)
        return None if rule is None else self._written[rule]

    def rules_of(self, text: str) -> set[str]:
        """Return the rules whose word is a text in the column."""
        folded = _folded(text)
        return {pair.rule for pair in self.pairs if _folded(pair.word) == folded}

    def is_word_for(self, text: str, wanted: Cell) -> bool:
        """Return whether a text in the column is a word for what a job should show."""
        return self.rule_of(wanted) in self.rules_of(text)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
