"""The fields that a column can show, and their words in those of a drop-down. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from sync.errors import Permanent
from sync.field_table import ASPECTS, FIELDS, JOB_FIELDS, FieldKind
from sync.jobs.job_cells import LABELS
from sync.jobs.milestones import Heading
from sync.jobs.status import Statuses
from sync.mapping.words import SYNONYMS, plain
from sync.settings.config_file import Config


@dataclass(frozen=True)
class Field:
    """A field: `id` is the value of the column's metadata, `title` what people call it."""

    id: str
    title: str
    kind: FieldKind
    words: tuple[str, ...] = ()
    """The texts that it can have, where they are known: of a status."""


@dataclass(frozen=True)
class Fields:
    """All fields of a job, and of the milestones that are known from the config and the inbox."""

    config: Config
    milestones: Sequence[Heading] = ()
    labels: tuple[str, ...] = ()
    """How statuses read that came and are not in the config."""
    sites: frozenset[str] = field(default_factory=frozenset)
    """The jobs that came."""

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
        """The key of a milestone by its name and by each definition."""
        by_jobs = sorted(self.milestones, key=lambda heading: heading.jobs)  # of a name: most jobs
        names = {heading.header.casefold(): heading.key for heading in by_jobs}
        return names | {uuid: heading.key for heading in by_jobs for uuid in heading.definitions}

    def id_of(self, text: str) -> str:
        """Return a field's id from what a person wrote. Raises Permanent, with what is known."""
        name = text.strip()
        if name in self._titles:
            return name
        aspect, separator, milestone = name.partition(":")
        if separator and aspect in ASPECTS:
            key = self._keys.get(milestone.strip().casefold())
            if key:
                return f"{aspect}:{key}"
            known = ", ".join(step.header for step in self.milestones) or "none has come yet"
            fix = f"Write one of these, or name it in [[milestones]] of the config first: {known}."
            raise Permanent("no_milestone", f"No milestone is called {milestone!r}. {fix}")
        aspects = ", ".join(f"{aspect}:MILESTONE" for aspect in ASPECTS)
        fix = f"Write one of {', '.join(self._titles)}, {aspects}."
        raise Permanent("no_field", f"{text!r} is no field. {fix}")

    def get(self, name: str) -> Field:
        """Return the field with an id, of a milestone that is not known any more, too."""
        aspect, separator, key = name.partition(":")
        entry = FIELDS.get(aspect + separator)
        kind = entry.kind if entry else FieldKind.TEXT
        title = self._titles.get(name, name)
        if entry and separator:
            title = entry.title(self._header(key))
        return Field(name, title, kind, self._words(name))

    def spelled(self, name: str) -> str:
        """Return a field's id as people write it: with the milestone's name."""
        aspect, separator, key = name.partition(":")
        return f"{aspect}:{self._header(key)}" if separator else name

    def _header(self, key: str) -> str:
        headers = (heading.header for heading in self.milestones if heading.key == key)
        return next(headers, key)

    def _words(self, name: str) -> tuple[str, ...]:
        labels = [status.label for status in self.config.statuses.values()]
        if name.startswith("status:"):
            return _unique([*labels, *self.labels])
        if name == "status":
            return _unique([*Statuses(self.config).words(), *self.labels])
        return tuple(LABELS.values()) if name == "contract" else ()

    def label_of(self, text: str) -> str:
        """Return how a status reads: of its code in the config, or of a label in any case."""
        known = self.config.statuses.get(text.strip())
        if known:
            return known.label
        words = {*self._words("status:"), *self._words("status"), *self._words("contract")}
        by_fold = {word.casefold(): word for word in words}
        if word := by_fold.get(text.strip().casefold()):
            return word
        fix = f"Write the status as it came, or one of {', '.join(sorted(words))}."
        raise Permanent("no_status", f"{text!r} is no status that is known. {fix}")


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


LONGEST = 10_000
"""Characters of a mapping of words: Google lets all metadata of a tab have 30,000."""


@dataclass(frozen=True)
class Words:
    """Our text → his option, and what of ours fits no option."""

    by_ours: Mapping[str, str]
    unfit: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many characters all of it has."""
        return sum(map(len, [*self.by_ours, *self.by_ours.values()]))


def fit(field: Field, options: tuple[str, ...], said: Mapping[str, str]) -> Words:
    """Return the option for each text of ours: as `said`, else the same text, else in other case.

    `said` has options by our text. A field with any text has the options themselves as words:
    what is not among them is not written.
    """
    exact = {option: option for option in options}
    folded = {option.strip().casefold(): option for option in reversed(options)}
    ours = field.words or options
    found = {}
    for text in ours:
        option = said.get(text) if said.get(text) in exact else None
        option = option or exact.get(text) or folded.get(text.casefold())
        if option is not None:
            found[text] = option
    return Words(found, tuple(text for text in ours if text not in found))
