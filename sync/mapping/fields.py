"""The fields that a column can show: of a job, and of a milestone. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from sync.errors import Permanent
from sync.jobs.columns import KEY
from sync.jobs.contract_cells import LABELS
from sync.jobs.milestones import Heading
from sync.jobs.status import Statuses
from sync.mapping.words import ASPECTS, SYNONYMS, plain
from sync.settings.config_file import Config

_TITLES = {
    "customer": "Customer",
    "address": "Address",
    "city": "City",
    "zip": "Zip",
    "phone": "Phone",
    "email": "E-mail",
    "status": "Status",
    "next_action": "Next action",
    "follow_up": "Follow up",
    "current_milestone": "Current milestone",
    "assigned_to": "Assigned to",
    "last_comment": "Last comment",
    "last_update": "Last update",
    "last_approval": "Last approval",
    "stage": "Stage",
    "contract": "Contract status",
    "contract_signed": "Contract signed",
    "contract_documents": "Contract files",
    "folder": "Folder",
    "re_signed": "Re-signed",
    "initial_quote": "Initial quote",
    "current_quote": "Current quote",
    KEY: "Site ID",
}
"""Headers of the fields whose column the config leaves out."""
_DATES = frozenset(("follow_up", "last_update", "last_approval", "contract_signed", "re_signed"))
_DATED = ("submitted", "approved", "rejected")


class Shows(StrEnum):
    """What a field's cells hold."""

    TEXT = "text"
    DATE = "date"
    WORD = "word"
    """One of few texts, so that it can be matched to a drop-down."""
    LINKS = "links"
    ID = "id"


@dataclass(frozen=True)
class Field:
    """A field: `id` is the value of the column's metadata, `title` what people call it."""

    id: str
    title: str
    shows: Shows
    words: tuple[str, ...] = ()
    """The texts that it can have, for WORD."""


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
        known = {text: name for name, some in SYNONYMS.items() for text in some}
        known |= {plain(title): name for name, title in self._titles.items()}
        for name, some in self.config.mapping.synonyms.items():
            with suppress(Permanent):  # of a milestone that no job has reached yet
                known |= dict.fromkeys(map(plain, some), self.id_of(name))
        return known

    @cached_property
    def _titles(self) -> dict[str, str]:
        columns = (one for one in self.config.columns if one.id != "milestones")
        return _TITLES | {str(one.id): one.header for one in columns}

    @property
    def ids(self) -> tuple[str, ...]:
        """The fields of a job, without those of milestones."""
        return tuple(self._titles)

    @cached_property
    def _keys(self) -> dict[str, str]:
        """The key of a milestone by its name and by each definition."""
        ordered = sorted(self.milestones, key=lambda one: one.jobs)  # of one name: most jobs
        names = {one.header.casefold(): one.key for one in ordered}
        return names | {uuid: one.key for one in self.milestones for uuid in one.definitions}

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
            known = ", ".join(one.header for one in self.milestones) or "none has come yet"
            fix = f"Write one of these, or name it in [[milestones]] of the config first: {known}."
            raise Permanent("no_milestone", f"No milestone is called {milestone!r}. {fix}")
        aspects = ", ".join(f"{one}:MILESTONE" for one in ASPECTS)
        fix = f"Write one of {', '.join(self._titles)}, {aspects}."
        raise Permanent("no_field", f"{text!r} is no field. {fix}")

    def get(self, name: str) -> Field:
        """Return the field with an id, of a milestone that is not known any more, too."""
        aspect, separator, key = name.partition(":")
        if not separator:
            return Field(name, self._titles.get(name, name), self._shows(name), self._words(name))
        header = next((one.header for one in self.milestones if one.key == key), key)
        title = header if aspect == "status" else f"{header} {aspect}"
        return Field(name, title, self._shows(aspect, is_milestone=True), self._words(name))

    def spelled(self, name: str) -> str:
        """Return a field's id as people write it: with the milestone's name."""
        aspect, separator, key = name.partition(":")
        header = next((one.header for one in self.milestones if one.key == key), key)
        return f"{aspect}:{header}" if separator else name

    def _shows(self, name: str, *, is_milestone: bool = False) -> Shows:
        if name in ("status", "contract"):
            return Shows.WORD
        if name in _DATES or (is_milestone and name in _DATED):
            return Shows.DATE
        if name in ("documents", "folder", "contract_documents"):
            return Shows.LINKS
        return Shows.ID if name in (KEY, "initial_quote", "current_quote") else Shows.TEXT

    def _words(self, name: str) -> tuple[str, ...]:
        labels = [one.label for one in self.config.statuses.values()]
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
        if found := by_fold.get(text.strip().casefold()):
            return found
        fix = f"Write the status as it came, or one of {', '.join(sorted(words))}."
        raise Permanent("no_status", f"{text!r} is no status that is known. {fix}")


def _unique(some: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(some))
