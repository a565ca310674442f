"""Finds a job's nearest deadline, in EverBright's data and by the config's rules. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync.jobs.cells import Cell
from sync.jobs.milestone_changes import MilestoneChanges
from sync.jobs.milestones import ReachedMilestone
from sync.jobs.status import Meaning, Statuses
from sync.settings.config_file import Config


@dataclass(frozen=True)
class Deadlines:
    """Counts deadlines from approvals, as [deadlines] in the config says."""

    _config: Config
    _statuses: Statuses
    _changes: MilestoneChanges

    def nearest(self, milestones: Sequence[ReachedMilestone], known: Cell) -> Cell:
        """Return the nearest deadline of an open job; `known` is the one from EverBright."""
        reached = {milestone.title.casefold(): milestone for milestone in milestones}
        found = [known] if known.when else []
        for title, rule in self._config.deadlines.items():
            start, end = reached.get(rule.after.casefold()), reached.get(title.casefold())
            is_submitted = end and self._meaning(end) in (Meaning.WAITING, Meaning.APPROVED)
            if start and self._meaning(start) is Meaning.APPROVED and not is_submitted:
                at = self._changes.since(start)
                found.append(Cell(when=at, is_day=True, days_later=rule.days))
        return min(found, key=_day, default=known)

    def _meaning(self, milestone: ReachedMilestone) -> Meaning:
        return self._statuses.meaning(milestone.event.milestone)


def _day(cell: Cell) -> datetime:
    assert cell.when  # noqa: S101 - the cells have one
    return cell.when + timedelta(days=cell.days_later)
