"""Works out *Next action* and *With*: what a job needs now, and who has it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sync.jobs.cells import cut, units
from sync.jobs.milestone_changes import MilestoneChanges
from sync.jobs.milestones import ReachedMilestone
from sync.jobs.remarks import text_with_author
from sync.jobs.status import NOTHING_PENDING, Case, JobStatus, Statuses, join_names
from sync.settings.config_file import Meaning
from sync.webhooks.schema import Person

_LINE = 56
"""Characters that fit on a line of the column, at its initial width and in Google's font."""
_DOCUMENT = "DOCUMENT"
_COMPLETE = "COMP"


@dataclass(frozen=True)
class NextAction:
    """What a job needs, in at most two lines of the column, and the names of those who have it."""

    text: str = ""
    people: tuple[str, ...] = ()


@dataclass(frozen=True)
class Actions:
    """Makes the next action from a job's status."""

    _statuses: Statuses
    _changes: MilestoneChanges

    def next_action(self, status: JobStatus, coming: str) -> NextAction:
        """Return the next action; `coming` is the title of the milestone after those reached.

        It is blank if the job isn't open, or if its status has no known meaning.
        """
        phrases = self._statuses.config.phrases
        if status.case in NOTHING_PENDING:
            return NextAction()
        if status.case is Case.REJECTED:
            return self._fix(status.milestones)
        if status.ready:
            titles = [reached.title for reached in status.ready]
            text = phrases.submit.format(what=join_names(titles, phrases, 1))
            return NextAction(_line(text), _assignees(status.ready))
        if status.case is Case.WAITING:
            return NextAction(phrases.wait, _assignees(status.milestones))
        if status.milestones:
            return self._finish(status.milestones[0])
        is_next = status.case is Case.BETWEEN and coming
        return NextAction(_line(phrases.start.format(what=coming)) if is_next else "")

    def _fix(self, rejected: Sequence[ReachedMilestone]) -> NextAction:
        """Return what was rejected last, with the reason of that rejection on the second line."""
        phrases = self._statuses.config.phrases
        newest = sorted(rejected, key=self._changes.rejected_at)[::-1]
        found = [each for reached in newest for each in self._rejected(reached)]
        others = len(found) - 1
        phrase = phrases.fix_several if others else phrases.fix
        text = _line(phrase.format(what=found[0][0], count=others))
        if reason := self._changes.remark(newest[0]):
            text = f"{text}\n{_reason(text_with_author(reason), reason.comment)}"
        return NextAction(text, _names(person for _, person in found))

    def _rejected(self, reached: ReachedMilestone) -> list[tuple[str, Person | None]]:
        """Return a milestone's rejected tasks with their assignees; without any, the milestone."""
        milestone = reached.event.milestone
        return [
            (task.name, task.assigned_to or milestone.assigned_to)
            for task in milestone.tasks
            if task.name and self._statuses.config.is_rejected(task.status)
        ] or [(reached.title, milestone.assigned_to)]

    def _finish(self, reached: ReachedMilestone) -> NextAction:
        """Return how to finish, start or restart an open milestone; "" if that isn't known."""
        config, milestone = self._statuses.config, reached.event.milestone
        phrases = config.phrases
        people, title = _names([milestone.assigned_to]), reached.title
        if config.configured_meaning(milestone.status) is Meaning.CANCELED:
            return NextAction(_line(phrases.restart.format(what=title)), people)
        if not milestone.status:
            return NextAction(_line(phrases.start.format(what=title)), people)
        if milestone.status not in config.statuses:
            return NextAction("", people)
        names, assigned = list[str](), list[Person | None]()
        for task in milestone.tasks:
            meaning = config.configured_meaning(task.status)
            if meaning in (Meaning.APPROVED, Meaning.WAITING) or task.name in ("", title):
                continue
            documents = (sub for sub in task.sub_tasks if sub.category == _DOCUMENT)
            lacks_document = any(sub.status != _COMPLETE for sub in documents)
            name = task.name
            if lacks_document:
                name = phrases.upload.format(what=name)
                words = name.lower().split()
                if words[:1] == words[1:2]:  # "upload Upload photos"
                    name = task.name
            names.append(name)
            assigned.append(task.assigned_to or milestone.assigned_to)
        if not names:
            return NextAction(_line(phrases.finish.format(what=title)), people)
        text = phrases.finish_tasks.format(what=title, tasks=join_names(names, phrases, 1))
        return NextAction(_line(text, 2), _names(assigned))


def _assignees(milestones: Iterable[ReachedMilestone]) -> tuple[str, ...]:
    return _names(reached.event.milestone.assigned_to for reached in milestones)


def _names(people: Iterable[Person | None]) -> tuple[str, ...]:
    """Return the distinct names of people."""
    return tuple(dict.fromkeys(person.name for person in people if person and person.name))


def _line(text: str, lines: int = 1) -> str:
    """Return a text, truncated after a word to fit on so many lines of the column."""
    return _truncated(" ".join(text.split()), _LINE * lines)


def _truncated(text: str, limit: int) -> str:
    short = cut(text, limit)
    words = short.rpartition(" ")[0]
    return short if short == text or not words else f"{words}…"


def _reason(signed: str, comment: str) -> str:
    """Return a reason with its author if that fits on a line, else the reason, truncated."""
    signed = " ".join(signed.split())
    if units(signed) <= _LINE:
        return signed
    return f'"{_truncated(" ".join(comment.split()), _LINE - 2)}"'
