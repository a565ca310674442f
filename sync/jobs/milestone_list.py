"""Lists the milestones that jobs have reached, as `[[milestones]]` of the config. Pure."""

import json
from collections.abc import Iterable, Sequence

from sync.jobs.milestones import Milestones
from sync.jobs.model import Job
from sync.settings.config_file import Config, documents_header
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
    counts = {definition: one.jobs for one in headings for definition in one.definitions}
    aliases = {one.key: one.alias for one in headings}
    found = [
        MilestoneEntry(
            definitions=one.definitions,
            name=one.header,
            header=one.header,
            hidden=one.hidden,
            alias=one.alias or aliases.get(one.definitions[0], ""),
            configured=True,
            jobs=counts.get(one.definitions[0], 0),
        )
        for one in config.milestones
    ]
    configured = {definition for one in found for definition in one.definitions}
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
    return _with_free_headers(config, [*found, *named.values()])


def _with_free_headers(config: Config, some: Sequence[MilestoneEntry]) -> list[MilestoneEntry]:
    """Return the entries; a new one whose header another column has gets none."""
    taken = {column.header for column in config.columns}
    found = []
    for one in some:
        wanted = {one.header, documents_header(one.header)}
        if one.header and not one.configured and wanted & taken:
            one = one.model_copy(update={"header": ""})
        elif not one.hidden and one.header:
            taken |= wanted
        found.append(one)
    return found


def _fit(name: str) -> str:
    return "".join(c for c in name if c.isprintable())[:_HEADER_LIMIT].strip()


def toml(some: Iterable[MilestoneEntry]) -> str:
    """Return the entries as they are written in the config."""
    return "\n\n".join(_toml(one) for one in some)


def _toml(one: MilestoneEntry) -> str:
    lines = ["[[milestones]]", f"definitions = {json.dumps(one.definitions)}"]
    lines += [f"header = {json.dumps(one.header, ensure_ascii=False)}"] if one.header else []
    lines += [f"alias = {json.dumps(one.alias)}"] if one.alias else []
    lines += ["hidden = true"] if one.hidden else []
    return "\n".join(lines)
