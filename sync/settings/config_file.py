"""The config file (config/brightsheet.toml): what the sheet shows, checked whole at the start."""

import re
import tomllib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, get_args

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

from sync.errors import SettingsError
from sync.settings.validators import template
from sync.types import Uuid

_CONFIG = Path(__file__).parent.parent.parent / "config"
CONFIG_FILE = _CONFIG / "brightsheet.toml"
OPENAPI_FILE = _CONFIG / "openapi.json"


class _Strict(BaseModel):
    """A part of the config: a key that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"is not a regular expression ({error}); correct it") from None
    return value


Pattern = Annotated[str, Field(min_length=1), AfterValidator(_pattern)]


def _title(value: str) -> str:
    if value.lower() in ("_brightsheet", "recovered"):
        raise ValueError("is a tab of Brightsheet's own; choose another title")
    return value


def _label(value: str) -> str:
    if value.startswith(("=", "+")):
        raise ValueError("begins as a formula does; begin it with a letter")
    return value


def _plain(value: str) -> str:
    if not value.isprintable():
        raise ValueError("holds a line break or a control character; remove it")
    return value


_Line = StringConstraints(strip_whitespace=True, max_length=100)
Name = Annotated[str, _Line, AfterValidator(_plain)]
Title = Annotated[Name, Field(min_length=1), AfterValidator(_title)]
Label = Annotated[Name, Field(min_length=1), AfterValidator(_label)]
Color = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


class SheetConfig(_Strict):
    """The tabs that are made where there are none, and colours beside those of statuses."""

    tab: Title = "Jobs"
    history: Title = "History"
    pipeline: Title = "Pipeline"
    stuck_color: Color = "#f9cb9c"
    archived_color: Color = "#999999"
    """Of the text in the rows of archived jobs."""


Key = Annotated[str, Field(min_length=1, max_length=100)]


class WebhooksConfig(_Strict):
    """How webhooks are told and read of which no sample is published.

    Top-level keys, and regular expressions (in any case) over the names of tasks.
    """

    archived: tuple[Key, ...] = ("archived", "is_archived")
    stage: tuple[Key, ...] = ("stage_name",)
    change_order: tuple[Key, ...] = ("change_order", "change_order_status", "change_order_id")
    new_quote: tuple[Key, ...] = ("new_quote", "new_quote_id", "new_quote_uuid")
    """The quote that a change order brings; `quote` is the one before."""
    change_order_name: Pattern = r"\bchange[ -]?orders?\b"
    contract_name: Pattern = r"\b(contract|(?<!interconnection )agreement|lease|ppa)\b"


class WordsConfig(_Strict):
    """Regular expressions over what people and programs write."""

    re_sign: Pattern = r"\bre[-‐‑]?sign\b"  # noqa: RUF001 - typographic hyphens are meant
    bots: tuple[Pattern, ...] = ()


class LinksConfig(_Strict):
    """Paths of EverBright's pages, with {site} and {quote}; an empty one gives no link."""

    job: Annotated[str, AfterValidator(partial(template, names={"site"}))] = "/address/{site}"
    quote: Annotated[str, AfterValidator(partial(template, names={"site", "quote"}))] = ""


def _list_path(name: str, value: str) -> str:
    if not value.startswith("/"):
        raise ValueError("does not begin with a slash; begin it with one")
    return template(value, {name} if name else set())


_Jobs = Annotated[str, AfterValidator(partial(_list_path, ""))]
_OfSite = Annotated[str, AfterValidator(partial(_list_path, "site"))]
_OfWorkflow = Annotated[str, AfterValidator(partial(_list_path, "workflow"))]
_OfMilestone = Annotated[str, AfterValidator(partial(_list_path, "milestone"))]
_OfTask = Annotated[str, AfterValidator(partial(_list_path, "task"))]


class EverBrightConfig(_Strict):
    """EverBright's lists, from which `backfill` reads jobs: none is documented.

    `changed` are keys that may tell, in the list of jobs, when a job last changed; without any,
    every run reads every job.
    """

    jobs: _Jobs = "/api/v1/project?archived=false"
    workflows: _OfSite = "/api/v1/ops_workflow?site_id={site}"
    milestones: _OfWorkflow = "/api/v1/milestone?workflow_id={workflow}"
    tasks: _OfMilestone = "/api/v1/task?milestone_id={milestone}"
    sub_tasks: _OfTask = "/api/v1/sub_task?task_id={task}"
    quotes: _OfSite = "/api/v1/quote?site_id={site}"
    changed: tuple[Key, ...] = ("date_updated", "updated_at", "date_modified")


_KEY_PARTS = ("email", "phone", "address", "zip")


def _match_key(value: str) -> str:
    parts = value.split("+")
    if odd := next((one for one in parts if one not in _KEY_PARTS), None):
        raise ValueError(
            f"{odd!r} is not a part of a key; write {', '.join(_KEY_PARTS)}, or several with a +"
        )
    if parts == ["zip"]:
        raise ValueError("a zip alone is many customers'; write address+zip")
    return value


class MatchConfig(_Strict):
    """How the row of a job is found in a person's own tabs, if it has no site ID yet.

    Keys of one or several columns' ids; without any no row is matched.
    """

    by: tuple[Annotated[str, AfterValidator(_match_key)], ...] = ("email", "address+zip")


class ColumnConfig(_Strict):
    """One column, or (id "milestones") the place of the milestones' columns."""

    id: Literal[
        "customer",
        "address",
        "phone",
        "email",
        "current_milestone",
        "status",
        "next_action",
        "follow_up",
        "assigned_to",
        "last_comment",
        "last_update",
        "last_approval",
        "stage",
        "contract",
        "contract_signed",
        "contract_documents",
        "milestones",
        "folder",
        "re_signed",
        "initial_quote",
        "current_quote",
        "site_id",
    ]
    header: Name = ""


_COLUMNS = frozenset(get_args(ColumnConfig.model_fields["id"].annotation)) - {"milestones"}
_FIELDS = _COLUMNS | {"city", "zip"}
"""Of a sheet that was there before: parts of the address may have columns of their own."""
_ASPECTS = ("status", "documents", "submitted", "approved", "rejected", "comment")


def _field(value: str) -> str:
    aspect, separator, milestone = value.partition(":")
    if value not in _FIELDS and not (separator and aspect in _ASPECTS and milestone.strip()):
        raise ValueError("is no field; write one like customer, or like approved:Permit")
    return value


FieldName = Annotated[str, AfterValidator(_field)]


class MappingConfig(_Strict):
    """For a sheet that was there before: whether it gets a History, and how `map` proposes."""

    history: bool = False
    synonyms: dict[FieldName, tuple[Annotated[Name, Field(min_length=1)], ...]] = {}
    """More headers by field; they come before the ones that are built in."""


class MilestoneConfig(_Strict):
    """One step: the definitions that share its columns, the first of which is the columns' key."""

    definitions: Annotated[tuple[Uuid, ...], Field(min_length=1)]
    header: Name = ""
    hidden: bool = False


class StatusConfig(_Strict):
    """How a status reads; `color` is #rrggbb."""

    label: Label
    color: Color | None = None
    means: Literal["approved", "rejected", "waiting", "cancelled"] | None = None
    """What it is for filters, for what is stuck, and for what is to be done next."""


class Config(_Strict):
    """What the sheet shows (config/brightsheet.toml)."""

    sheet: SheetConfig = SheetConfig()
    words: WordsConfig = WordsConfig()
    links: LinksConfig = LinksConfig()
    webhooks: WebhooksConfig = WebhooksConfig()
    everbright: EverBrightConfig = EverBrightConfig()
    match: MatchConfig = MatchConfig()
    mapping: MappingConfig = MappingConfig()
    columns: tuple[ColumnConfig, ...]
    milestones: tuple[MilestoneConfig, ...] = ()
    statuses: dict[str, StatusConfig] = {}

    @field_validator("columns")
    @classmethod
    def _columns(cls, columns: tuple[ColumnConfig, ...]) -> tuple[ColumnConfig, ...]:
        ids = [column.id for column in columns]
        headers = [column.header for column in columns if column.id != "milestones"]
        if "site_id" not in ids:
            raise ValueError("the column site_id is missing; it is the key of the rows: add it")
        if twice := _repeated(ids):
            raise ValueError(f"the column {twice} stands twice; remove one")
        if "" in headers:
            nameless = next(one for one in columns if one.id != "milestones" and not one.header)
            raise ValueError(f"the column {nameless.id} has no header; give it one")
        return columns

    @field_validator("milestones")
    @classmethod
    def _milestones(cls, milestones: tuple[MilestoneConfig, ...]) -> tuple[MilestoneConfig, ...]:
        if twice := _repeated([d for step in milestones for d in step.definitions]):
            raise ValueError(f"the definition {twice} stands twice; remove one")
        return milestones

    @model_validator(mode="after")
    def _names(self) -> "Config":
        shown = [step.header for step in self.milestones if step.header and not step.hidden]
        headers = [column.header for column in self.columns if column.id != "milestones"]
        headers += [name for header in shown for name in (header, documents_header(header))]
        if twice := _repeated(headers):
            raise ValueError(f"columns: two have the header {twice!r}; give one another name")
        tabs = [self.sheet.tab, self.sheet.history, self.sheet.pipeline]
        if twice := _repeated([title.lower() for title in tabs]):
            raise ValueError(f"sheet: two tabs have the title {twice!r}; give one another name")
        return self


def documents_header(header: str) -> str:
    """Return the header of the column with a milestone's documents."""
    return f"{header} documents"


def _repeated(values: Sequence[str]) -> str | None:
    return next((value for value in values if values.count(value) > 1), None)


def load_config(path: Path) -> Config:
    """Return the checked config. Raises SettingsError that names file, key and fix."""
    name = "/".join(path.resolve().parts[-2:])
    try:
        tree = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(name, f"cannot be read ({error.strerror}).") from None
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


_FIXES = {
    "extra_forbidden": "is not a key that Brightsheet knows; remove or correct it.",
    "string_pattern_mismatch": "is not a colour; write it like #d9ead3.",
    "literal_error": "is not known; write one of {expected}.",
    "missing": "is missing; add it.",
    "tuple_type": "is not a list; write it in brackets.",
    "string_too_long": "is longer than {max_length} characters; shorten it.",
}
