"""The config file (config/brightsheet.toml), validated at the start."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from sync.columns import COLUMN_IDS, REP
from sync.errors import SettingsError
from sync.settings import validators
from sync.settings.validators import matching, path

_CONFIG = Path(__file__).parent.parent.parent / "config"
CONFIG_FILE = _CONFIG / "brightsheet.toml"

VERSION = "1.0.0"

_TAKEN = {*COLUMN_IDS, "first_name", "last_name", "city", "zip", "progress"} - {REP}
"""IDs that a column of the config can't have; a connected tab has the others, too."""


class Strict(BaseModel):
    """A section of the config; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _plain(value: str) -> str:
    if not value.isprintable():
        raise ValueError("holds a line break or a control character; remove it")
    return value


_label = matching(r"(?![=+]).*", "begins as a formula does; begin it with a letter")
_Line = StringConstraints(strip_whitespace=True, max_length=100)
Name = Annotated[str, _Line, AfterValidator(_plain)]
Label = Annotated[Name, Field(min_length=1), AfterValidator(_label)]
Key = Annotated[str, Field(min_length=1, max_length=100)]


def _path(*names: str) -> AfterValidator:
    """Return a validator of a path with these names in braces."""
    return AfterValidator(partial(path, names=set(names)))


_OfSite = Annotated[str, _path("site")]


class EverBrightConfig(Strict):
    """Paths of EverBright's lists, from which jobs are read back.

    `changed` has the keys in the list of jobs that may hold a job's last change; without any,
    every run reads every job.
    """

    jobs: Annotated[str, _path()] = "/api/v1/project?archived=false"
    workflows: _OfSite = "/api/v1/ops_workflow?site_id={site}"
    milestones: Annotated[str, _path("workflow")] = "/api/v1/milestone?workflow_id={workflow}"
    tasks: Annotated[str, _path("milestone")] = "/api/v1/task?milestone_id={milestone}"
    sub_tasks: Annotated[str, _path("task")] = "/api/v1/sub_task?task_id={task}"
    quotes: _OfSite = "/api/v1/quote?site_id={site}"
    contracts: Annotated[str, AfterValidator(lambda text: text and path(text, {"site"}))] = (
        "/api/v1/contract?site_id={site}"
    )
    """Blank: contracts are not read."""
    changed: tuple[Key, ...] = ("date_updated", "updated_at", "date_modified")


class WebhooksConfig(Strict):
    """The top-level keys of webhooks without a published sample.

    Tasks are recognized by case-insensitive regular expressions for their names.
    """

    archived: tuple[Key, ...] = ("archived", "is_archived")
    change_order: tuple[Key, ...] = (
        *("change_order", "change_order_status", "change_order_id"),
        *("new_quote", "new_quote_id", "new_quote_uuid"),
    )
    change_order_name: ClassVar = r"\bchange[ -]?orders?\b"
    contract_name: ClassVar = r"\b(contract|(?<!interconnection )agreement|lease|ppa)\b"


class ColumnKind(StrEnum):
    """The type of a column's cells."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"


_column_id = matching(
    r"[a-z][a-z0-9_]*", "has other characters than lowercase letters, digits and underscores"
)


class ColumnConfig(Strict):
    """A column with a value of EverBright's answer about the site; `rep` fills the column *Rep*."""

    id: Annotated[Key, AfterValidator(_column_id)]
    header: Name = ""
    site_key: Annotated[Name, Field(min_length=1)]
    """The value's key, with a dot before a key in an object; `contact` is the primary contact."""
    kind: ColumnKind = ColumnKind.TEXT
    after: str = ""
    """The column (of COLUMN_IDS) that it stands beside; else it is the last that is shown."""

    @model_validator(mode="after")
    def _is_possible(self) -> "ColumnConfig":
        if self.id in _TAKEN:
            raise ValueError(f"id: {self.id!r} is Brightsheet's own; choose another")
        if not self.header and self.id != REP:
            raise ValueError("header: is missing; add it")
        if self.after and self.after not in COLUMN_IDS:
            raise ValueError(f"after: is none of {', '.join(COLUMN_IDS)}; write one of them")
        return self


def _definition(value: str) -> str:
    try:
        return str(UUID(value))
    except ValueError:
        fix = "is not a milestone's ID; remove it, then see the page Setup of the console"
        raise ValueError(fix) from None


class MilestoneConfig(Strict):
    """A milestone: the definitions that share its columns; the first is the columns' key."""

    definitions: Annotated[
        tuple[Annotated[str, AfterValidator(_definition)], ...], Field(min_length=1)
    ]
    header: Name = ""


class Meaning(StrEnum):
    """The meaning of a status for filters, stuck jobs and the next action."""

    APPROVED = "approved"
    REJECTED = "rejected"
    WAITING = "waiting"
    CANCELED = "canceled"
    OPEN = "open"
    """None of the others, or unknown."""


class StatusConfig(Strict):
    """How a status reads."""

    label: Label
    means: Meaning = Meaning.OPEN


@dataclass(frozen=True)
class ConsoleAnswers:
    """People's answers on the console: the order of milestones, and meanings by status.

    If the config file names the milestones, or a status, the file takes precedence.
    """

    milestones: tuple[MilestoneConfig, ...] = ()
    meanings: Mapping[str, Meaning] = field(default_factory=dict)


class Config(Strict):
    """What an installer may say of EverBright (config/brightsheet.toml)."""

    webhooks: WebhooksConfig = WebhooksConfig()
    everbright: EverBrightConfig = EverBrightConfig()
    columns: tuple[ColumnConfig, ...] = ()
    milestones: tuple[MilestoneConfig, ...] = ()
    statuses: dict[str, StatusConfig] = Field(default_factory=dict)

    def status_label(self, code: str | None) -> str:
        """Return a status's label, or its code in readable form."""
        if not code:
            return ""
        known = self.statuses.get(code)
        return known.label if known else code.replace("_", " ").capitalize()

    def configured_meaning(self, code: str | None) -> Meaning:
        """Return the meaning that [statuses] gives a status."""
        known = self.statuses.get(code or "")
        return known.means if known else Meaning.OPEN

    def is_approved(self, code: str | None) -> bool:
        return self.configured_meaning(code) is Meaning.APPROVED

    def is_rejected(self, code: str | None) -> bool:
        return self.configured_meaning(code) is Meaning.REJECTED

    def with_answers(self, answers: ConsoleAnswers) -> "Config":
        """Return the config with these answers."""
        answered = {
            code: StatusConfig(label=self.status_label(code), means=means)
            for code, means in answers.meanings.items()
        }
        milestones = self.milestones or answers.milestones
        statuses = answered | self.statuses
        return self.model_copy(update={"milestones": milestones, "statuses": statuses})

    @field_validator("columns")
    @classmethod
    def _has_each_column_once(cls, columns: tuple[ColumnConfig, ...]) -> tuple[ColumnConfig, ...]:
        if twice := _repeated([column.id for column in columns]):
            raise ValueError(f"the column {twice} is listed twice; remove one")
        if twice := _repeated([column.header for column in columns if column.header]):
            raise ValueError(f"two have the header {twice!r}; give one another name")
        return columns

    @field_validator("milestones")
    @classmethod
    def _has_each_milestone_once(
        cls, milestones: tuple[MilestoneConfig, ...]
    ) -> tuple[MilestoneConfig, ...]:
        if twice := _repeated([d for step in milestones for d in step.definitions]):
            raise ValueError(f"the definition {twice} is listed twice; remove one")
        return milestones


def _repeated(values: Sequence[str]) -> str | None:
    return next((value for value in values if values.count(value) > 1), None)


def load_config(file: Path) -> Config:
    """Return the checked config. Raises OSError, or SettingsError that names file, key and fix."""
    name = str(file.resolve())
    try:
        tree = tomllib.loads(file.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}: is not TOML: {error}.") from None
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        found = validators.problems(error)
        raise SettingsError(*(": ".join(filter(None, (name, *each))) for each in found)) from None
