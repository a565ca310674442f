"""What is to be done next in a job, the assignees, and when to check it. Pure."""

from datetime import datetime, timedelta

from sync.jobs.cells import EMPTY, Cell, cut
from sync.jobs.milestones import ReachedMilestone
from sync.jobs.remarks import Remarks, text_with_author
from sync.jobs.status import Case, JobStatus, Statuses
from sync.webhooks.schema import Milestone

_FALLBACKS = {
    Case.REJECTED: "Correct and submit again",
    Case.WAITING: "Wait for an answer",
    Case.OPEN: "Complete {title}",
    Case.BETWEEN: "Complete {title}",
}
"""What is to be done where no task says so."""
_REMARK_LIMIT = 300
"""Characters of the remark: the row grows with it. All of it is in the note and the History."""


class Actions:
    """Makes *Next action*, *Assigned to* and *Follow up* from how a job stands."""

    def __init__(self, statuses: Statuses, remarks: Remarks) -> None:
        self._statuses = statuses
        self._remarks = remarks

    def next_action(self, status: JobStatus, next_title: str) -> str:
        """Return what is to be done: never blank, unless the job is done or archived.

        `next_title` is the title of the milestone that comes after those reached, or "".
        """
        if status.case in (Case.ARCHIVED, Case.DONE):
            return ""
        is_named = status.case is not Case.BETWEEN and len(status.about) == 1
        lines: list[str] = []
        for reached in status.about:
            sentences = self._lines(reached, status.case)
            lines += sentences if is_named else [f"{reached.title}: {line}" for line in sentences]
        return "\n".join(lines) or f"{next_title or 'The next milestone'} has not started"

    def _lines(self, reached: ReachedMilestone, case: Case) -> list[str]:
        milestone = reached.event.milestone
        if self._statuses.is_approved(milestone.status):
            return []
        lines = self._tasks(milestone) or [_FALLBACKS[case].format(title=reached.title)]
        if self._statuses.is_rejected(milestone.status):
            remark = self._remarks.of_change(milestone.comments, reached.log, reached.log.current())
            lines += [cut(text_with_author(remark), _REMARK_LIMIT)] if remark else []
        return lines

    def _tasks(self, milestone: Milestone) -> list[str]:
        """Return the rejected tasks, then the open ones with their required steps."""
        is_rejected, is_approved = self._statuses.is_rejected, self._statuses.is_approved
        rejected = [task.name for task in milestone.tasks if is_rejected(task.status)]
        open_ones = [
            _with_steps(
                task.name, [s.label for s in task.sub_tasks if s.required and s.status != "COMP"]
            )
            for task in milestone.tasks
            if not (is_rejected(task.status) or is_approved(task.status))
        ]
        lines = [f"Rejected: {name}" for name in rejected] + open_ones
        if milestone.ready_to_submit and not rejected:
            lines.insert(0, "Ready to submit")
        return [line for line in lines if line]


def first_assignee(status: JobStatus) -> str:
    """Return who has the first of the milestones that are to be acted on, or ""."""
    return next(iter(_people(status)), "")


def assignees(status: JobStatus) -> str:
    """Return who has the milestones that are to be acted on."""
    return ", ".join(_people(status))


def _people(status: JobStatus) -> list[str]:
    people = (reached.event.milestone.assigned_to for reached in status.about)
    return list(dict.fromkeys(person.name for person in people if person and person.name))


def follow_up(status: JobStatus, last_update: datetime | None, stuck_days: int) -> Cell:
    """Return the day to check a job: the last event's if something is rejected, else later."""
    if last_update is None or status.case in (Case.ARCHIVED, Case.DONE):
        return EMPTY
    days = 0 if status.case is Case.REJECTED else stuck_days
    return Cell(when=_later(last_update, days), is_day=True)


def _later(when: datetime, days: int) -> datetime:
    try:
        return when + timedelta(days=days)
    except OverflowError:
        return when


def _with_steps(name: str, steps: list[str]) -> str:
    return f"{name} ({', '.join(steps)})" if any(steps) else name
