"""Our words in the words of a column: of its drop-down, or what a person says. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz

from sync.mapping.fields import Field
from sync.mapping.words import TradeWords, plain

LONGEST = 10_000
"""Characters of a mapping of words: Google lets all metadata of a tab have 30,000."""
OTHERS = "*"
"""Stands for every text that has no word, in a column that takes any: it is written as it is."""
_ALIKE = 88.0
"""The least likeness (rapidfuzz' ratio, 0 to 100) of an option with a typing error in it."""
_SHORTEST = 6
"""Letters: in a shorter word one letter makes another word ("sent", "send")."""
_BEGINNING = 2
"""Letters that must agree: "unapproved" and "resubmitted" are not almost what they end with."""


@dataclass(frozen=True)
class Words:
    """Our text → the word of the column, and what of ours has none."""

    by_ours: Mapping[str, str]
    unfit: tuple[str, ...] = ()
    """What of ours fits no option, and is not written."""
    silent: tuple[str, ...] = ()
    """What of `unfit` a person wants to have no word."""
    gone: Mapping[str, str] = field(default_factory=dict)
    """Words of before that are no option any more, by our text."""
    takes_others: bool = False
    """Whether the column has no drop-down: a text without a word is written as it is."""

    @property
    def stored(self) -> dict[str, str]:
        """What is stored with the column: "" for what is to have no word.

        A word that is no option now stays: it is not written, and may be an option again.
        """
        stored = {**self.gone, **self.by_ours, **dict.fromkeys(self.silent, "")}
        return {**stored, OTHERS: OTHERS} if self.takes_others else stored

    @property
    def size(self) -> int:
        """How many characters all of it has."""
        return sum(map(len, [*self.by_ours, *self.by_ours.values()]))


def fit(
    field: Field, options: tuple[str, ...], said: Mapping[str, str], trade: TradeWords | None = None
) -> Words:
    """Return the option for each text of ours: as `said`, else the same text, else a proposal.

    `said` has options by our text, "" for none. A field with any text has the options themselves
    as words: what is not among them is not written.
    """
    exact = set(options)
    ours = field.words or options
    silent = tuple(text for text in ours if said.get(text) == "")
    found = {text: said[text] for text in ours if said.get(text) in exact}
    gone = {text: word for text in ours if (word := said.get(text)) and word not in exact}
    for text in ours:
        if text in found or text in silent:
            continue
        others = {*said.values(), *(plain(other) for other in ours if other != text)}
        free = [option for option in options if not {option, plain(option)} & others]
        if option := _proposed(text, options, free, (trade or {}).get(text, ())):
            found[text] = option
    by_ours = {text: found[text] for text in ours if text in found}
    unfit = tuple(text for text in ours if text not in found)
    return Words(by_ours, unfit, silent, gone)


def text_words(said: Mapping[str, str]) -> Words | None:
    """Return the words of a column without a drop-down: what a person says, and nothing else."""
    by_ours = {text: word for text, word in said.items() if word and text != OTHERS}
    return Words(by_ours, takes_others=True) if by_ours else None


def _proposed(
    text: str, options: Sequence[str], free: Sequence[str], trade: Sequence[Sequence[str]]
) -> str:
    """Return the one option that says the same as a text of ours; "" where none or several do.

    `free` are the options that are not said to be, and do not read like, another text of ours.
    """
    for fitting in _candidates(text, options, free, trade):
        if fitting:
            return fitting[0] if len(fitting) == 1 else ""
    return ""


def _candidates(
    text: str, options: Sequence[str], free: Sequence[str], trade: Sequence[Sequence[str]]
) -> Iterator[list[str]]:
    """Give the options that fit a text: the same, in other case or signs, by the trade, almost."""
    yield [option for option in options if option == text]
    yield [option for option in options if option.strip().casefold() == text.casefold()][:1]
    yield [option for option in options if plain(option) == plain(text)]
    for words in trade:
        yield [option for option in free if plain(option) in words]
    yield [option for option in free if _is_almost(plain(option), plain(text))]


def _is_almost(option: str, text: str) -> bool:
    is_long = min(len(option), len(text)) >= _SHORTEST
    begins_alike = option[:_BEGINNING] == text[:_BEGINNING]
    return is_long and begins_alike and fuzz.ratio(option, text) >= _ALIKE
