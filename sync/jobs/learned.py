"""Proposes answers for the console, from all jobs: the last milestone, what statuses mean. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from sync.jobs.milestones import Milestones
from sync.jobs.model import Job
from sync.jobs.remarks import Remarks
from sync.jobs.status import Statuses
from sync.settings.config_file import Config, Meaning, MilestoneConfig
from sync.types import Value

_ENOUGH = 2
"""Finished jobs needed: a single one may be an exception."""
_HEADER_LIMIT = 90
"""In characters. A header may have 100, and the documents column adds a word."""


def proposed_order(config: Config, jobs: Sequence[Job]) -> tuple[MilestoneConfig, ...]:
    """Return the milestones in the order learned from `jobs`, up to the one that jobs end with.

    That is the last milestone of several jobs with everything approved, unless more jobs are beyond
    it. Milestones with the same name share a column. Returns () if the config has an order, or if
    no job seems to be finished.
    """
    if config.milestones:
        return ()
    milestones, statuses = Milestones(config), Statuses(config)
    headings = milestones.headings(jobs)
    places = {heading.key: n for n, heading in enumerate(headings)}
    finished, furthest = Counter[int](), Counter[int]()
    for job in jobs:
        if reached := milestones.shown(job):
            place = max(places[milestone.key] for milestone in reached)
            furthest[place] += 1
            meanings = {statuses.meaning(each.event.milestone) for each in reached}
            finished[place] += meanings == {Meaning.APPROVED}
    ends: list[int] = []
    for place, count in finished.items():
        beyond = sum(n for other, n in furthest.items() if other > place)
        if count >= max(_ENOUGH, beyond):
            ends.append(place)
    last = max(ends, default=-1)
    order: dict[str, MilestoneConfig] = {}
    for heading in headings:
        name = "".join(c for c in heading.header if c.isprintable())[:_HEADER_LIMIT] or heading.key
        known = order.get(name, heading)
        order[name] = MilestoneConfig(
            definitions=tuple(dict.fromkeys((*known.definitions, *heading.definitions))),
            header=name,
            alias=known.alias or heading.alias,
        )
    return tuple(step for step in order.values() if places[step.definitions[0]] <= last)


def ending_question(
    proposed: Sequence[MilestoneConfig], confirmed: Sequence[MilestoneConfig]
) -> str:
    """Return the question about the last milestone, or "" if there is none.

    After a confirmation it is asked again only when jobs get beyond that milestone.
    """
    known = {definition for step in confirmed for definition in step.definitions}
    if not proposed or proposed[-1].definitions[0] in known:
        return ""
    return f"Jobs seem to end with {proposed[-1].header}. Is that right?"


class SeenStatus(Value):
    """A status as EverBright sends it, and how many milestones and tasks have it now."""

    status: str
    label: str
    means: str = ""
    is_known: bool
    """Whether the config or a person in the console says what it means."""
    suggested: str = ""
    """What it seems to mean, by the comments of EverBright's bot; "" if `is_known`."""
    milestones: int = 0
    tasks: int = 0
    changes: int = 0
    """How many times a milestone changed to it."""


def seen_statuses(config: Config, jobs: Iterable[Job]) -> list[SeenStatus]:
    """Return the known statuses in their order, then the others that `jobs` have, by frequency."""
    remarks = Remarks(config)
    milestones, tasks, changes = Counter[str](), Counter[str](), Counter[str]()
    votes: dict[str, Counter[str]] = {}
    for job in jobs:
        for event in job.events.values():
            milestones.update([event.milestone.status or ""])
            tasks.update(task.status or "" for task in event.milestone.tasks)
        for code, decision in _decisions(job, remarks):
            changes[code] += 1
            votes.setdefault(code, Counter()).update([decision] if decision else [])
    counts = milestones + tasks + changes
    unknown = sorted(counts.keys() - config.statuses.keys() - {""}, key=lambda c: (-counts[c], c))
    listed = []
    for code in (*config.statuses, *unknown):
        means, found = config.configured_meaning(code), votes.get(code, Counter[str]())
        is_known = code in config.statuses
        listed.append(
            SeenStatus(
                status=code,
                label=config.status_label(code),
                means="" if means is Meaning.OPEN else means,
                is_known=is_known,
                suggested="" if is_known else min(found, key=lambda m: (-found[m], m), default=""),
                milestones=milestones[code],
                tasks=tasks[code],
                changes=changes[code],
            )
        )
    return listed


def _decisions(job: Job, remarks: Remarks) -> Iterator[tuple[str, str | None]]:
    """Yield each status that a milestone of `job` changed to, and its meaning by the bot."""
    for definition, log in job.logs.items():
        event = job.events.get(definition)
        comments = event.milestone.comments if event else ()
        for change, before in zip(log.statuses, (*log.statuses[1:], None), strict=True):
            if change.status and (before is None or before.status != change.status):
                yield change.status, remarks.decision(comments, log, change)
