"""The part of the config file on EverBright's lists and on what more it tells of a job."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Annotated

from pydantic import AfterValidator

from sync.settings.config_values import Key, Pattern, Strict
from sync.settings.validators import template


def _path(names: Sequence[str], value: str) -> str:
    if not value.startswith("/"):
        raise ValueError("does not begin with a slash; begin it with one")
    return template(value, set(names))


_Jobs = Annotated[str, AfterValidator(partial(_path, ()))]
_OfSite = Annotated[str, AfterValidator(partial(_path, ("site",)))]
_OfSiteOrNone = Annotated[str, AfterValidator(lambda one: one and _path(("site",), one))]
_OfWorkflow = Annotated[str, AfterValidator(partial(_path, ("workflow",)))]
_OfMilestone = Annotated[str, AfterValidator(partial(_path, ("milestone",)))]
_OfTask = Annotated[str, AfterValidator(partial(_path, ("task",)))]


def _details_path(value: str) -> str:
    _path(("quote", "site", "metrics"), value)
    if "{metrics}" not in value or not ("{quote}" in value or "{site}" in value):
        raise ValueError("lacks {metrics}, or {quote} or {site}; put them where they belong")
    return value


def is_word(value: str) -> bool:
    """Return whether `value` may stand in the name of a metric: 100 characters at most."""
    return re.fullmatch(r"[A-Za-z0-9_]{0,100}", value) is not None


def word(value: str) -> str:
    """Return a part of a metric's name. Raises ValueError where it cannot be one."""
    if not is_word(value):
        raise ValueError("has other characters than letters, digits and underscores; remove them")
    return value


def _deadline(value: str) -> str:
    word(template(value, {"alias"}).format(alias=""))
    return value


Metrics = tuple[Annotated[Key, AfterValidator(word)], ...]
"""Metrics of the Data Access Layer; the first that has a value counts."""
DeadlineMetrics = tuple[Annotated[Key, AfterValidator(_deadline)], ...]


class EverBrightConfig(Strict):
    """EverBright's lists, from which `backfill` reads jobs, and what more it tells of a job.

    None is documented but the address of the Data Access Layer, whose metrics an account may lack.

    `changed` are keys that may tell, in the list of jobs, when a job last changed; without any,
    every run reads every job.
    """

    jobs: _Jobs = "/api/v1/project?archived=false"
    workflows: _OfSite = "/api/v1/ops_workflow?site_id={site}"
    milestones: _OfWorkflow = "/api/v1/milestone?workflow_id={workflow}"
    tasks: _OfMilestone = "/api/v1/task?milestone_id={milestone}"
    sub_tasks: _OfTask = "/api/v1/sub_task?task_id={task}"
    quotes: _OfSite = "/api/v1/quote?site_id={site}"
    contracts: _OfSiteOrNone = "/api/v1/contract?site_id={site}"
    """Blank: contracts are not read."""
    changed: tuple[Key, ...] = ("date_updated", "updated_at", "date_modified")
    details: Annotated[str, AfterValidator(_details_path)] = (
        "/api/data/quote/{quote}/?metrics={metrics}"
    )
    """A job in EverBright's Data Access Layer."""
    system_size: Metrics = ("system_capacity_kw",)
    deadline: DeadlineMetrics = ("milestone_{alias}_submission_deadline",)
    installer_payment: Metrics = ("installer_payment_line_item_status",)
    sales_representative: Metrics = ("sales_representative_name",)
    no_value: Pattern = "_BASELINE_NONEXISTANT$"
    """A value that matches reads blank."""


DETAILS = frozenset({"system_size", "deadline", "installer_payment", "sales_representative"})
"""The columns that are filled from the Data Access Layer."""
