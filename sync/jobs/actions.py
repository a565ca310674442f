"""What is to be done next in a job, the assignees, and when to check it. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sync.jobs.cells import EMPTY, Cell, cut, units
from sync.jobs.milestones import ReachedMilestone
from sync.jobs.remarks import Remarks, comment_order, text_with_author
from sync.jobs.status import Case, JobStatus, Statuses, listed
from sync.webhooks.schema import Comment, Milestone

_LINE = 42
"""Characters that a line of the column has room for, at the width that it is made with."""
_LINES = 3


class Actions:
    """Makes *Next action* from how a job stands: at most three lines of the column.

    All of a remark is in the note on the milestone's status, and in the History.
    """

    def __init__(self, statuses: Statuses, remarks: Remarks) -> None:
        self._statuses = statuses
        self._remarks = remarks

    def next_action(self, status: JobStatus, next_title: str) -> str:
        """Return what is to be done: never blank, unless the job is done or archived.

        Who has it follows, then the newest reason, in its author's words. `next_title` is the title
        of the milestone that comes after those reached, or "".
        """
        if status.case in (Case.ARCHIVED, Case.DONE):
            return ""
        phrases = self._statuses.phrases
        what = self._what(status, next_title)
        if people := _names(self._unapproved(status)):
            what = phrases.by.format(what=what, who=listed(people, phrases, 1))
        what = cut(" ".join(what.split()), _LINE * (_LINES - 1))
        reason = self._reason(status.about) if status.case is Case.REJECTED else None
        if reason is None:
            return what
        room = _LINE * (_LINES - -(-units(what) // _LINE))
        return f"{what}\n{cut(' '.join(text_with_author(reason).split()), room)}"

    def _what(self, status: JobStatus, next_title: str) -> str:
        phrases = self._statuses.phrases
        if status.case is Case.REJECTED:
            newest = sorted(status.about, key=lambda reached: reached.log.current().stamp)[::-1]
            rejected = [name for reached in newest for name in self._rejected(reached)]
            return phrases.correct.format(what=listed(rejected, phrases, 1))
        ready = [each.title for each in status.about if each.event.milestone.ready_to_submit]
        if ready and status.case in (Case.WAITING, Case.OPEN):
            return phrases.submit.format(what=listed(ready, phrases, 1))
        if status.case is Case.WAITING:
            titles = [milestone.title for milestone in status.about]
            return phrases.wait.format(what=listed(titles, phrases, _LINES))
        if rest := self._unapproved(status):
            return self._to_complete(rest[0], len(rest) - 1)
        return phrases.start.format(what=next_title) if next_title else phrases.unknown

    def _unapproved(self, status: JobStatus) -> list[ReachedMilestone]:
        is_approved = self._statuses.is_approved
        return [each for each in status.about if not is_approved(each.event.milestone.status)]

    def _rejected(self, reached: ReachedMilestone) -> list[str]:
        """Return the rejected tasks of a milestone; one that is itself rejected by its title."""
        tasks = reached.event.milestone.tasks
        named = [task.name for task in tasks if self._statuses.is_rejected(task.status)]
        return [name for name in named if name] or [reached.title]

    def _to_complete(self, reached: ReachedMilestone, others: int) -> str:
        """Return what is to be done in an open milestone; `others` are open beside it."""
        phrases = self._statuses.phrases
        tasks = [n for n in self._open(reached.event.milestone) if n != reached.title]
        what = f"{reached.title}: {listed(tasks, phrases, 1)}" if tasks else reached.title
        if others and not tasks:
            what = phrases.more.format(first=what, count=others)
        return phrases.complete.format(what=what)

    def _open(self, milestone: Milestone) -> list[str]:
        """Return the open tasks, each with its required steps."""
        return [
            _with_steps(
                task.name, [s.label for s in task.sub_tasks if s.required and s.status != "COMP"]
            )
            for task in milestone.tasks
            if task.name and not self._statuses.is_approved(task.status)
        ]

    def _reason(self, rejected: Sequence[ReachedMilestone]) -> Comment | None:
        """Return the newest of the remarks that came with rejections."""
        remarks = (
            self._remarks.of_change(r.event.milestone.comments, r.log, r.log.current())
            for r in rejected
            if self._statuses.is_rejected(r.event.milestone.status)
        )
        return max((remark for remark in remarks if remark), key=comment_order, default=None)


def first_assignee(status: JobStatus) -> str:
    """Return who has the first of the milestones that are to be acted on, or ""."""
    return next(iter(_names(status.about)), "")


def assignees(status: JobStatus) -> str:
    """Return who has the milestones that are to be acted on."""
    return ", ".join(_names(status.about))


def _names(milestones: Iterable[ReachedMilestone]) -> list[str]:
    people = (reached.event.milestone.assigned_to for reached in milestones)
    return list(dict.fromkeys(person.name for person in people if person and person.name))


_FOLLOWED = (Case.WAITING, Case.OPEN, Case.BETWEEN)


def follow_up(status: JobStatus, last_update: datetime | None, stuck_days: int) -> Cell:
    """Return the day to check a job that waits: `stuck_days` after its last event.

    What is rejected is to be corrected at once, and its status says so by itself.
    """
    if last_update is None or status.case not in _FOLLOWED:
        return EMPTY
    return Cell(when=_later(last_update, stuck_days), is_day=True)


def _later(when: datetime, days: int) -> datetime:
    try:
        return when + timedelta(days=days)
    except OverflowError:
        return when


def _with_steps(name: str, steps: list[str]) -> str:
    return f"{name} ({', '.join(steps)})" if any(steps) else name
