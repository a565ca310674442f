"""How a job stands: the one answer that its row, colours, views and the Pipeline are made of. Pure.

What is rejected in any milestone comes first, then what waits in any, then the furthest milestone
(decision 0011 has the table of cases).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sync.jobs.milestones import ReachedMilestone
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
    """How a job stands: `text` is its *Status*, `about` the milestones that are to be acted on.

    `since` are those whose statuses made it so.
    """

    case: Case
    text: str
    about: tuple[ReachedMilestone, ...] = ()
    since: tuple[ReachedMilestone, ...] = ()


class Statuses:
    """Reads statuses by the config."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._codes = {
            means: frozenset(c for c, status in config.statuses.items() if status.means == means)
            for means in ("approved", "rejected", "waiting", "cancelled")
        }

    def label(self, code: str | None) -> str:
        """Return how a status reads: its label in the config, or the code in readable form."""
        if not code:
            return ""
        known = self._config.statuses.get(code)
        return known.label if known else code.replace("_", " ").capitalize()

    def is_approved(self, code: str | None) -> bool:
        """Return whether a status means approved."""
        return code in self._codes["approved"]

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
            named = tuple(rejected)
            return JobStatus(Case.REJECTED, self._naming(REJECTED, rejected), named, named)
        if waiting := by_meaning[Meaning.WAITING]:
            named = tuple(waiting)
            return JobStatus(Case.WAITING, self._naming(WAITING, waiting), named, named)
        if not milestones:
            return JobStatus(Case.BETWEEN, "")
        furthest = milestones[-1]
        text = self.label(furthest.event.milestone.status)
        if furthest in by_meaning[Meaning.OPEN]:
            return JobStatus(Case.OPEN, text, (furthest,), (furthest,))
        approved = by_meaning[Meaning.APPROVED]
        if any(milestone.key == last for milestone in approved):
            return JobStatus(Case.DONE, text, (furthest,), tuple(approved))
        about = tuple(by_meaning[Meaning.OPEN]) or (furthest,)
        return JobStatus(Case.BETWEEN, text, about, (furthest,))

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

    def labels(self) -> list[str]:
        """Return how statuses of milestones read, in the order of the config."""
        return list(dict.fromkeys(status.label for status in self._config.statuses.values()))


_WORDS = {"rejected": REJECTED, "waiting": WAITING}


def word(text: str) -> str:
    """Return the word by which a job's status is counted: what stands before the milestones."""
    return text.partition(_NAMES)[0]


def beginning(word: str) -> str:
    """Return what a status begins with that names milestones after `word`."""
    return word + _NAMES.strip()
