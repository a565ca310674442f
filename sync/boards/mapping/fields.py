"""The fields that a column can show, and which option of a drop-down fits each text. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from rapidfuzz import fuzz

from sync.boards.mapping.vocabulary import STATUS_TERMS, SYNONYMS, TradeTerms, plain
from sync.errors import Permanent
from sync.field_table import ASPECTS, FIELDS, JOB_FIELDS, FieldKind
from sync.jobs.milestones import Heading
from sync.jobs.status import CONTRACT_LABELS, REJECTED, WAITING
from sync.settings.config_file import Config
from sync.sheets.read import OTHER_TEXTS


@dataclass(frozen=True)
class Field:
    """A field: `id` is the value of the column's metadata, `title` what people call it."""

    id: str
    title: str
    kind: FieldKind
    texts: tuple[str, ...] = ()
    """All that it can have, if they are known: of a status."""


@dataclass(frozen=True)
class Fields:
    """All fields of a job, and of the milestones that are known from the config and the inbox."""

    config: Config
    milestones: Sequence[Heading] = ()
    labels: tuple[str, ...] = ()
    """The labels of received statuses that aren't in the config."""
    stages: frozenset[str] = field(default_factory=frozenset)
    """The stages of sales that EverBright has sent."""

    @cached_property
    def synonyms(self) -> Mapping[str, str]:
        """The field by header (as `plain` gives it): those of the config come first."""
        offered = (name for name in SYNONYMS if name in self._titles)
        known = {text: name for name in offered for text in SYNONYMS[name]}
        known |= {plain(title): name for name, title in self._titles.items()}
        for name, headers in self.config.mapping.synonyms.items():
            with suppress(Permanent):  # of a milestone that no job has reached yet
                known |= dict.fromkeys(map(plain, headers), self.id_of(name))
        return known

    @cached_property
    def _titles(self) -> dict[str, str]:
        """The title by field; EverBright is asked for details only if the config has a column."""
        titles = {entry.id: entry.header for entry in JOB_FIELDS if not entry.metrics}
        return titles | {column.id: column.header for column in self.config.job_columns}

    @property
    def ids(self) -> tuple[str, ...]:
        """The fields of a job, without those of milestones."""
        return tuple(self._titles)

    @cached_property
    def _keys(self) -> dict[str, str]:
        # If several milestones have one name, it means the last here: the one with most jobs.
        by_jobs = sorted(self.milestones, key=lambda heading: heading.jobs)
        names = {heading.header.casefold(): heading.key for heading in by_jobs}
        return names | {uuid: heading.key for heading in by_jobs for uuid in heading.definitions}

    def id_of(self, text: str) -> str:
        """Return a field's id from what a person wrote. Raises Permanent, with what is known."""
        name = text.strip()
        if name in self._titles:
            return name
        aspect, separator, milestone = name.partition(":")
        if separator and aspect in ASPECTS:
            if key := self._keys.get(milestone.strip().casefold()):
                return f"{aspect}:{key}"
            known = ", ".join(heading.header for heading in self.milestones) or "none has come yet"
            fix = f"Write one of these, or name it in [[milestones]] of the config first: {known}."
            raise Permanent("no_milestone", f"No milestone is called {milestone!r}. {fix}")
        aspects = ", ".join(f"{aspect}:MILESTONE" for aspect in ASPECTS)
        fix = f"Write one of {', '.join(self._titles)}, {aspects}."
        raise Permanent("no_field", f"{text!r} is no field. {fix}")

    def get(self, name: str) -> Field:
        """Return the field with an ID, even if its milestone is no longer known."""
        aspect, separator, key = name.partition(":")
        entry = FIELDS.get(aspect + separator)
        kind = entry.kind if entry else FieldKind.TEXT
        title = self._titles.get(name, name)
        if entry and separator:
            title = entry.title(self._header(key))
        return Field(name, title, kind, self._texts(name))

    def spelled(self, name: str) -> str:
        """Return a field's id as people write it: with the milestone's name."""
        aspect, separator, key = name.partition(":")
        return f"{aspect}:{self._header(key)}" if separator else name

    def _header(self, key: str) -> str:
        return next((heading.header for heading in self.milestones if heading.key == key), key)

    def _texts(self, name: str) -> tuple[str, ...]:
        labels = [status.label for status in self.config.statuses.values()]
        if name.startswith("status:"):
            return tuple(dict.fromkeys([*labels, *self.labels]))
        if name == "status":
            by_meaning = {"rejected": REJECTED, "waiting": WAITING}
            statuses = self.config.statuses.values()
            texts = [by_meaning.get(status.means or "", status.label) for status in statuses]
            return tuple(dict.fromkeys([*texts, self.config.phrases.done, *self.labels]))
        return tuple(CONTRACT_LABELS.values()) if name == "contract" else ()

    @cached_property
    def trade_terms(self) -> TradeTerms:
        """The terms of the trade by a status's label: those of the config come first."""
        terms: dict[str, list[Sequence[str]]] = {}
        for code, status in self.config.statuses.items():
            own = tuple(map(plain, self.config.mapping.words.get(code, ())))
            terms.setdefault(status.label, []).extend((own, *STATUS_TERMS.get(code, ())))
        return terms

    def label_of(self, text: str) -> str:
        """Return a status's label, from its code in the config or a label in any case."""
        if status := self.config.statuses.get(text.strip()):
            return status.label
        texts = {*self._texts("status:"), *self._texts("status"), *self._texts("contract")}
        by_fold = {known.casefold(): known for known in texts}
        if known := by_fold.get(text.strip().casefold()):
            return known
        fix = f"Write the status as it came, or one of {', '.join(sorted(texts))}."
        raise Permanent("no_status", f"{text!r} isn't a known status. {fix}")


NO_WORD = ""
"""In place of a word: a person chose that a text has none."""
LONGEST = 10_000
"""Characters of a mapping of words: Google lets all metadata of a tab have 30,000."""
ALIKE = 88.0
"""The least similarity (rapidfuzz's ratio, 0 to 100) of a text with one typo.

Nearly every known header with one letter missing, doubled or swapped is above it. Of different
fields, only contact and contract are that similar: see tests/boards/mapping.
"""
SHORTEST = 6
"""Letters: changing one letter of a shorter word makes another word ("sent", "send")."""
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
    def size(self) -> int:
        """How many characters all of it has."""
        return sum(map(len, [*self.by_text, *self.by_text.values()]))


def fit_options(
    field: Field,
    options: tuple[str, ...],
    chosen: Mapping[str, str],
    trade: TradeTerms | None = None,
) -> TextWords:
    """Return the option for each text of ours: as `chosen`, else the same text, else a proposal.

    `chosen` has options by our text, or NO_WORD. A field with any text has the options themselves
    as words: what is not among them is not written.
    """
    exact = set(options)
    texts = field.texts or options
    excluded = tuple(text for text in texts if chosen.get(text) == NO_WORD)
    found = {text: chosen[text] for text in texts if chosen.get(text) in exact}
    ended = {text: word for text in texts if (word := chosen.get(text)) and word not in exact}
    for text in texts:
        if text in found or text in excluded:
            continue
        others = {*chosen.values(), *(plain(other) for other in texts if other != text)}
        free = [option for option in options if not {option, plain(option)} & others]
        if option := _proposed(text, options, free, (trade or {}).get(text, ())):
            found[text] = option
    by_text = {text: found[text] for text in texts if text in found}
    without_word = tuple(text for text in texts if text not in found)
    return TextWords(by_text, without_word, excluded, ended)


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
