"""Finds the options of a drop-down that are words for our texts. Pure."""

from collections.abc import Sequence

from rapidfuzz import fuzz

from sync.boards.mapping.fields import Fields
from sync.boards.mapping.recognize import ALIKE, SHORTEST
from sync.boards.mapping.vocabulary import plain
from sync.boards.mapping.words import NO_WORD, StoredWords, TextWords

_BEGINNING = 2
"""Letters that must agree: "unapproved" and "resubmitted" are not almost what they end with."""


def fit_options(
    fields: Fields, field_id: str, options: tuple[str, ...], wanted: StoredWords
) -> TextWords:
    """Return the option for each text of a field: the wanted one, or else a proposal.

    `wanted` has options, ended words and NO_WORD. A field that may have any text has its options as
    texts, and those for which another word is wanted: anything else isn't written.
    """
    texts = fields.get(field_id).texts
    if not texts:
        worded = (text for text, word in wanted.items() if text != word)
        texts = tuple(dict.fromkeys([*options, *worded]))
    unwanted = [option for option in options if option not in wanted.values()]
    by_text, excluded, ended = dict[str, str](), list[str](), dict[str, str]()
    for text in texts:
        word = wanted.get(text)
        if word == NO_WORD:
            excluded.append(text)
        elif word in options:
            by_text[text] = word
        else:
            if word:
                ended[text] = word
            others = {plain(other) for other in texts if other != text}
            free = [option for option in unwanted if plain(option) not in others]
            if option := _proposed(text, options, free, fields.trade_terms.get(text, ())):
                by_text[text] = option
    without_word = tuple(text for text in texts if text not in by_text)
    return TextWords(by_text, tuple(excluded), ended=ended, without_word=without_word)


def _proposed(
    text: str, options: Sequence[str], free: Sequence[str], trade: Sequence[Sequence[str]]
) -> str:
    """Return the one option that says the same as a text of ours; "" where none or several do.

    `free` are the options that aren't wanted for, and don't read like, another text of ours.
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
