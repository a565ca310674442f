"""The milestones of a job as the config shows them: merged, renamed, hidden, in order. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from sync.jobs.cells import cut
from sync.jobs.model import Event, Job, MilestoneLog
from sync.jobs.order import LearnedOrder
from sync.settings.config_file import Config, MilestoneConfig
from sync.settings.everbright_config import is_word

TITLE_LIMIT = 200


@dataclass(frozen=True)
class Shown:
    """A milestone of a job that has columns: `event` is the newest of its definitions'."""

    key: str
    """The first of its definitions in the config: the id of its columns."""
    title: str
    rank: int
    """Its place in the config; -1 without one."""
    event: Event
    log: MilestoneLog


@dataclass(frozen=True)
class Heading:
    """A milestone's columns: their key and header, and all definitions that share them."""

    key: str
    header: str
    definitions: tuple[str, ...]
    jobs: int
    """How many jobs have reached it."""
    alias: str = ""
    """What EverBright's metrics call it: by the config, else as it came with a job."""


class Milestones:
    """Looks milestones up in the config."""

    def __init__(self, config: Config) -> None:
        self._config = config

    @cached_property
    def _configured(self) -> dict[str, tuple[int, MilestoneConfig]]:
        places = enumerate(self._config.milestones)
        return {definition: (rank, one) for rank, one in places for definition in one.definitions}

    def _find(self, definition: str) -> tuple[int, MilestoneConfig]:
        return self._configured.get(definition, (-1, MilestoneConfig(definitions=(definition,))))

    def is_hidden(self, definition: str) -> bool:
        """Return whether the config hides a milestone."""
        return self._find(definition)[1].hidden

    def title(self, definition: str, name: str) -> str:
        """Return a milestone's title in the sheet; `name` is EverBright's."""
        one = self._find(definition)[1]
        return one.header or cut(" ".join(name.split()), TITLE_LIMIT) or one.definitions[0]

    def shown(self, job: Job) -> list[Shown]:
        """Return the milestones of `job` that have columns, each once, in the order reached."""
        found: dict[str, Shown] = {}
        for definition, event in job.events.items():
            rank, one = self._find(definition)
            if one.hidden:
                continue
            key, log = one.definitions[0], job.logs[definition]
            title = self.title(definition, event.milestone.name)
            other = found.get(key)
            if other is None or event.order > other.event.order:
                found[key] = Shown(key, title, rank, event, log)
        return sorted(found.values(), key=_reached)

    def current_title(self, job: Job) -> str:
        """Return the title of the furthest milestone: by the config, else the last one reached.

        A hidden one only where the job has no other.
        """
        if shown := self.shown(job):
            return shown[-1].title
        last = max(job.events.values(), key=lambda event: event.order, default=None)
        found = last.milestone if last else None
        return self.title(found.milestone_definition, found.name) if found else ""

    def last(self) -> str | None:
        """Return the key of the last milestone in the config."""
        ends = (one.definitions[0] for one in reversed(self._config.milestones) if not one.hidden)
        return next(ends, None)

    def next_title(self, shown: Iterable[Shown]) -> str:
        """Return the title of the milestone in the config after those reached, or ""."""
        coming = self.following(shown)
        return coming.header if coming else ""

    def following(self, shown: Iterable[Shown]) -> MilestoneConfig | None:
        """Return the milestone in the config after those reached, or None."""
        reached = max((one.rank for one in shown), default=-1)
        coming = (one for one in self._config.milestones[reached + 1 :] if not one.hidden)
        return next(coming, None)

    def aliases(self) -> dict[str, str]:
        """Return the alias of each milestone that has one in the config, by its key."""
        return {one.definitions[0]: one.alias for one in self._config.milestones if one.alias}

    def ranks(self) -> dict[str, int]:
        """Return the place of each configured milestone by its header."""
        return {one.header: n for n, one in enumerate(self._config.milestones) if one.header}

    def headings(
        self, jobs: Iterable[Job], *, with_configured: bool = False, with_hidden: bool = False
    ) -> list[Heading]:
        """Return the milestones that `jobs` have columns for, from left to right.

        The configured ones come in their order, `with_configured` all of them that have a header;
        then the others, in the order learned from `jobs`.
        """
        decided = {
            code
            for code, one in self._config.statuses.items()
            if one.means in ("approved", "rejected")
        }
        learned, names = LearnedOrder(decided), dict[str, tuple[object, str]]()
        aliases: dict[str, str] = {}
        for job in jobs:
            learned.add(job)
            for definition, event in job.events.items():
                first = event.order, event.milestone.name
                names[definition] = min(names.get(definition, first), first)
                if is_word(event.milestone.alias):
                    aliases.setdefault(definition, event.milestone.alias)
        seen = learned.definitions()
        found: dict[str, Heading] = {}
        if with_configured:
            for one in self._config.milestones:
                if one.header:
                    found[one.definitions[0]] = _heading(one, one.header, 0)
        for definition in seen:
            one = self._find(definition)[1]
            key = one.definitions[0]
            known = found.get(key)
            header = known.header if known else self.title(definition, names[definition][1])
            count = learned.jobs(definition) + (known.jobs if known else 0)
            alias = aliases.get(definition, "") or (known.alias if known else "")
            found[key] = replace(_heading(one, header, count), alias=one.alias or alias)
        visible = [one for one in found.values() if with_hidden or not self.is_hidden(one.key)]
        last = len(self._config.milestones)
        return sorted(visible, key=lambda one: self._configured.get(one.key, (last, None))[0])


def _heading(one: MilestoneConfig, header: str, jobs: int) -> Heading:
    return Heading(one.definitions[0], header, one.definitions, jobs, one.alias)


def _reached(one: Shown) -> tuple[object, ...]:
    return (one.rank, one.log.first.order, one.key)
