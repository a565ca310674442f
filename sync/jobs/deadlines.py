"""Finds a job's nearest deadline, in EverBright's data and by the config's rules. Pure."""

from datetime import datetime, timedelta

from sync.jobs.cells import Cell
from sync.jobs.job_cells import RowSource
from sync.jobs.status import Meaning


def nearest_deadline(row: RowSource, known: Cell) -> Cell:
    """Return the nearest deadline of an open job; `known` is the one from EverBright.

    Deadlines are counted from approvals, as [deadlines] in the config says.
    """
    reader = row.reader
    reached = {milestone.title.casefold(): milestone for milestone in row.milestones}
    means = {
        title: reader.statuses.meaning(milestone.event.milestone)
        for title, milestone in reached.items()
    }
    found = [known] if known.when else []
    for title, rule in reader.config.deadlines.items():
        after = rule.after.casefold()
        is_submitted = means.get(title.casefold()) in (Meaning.WAITING, Meaning.APPROVED)
        if means.get(after) is Meaning.APPROVED and not is_submitted:
            at = reader.changes.since(reached[after])
            found.append(Cell(when=at, is_day=True, days_later=rule.days))
    return min(found, key=_day, default=known)


def _day(cell: Cell) -> datetime:
    assert cell.when  # noqa: S101 - the cells have one
    return cell.when + timedelta(days=cell.days_later)
