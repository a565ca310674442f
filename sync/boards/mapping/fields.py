"""The fields that a column can show. Pure."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from sync.boards.mapping.vocabulary import STATUS_TERMS, SYNONYMS, TradeTerms, plain
from sync.errors import Permanent
from sync.field_table import ASPECTS, FIELDS, JOB_FIELDS, FieldKind
from sync.jobs.milestones import Heading
from sync.jobs.status import CONTRACT_LABELS, REJECTED, WAITING
from sync.settings.config_file import Config, Meaning


@dataclass(frozen=True)
class Field:
    """A field: `id` is the value of the column's metadata, `title` what people call it."""

    id: str
    title: str
    kind: FieldKind
    texts: tuple[str, ...] = ()
    """All that it can have, if they are known: of a status."""

    @property
    def second_title(self) -> str:
        """The title in a tab that has a column of its own with the first."""
        return f"EverBright {self.title}"


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
        """The field's ID by header (as `plain` gives it): those of the config come first."""
        offered = (field_id for field_id in SYNONYMS if field_id in self._titles)
        known = {header: field_id for field_id in offered for header in SYNONYMS[field_id]}
        known |= {plain(title): field_id for field_id, title in self._titles.items()}
        for spelled, headers in self.config.mapping.synonyms.items():
            with suppress(Permanent):  # of a milestone that no job has reached yet
                known |= dict.fromkeys(map(plain, headers), self.id_of(spelled))
        return known

    @cached_property
    def _titles(self) -> dict[str, str]:
        """The titles by ID; EverBright is asked for details only if the config has a column."""
        titles = {entry.id: entry.header for entry in JOB_FIELDS if not entry.metrics}
        return titles | {column.id: column.header for column in self.config.job_columns}

    @property
    def ids(self) -> tuple[str, ...]:
        """The IDs of a job's fields, without those of milestones."""
        return tuple(self._titles)

    @cached_property
    def by_jobs(self) -> Sequence[Heading]:
        """The milestones; a name of several means the last here, the one with most jobs."""
        return sorted(self.milestones, key=lambda heading: heading.jobs)

    @cached_property
    def _keys(self) -> dict[str, str]:
        names = {heading.header.casefold(): heading.key for heading in self.by_jobs}
        return names | {uuid: each.key for each in self.by_jobs for uuid in each.definitions}

    def id_of(self, spelled: str) -> str:
        """Return a field's ID from what a person wrote. Raises Permanent, with what is known."""
        if (field_id := spelled.strip()) in self._titles:
            return field_id
        aspect, separator, milestone = spelled.strip().partition(":")
        if separator and aspect in ASPECTS:
            if key := self._keys.get(milestone.strip().casefold()):
                return f"{aspect}:{key}"
            known = ", ".join(heading.header for heading in self.milestones) or "none has come yet"
            fix = f"Write one of these, or name it in [[milestones]] of the config first: {known}."
            raise Permanent("no_milestone", f"No milestone is called {milestone!r}. {fix}")
        aspects = ", ".join(f"{aspect}:MILESTONE" for aspect in ASPECTS)
        fix = f"Write one of {', '.join(self._titles)}, {aspects}."
        raise Permanent("no_field", f"{spelled!r} is no field. {fix}")

    def is_known(self, field_id: str) -> bool:
        """Return whether there is a field with an ID now."""
        aspect, _, key = field_id.partition(":")
        has_milestone = any(heading.key == key for heading in self.milestones)
        return field_id in self._titles or (aspect in ASPECTS and has_milestone)

    def get(self, field_id: str) -> Field:
        """Return the field with an ID, even if its milestone is no longer known."""
        aspect, separator, key = field_id.partition(":")
        entry = FIELDS.get(aspect + separator)
        kind = entry.kind if entry else FieldKind.TEXT
        title = self._titles.get(field_id, field_id)
        if entry and separator:
            title = entry.title(self.header(key))
        return Field(field_id, title, kind, self._texts(field_id))

    def spelled(self, field_id: str) -> str:
        """Return a field's ID as people write it: with the milestone's name."""
        aspect, separator, key = field_id.partition(":")
        return f"{aspect}:{self.header(key)}" if separator else field_id

    def header(self, key: str) -> str:
        """Return the name of a milestone, or its key if it is no longer known."""
        return next((heading.header for heading in self.milestones if heading.key == key), key)

    def _texts(self, field_id: str) -> tuple[str, ...]:
        labels = [status.label for status in self.config.statuses.values()]
        if field_id.startswith("status:"):
            return tuple(dict.fromkeys([*labels, *self.labels]))
        if field_id == "status":
            by_meaning = {Meaning.REJECTED: REJECTED, Meaning.WAITING: WAITING}
            statuses = self.config.statuses.values()
            texts = [by_meaning.get(status.means, status.label) for status in statuses]
            return tuple(dict.fromkeys([*texts, self.config.phrases.done, *self.labels]))
        return tuple(CONTRACT_LABELS.values()) if field_id == "contract" else ()

    @cached_property
    def trade_terms(self) -> TradeTerms:
        """The terms of the trade by a status's label: those of the config come first."""
        terms: dict[str, list[Sequence[str]]] = {}
        for code, status in self.config.statuses.items():
            own = tuple(map(plain, self.config.mapping.words.get(code, ())))
            terms.setdefault(status.label, []).extend((own, *STATUS_TERMS.get(code, ())))
        return terms

    def label_of(self, spelled: str) -> str:
        """Return a status's label, from its code in the config or a label in any case."""
        if status := self.config.statuses.get(spelled.strip()):
            return status.label
        texts = {*self._texts("status:"), *self._texts("status"), *self._texts("contract")}
        by_fold = {known.casefold(): known for known in texts}
        if known := by_fold.get(spelled.strip().casefold()):
            return known
        fix = f"Write the status as it came, or one of {', '.join(sorted(texts))}."
        raise Permanent("no_status", f"{spelled!r} isn't a known status. {fix}")
