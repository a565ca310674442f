"""The managed columns of the Jobs tab: their fields, and the colours by the config. Pure."""

from sync.field_table import (
    CUSTOMERS_OWN,
    KEY,
    MILESTONE_COLUMNS,
    PLACEHOLDER,
    FieldEntry,
    documents_id,
    entry_of,
    is_noted,
    status_id,
)
from sync.jobs.contract_cells import LABELS
from sync.jobs.status import REJECTED, WAITING, Statuses, beginning
from sync.settings.config_file import Config
from sync.types import Value
from sync.webhooks.schema import ContractState

__all__ = [
    "CUSTOMERS_OWN",
    "KEPT_NOTE",
    "KEY",
    "PLACEHOLDER",
    "Column",
    "Tint",
    "column",
    "documents_id",
    "is_noted",
    "of_milestone",
    "status_id",
]

_CONTRACT_MEANS = {
    LABELS[ContractState.SIGNED]: "approved",
    LABELS[ContractState.SENT]: "waiting",
    LABELS[ContractState.VOIDED]: "rejected",
}
"""A contract's state has the colour of the milestones' status with this meaning."""
KEPT_NOTE = "\n\nBrightsheet keeps this column. It may be moved, renamed, hidden and sorted."


class Tint(Value):
    """A background colour (#rrggbb) for some cells of a column.

    For those with exactly `text`, those that begin with it (`is_prefix`), or those whose day has
    come (`is_due`).
    """

    color: str
    text: str = ""
    is_due: bool = False
    is_prefix: bool = False


class Column(Value):
    """A managed column: `id` is its key in the sheet's metadata, `header` only its first title."""

    id: str
    header: str
    width: int = 120
    """In pixels, set once when the column is made."""
    is_wrapped: bool = False
    """Whether long text is broken into lines, set once, too: else it is cut off on the screen."""
    about: str = ""
    """The note on the header cell, which explains the column."""
    tints: tuple[Tint, ...] = ()
    is_typed: bool = False
    """Whether people type here, too: then Google does not ask before they do."""


def column(config: Config, column_id: str, header: str, stuck_days: int) -> Column:
    """Return the managed column with an id: of the config, or of a milestone."""
    entry = entry_of(column_id)
    return Column(
        id=column_id,
        header=header,
        width=entry.width,
        is_wrapped=entry.is_wrapped,
        about=entry.about.format(stuck_days=stuck_days) + KEPT_NOTE,
        tints=_tints(config, entry),
        is_typed=entry.is_typed,
    )


def of_milestone(config: Config, key: str, header: str, stuck_days: int) -> list[Column]:
    """Return the columns of a milestone."""
    return [
        column(config, entry.id + key, entry.title(header), stuck_days)
        for entry in MILESTONE_COLUMNS
    ]


def _tints(config: Config, entry: FieldEntry) -> tuple[Tint, ...]:
    known = [
        (status.label, status.means, status.color)
        for status in config.statuses.values()
        if status.color
    ]
    if entry.is_due:
        return (Tint(color=config.sheet.stuck_color, is_due=True),)
    if entry.id == "status:":
        return tuple(Tint(text=label, color=color) for label, _, color in known)
    if entry.id == "contract":
        by_means = {str(means): color for _, means, color in reversed(known)}
        tints = {label: by_means.get(means) for label, means in _CONTRACT_MEANS.items()}
        return tuple(Tint(text=label, color=color) for label, color in tints.items() if color)
    if entry.id != "status":
        return ()
    plain = [
        Tint(text=label, color=color)
        for label, means, color in known
        if means not in ("rejected", "waiting")
    ]
    colors = Statuses(config).colors()
    named = [
        Tint(text=beginning(word), color=colors[word], is_prefix=True)
        for word in (REJECTED, WAITING)
        if word in colors
    ]
    return (*named, *plain)
