"""The fields of a job that a column can show, and who may write into its cells. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sync.core.cells import Cell, readable
from sync.core.events import CONTRACT, PAPERS
from sync.core.people import plain
from sync.core.standing import Order
from sync.settings.config_file import ColumnConfig, ColumnKind

PROGRESS = "progress"
SITE_ID = "Site ID"
"""The header of the column that each connected tab gets."""
_END_OF_DAYS = 2_958_466
"""The day after the last one of year 9999, as Google counts."""


class Rule(StrEnum):
    """Who may write into a connected cell. A blank one is filled in each case."""

    NEWS = "news"
    """EverBright's news replaces what people typed."""
    FOLLOWS = "follows"
    """EverBright's changes are written while the cell shows what we wrote."""
    FILLS = "fills"
    """What people typed stays."""


@dataclass(frozen=True)
class Field:
    """A field: "customer", or an aspect of a milestone, as in "status:DEFINITION"."""

    id: str
    label: str
    rule: Rule
    is_day: bool = False
    """Whether a value of EverBright's is a date, by the config."""

    @property
    def aspect(self) -> str:
        return self.id.partition(":")[0]

    @property
    def definition(self) -> str:
        """The milestone that it is of; "" for a field of the whole job."""
        return self.id.partition(":")[2]

    @property
    def is_date(self) -> bool:
        return self.is_day or self.aspect in ("submitted", "approved", "updated")

    def readable(self, cell: Cell) -> str:
        """Return what a cell holds as a person reads it: a date isn't the number of a day."""
        value = (cell.get("userEnteredValue") or {}).get("numberValue")
        if value is None or not self.is_date or not 0 < value < _END_OF_DAYS:
            return readable(cell)
        return dated(date(1899, 12, 30) + timedelta(days=int(value)))

    @property
    def has_words(self) -> bool:
        """Whether a column can have words of its own for steps."""
        return self.id == PROGRESS or self.id.startswith("status:")


def dated(day: date) -> str:
    """Return a day as the pages show it."""
    return f"{day:%b} {day.day}, {day.year}"


_JOB = (
    Field("customer", "Customer", Rule.FILLS),
    Field("first_name", "Customer's first name", Rule.FILLS),
    Field("last_name", "Customer's last name", Rule.FILLS),
    Field("address", "Address", Rule.FILLS),
    Field("city", "City", Rule.FILLS),
    Field("zip", "ZIP code", Rule.FILLS),
    Field("phone", "Phone", Rule.FILLS),
    Field("email", "Email", Rule.FILLS),
    Field("rep", "Rep", Rule.FILLS),
    Field(PROGRESS, "Stage, in your words", Rule.NEWS),
    Field("status", "EverBright status", Rule.NEWS),
    Field("waiting_on", "Waiting on", Rule.NEWS),
    Field("days", "Days", Rule.NEWS),
    Field("next_action", "Next action", Rule.NEWS),
    Field("updated", "Updated", Rule.NEWS),
    Field("last_comment", "Last comment", Rule.NEWS),
    Field("folder", "Folder", Rule.FOLLOWS),
)
ASPECTS = {
    "status": ("status", Rule.NEWS),
    "submitted": ("submitted on", Rule.FOLLOWS),
    "approved": ("approved on", Rule.FOLLOWS),
    "documents": ("documents", Rule.FOLLOWS),
}


def milestones_of(order: Order, reached: Mapping[str, str]) -> dict[str, str]:
    """Return the titles of milestones: the contract, those in the order, and others with jobs."""
    return {CONTRACT: PAPERS[CONTRACT], **dict(order.steps), **reached, **dict(order.steps)}


class Fields:
    """All fields by ID, and the names by which a file spells them.

    `milestones` are the titles by definition, `aliases` the definitions by other names, and
    `columns` the config's own.
    """

    def __init__(
        self,
        milestones: Mapping[str, str],
        aliases: Mapping[str, str] = {},
        columns: Iterable[ColumnConfig] = (),
    ) -> None:
        self.milestones = dict(milestones)
        by_title = {title: each for each, title in milestones.items()}
        names = {**aliases, **{each: each for each in milestones}, **by_title}
        self._definitions = {plain(name): each for name, each in names.items()}
        self.by_id = {field.id: field for field in _JOB}
        for column in columns:
            is_day = column.kind is ColumnKind.DATE
            field = Field(column.id, column.header, Rule.FILLS, is_day)
            self.by_id.setdefault(column.id, field)
        for aspect, (label, rule) in ASPECTS.items():
            for each, title in milestones.items():
                field = Field(f"{aspect}:{each}", f"{title} {label}", rule)
                self.by_id[field.id] = field

    def get(self, field: str) -> Field:
        """Return a field. One of a milestone that no job has any longer is known by its ID."""
        _, rule = ASPECTS.get(field.partition(":")[0], ("", Rule.FILLS))
        return self.by_id.get(field) or Field(field, field, rule)

    def definition(self, name: str) -> str:
        """Return the milestone with a name, as EverBright or the config has it; "" if none has."""
        return self._definitions.get(plain(name), "")

    def parse(self, text: str) -> str:
        """Return the ID of a field as a file spells it: "status:Permits"; "" if it is unknown."""
        aspect, _, name = text.partition(":")
        field = f"{aspect}:{self.definition(name)}" if name else text
        return field if field in self.by_id else ""

    def spell(self, field: str) -> str:
        aspect, _, definition = field.partition(":")
        title = self.milestones.get(definition, definition)
        name = title if self.definition(title) == definition else definition
        return f"{aspect}:{name}" if definition else field
