"""Finds when a milestone's status began, what changed last, and why it was rejected. Pure."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sync.jobs.milestones import ReachedMilestone
from sync.jobs.model import StatusSeen
from sync.jobs.progress import IN_PROGRESS
from sync.jobs.remarks import Remarks
from sync.jobs.status import Statuses, join_names
from sync.settings.config_file import Meaning
from sync.webhooks.schema import Comment


@dataclass(frozen=True)
class MilestoneChanges:
    """Interprets the logs of milestones with the meanings in the config."""

    _statuses: Statuses
    _remarks: Remarks

    def since(self, reached: ReachedMilestone) -> datetime:
        """Return when the meaning that *Status* shows for a milestone began (UTC)."""
        return self.moment(reached, reached.log.current(self._meaning))

    def labeled_since(self, reached: ReachedMilestone) -> datetime:
        """Return when the status in a milestone's cell began (UTC)."""
        return self.moment(reached, reached.log.current(self._statuses.milestone_label))

    def newest(self, reached: ReachedMilestone) -> tuple[datetime, str] | None:
        """Return when a milestone last changed (UTC), and the change in words; None if never."""
        change, before = next(self._changes(reached))
        text = self._text(reached, change, before)
        return (self.moment(reached, change), text) if text else None

    def remark(self, reached: ReachedMilestone) -> Comment | None:
        """Return the remark that arrived with the status in a milestone's cell.

        For a rejected milestone, the newest that arrived with a rejection, also of a task.
        """
        if self._statuses.meaning(reached.event.milestone) is not Meaning.REJECTED:
            return self._remark(reached, reached.log.current(self._statuses.milestone_label))
        for change, before in self._changes(reached):
            if self._statuses.meaning(change) is not Meaning.REJECTED:
                break
            if self._is_rejection(change, before) and (remark := self._remark(reached, change)):
                return remark
        return None

    def rejected_at(self, reached: ReachedMilestone) -> datetime:
        """Return when a rejected milestone, or a task of it, was last rejected."""
        changes = self._changes(reached)
        found = (change for change, before in changes if self._is_rejection(change, before))
        return self.moment(reached, next(found, reached.log.statuses[0]))

    def _meaning(self, seen: StatusSeen) -> Hashable:
        statuses, meaning = self._statuses, self._statuses.meaning(seen)
        return statuses.config.status_label(seen.status) if meaning is Meaning.OPEN else meaning

    def _is_rejection(self, change: StatusSeen, before: StatusSeen | None) -> bool:
        statuses, config = self._statuses, self._statuses.config
        if statuses.meaning(change) is not Meaning.REJECTED:
            return False
        if before is None or statuses.meaning(before) is not Meaning.REJECTED:
            return True
        is_new = config.is_rejected(change.status) and not config.is_rejected(before.status)
        known = statuses.rejected_tasks(before)
        return is_new or any(name not in known for name in statuses.rejected_tasks(change))

    def _changes(self, reached: ReachedMilestone) -> Iterator[tuple[StatusSeen, StatusSeen | None]]:
        """Yield each event that changed the status or a rejection, and the one before it.

        The newest comes first; the last is the first event.
        """
        seen = reached.log.statuses
        for change, before in zip(seen, (*seen[1:], None), strict=True):
            if before is None or self._state(change) != self._state(before):
                yield change, before

    def _state(self, seen: StatusSeen) -> Hashable:
        statuses = self._statuses
        rejected = frozenset(statuses.rejected_tasks(seen))
        return (statuses.config.status_label(seen.status), statuses.meaning(seen), rejected)

    def _text(
        self, reached: ReachedMilestone, change: StatusSeen, before: StatusSeen | None
    ) -> str:
        """Return a change in words: of the tasks, if the milestone's own status is as before."""
        statuses, code, title = self._statuses, change.status, reached.title
        config = statuses.config
        label = config.status_label(code)
        if not label:
            return ""
        has_same_status = before is not None and config.status_label(before.status) == label
        rejected = statuses.rejected_tasks(change)
        known = statuses.rejected_tasks(before) if before else []
        if self._is_rejection(change, before):
            new = [name for name in rejected if name not in known]
            if new and (has_same_status or not config.is_rejected(code)):
                title = join_names(new, config.phrases, 1)
            return statuses.change_text(title, statuses.milestone_label(change))
        corrected = [name for name in known if name not in rejected]
        labels = {task.name: config.status_label(task.status) for task in change.tasks}
        if has_same_status and corrected and labels.get(corrected[0]):
            title = join_names(corrected, config.phrases, 1)
            return statuses.change_text(title, labels[corrected[0]])
        if code == IN_PROGRESS and not (before and before.status):
            return config.phrases.started.format(milestone=title)
        return statuses.change_text(title, label)

    def _remark(self, reached: ReachedMilestone, change: StatusSeen) -> Comment | None:
        return self._remarks.remark_about(reached.event.milestone.comments, reached.log, change)

    def moment(self, reached: ReachedMilestone, change: StatusSeen) -> datetime:
        """Return when a change of a milestone happened (UTC)."""
        return self._remarks.moment(reached.event.milestone.comments, reached.log, change)
