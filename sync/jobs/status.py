"""How a job stands: the one answer that its row, colors, views and the Pipeline are made of. Pure.

What is rejected in any milestone comes first, then what waits in any, then the furthest milestone
(decision 0011 has the table of cases). How it is said is config.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sync.jobs.cells import EMPTY, Cell, cut, units
from sync.jobs.milestones import ReachedMilestone, assignees
from sync.jobs.remarks import Remarks, comment_order, text_with_author
from sync.settings.config_file import Config, PhrasesConfig
from sync.webhooks.schema import Comment, Milestone

REJECTED, WAITING = "Rejected", "Waiting"
"""The words for a job in drop-downs, and the titles of the filter views."""
_TITLE_LIMIT = 40
_NAMED = 3
"""How many milestones are named: a status is to be read at a glance."""


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
    """The last milestone is approved."""
    OPEN = "open"
    """The furthest milestone is neither approved nor submitted."""
    BETWEEN = "between"
    """The furthest milestone is approved and isn't the last, or no milestone has begun."""
    ALL_APPROVED = "all approved"
    """All its milestones are approved, and nobody has said which comes next or is the last."""


@dataclass(frozen=True)
class JobStatus:
    """How a job stands: `text` is its *Status*, `about` the milestones that are to be acted on.

    `since` are those whose statuses made it so, `words` what a drop-down may have for it, the best
    first.
    """

    case: Case
    text: str
    about: tuple[ReachedMilestone, ...] = ()
    since: tuple[ReachedMilestone, ...] = ()
    words: tuple[str, ...] = ()


class Ending(NamedTuple):
    """What stands before (`is_prefix`) or behind the milestones in a status: it tells its case."""

    text: str
    is_prefix: bool = False


class Statuses:
    """Reads statuses by the config."""

    def __init__(self, config: Config) -> None:
        self._known = config.statuses
        self.label, self.is_approved = config.status_label, config.is_approved
        self.phrases = config.phrases
        self._codes = {
            means: frozenset(c for c, status in config.statuses.items() if status.means == means)
            for means in ("rejected", "waiting", "cancelled")
        }

    def is_rejected(self, code: str | None) -> bool:
        return code in self._codes["rejected"]

    def is_canceled(self, code: str | None) -> bool:
        return code in self._codes["cancelled"]

    def meaning(self, milestone: Milestone) -> Meaning:
        """Return the meaning of a milestone's status.

        One with a rejected task is rejected, unless it is approved or its submission was cancelled,
        which leaves it open. A status that nobody has explained is open, too.
        """
        code = milestone.status
        if self.is_approved(code):
            return Meaning.APPROVED
        if self.is_canceled(code):
            return Meaning.OPEN
        tasks = (task.status for task in milestone.tasks)
        if milestone.rejected_task_count or any(map(self.is_rejected, (code, *tasks))):
            return Meaning.REJECTED
        return Meaning.WAITING if code in self._codes["waiting"] else Meaning.OPEN

    def of(
        self,
        milestones: Sequence[ReachedMilestone],
        last: str | None,
        coming: str = "",
        *,
        is_archived: bool,
    ) -> JobStatus:
        """Return how a job stands by its milestones.

        `last` is the key of the final one, `coming` the title of the one after those reached: None
        and "" where that is not known.
        """
        if is_archived:
            label = self.label("ARCHIVED")
            return JobStatus(Case.ARCHIVED, label, words=(label,))
        by_meaning: dict[Meaning, list[ReachedMilestone]] = {meaning: [] for meaning in Meaning}
        for milestone in milestones:
            by_meaning[self.meaning(milestone.event.milestone)].append(milestone)
        if rejected := by_meaning[Meaning.REJECTED]:
            return self._naming(Case.REJECTED, rejected, REJECTED)
        if waiting := by_meaning[Meaning.WAITING]:
            return self._naming(Case.WAITING, waiting, WAITING)
        if not milestones:
            return JobStatus(Case.BETWEEN, self._coming(coming))
        return self._of_the_furthest(milestones[-1], by_meaning, last, coming)

    def _naming(self, case: Case, named: Sequence[ReachedMilestone], word: str) -> JobStatus:
        phrases = self.phrases
        phrase = phrases.rejected if case is Case.REJECTED else phrases.waiting
        titles = [cut(milestone.title, _TITLE_LIMIT) for milestone in named]
        text = phrase.format(milestones=listed(titles, phrases, _NAMED))
        return JobStatus(case, text, tuple(named), tuple(named), (word,))

    def _of_the_furthest(
        self,
        furthest: ReachedMilestone,
        by_meaning: dict[Meaning, list[ReachedMilestone]],
        last: str | None,
        coming: str,
    ) -> JobStatus:
        """Return how a job stands in which nothing is rejected or waits."""
        label, is_open = self.label(furthest.event.milestone.status), by_meaning[Meaning.OPEN]
        text, words = self._stands(furthest, label), (label,)
        if furthest in is_open:
            return JobStatus(Case.OPEN, text, (furthest,), (furthest,), words)
        approved = by_meaning[Meaning.APPROVED]
        if any(milestone.key == last for milestone in approved):
            done = self.phrases.done
            return JobStatus(Case.DONE, done, (furthest,), tuple(approved), (done, label))
        if is_open:
            coming = is_open[0].title
        if not coming:
            return JobStatus(Case.ALL_APPROVED, text, (furthest,), (furthest,), words)
        text = f"{text}, {self._coming(coming)}"
        return JobStatus(Case.BETWEEN, text, tuple(is_open) or (furthest,), (furthest,), words)

    def _stands(self, milestone: ReachedMilestone, label: str) -> str:
        title = cut(milestone.title, _TITLE_LIMIT)
        if not label:
            return self._coming(title)
        return self.phrases.stands.format(milestone=title, status=spoken(label))

    def _coming(self, title: str) -> str:
        return self.phrases.next.format(milestone=cut(title, _TITLE_LIMIT)) if title else ""

    def ending_of(self, case: Case) -> Ending:
        """Return by what the status of jobs that are rejected, wait, or lie between is told."""
        phrases = self.phrases
        phrase = {Case.REJECTED: phrases.rejected, Case.WAITING: phrases.waiting}
        text = phrase.get(case, phrases.next)
        before, _, rest = text.partition("{milestone")
        return Ending(before, is_prefix=True) if before else Ending(rest.partition("}")[2])

    def ending_with(self, label: str) -> Ending:
        """Return how the status of a job ends whose furthest milestone has a status."""
        _, _, rest = self.phrases.stands.partition("{milestone}")
        return Ending(rest.format(status=spoken(label)))

    def words(self) -> list[str]:
        """Return the words that a drop-down may have for a job, in the order of the config."""
        known = self._known.values()
        words = [_WORDS.get(status.means or "", status.label) for status in known]
        return list(dict.fromkeys([*words, self.phrases.done]))


_WORDS = {"rejected": REJECTED, "waiting": WAITING}


def spoken(label: str) -> str:
    """Return a label within a sentence: "In progress" begins small there, "NTP" does not."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def listed(names: Sequence[str], phrases: PhrasesConfig, most: int) -> str:
    """Return names as they are said; of more than `most`, the first and how many more there are."""
    if len(names) > most:
        first = names[: max(1, most - 1)]
        return phrases.more.format(first=", ".join(first), count=len(names) - len(first))
    if len(names) < 2:
        return "".join(names)
    return phrases.both.format(first=", ".join(names[:-1]), last=names[-1])


_LINE = 42
"""Characters that a line of the column has room for, at the width that it is made with."""
_LINES = 3


@dataclass(frozen=True)
class Actions:
    """Makes *Next action* from how a job stands: at most three lines of the column.

    All of a remark is in the note on the milestone's status, and in the History.
    """

    _statuses: Statuses
    _remarks: Remarks

    def next_action(self, status: JobStatus, next_title: str) -> str:
        """Return what is to be done: never blank, unless the job is done or archived.

        Who has it follows, then the newest reason, in its author's words. `next_title` is the title
        of the milestone that comes after those reached, or "".
        """
        if status.case in (Case.ARCHIVED, Case.DONE):
            return ""
        phrases = self._statuses.phrases
        what = self._what(status, next_title)
        if people := assignees(self._unapproved(status)):
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

    def _open(self, milestone: Milestone) -> Iterator[str]:
        """Yield the open tasks, each with its required steps."""
        for task in milestone.tasks:
            if task.name and not self._statuses.is_approved(task.status):
                steps = [s.label for s in task.sub_tasks if s.required and s.status != "COMP"]
                yield f"{task.name} ({', '.join(steps)})" if any(steps) else task.name

    def _reason(self, rejected: Sequence[ReachedMilestone]) -> Comment | None:
        """Return the newest of the remarks that came with rejections."""
        remarks = (
            self._remarks.of_change(r.event.milestone.comments, r.log, r.log.current())
            for r in rejected
            if self._statuses.is_rejected(r.event.milestone.status)
        )
        return max((remark for remark in remarks if remark), key=comment_order, default=None)


def follow_up(status: JobStatus, last_update: datetime | None, stuck_days: int) -> Cell:
    """Return the day to check a job that waits: `stuck_days` after its last event.

    What is rejected is to be corrected at once, and its status says so by itself.
    """
    if last_update is None or status.case not in (Case.WAITING, Case.OPEN, Case.BETWEEN):
        return EMPTY
    with suppress(OverflowError):
        last_update += timedelta(days=stuck_days)
    return Cell(when=last_update, is_day=True)
