"""Makes the managed columns, with their widths, notes and colors. Pure."""

from collections.abc import Mapping

from sync.field_table import FIELDS, FieldEntry, FieldKind, entry_of
from sync.jobs.cells import Column, Tint
from sync.jobs.status import ARCHIVED_CODE, CONTRACT_LABELS, Case, Statuses
from sync.settings.config_file import Config, Meaning
from sync.webhooks.schema import ContractState

_CONTRACT_MEANS = {
    CONTRACT_LABELS[ContractState.SIGNED]: Meaning.APPROVED,
    CONTRACT_LABELS[ContractState.SENT]: Meaning.WAITING,
    CONTRACT_LABELS[ContractState.VOIDED]: Meaning.REJECTED,
}
"""A contract's state has the color of the milestones' status with this meaning."""
_JOB_MEANS = {
    Case.BETWEEN: Meaning.OPEN,
    Case.DONE: Meaning.APPROVED,
    Case.WAITING: Meaning.WAITING,
    Case.REJECTED: Meaning.REJECTED,
}
"""A job has the color of the milestones' status with this meaning, as in the Pipeline; later ones
win."""
_EDIT_WARNING = "\n\nFilled in automatically. Your edits here are overwritten."
"""Short, because every flush reads the notes on all headers twice."""
_LETTER, _PADDING = 8, 14
"""In pixels, for a bold letter in a header and around a word, so that no word is broken."""


def managed_column(config: Config, column_id: str, header: str, stuck_days: int) -> Column:
    entry = entry_of(column_id)
    return Column(
        id=column_id,
        header=header,
        width=max(entry.width, _PADDING + _LETTER * max(map(len, header.split()), default=0)),
        is_wrapped=entry.is_wrapped,
        is_clipped=entry.kind is FieldKind.LINKS,
        is_hidden=entry.is_hidden,
        header_note=entry.header_note.format(stuck_days=stuck_days)
        + ("" if entry.is_typed else _EDIT_WARNING),
        tints=_tints(config, entry, stuck_days),
        is_typed=entry.is_typed,
    )


def every_tint(config: Config, stuck_days: int) -> list[Tint]:
    """Return the distinct colors of all possible columns."""
    tints = (tint for entry in FIELDS.values() for tint in _tints(config, entry, stuck_days))
    return list(dict.fromkeys(tints))


def _tints(config: Config, entry: FieldEntry, stuck_days: int) -> tuple[Tint, ...]:
    if entry.id == "days":
        return (Tint(color=config.sheet.stuck_color, above=stuck_days),)
    if entry.is_due:
        near = Tint(color=config.sheet.stuck_color, due_in=config.sheet.deadline_days)
        return (near, Tint(color=config.sheet.overdue_color, due_in=-1))
    colors = [(status, status.color) for status in config.statuses.values() if status.color]
    if entry.id == "status:":
        return tuple(dict.fromkeys(Tint(text=one.label, color=color) for one, color in colors))
    # Of several statuses with the same meaning, the first counts.
    by_means = {one.means: color for one, color in reversed(colors)}
    if entry.id == "contract":
        means = _CONTRACT_MEANS.items()
        return tuple(Tint(text=label, color=by_means[m]) for label, m in means if m in by_means)
    return _tints_of_jobs(config, by_means) if entry.id == "status" else ()


def _tints_of_jobs(config: Config, by_means: Mapping[Meaning, str]) -> tuple[Tint, ...]:
    """Return the colors of *Status*; if two apply, the last one wins."""
    statuses, tints = Statuses(config), dict[Tint, str]()
    for code, status in config.statuses.items():
        if status.color and status.means not in (Meaning.REJECTED, Meaning.WAITING):
            tints.setdefault(statuses.tint_with(status.label), status.color)
            if code == ARCHIVED_CODE:
                tints[Tint(text=status.label)] = status.color
    for case, means in _JOB_MEANS.items():
        if means in by_means:
            tints[statuses.tint_of(case)] = by_means[means]
    return tuple(tint.model_copy(update={"color": color}) for tint, color in tints.items())
