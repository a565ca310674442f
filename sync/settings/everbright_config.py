"""The config's section on EverBright's API, and the types used in all sections."""

import re
from functools import partial
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from sync.field_table import ALIAS, DETAIL_IDS, entry_of
from sync.settings.validators import matching, path, template


class Strict(BaseModel):
    """A section of the config; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _pattern(value: str) -> str:
    if not value.isprintable():
        raise ValueError(r"holds a control character: write it in single quotes, so that \b stays")
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"is not a regular expression ({error}); correct it") from None
    return value


Pattern = Annotated[str, Field(min_length=1), AfterValidator(_pattern)]


def _plain(value: str) -> str:
    if not value.isprintable():
        raise ValueError("holds a line break or a control character; remove it")
    return value


_OWN_TABS = r"(?i)(?!(?:_brightsheet|recovered)$).*"
_title = matching(_OWN_TABS, "is a tab of Brightsheet's own; choose another title")
_label = matching(r"(?![=+]).*", "begins as a formula does; begin it with a letter")
_Line = StringConstraints(strip_whitespace=True, max_length=100)
Name = Annotated[str, _Line, AfterValidator(_plain)]
Title = Annotated[Name, Field(min_length=1), AfterValidator(_title)]
Label = Annotated[Name, Field(min_length=1), AfterValidator(_label)]
Color = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Key = Annotated[str, Field(min_length=1, max_length=100)]


def _path(*names: str) -> AfterValidator:
    """Return a validator of a path with these names in braces."""
    return AfterValidator(partial(path, names=set(names)))


_OfSite = Annotated[str, _path("site")]


def _details_path(value: str) -> str:
    path(value, {"quote", "site", "metrics"})
    if "{metrics}" not in value or not ("{quote}" in value or "{site}" in value):
        raise ValueError("lacks {metrics}, or {quote} or {site}; put them where they belong")
    return value


_WORD = r"[A-Za-z0-9_]{0,100}"
word = matching(_WORD, "has other characters than letters, digits and underscores; remove them")
"""Checks a part of a metric's name."""


def is_word(value: str) -> bool:
    """Return whether `value` can be part of a metric's name: 100 characters at most."""
    return re.fullmatch(_WORD, value) is not None


def _metric(value: str) -> str:
    word(template(value, {ALIAS.strip("{}")}).replace(ALIAS, ""))
    return value


Metrics = tuple[Annotated[Key, AfterValidator(_metric)], ...]
"""Metrics of the Data Access Layer; the first that has a value counts."""


def _detail(column: str) -> str:
    if column not in DETAIL_IDS:
        raise PydanticCustomError("extra_forbidden", "is not a key")
    return column


class EverBrightConfig(Strict):
    """Paths of EverBright's lists for `backfill`, and of the Data Access Layer.

    Only the Data Access Layer's address is documented; accounts differ in its metrics.

    `changed` has the keys in the list of jobs that may hold a job's last change; without any,
    every run reads every job.
    """

    # Other keys are columns' metrics; `_detail` refuses the rest.
    model_config = ConfigDict(extra="allow")

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
    details: Annotated[str, AfterValidator(_details_path)] = (
        "/api/data/quote/{quote}/?metrics={metrics}"
    )
    """A job in EverBright's Data Access Layer."""
    no_value: Pattern = "_BASELINE_NONEXISTANT$"
    """A value that matches reads blank."""

    __pydantic_extra__: dict[Annotated[str, AfterValidator(_detail)], Metrics] = Field(init=False)
    """The metrics of columns, by their ids."""

    @model_validator(mode="before")
    @classmethod
    def _with_metrics(cls, tree: Any) -> Any:
        usual = {column: entry_of(column).metrics for column in DETAIL_IDS}
        return usual | tree if isinstance(tree, dict) else tree

    def metrics(self, column: str) -> tuple[str, ...]:
        """Return a column's metrics, from the config or from its field."""
        return self.__pydantic_extra__[column]
