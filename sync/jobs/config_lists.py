"""The milestones and statuses that jobs came with, as lines for the config. Pure."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from sync.field_table import milestone_headers
from sync.jobs.milestones import Milestones
from sync.jobs.model import Job
from sync.jobs.remarks import Remarks
from sync.jobs.status import Meaning, Statuses
from sync.settings.config_file import Config, StatusConfig
from sync.types import Value
from sync.webhooks.schema import Milestone

_HEADER_LIMIT = 90
"""Characters: a header in the config may have 100, and that of the documents is longer."""


class MilestoneEntry(Value):
    """A milestone of the config, or one that is not in it yet."""

    definitions: tuple[str, ...]
    name: str
    """The header in the config, or EverBright's name."""
    header: str
    """The name, fit for the config; "" where another column has that header."""
    hidden: bool = False
    alias: str = ""
    """What EverBright's metrics call it, as far as that is known."""
    configured: bool = False
    jobs: int = 0
    """How many jobs have reached it; of several definitions, the sum."""


def milestone_entries(config: Config, jobs: Iterable[Job]) -> list[MilestoneEntry]:
    """Return the milestones in the config as they are there, then the others that `jobs` reached.

    Those are in the order learned from the jobs. Several of one name share an entry, since two
    columns cannot have one header.
    """
    headings = Milestones(config).headings(jobs, with_configured=True, with_hidden=True)
    counts = {
        definition: heading.jobs for heading in headings for definition in heading.definitions
    }
    aliases = {heading.key: heading.alias for heading in headings}
    steps = [
        MilestoneEntry(
            definitions=step.definitions,
            name=step.header,
            header=step.header,
            hidden=step.hidden,
            alias=step.alias or aliases.get(step.definitions[0], ""),
            configured=True,
            jobs=counts.get(step.definitions[0], 0),
        )
        for step in config.milestones
    ]
    configured = {definition for entry in steps for definition in entry.definitions}
    named: dict[str, MilestoneEntry] = {}
    for heading in headings:
        if heading.key in configured:
            continue
        known = named.get(heading.header)
        named[heading.header] = MilestoneEntry(
            definitions=(*(known.definitions if known else ()), *heading.definitions),
            name=heading.header,
            header=_fitting_name(heading.header),
            alias=(known.alias if known else "") or heading.alias,
            jobs=heading.jobs + (known.jobs if known else 0),
        )
    return _with_free_headers(config, [*steps, *named.values()])


def _with_free_headers(config: Config, listed: Sequence[MilestoneEntry]) -> list[MilestoneEntry]:
    """Return the entries; a new one whose header another column has gets none."""
    taken = {column.header for column in config.columns}
    fitting = []
    for entry in listed:
        wanted = set(milestone_headers(entry.header))
        if entry.header and not entry.configured and wanted & taken:
            entry = entry.model_copy(update={"header": ""})
        elif not entry.hidden and entry.header:
            taken |= wanted
        fitting.append(entry)
    return fitting


def _fitting_name(name: str) -> str:
    return "".join(c for c in name if c.isprintable())[:_HEADER_LIMIT].strip()


def milestones_toml(listed: Iterable[MilestoneEntry]) -> str:
    """Return the entries as they are written in the config."""
    return "\n\n".join(_toml(entry) for entry in listed)


def _toml(entry: MilestoneEntry) -> str:
    lines = ["[[milestones]]", f"definitions = {json.dumps(entry.definitions)}"]
    lines += [f"header = {json.dumps(entry.header, ensure_ascii=False)}"] if entry.header else []
    lines += [f"alias = {json.dumps(entry.alias)}"] if entry.alias else []
    lines += ["hidden = true"] if entry.hidden else []
    return "\n".join(lines)


_ENOUGH = 2
"""Jobs that are through: one alone may be anybody's."""


def proposed_steps(config: Config, jobs: Sequence[Job]) -> list[str]:
    """Return the milestones (JSON of the config) in their order, up to that with which jobs end.

    That is the last one of several jobs in which all is approved, unless more jobs have got beyond
    it. [] where the config names milestones, and where no job seems to be done.
    """
    if config.milestones:
        return []
    milestones, statuses = Milestones(config), Statuses(config)
    places = {heading.key: n for n, heading in enumerate(milestones.headings(jobs))}
    ends, furthest = Counter[int](), Counter[int]()
    for job in jobs:
        if reached := milestones.shown(job):
            place = max(places[milestone.key] for milestone in reached)
            furthest[place] += 1
            meanings = {statuses.meaning(each.event.milestone) for each in reached}
            ends[place] += meanings == {Meaning.APPROVED}
    beyond = {place: sum(n for at, n in furthest.items() if at > place) for place in ends}
    last = max((at for at, n in ends.items() if n >= max(_ENOUGH, beyond[at])), default=-1)
    steps = [key for key, place in places.items() if place <= last]
    entries = milestone_entries(config, jobs)
    return [_as_step(entry) for entry in entries if entry.definitions[0] in steps]


def _as_step(entry: MilestoneEntry) -> str:
    values = {"definitions": entry.definitions, "header": entry.header, "alias": entry.alias}
    return json.dumps(values, ensure_ascii=False)


def ending_question(proposed: Sequence[str], kept: Sequence[str]) -> str:
    """Return what a person is asked about the last of the steps (JSON); "" where nothing is asked.

    What was confirmed is asked again only once jobs get beyond it.
    """
    if not proposed:
        return ""
    known = {definition for step in kept for definition in json.loads(step)["definitions"]}
    if json.loads(proposed[-1])["definitions"][0] in known:
        return ""
    return f"Jobs seem to end with {step_name(proposed[-1])}. Is that so?"


def step_name(step: str) -> str:
    """Return how people know a step (JSON)."""
    values = json.loads(step)
    return str(values["header"] or values["definitions"][0])


_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LABEL_LIMIT = 100


class StatusEntry(Value):
    """A status of the config, or one that is not in it yet."""

    status: str
    label: str
    means: str = ""
    """What it means by the config; "" where that does not say."""
    proposed: str = ""
    """What it means by the bot's comments, for one that is not in the config."""
    configured: bool = False
    milestones: int = 0
    """How many milestones have it now."""
    tasks: int = 0
    """How many tasks have it now."""
    changes: int = 0
    """How often a milestone changed to it."""
    line: str
    """The line for the config."""


def status_entries(config: Config, jobs: Iterable[Job]) -> list[StatusEntry]:
    """Return the statuses in the config as they are there, then the others that `jobs` came with.

    The most frequent of those come first.
    """
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
    counts_of = milestones + tasks + changes
    unknown = sorted(
        counts_of.keys() - config.statuses.keys() - {""}, key=lambda c: (-counts_of[c], c)
    )
    listed = []
    for code in (*config.statuses, *unknown):
        said = votes.get(code, Counter[str]())
        proposed = min(said, key=lambda meaning: (-said[meaning], meaning), default="")
        entry = _entry(config, code, proposed)
        counts = {
            "milestones": milestones[code],
            "tasks": tasks[code],
            "changes": changes[code],
        }
        listed.append(entry.model_copy(update=counts))
    return listed


def _decisions(job: Job, remarks: Remarks) -> Iterator[tuple[str, str | None]]:
    """Yield each status that a milestone of `job` changed to, and what the bot said of that."""
    for definition, log in job.logs.items():
        event = job.events.get(definition)
        comments = event.milestone.comments if event else ()
        for change, before in zip(log.statuses, (*log.statuses[1:], None), strict=True):
            if change.status and (before is None or before.status != change.status):
                yield change.status, remarks.decision(comments, log, change)


def _entry(config: Config, code: str, proposed: str) -> StatusEntry:
    known = config.statuses.get(code)
    if known:
        means = known.means or ""
        line = _line(code, known)
        return StatusEntry(status=code, label=known.label, means=means, configured=True, line=line)
    label = _fitting_label(Statuses(config).label(code))
    status = StatusConfig.model_validate({"label": label, "means": proposed or None})
    return StatusEntry(status=code, label=label, proposed=proposed, line=_line(code, status))


def _fitting_label(label: str) -> str:
    """Return a label that the config takes."""
    plain = "".join(c for c in label if c.isprintable()).lstrip("=+ ")
    return plain[:_LABEL_LIMIT].strip() or "Status"


def _line(code: str, status: StatusConfig) -> str:
    key = code if _BARE.fullmatch(code) else _text(code)
    values = {"label": status.label, "color": status.color, "means": status.means}
    texts = (f"{name} = {_text(value)}" for name, value in values.items() if value)
    return f"{key} = {{ {', '.join(texts)} }}"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def statuses_toml(statuses: Iterable[StatusEntry]) -> str:
    """Return the entries as they are written in the config, each under what is known of it."""
    return "\n".join(["[statuses]", *(f"# {_said(entry)}\n{entry.line}" for entry in statuses)])


def _said(entry: StatusEntry) -> str:
    """Return what is known of a status, in words."""
    now = f"milestones: {entry.milestones}, tasks: {entry.tasks}, changes to it: {entry.changes}"
    if entry.configured:
        return now
    bot = (
        f"by the bot's comments it means {entry.proposed}" if entry.proposed else "no meaning known"
    )
    return f"not in the config: {now}; {bot}"


def unknown(config: Config, milestone: Milestone) -> list[str]:
    """Return the statuses of a milestone and its tasks that the config does not name."""
    codes = (milestone.status, *(task.status for task in milestone.tasks))
    return [code for code in dict.fromkeys(codes) if code and code not in config.statuses]
