"""The words of a column for our texts, and the options of a drop-down that fit them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz

from sync.boards.mapping.fields import Fields
from sync.boards.mapping.recognize import ALIKE, SHORTEST
from sync.boards.mapping.vocabulary import plain
from sync.sheets.ids import OTHER_TEXTS

NO_WORD = ""
"""In place of a word: a person chose that a text has none."""
_LONGEST = 10_000
"""Characters of a mapping of words: Google lets all metadata of a tab have 30,000."""
_BEGINNING = 2
"""Letters that must agree: "unapproved" and "resubmitted" are not almost what they end with."""


@dataclass(frozen=True)
class StoredTextWords:
    """The words that are stored with a column, by our texts."""

    by_text: Mapping[str, str]
    """Ended ones, too."""
    excluded: tuple[str, ...]
    """Our texts for which a person chose NO_WORD."""
    takes_others: bool
    """Whether the column has no drop-down: a text without a word is written as it is."""

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
class TextWords:
    """The words that a column gets by our texts, and our texts without one."""

    by_text: Mapping[str, str]
    without_word: tuple[str, ...] = ()
    """Our texts that match no option, and aren't written."""
    excluded: tuple[str, ...] = ()
    """Those of them for which a person chose NO_WORD."""
    ended: Mapping[str, str] = field(default_factory=dict)
    """Earlier words that are no longer options, by our text."""
    takes_others: bool = False
    """As in `StoredTextWords`."""

    @property
    def stored(self) -> dict[str, str]:
        """What is stored with the column.

        A word that is no option now stays, if no option was proposed for its text: it is not
        written, and may be an option again.
        """
        others = {OTHER_TEXTS: OTHER_TEXTS} if self.takes_others else {}
        excluded = dict.fromkeys(self.excluded, NO_WORD)
        return {**self.ended, **self.by_text, **excluded, **others}

    @property
    def is_too_long(self) -> bool:
        """Whether it is too long to be stored with the column."""
        return sum(map(len, [*self.stored, *self.stored.values()])) > _LONGEST


def parse_text_words(stored: Mapping[str, str] | None) -> StoredTextWords:
    """Return the words that are stored with a column.

    `stored` is None for a column without words of its own, where every text is written as it is.
    """
    if stored is None:
        return StoredTextWords({}, (), takes_others=True)
    by_text = {t: word for t, word in stored.items() if word != NO_WORD and t != OTHER_TEXTS}
    excluded = tuple(text for text, word in stored.items() if word == NO_WORD)
    return StoredTextWords(by_text, excluded, takes_others=OTHER_TEXTS in stored)


def fit_options(
    fields: Fields, field_id: str, options: tuple[str, ...], chosen: Mapping[str, str]
) -> TextWords:
    """Return the option for each text of a field: the chosen one, or else a proposal.

    `chosen` has a word by our text: an option, one that is gone, or NO_WORD. A field that may have
    any text has its options as texts, and those that a person chose another word for: anything else
    isn't written.
    """
    texts = fields.get(field_id).texts
    if not texts:
        worded = (text for text, word in chosen.items() if text != word)
        texts = tuple(dict.fromkeys([*options, *worded]))
    not_chosen = [option for option in options if option not in chosen.values()]
    by_text, excluded, ended = dict[str, str](), list[str](), dict[str, str]()
    for text in texts:
        word = chosen.get(text)
        if word == NO_WORD:
            excluded.append(text)
        elif word in options:
            by_text[text] = word
        else:
            if word:
                ended[text] = word
            others = {plain(other) for other in texts if other != text}
            free = [option for option in not_chosen if plain(option) not in others]
            if option := _proposed(text, options, free, fields.trade_terms.get(text, ())):
                by_text[text] = option
    without_word = tuple(text for text in texts if text not in by_text)
    return TextWords(by_text, without_word, tuple(excluded), ended)


def as_option(word: str, options: Sequence[str] | None) -> str:
    """Return a word that a person chose: as the option, whose spaces at the ends nobody sees."""
    bare = word.strip()
    return next((option for option in options or () if option.strip() == bare), bare)


def _proposed(
    text: str, options: Sequence[str], free: Sequence[str], trade: Sequence[Sequence[str]]
) -> str:
    """Return the one option that says the same as a text of ours; "" where none or several do.

    `free` are the options that were not chosen for, and do not read like, another text of ours.
    """
    if text in options:
        return text
    for option in options:
        if option.strip().casefold() == text.casefold():
            return option
    bare = plain(text)
    # The surest options first: with other signs, in the terms of the trade, with a typo.
    groups = [[option for option in options if plain(option) == bare]]
    groups += [[option for option in free if plain(option) in terms] for terms in trade]
    groups += [[option for option in free if _is_almost(plain(option), bare)]]
    surest = next(filter(None, groups), [])
    return surest[0] if len(surest) == 1 else ""


def _is_almost(option: str, text: str) -> bool:
    """Return whether two texts (as `plain` gives them) differ by a typo."""
    return (
        min(len(option), len(text)) >= SHORTEST
        and option[:_BEGINNING] == text[:_BEGINNING]
        and fuzz.ratio(option, text) >= ALIKE
    )
