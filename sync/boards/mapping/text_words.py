"""The words of a column for our texts, and the options of a drop-down that fit them. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz

from sync.boards.mapping.fields import Fields
from sync.boards.mapping.recognize import ALIKE, SHORTEST
from sync.boards.mapping.vocabulary import plain
from sync.sheets.read import OTHER_TEXTS

NO_WORD = ""
"""In place of a word: a person chose that a text has none."""
_LONGEST = 10_000
"""Characters of a mapping of words: Google lets all metadata of a tab have 30,000."""
_BEGINNING = 2
"""Letters that must agree: "unapproved" and "resubmitted" are not almost what they end with."""


@dataclass(frozen=True)
class TextWords:
    """The words of a column by our texts, and our texts without one."""

    by_text: Mapping[str, str]
    without_word: tuple[str, ...] = ()
    """Our texts that match no option, and aren't written."""
    excluded: tuple[str, ...] = ()
    """Those of them for which a person chose NO_WORD."""
    ended: Mapping[str, str] = field(default_factory=dict)
    """Earlier words that are no longer options, by our text."""
    takes_others: bool = False
    """Whether the column has no drop-down: a text without a word is written as it is."""

    @property
    def written(self) -> dict[str, str]:
        others = {OTHER_TEXTS: OTHER_TEXTS} if self.takes_others else {}
        return {**self.by_text, **dict.fromkeys(self.excluded, NO_WORD), **others}

    @property
    def stored(self) -> dict[str, str]:
        """What is stored with the column.

        A word that is no option now stays: it is not written, and may be an option again.
        """
        return {**self.ended, **self.written}

    @property
    def is_too_long(self) -> bool:
        """Whether it is too long to be stored with the column."""
        return sum(map(len, [*self.by_text, *self.by_text.values()])) > _LONGEST


def fit_options(
    fields: Fields, name: str, options: tuple[str, ...], chosen: Mapping[str, str]
) -> TextWords:
    """Return the option for each text of a field: as `chosen`, else the same, else a proposal.

    `chosen` has options by our text, or NO_WORD. A field with any text has the options themselves
    as words, and those chosen for other texts: anything else is not written.
    """
    texts = fields.get(name).texts
    if not texts:
        others = [text for text, word in chosen.items() if word in (*options, NO_WORD)]
        texts = tuple(dict.fromkeys([*options, *others]))
    by_text, excluded, ended = dict[str, str](), list[str](), dict[str, str]()
    for text in texts:
        word = chosen.get(text)
        if word == NO_WORD:
            excluded.append(text)
            continue
        if word in options:
            by_text[text] = word
            continue
        if word:
            ended[text] = word
        taken = {*chosen.values(), *(plain(other) for other in texts if other != text)}
        free = [option for option in options if not {option, plain(option)} & taken]
        if option := _proposed(text, options, free, fields.trade_terms.get(text, ())):
            by_text[text] = option
    without_word = tuple(text for text in texts if text not in by_text)
    return TextWords(by_text, without_word, tuple(excluded), ended)


def _proposed(
    text: str, options: Sequence[str], free: Sequence[str], trade: Sequence[Sequence[str]]
) -> str:
    """Return the one option that says the same as a text of ours; "" where none or several do.

    `free` are the options that were not chosen for, and do not read like, another text of ours.
    """
    fitting = next(filter(None, _fitting(text, options, free, trade)), [])
    return fitting[0] if len(fitting) == 1 else ""


def _fitting(
    text: str, options: Sequence[str], free: Sequence[str], trade: Sequence[Sequence[str]]
) -> Iterator[list[str]]:
    """Yield the options that fit a text: the same, in other case or signs, by the trade, almost."""
    yield [option for option in options if option == text]
    yield [option for option in options if option.strip().casefold() == text.casefold()][:1]
    yield [option for option in options if plain(option) == plain(text)]
    for terms in trade:
        yield [option for option in free if plain(option) in terms]
    bare = plain(text)
    yield [
        option
        for option in free
        if min(len(plain(option)), len(bare)) >= SHORTEST
        and plain(option)[:_BEGINNING] == bare[:_BEGINNING]
        and fuzz.ratio(plain(option), bare) >= ALIKE
    ]
