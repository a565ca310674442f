"""The cells of a job's milestones: status, documents, dates and the last comment of each. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sync.jobs.cells import EMPTY, NOTE_LIMIT, Cell, cut
from sync.jobs.files import Addresses, documents_cell
from sync.jobs.milestones import ReachedMilestone
from sync.jobs.model import Files, StatusSeen
from sync.jobs.remarks import Remarks, text_with_author
from sync.jobs.status import Meaning, Statuses
from sync.settings.config_file import Config


class MilestoneCells:
    """Makes the cells of a milestone by the config."""

    def __init__(
        self, config: Config, addresses: Addresses, statuses: Statuses, remarks: Remarks
    ) -> None:
        self._means = {code: status.means for code, status in config.statuses.items()}
        self._addresses = addresses
        self._statuses = statuses
        self._remarks = remarks

    def status(self, reached: ReachedMilestone) -> Cell:
        """Return a milestone's status, noted with when it changed and the remark with that."""
        comments, change = reached.event.milestone.comments, reached.log.current()
        text = cut(self._statuses.label(reached.event.milestone.status))
        remark = self._remarks.of_change(comments, reached.log, change)
        note = cut(text_with_author(remark), NOTE_LIMIT) if remark else ""
        return Cell(text=text, note=note, noted=self._moment(reached, change)) if text else EMPTY

    def documents(self, reached: ReachedMilestone, files: Files) -> Cell:
        """Return the links to a milestone's documents."""
        documents = reached.event.milestone.documents()
        entries = [(sub_task.uuid or "", document) for sub_task, document in documents]
        return documents_cell(entries, files, self._addresses)

    def day(self, reached: ReachedMilestone, means: str) -> Cell:
        """Return the day of the newest change to a status with a meaning."""
        first: StatusSeen | None = None
        for change in reached.log.statuses:
            if self._means.get(change.status or "") == means:
                first = change
            elif first:
                break  # Before that it had another status.
        return Cell(when=self._moment(reached, first), is_day=True) if first else EMPTY

    def comment(self, reached: ReachedMilestone) -> Cell:
        """Return the newest comment by a person."""
        comment = self._remarks.newest(reached.event.milestone.comments)
        return Cell(text=cut(text_with_author(comment))) if comment else EMPTY

    def approval(self, reached: ReachedMilestone) -> datetime | None:
        """Return since when a milestone is approved (UTC), or None."""
        is_approved = self._statuses.is_approved(reached.event.milestone.status)
        return self.since(reached) if is_approved else None

    def since(self, reached: ReachedMilestone) -> datetime:
        """Return since when a milestone has its status (UTC).

        One that is rejected by a task alone: since the last event, for tasks are not dated.
        """
        milestone = reached.event.milestone
        meaning = self._statuses.meaning(milestone)
        if meaning is Meaning.REJECTED and not self._statuses.is_rejected(milestone.status):
            return reached.event.stamp
        return self._moment(reached, reached.log.current())

    def _moment(self, reached: ReachedMilestone, change: StatusSeen) -> datetime:
        return self._remarks.moment(reached.event.milestone.comments, reached.log, change)


CELLS: Mapping[str, Callable[[MilestoneCells, ReachedMilestone, Files], Cell]] = {
    "status:": lambda by, reached, _: by.status(reached),
    "documents:": MilestoneCells.documents,
    "submitted:": lambda by, reached, _: by.day(reached, "waiting"),
    "approved:": lambda by, reached, _: by.day(reached, "approved"),
    "rejected:": lambda by, reached, _: by.day(reached, "rejected"),
    "comment:": lambda by, reached, _: by.comment(reached),
}
"""By the id of the field, what makes its cell."""
