"""The managed columns of the Jobs tab: their fields, and the colours by the config. Pure."""

from sync.field_table import MILESTONE_COLUMNS, FieldEntry, FieldKind, entry_of
from sync.jobs.cells import KEPT_NOTE, Column, Tint
from sync.jobs.contract_cells import LABELS
from sync.jobs.status import Case, Ending, Statuses
from sync.settings.config_file import Config
from sync.webhooks.schema import ContractState

_CONTRACT_MEANS = {
    LABELS[ContractState.SIGNED]: "approved",
    LABELS[ContractState.SENT]: "waiting",
    LABELS[ContractState.VOIDED]: "rejected",
}
"""A contract's state has the colour of the milestones' status with this meaning."""
_LETTER, _PADDING = 8, 14
"""Pixels of a letter in a header, which is bold, and beside a word: no word is to be broken."""


def column(config: Config, column_id: str, header: str, stuck_days: int) -> Column:
    """Return the managed column with an id: of the config, or of a milestone."""
    entry = entry_of(column_id)
    return Column(
        id=column_id,
        header=header,
        width=max(entry.width, _PADDING + _LETTER * max(map(len, header.split()), default=0)),
        is_wrapped=entry.is_wrapped,
        is_clipped=entry.kind is FieldKind.LINKS,
        is_hidden=entry.is_hidden,
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
    return _tints_of_jobs(config) if entry.id == "status" else ()


def _tints_of_jobs(config: Config) -> tuple[Tint, ...]:
    """Return the colours of *Status*; where two hold, the last counts."""
    statuses, known, tints = Statuses(config), config.statuses, dict[Ending | str, str]()
    for code, status in known.items():
        if status.color and status.means not in ("rejected", "waiting"):
            tints.setdefault(statuses.ending_with(status.label), status.color)
            if code == ARCHIVED_CODE:
                tints[status.label] = status.color
    for case, means in _MEANS.items():
        color = next((s.color for s in known.values() if s.means == means and s.color), None)
        if color:
            is_done = case is Case.DONE
            tints[config.phrases.done if is_done else statuses.ending_of(case)] = color
    return tuple(_of_jobs(ending, color) for ending, color in tints.items())


def _of_jobs(ending: Ending | str, color: str) -> Tint:
    if isinstance(ending, str):
        return Tint(text=ending, color=color)
    return Tint(
        text=ending.text,
        color=color,
        is_prefix=ending.is_prefix,
        is_suffix=not ending.is_prefix,
    )


ARCHIVED_CODE = "ARCHIVED"
_MEANS = {
    Case.BETWEEN: "approved",
    Case.DONE: "approved",
    Case.WAITING: "waiting",
    Case.REJECTED: "rejected",
}
"""A job has the colour of the milestones' status with this meaning; what comes later is stronger.
"""
