"""More of each milestone, for columns of a person's own sheet: dates and the last comment. Pure."""

from collections.abc import Iterable

from sync.jobs.cells import EMPTY, Cell, cut
from sync.jobs.milestones import ReachedMilestone
from sync.jobs.model import StatusSeen
from sync.jobs.remarks import Remarks, text_with_author
from sync.settings.config_file import Config

DATES = {"submitted": "waiting", "approved": "approved", "rejected": "rejected"}
"""Kinds of columns, and what the status of which they show the date means."""
COMMENT = "comment"
KINDS = (*DATES, COMMENT)


class MilestoneDetails:
    """Makes the cells of the columns `<kind>:<milestone>`, for each of KINDS."""

    def __init__(self, config: Config, remarks: Remarks) -> None:
        self._means = {code: status.means for code, status in config.statuses.items()}
        self._remarks = remarks

    def of(self, milestones: Iterable[ReachedMilestone]) -> dict[str, Cell]:
        """Return the cells by column id; EMPTY where there is nothing to show."""
        cells: dict[str, Cell] = {}
        for milestone in milestones:
            for kind, means in DATES.items():
                cells[f"{kind}:{milestone.key}"] = self._date(milestone, means)
            comment = self._remarks.newest(milestone.event.milestone.comments)
            text = cut(text_with_author(comment)) if comment else ""
            cells[f"{COMMENT}:{milestone.key}"] = Cell(text=text)
        return cells

    def _date(self, milestone: ReachedMilestone, means: str) -> Cell:
        """Return the day of the newest change to a status with a meaning."""
        first: StatusSeen | None = None
        for status in milestone.log.statuses:
            if self._means.get(status.status or "") == means:
                first = status
            elif first:
                break  # Before that it had another status.
        if first is None:
            return EMPTY
        comments = milestone.event.milestone.comments
        return Cell(when=self._remarks.moment(comments, milestone.log, first), is_day=True)
