"""The config file (config/brightsheet.toml) with what the sheet shows, validated at the start."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated
from uuid import UUID

from pydantic import (
    AfterValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from sync.errors import SettingsError
from sync.field_table import ASPECTS, COLUMN_IDS, DETAIL_IDS, FIELDS, JOB_FIELDS, KEY, PER_MILESTONE
from sync.settings.everbright_config import (
    Color,
    EverBrightConfig,
    Key,
    Label,
    Name,
    Pattern,
    Strict,
    Title,
    word,
)
from sync.settings.validators import FIXES, matching, template

_CONFIG = Path(__file__).parent.parent.parent / "config"
CONFIG_FILE = _CONFIG / "brightsheet.toml"
OPENAPI_FILE = _CONFIG / "openapi.json"
VERSION: str = json.loads(OPENAPI_FILE.read_text("utf-8"))["info"]["version"]


class SheetConfig(Strict):
    """Titles of our tabs, and colors other than those of statuses."""

    tab: Title = "Jobs"
    history: Title = "History"
    pipeline: Title = "Pipeline"
    stuck_color: Color = "#f9cb9c"
    """Of *Days* in a job that is stuck, and of a deadline that is near."""
    deadline_days: Annotated[int, Field(ge=0, le=365)] = 14
    """How many days before its day a deadline is near."""
    overdue_color: Color = "#ea9999"
    """Of a deadline that has passed."""
    archived_color: Color = "#666666"
    done_color: Color = "#666666"
    """Of the text in the rows of archived and of finished jobs."""


class WebhooksConfig(Strict):
    """How to recognize and read webhooks without a published sample.

    Top-level keys, and case-insensitive regular expressions for the names of tasks.
    """

    archived: tuple[Key, ...] = ("archived", "is_archived")
    stage: tuple[Key, ...] = ("stage_name",)
    change_order: tuple[Key, ...] = ("change_order", "change_order_status", "change_order_id")
    new_quote: tuple[Key, ...] = ("new_quote", "new_quote_id", "new_quote_uuid")
    """The quote that a change order brings; `quote` is the one before."""
    change_order_name: Pattern = r"\bchange[ -]?orders?\b"
    contract_name: Pattern = r"\b(contract|(?<!interconnection )agreement|lease|ppa)\b"


class WordsConfig(Strict):
    """Regular expressions for names and comments."""

    re_sign: Pattern = r"\bre[-‐‑]?sign\b"  # noqa: RUF001 - typographic hyphens are meant
    bots: tuple[Pattern, ...] = ()
    paid: tuple[str, ...] = ("Paid", "Paid in full")
    """What the column installer_payment shows once the installer was paid, in any case."""


_NAMES = {
    "rejected": {"milestones"},
    "waiting": {"milestones"},
    "stands": {"milestone", "status"},
    "next": {"milestone"},
    "both": {"first", "last"},
    "more": {"first", "count"},
    "unnamed": {"milestone", "status"},
    "contract": {"status"},
    "started": {"milestone"},
    "fix_several": {"what", "count"},
    "finish_tasks": {"what", "tasks"},
    **{key: {"what"} for key in ("fix", "finish", "upload", "submit", "start", "restart")},
}
"""The names in braces that each phrase must have."""
_ENDS = {"rejected": "begin or end", "waiting": "begin or end", "stands": "begin", "next": "begin"}
"""Where a phrase has its milestones; colors and views recognize it by the rest."""


class PhrasesConfig(Strict):
    """The texts of *Status*, *Next action* and *Last change*."""

    rejected: Label = "{milestones} rejected"
    waiting: Label = "{milestones} under review"
    stands: Label = "{milestone} {status}"
    unnamed: Label = "{milestone}: {status}"
    next: Label = "{milestone} next"
    contract: Label = "Contract {status}"
    started: Label = "{milestone} started"
    done: Label = "Done"
    both: Label = "{first} and {last}"
    more: Label = "{first} and {count} more"
    fix: Label = "Fix {what} and resubmit"
    fix_several: Label = "Fix {what} and {count} more, then resubmit"
    wait: Label = "Waiting on EverBright"
    finish: Label = "Finish {what}"
    finish_tasks: Label = "Finish {what}: {tasks}"
    upload: Label = "upload {what}"
    submit: Label = "Submit {what}"
    start: Label = "Start {what}"
    restart: Label = "Restart {what}"

    @field_validator("*")
    @classmethod
    def _phrase(cls, value: str, info: ValidationInfo) -> str:
        name = str(info.field_name)
        names = _NAMES.get(name, set())
        template(value, names)
        if missing := sorted(part for part in names if f"{{{part}}}" not in value):
            raise ValueError(f"lacks {{{missing[0]}}}; put it where it belongs")
        if how := _ENDS.get(name):
            subject = "{milestones}" if "{milestones}" in value else "{milestone}"
            begins, ends = value.startswith(subject), value.endswith(subject)
            if not (begins or (ends and how != "begin")):
                raise ValueError(f"is to {how} with {subject}; move it")
            if len(value.replace(subject, "").strip()) < _SHORTEST:
                raise ValueError(f"says nothing beside {subject}; add a word")
        return value


_SHORTEST = 3


class LinksConfig(Strict):
    """The path of a job's page in EverBright, with {site}; an empty one means no link."""

    job: Annotated[str, AfterValidator(partial(template, names={"site"}))] = "/address/{site}"


_PARTS = ("email", "phone", "address", "zip")


def _criterion(value: str) -> str:
    parts = value.split("+")
    if odd := next((part for part in parts if part not in _PARTS), None):
        raise ValueError(
            f"{odd!r} is not a part of a criterion; write {', '.join(_PARTS)}, or several with a +"
        )
    if parts == ["zip"]:
        raise ValueError("a zip alone is many customers'; write address+zip")
    return value


class MatchConfig(Strict):
    """How to find a job's row on a board while the row has no site ID.

    Criteria of one or several column IDs; without any, no rows are matched.
    """

    by: tuple[Annotated[str, AfterValidator(_criterion)], ...] = ("email", "address+zip")
    wait_hours: Annotated[float, Field(ge=0, le=720)] = 24
    """Hours that a job that looks like a row waits for an answer before it gets its own row; 0: it
    doesn't wait."""


_COLUMN_IDS = (*COLUMN_IDS, *PER_MILESTONE)


def _column(value: str) -> str:
    if value not in _COLUMN_IDS:
        *first, last = map(repr, _COLUMN_IDS)
        raise ValueError(f"is not known; write one of {', '.join(first)} or {last}.")
    return value


class ColumnConfig(Strict):
    """One column, or the place of a column of each milestone."""

    id: Annotated[str, AfterValidator(_column)]
    header: Name = ""


_FIELDS = frozenset(entry.id for entry in JOB_FIELDS)


def _field(value: str) -> str:
    aspect, separator, milestone = value.partition(":")
    if value not in _FIELDS and not (separator and aspect in ASPECTS and milestone.strip()):
        raise ValueError("is no field; write one like customer, or like approved:Permit")
    return value


FieldName = Annotated[str, AfterValidator(_field)]


class MappingConfig(Strict):
    """Additions to the proposals of `map`."""

    synonyms: dict[FieldName, tuple[Annotated[Name, Field(min_length=1)], ...]] = Field(
        default_factory=dict
    )
    """More headers by field; they take precedence over the built-in ones."""
    words: dict[Name, tuple[Annotated[Name, Field(min_length=1)], ...]] = Field(
        default_factory=dict
    )
    """More drop-down words for a status, by its code; they also take precedence."""


def _definition(value: str) -> str:
    try:
        return str(UUID(value))
    except ValueError:
        fix = "is not a milestone's ID; remove it, then list them: brightsheet milestones --json"
        raise ValueError(fix) from None


class MilestoneConfig(Strict):
    """A milestone: the definitions that share its columns; the first is the columns' key."""

    definitions: Annotated[
        tuple[Annotated[str, AfterValidator(_definition)], ...], Field(min_length=1)
    ]
    header: Name = ""
    hidden: bool = False
    alias: Annotated[Name, AfterValidator(word)] = ""
    """Its name in EverBright's metrics."""


class DeadlineConfig(Strict):
    """Until when a milestone must be submitted: calendar days from the approval of `after`."""

    after: Annotated[Name, Field(min_length=1)]
    days: Annotated[int, Field(ge=1, le=3650)]


class Meaning(StrEnum):
    """The meaning of a status for filters, stuck jobs and the next action."""

    APPROVED = "approved"
    REJECTED = "rejected"
    WAITING = "waiting"
    CANCELED = "canceled"
    OPEN = "open"
    """None of the others, or unknown."""


class StatusConfig(Strict):
    """How a status reads; `color` is #rrggbb."""

    label: Label
    color: Color | None = None
    means: Meaning = Meaning.OPEN


_email = matching(r"[^@\s]+@[^@\s]+", "is not an email address; write it like ada@example.com")


@dataclass(frozen=True)
class ConsoleAnswers:
    """People's answers on the console: the order of milestones, and meanings by status.

    If the config file names the milestones, or a status, the file takes precedence.
    """

    milestones: tuple[MilestoneConfig, ...] = ()
    meanings: Mapping[str, Meaning] = field(default_factory=dict)


class Config(Strict):
    """What the sheet shows (config/brightsheet.toml)."""

    sheet: SheetConfig = SheetConfig()
    words: WordsConfig = WordsConfig()
    phrases: PhrasesConfig = PhrasesConfig()
    links: LinksConfig = LinksConfig()
    webhooks: WebhooksConfig = WebhooksConfig()
    everbright: EverBrightConfig = EverBrightConfig()
    match: MatchConfig = MatchConfig()
    mapping: MappingConfig = MappingConfig()
    columns: tuple[ColumnConfig, ...]
    milestones: tuple[MilestoneConfig, ...] = ()
    reps: dict[str, Annotated[str, AfterValidator(_email)]] = Field(default_factory=dict)
    """The email addresses for the weekly digest, by the name in *Rep*."""
    statuses: dict[str, StatusConfig] = Field(default_factory=dict)
    deadlines: dict[Name, DeadlineConfig] = Field(default_factory=dict)
    """By the title of the milestone that must be submitted."""

    @property
    def job_columns(self) -> tuple[ColumnConfig, ...]:
        """The columns that don't belong to a milestone."""
        return _of_jobs(self.columns)

    @property
    def milestone_fields(self) -> tuple[str, ...]:
        """The fields (their IDs) of which each milestone has a column."""
        ids = [column.id for column in self.columns]
        return tuple(PER_MILESTONE[column] for column in ids if column in PER_MILESTONE)

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
        """Return the config with these answers.

        A status has the color of the first in the file with the same meaning, unless that is OPEN.
        """
        colors = {status.means: status.color for status in reversed(self.statuses.values())}
        colors[Meaning.OPEN] = None
        statuses = dict(self.statuses)
        for code, means in answers.meanings.items():
            status = StatusConfig(
                label=self.status_label(code), color=colors.get(means), means=means
            )
            statuses.setdefault(code, status)
        milestones = self.milestones or answers.milestones
        return self.model_copy(update={"milestones": milestones, "statuses": statuses})

    @field_validator("columns")
    @classmethod
    def _columns(cls, columns: tuple[ColumnConfig, ...]) -> tuple[ColumnConfig, ...]:
        ids = [column.id for column in columns]
        if KEY not in ids:
            raise ValueError(f"the column {KEY} is missing; it is the key of the rows: add it")
        if twice := _repeated(ids):
            raise ValueError(f"the column {twice} is listed twice; remove one")
        if nameless := next((c for c in _of_jobs(columns) if not c.header), None):
            raise ValueError(f"the column {nameless.id} has no header; give it one")
        return columns

    @field_validator("milestones")
    @classmethod
    def _milestones(cls, milestones: tuple[MilestoneConfig, ...]) -> tuple[MilestoneConfig, ...]:
        if twice := _repeated([d for step in milestones for d in step.definitions]):
            raise ValueError(f"the definition {twice} is listed twice; remove one")
        return milestones

    @model_validator(mode="after")
    def _metrics(self) -> "Config":
        for column in self.job_columns:
            if column.id in DETAIL_IDS and not self.everbright.metrics(column.id):
                raise ValueError(
                    f"everbright.{column.id}: names no metric for the column; name one"
                )
        return self

    @model_validator(mode="after")
    def _names(self) -> "Config":
        steps = [step.header for step in self.milestones if step.header and not step.hidden]
        headers = [column.header for column in self.job_columns]
        headers += [FIELDS[field].title(step) for step in steps for field in self.milestone_fields]
        if twice := _repeated(headers):
            raise ValueError(f"columns: two have the header {twice!r}; give one another name")
        tabs = [self.sheet.tab, self.sheet.history, self.sheet.pipeline]
        if twice := _repeated([title.lower() for title in tabs]):
            raise ValueError(f"sheet: two tabs have the title {twice!r}; give one another name")
        return self


def _of_jobs(columns: Sequence[ColumnConfig]) -> tuple[ColumnConfig, ...]:
    return tuple(column for column in columns if column.id not in PER_MILESTONE)


def _repeated(values: Sequence[str]) -> str | None:
    return next((value for value in values if values.count(value) > 1), None)


def load_config(path: Path) -> Config:
    """Return the checked config. Raises OSError, or SettingsError that names file, key and fix."""
    name = str(path.resolve())
    try:
        tree = tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(name, f"is not TOML: {error}.") from None
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        text = first["msg"].removeprefix("Value error, ")
        known = _FIXES.get(first["type"])
        fix = known.format(**first.get("ctx", {})) if known else text
        raise SettingsError(name, f"{key}: {fix}" if key else fix) from None


_SECTION = "has another form than in the config/brightsheet.toml that came with Brightsheet."
_FIXES = {
    **FIXES,
    "bool_parsing": "is neither true nor false; write one of them.",
    "dict_type": _SECTION,
    "extra_forbidden": "is not a key that Brightsheet knows; remove or correct it.",
    "float_parsing": "is not a number; write it in digits.",
    "missing": "is missing; add it.",
    "model_type": _SECTION,
    "string_pattern_mismatch": "is not a color; write it like #d9ead3.",
    "string_too_long": "is longer than {max_length} characters; shorten it.",
    "string_type": "is not a text; write it in quotes.",
    "too_short": "is empty; fill it in, or remove the line.",
    "tuple_type": "is not a list; write it in brackets.",
}
