"""Merges, renames, hides and orders a job's milestones by the config. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from sync.jobs.cells import cut
from sync.jobs.learned_order import LearnedOrder
from sync.jobs.model import Event, Job, MilestoneLog
from sync.settings.config_file import Config, MilestoneConfig
from sync.settings.everbright_config import is_word

TITLE_LIMIT = 200


@dataclass(frozen=True)
class ReachedMilestone:
    """A milestone of a job that has columns: `event` is the newest of its definitions'."""

    key: str
    """The first of its definitions in the config, which identifies its columns."""
    title: str
    rank: int
    """Its place in the config; -1 without one."""
    event: Event
    log: MilestoneLog
    is_last: bool
    """Whether it is the final one: a job is done once that is approved."""

    @property
    def is_outside_order(self) -> bool:
        """Whether the config has no place for it."""
        return self.rank < 0


@dataclass(frozen=True)
class Heading:
    """A milestone's columns: their key and header, and all definitions that share them."""

    key: str
    header: str
    definitions: tuple[str, ...]
    jobs: int
    alias: str = ""
    """Its name in EverBright's metrics: from the config, or else from a job."""


class Milestones:
    """Looks milestones up in the config."""

    def __init__(self, config: Config) -> None:
        self._config = config

    @cached_property
    def _configured(self) -> dict[str, tuple[int, MilestoneConfig]]:
        places = enumerate(self._config.milestones)
        return {
            definition: (rank, step) for rank, step in places for definition in step.definitions
        }

    def _find(self, definition: str) -> tuple[int, MilestoneConfig]:
        return self._configured.get(definition, (-1, MilestoneConfig(definitions=(definition,))))

    def key(self, definition: str) -> str:
        """Return the key of the milestone that a definition belongs to; see `ReachedMilestone`."""
        return self._find(definition)[1].definitions[0]

    def rank(self, definition: str) -> int:
        """Return a milestone's place in the config; -1 without one."""
        return self._find(definition)[0]

    def is_hidden(self, definition: str) -> bool:
        return self._find(definition)[1].hidden

    def title(self, definition: str, name: str) -> str:
        """Return a milestone's title in the sheet; `name` is EverBright's."""
        step = self._find(definition)[1]
        return step.header or cut(" ".join(name.split()), TITLE_LIMIT) or step.definitions[0]

    def shown(self, job: Job) -> list[ReachedMilestone]:
        """Return the milestones of `job` that have columns, each once, in their order.

        Those outside the configured order come first, in the order in which they were reached.
        """
        reached: dict[str, ReachedMilestone] = {}
        for definition, event in job.events.items():
            rank, step = self._find(definition)
            if step.hidden:
                continue
            key, log = step.definitions[0], job.logs[definition]
            title = self.title(definition, event.milestone.name)
            other = reached.get(key)
            if other is None or event.order > other.event.order:
                reached[key] = ReachedMilestone(key, title, rank, event, log, key == self.last)

        def place(one: ReachedMilestone) -> tuple[object, ...]:
            began = one.log.began(self._config.configured_meaning) or one.log.first
            return (one.rank, began.order, one.key)

        return sorted(reached.values(), key=place)

    @cached_property
    def last(self) -> str | None:
        """The key of the final milestone; None if the config has no order.

        `Wiring.config` also has an order that was confirmed on the console.
        """
        ends = (
            step.definitions[0] for step in reversed(self._config.milestones) if not step.hidden
        )
        return next(ends, None)

    def following(self, milestones: Iterable[ReachedMilestone]) -> MilestoneConfig | None:
        """Return the milestone in the config after those reached, or None."""
        reached = max((milestone.rank for milestone in milestones), default=-1)
        coming = (step for step in self._config.milestones[reached + 1 :] if not step.hidden)
        return next(coming, None)

    def alias(self, definition: str) -> str:
        """Return a milestone's alias in the config, or ""."""
        return self._find(definition)[1].alias

    def headings(self, jobs: Iterable[Job]) -> list[Heading]:
        """Return the milestones of `jobs`, and others with a header in the config, in their order.

        The configured ones are first; the order of the others is learned from `jobs`.
        """
        learned = LearnedOrder(self._config.configured_meaning)
        names: dict[str, tuple[object, str]] = {}
        aliases: dict[str, str] = {}
        for job in jobs:
            learned.add(job)
            for definition, event in job.events.items():
                first = event.order, event.milestone.name
                names[definition] = min(names.get(definition, first), first)
                if is_word(event.milestone.alias):
                    aliases.setdefault(definition, event.milestone.alias)
        headings: dict[str, Heading] = {}
        for step in self._config.milestones:
            if step.header:
                key = step.definitions[0]
                headings[key] = Heading(key, step.header, step.definitions, 0, step.alias)
        for definition in learned.definitions():
            step, key = self._find(definition)[1], self.key(definition)
            title = self.title(definition, names[definition][1])
            known = headings.get(key, Heading(key, title, step.definitions, 0))
            alias = step.alias or aliases.get(definition) or known.alias
            jobs_with = known.jobs + learned.jobs[definition]
            headings[key] = replace(known, jobs=jobs_with, alias=alias)
        last = len(self._config.milestones)
        return sorted(
            headings.values(),
            key=lambda heading: self._configured.get(heading.key, (last, None))[0],
        )
