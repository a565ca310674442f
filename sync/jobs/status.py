"""How a job stands: the one answer that its row, colours, views and the Pipeline are made of. Pure.

What is rejected in any milestone comes first, then what waits in any, then the furthest milestone
(decision 0011 has the table of cases).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sync.jobs.cells import EMPTY, Cell, cut
from sync.jobs.milestones import ReachedMilestone
from sync.jobs.remarks import Remarks, text_with_author
from sync.settings.config_file import Config
from sync.webhooks.schema import Milestone

REJECTED, WAITING = "Rejected", "Waiting"
_NAMES = ": "
"""Stands between the word and the milestones."""


class Meaning(StrEnum):
    """The meaning of a milestone's status."""

    APPROVED = "approved"
    REJECTED = "rejected"
    WAITING = "waiting"
    OPEN = "open"


class Case(StrEnum):
    """The cases of a job's status; the first that applies is used."""

    ARCHIVED = "archived"
    REJECTED = "rejected"
    WAITING = "waiting"
    DONE = "done"
    """The last milestone in the config is approved."""
    OPEN = "open"
    """The furthest milestone is neither approved nor handed in."""
    BETWEEN = "between"
    """The furthest milestone is approved, and it is not the last."""


@dataclass(frozen=True)
class JobStatus:
    """How a job stands: `text` is its *Status*, `about` the milestones that are to be acted on."""

    case: Case
    text: str
    about: tuple[ReachedMilestone, ...] = ()


class Statuses:
    """Reads statuses by the config."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._codes = {
            means: frozenset(c for c, status in config.statuses.items() if status.means == means)
            for means in ("rejected", "waiting", "cancelled")
        }

    def label(self, code: str | None) -> str:
        """Return how a status reads: its label in the config, or the code in readable form."""
        return self._config.status_label(code)

    def is_approved(self, code: str | None) -> bool:
        """Return whether a status means approved."""
        return self._config.is_approved(code)

    def is_rejected(self, code: str | None) -> bool:
        """Return whether a status means rejected."""
        return code in self._codes["rejected"]

    def meaning(self, milestone: Milestone) -> Meaning:
        """Return the meaning of a milestone's status.

        One with a rejected task is rejected, unless it is approved or its submission was cancelled,
        which leaves it open. A status that the config does
        not name counts as waiting: EverBright publishes no list of them, and somebody has to look.
        """
        code = milestone.status
        if self.is_approved(code):
            return Meaning.APPROVED
        if code in self._codes["cancelled"]:
            return Meaning.OPEN
        tasks = (task.status for task in milestone.tasks)
        if milestone.rejected_task_count or any(map(self.is_rejected, (code, *tasks))):
            return Meaning.REJECTED
        is_unknown = bool(code) and code not in self._config.statuses
        return Meaning.WAITING if is_unknown or code in self._codes["waiting"] else Meaning.OPEN

    def of(
        self, milestones: Sequence[ReachedMilestone], last: str | None, *, is_archived: bool
    ) -> JobStatus:
        """Return how a job stands; `shown` are its milestones, `last` the key of the final one."""
        if is_archived:
            return JobStatus(Case.ARCHIVED, self.label("ARCHIVED"))
        by_meaning: dict[Meaning, list[ReachedMilestone]] = {meaning: [] for meaning in Meaning}
        for milestone in milestones:
            by_meaning[self.meaning(milestone.event.milestone)].append(milestone)
        if rejected := by_meaning[Meaning.REJECTED]:
            return JobStatus(Case.REJECTED, self._naming(REJECTED, rejected), tuple(rejected))
        if waiting := by_meaning[Meaning.WAITING]:
            return JobStatus(Case.WAITING, self._naming(WAITING, waiting), tuple(waiting))
        if not milestones:
            return JobStatus(Case.BETWEEN, "")
        furthest = milestones[-1]
        text = self.label(furthest.event.milestone.status)
        if furthest in by_meaning[Meaning.OPEN]:
            return JobStatus(Case.OPEN, text, (furthest,))
        if any(milestone.key == last for milestone in by_meaning[Meaning.APPROVED]):
            return JobStatus(Case.DONE, text, (furthest,))
        return JobStatus(Case.BETWEEN, text, tuple(by_meaning[Meaning.OPEN]) or (furthest,))

    def _naming(self, word: str, milestones: Sequence[ReachedMilestone]) -> str:
        """Return `word` and the milestones; in brackets a status that reads otherwise."""
        names = []
        for milestone in milestones:
            label = self.label(milestone.event.milestone.status)
            names.append(
                f"{milestone.title} ({label})" if label not in ("", word) else milestone.title
            )
        return word + _NAMES + ", ".join(names)

    def colors(self) -> dict[str, str]:
        """Return the colours (#rrggbb) by the word that a job's status begins with."""
        colors: dict[str, str] = {}
        for status in self._config.statuses.values():
            if status.color:
                colors.setdefault(_WORDS.get(status.means or "", status.label), status.color)
        return colors

    def words(self) -> list[str]:
        """Return the words that a job's status may begin with, in the order of the config."""
        known = self._config.statuses.values()
        return list(dict.fromkeys(_WORDS.get(status.means or "", status.label) for status in known))


_WORDS = {"rejected": REJECTED, "waiting": WAITING}


def word(text: str) -> str:
    """Return the word by which a job's status is counted: what stands before the milestones."""
    return text.partition(_NAMES)[0]


def beginning(word: str) -> str:
    """Return what a status begins with that names milestones after `word`."""
    return word + _NAMES.strip()


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


def assignees(status: JobStatus) -> str:
    """Return who has the milestones that are to be acted on."""
    people = (reached.event.milestone.assigned_to for reached in status.about)
    return ", ".join(dict.fromkeys(person.name for person in people if person and person.name))


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
