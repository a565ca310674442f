"""Lists the milestones that jobs have reached, as `[[milestones]]` of the config. Pure."""

import json
from collections.abc import Iterable, Sequence

from sync.field_table import milestone_headers
from sync.jobs.milestones import Milestones
from sync.jobs.model import Job
from sync.settings.config_file import Config
from sync.types import Value

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


def entries(config: Config, jobs: Iterable[Job]) -> list[MilestoneEntry]:
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
            header=_fit(heading.header),
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


def _fit(name: str) -> str:
    return "".join(c for c in name if c.isprintable())[:_HEADER_LIMIT].strip()


def toml(listed: Iterable[MilestoneEntry]) -> str:
    """Return the entries as they are written in the config."""
    return "\n\n".join(_toml(entry) for entry in listed)


def _toml(entry: MilestoneEntry) -> str:
    lines = ["[[milestones]]", f"definitions = {json.dumps(entry.definitions)}"]
    lines += [f"header = {json.dumps(entry.header, ensure_ascii=False)}"] if entry.header else []
    lines += [f"alias = {json.dumps(entry.alias)}"] if entry.alias else []
    lines += ["hidden = true"] if entry.hidden else []
    return "\n".join(lines)
