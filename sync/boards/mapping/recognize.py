"""Recognizes the field that a header names. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from rapidfuzz import fuzz, process

from sync.boards.mapping.fields import Fields
from sync.boards.mapping.vocabulary import ASPECT_TERMS, DATE_TERMS, FILLERS, plain, spelled_out
from sync.field_table import MILESTONE_FIELDS

ALIKE = 88.0
"""The least similarity (rapidfuzz's ratio, 0 to 100) of a text with one typo.

Nearly every known header with one letter missing, doubled or swapped is above it. Of different
fields, only contact and contract are that similar: see tests/boards/mapping.
"""
SHORTEST = 6
"""Letters: changing one letter of a shorter word makes another word ("sent", "send")."""
AHEAD = 6.0
"""The required lead over other fields: "contarct" is similar to contact and to contract."""
_DIGIT = re.compile(r"\d")
DATED = ("submitted", "approved")
"""The aspects that a milestone's column of dates may have."""
_APPROVAL = frozenset(("approval", "aprobacion"))
"""May mean the final approval or the milestone itself: "Permit approval" may hold statuses."""
_OUTSIDE = frozenset(("issued", "granted", "received", "recibido", "recibida"))
"""Terms for an approval that isn't EverBright's: "Permit issued" has the city's date."""
_MONEY = re.compile(r"[$\u20ac\u00a3]|\b(?:amount|amt)\b", re.IGNORECASE)


class Rank(IntEnum):
    """How certain a match is: of two columns, the one with the lower wins."""

    CERTAIN, MILESTONE, CONTENT, ALMOST, NO_MATCH = range(5)


@dataclass(frozen=True)
class ColumnMatch:
    """The field that a header or cells name; "" if it isn't clear, for the `reason`."""

    field_id: str = ""
    reason: str = ""
    rank: Rank = Rank.NO_MATCH
    if_statuses: str = ""
    """If it isn't clear: the field if the cells are statuses."""
    if_dates: str = ""
    """If it isn't clear: the field if the cells are dates."""

    @property
    def is_unknown(self) -> bool:
        """Whether the header says nothing, so that the cells alone decide.

        One that names no field may say something: "Amount" above email addresses isn't `email`.
        """
        return self.rank == Rank.NO_MATCH


class Recognizer:
    """Recognizes headers as fields."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._names = _milestone_names(fields)
        self._titles = {
            plain(entry.title(heading.header)): f"{entry.id}{heading.key}"
            for heading in fields.by_jobs
            for entry in MILESTONE_FIELDS
        }
        self._names_without_fillers = {
            " ".join(token for token in name.split() if token not in FILLERS): key
            for name, key in self._names.items()
        }
        self.match = lru_cache(maxsize=1024)(self._match)

    def _match(self, header: str) -> ColumnMatch:
        if not any(map(str.isalpha, header)) and any(map(str.isdigit, header)):
            return ColumnMatch()  # "$21,000" is an amount, and not the header of amounts.
        if _MONEY.search(header):
            return ColumnMatch("", "an amount of money, by its header", Rank.CERTAIN)
        text, synonyms = plain(header), self._fields.synonyms
        for name in (text, spelled_out(text)):
            if name in self._names:
                return self._found("status", self._names[name])
            if name in synonyms:
                return ColumnMatch(synonyms[name], "by its header", Rank.CERTAIN)
            if name in self._titles:
                aspect, _, key = self._titles[name].partition(":")
                return self._found(aspect, key)
        text = spelled_out(text)
        if match := self._of_milestone(text):
            return match
        if near := _nearest(text, synonyms):
            return ColumnMatch(synonyms[near], f"its header is similar to {near!r}", Rank.ALMOST)
        return ColumnMatch()

    def _of_milestone(self, text: str) -> ColumnMatch | None:
        """Return the field of a header with a milestone's name, and terms for an aspect of it.

        None if no milestone is named.
        """
        tokens = [token for token in text.split() if token not in FILLERS]
        aspects = [name for name, known in ASPECT_TERMS.items() if not known.isdisjoint(tokens)]
        beside_name = DATE_TERMS.union(*(ASPECT_TERMS[name] for name in aspects))
        name = " ".join(token for token in tokens if token not in beside_name)
        known = self._names_without_fillers
        near = name if name in known else _nearest(name, known)
        if not near:
            return None
        rank = Rank.MILESTONE if near == name else Rank.ALMOST
        return self._of_aspects(aspects, tokens, known[near], rank)

    def _of_aspects(
        self, aspects: Sequence[str], tokens: Sequence[str], key: str, rank: Rank
    ) -> ColumnMatch:
        """Return which of the aspects of a milestone the tokens of a header are about."""
        is_dated = not DATE_TERMS.isdisjoint(tokens)
        # "Permit date", "Permit submitted / approved".
        if len(aspects) > 1 or (is_dated and not aspects):
            return ColumnMatch(reason=self._unclear(aspects or DATED, key), rank=Rank.MILESTONE)
        if aspects == ["approved"]:
            if not _OUTSIDE.isdisjoint(tokens):  # "Permit issued"
                why = "it may be the date of the city, the utility or the bank, not EverBright's"
                return ColumnMatch(reason=why, rank=Rank.MILESTONE)
            terms = ASPECT_TERMS["approved"].intersection(tokens)
            if terms <= _APPROVAL and not is_dated:  # "Permit approval"
                return ColumnMatch(
                    reason=self._unclear(("status", "approved"), key),
                    rank=rank,
                    if_statuses=f"status:{key}",
                    if_dates=f"approved:{key}",
                )
        # "Permit", "Permit approved", "Permit docs".
        return self._found(aspects[0] if aspects else "status", key, rank)

    def _unclear(self, aspects: Sequence[str], key: str) -> str:
        titles = (self._fields.get(f"{aspect}:{key}").title for aspect in aspects)
        return f"of a milestone, but it may be {' or '.join(titles)}"

    def _found(self, aspect: str, key: str, rank: Rank = Rank.MILESTONE) -> ColumnMatch:
        why = "is similar to" if rank == Rank.ALMOST else "names"
        reason = f"its header {why} the milestone {self._fields.header(key)}"
        return ColumnMatch(f"{aspect}:{key}", reason, rank)


def _milestone_names(fields: Fields) -> dict[str, str]:
    """Return the key of the milestone by each name that a header may have for it."""
    # 1. As EverBright or the config names it: "PTO".
    names = {plain(heading.header): heading.key for heading in fields.by_jobs}
    # 2. Without abbreviations: "permission to operate".
    for name, key in [*names.items()]:
        names.setdefault(spelled_out(name), key)
    # 3. "design" of "design approval", if no other milestone may be meant.
    bare: dict[str, set[str]] = {}
    for name, key in names.items():
        tokens = [token for token in name.split() if token not in ASPECT_TERMS["approved"]]
        bare.setdefault(" ".join(tokens), set()).add(key)
    for name, keys in bare.items():
        if name and len(keys) == 1 and name not in fields.synonyms:
            names.setdefault(name, *keys)
    return names


def _nearest(text: str, known: Mapping[str, str]) -> str:
    """Return the name of `known` (meanings by name) that `text` is with a typo, or "".

    Also "" if another meaning is almost as similar. Neither a digit, two more letters, nor a known
    word is a typo ("Phone 2", "PTO #", "Contractor", "Contact date").
    """
    if len(text) < SHORTEST:
        return ""
    digits = _DIGIT.findall(text)
    known_words = {word for name in known for word in name.split()}.intersection(text.split())
    names = [
        name
        for name in known
        if len(name) >= SHORTEST
        and abs(len(name) - len(text)) <= 1
        and _DIGIT.findall(name) == digits
        and known_words.issubset(name.split())
    ]
    near = process.extract(text, names, scorer=fuzz.ratio, score_cutoff=ALIKE - AHEAD, limit=None)
    if not near or near[0][1] < ALIKE:
        return ""
    best, score = near[0][:2]
    others = (alike for name, alike, _ in near if known[name] != known[best])
    return "" if max(others, default=0.0) > score - AHEAD else str(best)
