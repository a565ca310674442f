"""The config file (config/brightsheet.toml), validated at the start."""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from sync.columns import COLUMN_IDS, REP
from sync.errors import SettingsError
from sync.settings import validators
from sync.settings.validators import matching
from sync.types import Uuid

_CONFIG = Path(__file__).parent.parent.parent / "config"
CONFIG_FILE = _CONFIG / "brightsheet.toml"

VERSION = "1.0.0"

_TAKEN = {*COLUMN_IDS, "first_name", "last_name", "city", "zip", "progress"} - {REP}
"""IDs that a column of the config can't have; a connected tab has the others, too."""


class Strict(BaseModel):
    """A section of the config; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]
Label = Annotated[Name, Field(min_length=1)]
Key = Annotated[str, Field(min_length=1, max_length=100)]


class EverBrightConfig(Strict):
    """Paths of EverBright's lists, from which jobs are read back.

    `changed` has the keys in the list of jobs that may hold a job's last change; without any,
    every run reads every job.
    """

    jobs: str = "/api/v1/project?archived=false"
    workflows: str = "/api/v1/ops_workflow?site_id={site}"
    milestones: str = "/api/v1/milestone?workflow_id={workflow}"
    tasks: str = "/api/v1/task?milestone_id={milestone}"
    sub_tasks: str = "/api/v1/sub_task?task_id={task}"
    contracts: str = "/api/v1/contract?site_id={site}"
    """Blank: contracts are not read."""
    changed: tuple[Key, ...] = ("date_updated", "updated_at", "date_modified")

    @field_validator("*")
    @classmethod
    def _is_a_path(cls, text: Any, info: ValidationInfo) -> Any:
        """Check a path: the names in braces are the default's."""
        usual = cls.model_fields[info.field_name or ""].default
        is_path = isinstance(text, str) and (text or info.field_name != "contracts")
        return validators.path(text, validators.names(usual)) if is_path else text


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
    site_key: Label
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


class MilestoneConfig(Strict):
    """A milestone: the definitions that share its columns; the first is the columns' key."""

    definitions: Annotated[tuple[Uuid, ...], Field(min_length=1)]
    header: Label


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

    def with_answers(
        self, milestones: tuple[MilestoneConfig, ...], meanings: Mapping[str, Meaning]
    ) -> "Config":
        """Return the config with people's answers on the console, where it is silent."""
        answered = {
            code: StatusConfig(label=self.status_label(code), means=means)
            for code, means in meanings.items()
        }
        known = {"milestones": self.milestones or milestones, "statuses": answered | self.statuses}
        return self.model_copy(update=known)

    @field_validator("columns", "milestones")
    @classmethod
    def _has_each_once(cls, entries: tuple[Any, ...], info: ValidationInfo) -> tuple[Any, ...]:
        is_column = info.field_name == "columns"
        known = [name for e in entries for name in ([e.id] if is_column else e.definitions)]
        if twice := {each for each in known if known.count(each) > 1}:
            noun = "column" if is_column else "definition"
            raise ValueError(f"the {noun} {min(twice)} is listed twice; remove one")
        return entries


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
