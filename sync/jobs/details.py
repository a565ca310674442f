"""Chooses the metrics to request from the Data Access Layer, and makes cells of them. Pure.

Source of the metrics: EverBright's page on its data baselines, and installers' integrations.
Only the system's size is documented, so each is a setting.
"""

import math
import re
from datetime import UTC, datetime, timedelta

from sync.field_table import ALIAS, DETAIL_IDS, REP, SELLER, FieldEntry, FieldKind, entry_of
from sync.jobs.cells import Cell, cut
from sync.jobs.milestones import Milestones
from sync.jobs.model import Details, Job
from sync.jobs.status import Statuses
from sync.settings.config_file import Config
from sync.settings.everbright_config import is_word

_CODE = re.compile(r"[A-Z0-9_]+")
_DAY_FORMATS = ("%Y-%m-%d", "%m/%d/%Y")
_YEARS = range(2000, 2200)
"""A date in another year is a program's zero or a typo, and is shown as received."""
_NOON = timedelta(hours=12)


class DetailColumns:
    """The columns of the config that are filled from the Data Access Layer.

    The request for any of them also asks who sold the job, for *Rep*.
    """

    def __init__(self, config: Config) -> None:
        columns = [column.id for column in config.columns if column.id in DETAIL_IDS]
        if columns and SELLER not in columns and any(each.id == REP for each in config.columns):
            columns.append(SELLER)
        self.metrics = {column: config.everbright.metrics(column) for column in columns}
        """The metrics of each column; those of a milestone contain {alias}."""
        self._milestones = Milestones(config)
        self._statuses = Statuses(config)
        self._config = config

    @property
    def question(self) -> str:
        """Identifies the settings of the request: when it changes, every job is requested again."""
        everbright = self._config.everbright
        steps = [step for step in self._config.milestones if step.alias]
        aliases = [(step.definitions[0], step.alias) for step in steps]
        return repr((everbright.details, everbright.no_value, self.metrics, aliases))

    def metrics_for(self, job: Job) -> tuple[str, ...]:
        """Return the distinct metrics that the columns of `job` need."""
        names = (name for column in self.metrics for name in self._names(column, job))
        return tuple(dict.fromkeys(names))

    def _names(self, column: str, job: Job) -> tuple[str, ...]:
        names = self.metrics[column]
        if not any(ALIAS in name for name in names):
            return names
        alias = self._alias(job)
        return tuple(name.replace(ALIAS, alias) for name in names if alias or ALIAS not in name)

    def _alias(self, job: Job) -> str:
        """Return the alias of the milestone to submit: the furthest, or the next if approved."""
        reached = self._statuses.begun(self._milestones.shown(job))
        if reached and not self._config.is_approved(reached[-1].event.milestone.status):
            return self._known_alias(job, reached[-1].event.milestone.milestone_definition)
        coming = self._milestones.following(reached)
        aliases = (self._known_alias(job, each) for each in (coming.definitions if coming else ()))
        return next(filter(None, aliases), "")

    def _known_alias(self, job: Job, definition: str) -> str:
        """Return a milestone's alias from the config, or else from EverBright's API."""
        if alias := self._milestones.alias(definition):
            return alias
        read = job.newest_reads.get(definition)
        alias = read.milestone.alias if read else ""
        return alias if is_word(alias) else ""

    def value(self, column: str, job: Job, details: Details) -> str:
        """Return EverBright's answer for a column; "" if the config doesn't have the column."""
        names = self._names(column, job) if column in self.metrics else ()
        texts = (details.values.get(name, "") for name in names)
        return next((text for text in texts if text), "")

    def cells(self, job: Job, details: Details) -> dict[str, Cell]:
        """Return the cells, by column ID."""
        texts = {column: self.value(column, job, details) for column in self.metrics}
        return {
            column: value_cell(entry_of(column), text, self._config)
            for column, text in texts.items()
            if text
        }


def value_cell(entry: FieldEntry, text: str, config: Config) -> Cell:
    """Return a value in the field's kind, or as received if it isn't of that kind."""
    if entry.kind is FieldKind.NUMBER:
        return _number(text) or Cell(text=cut(text))
    if entry.kind is FieldKind.DATE:
        return _day(text) or Cell(text=cut(text))
    return Cell(text=cut(value_text(entry, text, config)))


def value_text(entry: FieldEntry, text: str, config: Config) -> str:
    """Return a value as text: the label of a status's code, and anything else as received."""
    is_code = entry.kind is FieldKind.STATUS and _CODE.fullmatch(text)
    return config.status_label(text) if is_code else text


def _number(text: str) -> Cell | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return Cell(number=round(number, 3)) if math.isfinite(number) else None


def _day(text: str) -> Cell | None:
    """Return the day of a deadline. A moment is shown in the sheet's time zone; a day has none."""
    for form in _DAY_FORMATS:
        try:
            day = datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        # At noon UTC it is the same day wherever clocks are less than 12 hours from UTC.
        return _of_day(day + _NOON)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _of_day(moment.replace(tzinfo=moment.tzinfo or UTC))


def _of_day(moment: datetime) -> Cell | None:
    if moment.year not in _YEARS:
        return None
    return Cell(when=moment.astimezone(UTC), is_day=True)
