"""Config + job → cells: what each managed column shows of a job. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote as quoted

from sync.model import (
    Cell,
    Column,
    Config,
    Document,
    Event,
    Files,
    Job,
    Link,
    Milestone,
    MilestoneConfig,
    SubTask,
)
from sync.projection import initial_quote, last_update, newest_comment

CELL_LIMIT = 49_000
"""UTF-16 units; Google's limit is 50,000 characters a cell."""

KEY = "site_id"
PLACEHOLDER = "customer"
"""The column that shows a stand-in for what EverBright's webhook does not tell."""
NOTED = frozenset({"re_signed"})
"""Columns whose cells carry notes of ours."""

_PREVIEW = "↗"
_WIDTHS = {
    "customer": 140,
    "current_milestone": 160,
    "next_action": 220,
    "last_comment": 260,
    "last_update": 130,
    "documents": 240,
    "site_id": 280,
    "initial_quote": 280,
}
_RE_SIGNED_NOTE = (
    "A re-sign task was completed in this job. EverBright goes on sending the initial quote, so "
    "the contract in force may be another quote's."
)


@dataclass(frozen=True)
class Addresses:
    """Where EverBright's pages are: its base URL and the path of a document's preview."""

    everbright: str
    preview: str

    def page(self, path: str, **names: str) -> str:
        """Return the address of `path`, filled with `names`; "" where the path is empty."""
        filled = path.format(**{name: quoted(value, safe="") for name, value in names.items()})
        return self.everbright.rstrip("/") + filled if path else ""


@dataclass(frozen=True)
class Layout:
    """How jobs are shown: a config with the addresses that links need."""

    config: Config
    addresses: Addresses

    @cached_property
    def _steps(self) -> dict[str, tuple[int, MilestoneConfig]]:
        """The configured place of each milestone definition."""
        steps = enumerate(self.config.milestones)
        return {d: (rank, step) for rank, step in steps for d in step.definitions}

    @cached_property
    def _bots(self) -> re.Pattern[str]:
        return re.compile("|".join(self.config.words.bots) or r"(?!)", re.IGNORECASE)

    def columns(self, jobs: Iterable[Job]) -> list[Column]:
        """Return the columns that `jobs` need, from left to right."""
        steps = self._shown_steps(jobs)
        columns: list[Column] = []
        for entry in self.config.columns:
            if entry.id != "milestones":
                columns.append(self._column(entry.id, entry.header))
                continue
            for key, header in steps:
                columns.append(self._column(f"status:{key}", header))
                columns.append(self._column(f"documents:{key}", f"{header} documents"))
        return columns

    def _column(self, column: str, header: str) -> Column:
        kind = column.partition(":")[0]
        tints = self._tints if kind == "status" else ()
        return Column(id=column, header=header, width=_WIDTHS.get(kind, 120), tints=tints)

    @cached_property
    def _tints(self) -> tuple[tuple[str, str], ...]:
        known = self.config.statuses.values()
        return tuple((status.label, status.color) for status in known if status.color)

    def _step(self, definition: str) -> tuple[int, MilestoneConfig]:
        """Return the place and the config of a definition's step; the unknown come last."""
        unknown = len(self._steps), MilestoneConfig(definitions=(definition,))
        return self._steps.get(definition, unknown)

    def _shown_steps(self, jobs: Iterable[Job]) -> list[tuple[str, str]]:
        """Return key and header of each step: the configured in their order, then as first met."""
        met: dict[str, tuple[tuple[object, ...], str]] = {}
        for job in jobs:
            for definition, event in job.events.items():
                rank, step = self._step(definition)
                if step.hidden:
                    continue
                key = step.definitions[0]
                header = step.header or _cut(event.milestone.name, 200) or key
                order = (rank, event.stamp, key)
                if key not in met or order < met[key][0]:
                    met[key] = (order, header)
        return [(key, met[key][1]) for key in sorted(met, key=lambda key: met[key][0])]

    def cells(self, job: Job, files: Files) -> dict[str, Cell]:
        """Return what each managed column shows of `job`, by column id; blank ones are left out."""
        cells = {
            **self._job_cells(job),
            **self._action_cells(job),
            **self._milestone_cells(job, files),
        }
        if files.folder:
            cells["folder"] = linked("Folder", files.folder)
        configured = {column.id for column in self.config.columns}
        return {
            key: cell
            for key, cell in cells.items()
            if cell != Cell() and (key in configured or ":" in key)
        }

    def _job_cells(self, job: Job) -> dict[str, Cell]:
        links = self.config.links
        name = f"Job {job.site[:8]}"
        quote = initial_quote(job)
        cells = {
            "customer": linked(name, self.addresses.page(links.job, site=job.site)),
            "last_update": Cell(when=last_update(job)),
            KEY: Cell(text=job.site),
        }
        if quote:
            page = self.addresses.page(links.quote, site=job.site, quote=quote)
            cells["initial_quote"] = linked(quote, page)
        if job.re_signed:
            cells["re_signed"] = Cell(when=job.re_signed.stamp, note=_RE_SIGNED_NOTE)
        return cells

    def _action_cells(self, job: Job) -> dict[str, Cell]:
        current = self._current(job)
        if current is None:
            return {}
        step = self._step(current.milestone_definition)[1]
        comment = newest_comment(job, self._bots)
        person = current.assigned_to
        return {
            "current_milestone": Cell(text=_cut(step.header or current.name)),
            "status": Cell(text=self.status(current.status)),
            "next_action": Cell(text=_cut(next_action(current))),
            "assigned_to": Cell(text=_cut(person.name if person else "")),
            "last_comment": Cell(text=_cut(f"{comment.author}: {comment.comment}"))
            if comment
            else Cell(),
        }

    def _current(self, job: Job) -> Milestone | None:
        """Return the furthest milestone in the configured order, else the newest."""

        def order(event: Event) -> tuple[object, ...]:
            rank = self._steps.get(event.milestone.milestone_definition, (-1, None))[0]
            return (rank, *event.order)

        event = max(job.events.values(), key=order, default=None)
        return event.milestone if event else None

    def _milestone_cells(self, job: Job, files: Files) -> dict[str, Cell]:
        newest: dict[str, Event] = {}
        for definition, event in job.events.items():
            step = self._step(definition)[1]
            key = step.definitions[0]
            if step.hidden:
                continue
            if key not in newest or event.order > newest[key].order:
                newest[key] = event
        cells: dict[str, Cell] = {}
        for key, event in newest.items():
            cells[f"status:{key}"] = Cell(text=self.status(event.milestone.status))
            cells[f"documents:{key}"] = self._documents(event.milestone, files)
        return cells

    def _documents(self, milestone: Milestone, files: Files) -> Cell:
        parts: list[tuple[str, str]] = []
        size, documents = 0, milestone.documents()
        for number, (sub_task, document) in enumerate(documents):
            line = self._document(sub_task, document, files)
            size += sum(_units(text) for text, _ in line) + 1
            if size > CELL_LIMIT:
                parts.append((f"\n… and {len(documents) - number} more", ""))
                break
            parts += [("\n", "")] * bool(parts) + line
        return _joined(parts)

    def _document(
        self, sub_task: SubTask, document: Document, files: Files
    ) -> list[tuple[str, str]]:
        names = {"document": document.uuid, "sub_task": sub_task.uuid or ""}
        preview = self.addresses.page(self.addresses.preview, **names)
        name = _cut(" ".join(document.name.split()), 300) or document.uuid
        in_drive = files.documents.get(document.uuid, "")
        if not in_drive:
            return [(name, preview)]
        return [(name, in_drive), (" ", ""), (_PREVIEW, preview)]

    def status(self, code: str | None) -> str:
        """Return how a status reads: its label, or the code made readable."""
        if not code:
            return ""
        known = self.config.statuses.get(code)
        return _cut(known.label if known else code.replace("_", " ").capitalize())


def next_action(milestone: Milestone) -> str:
    """Return what is to be done next: open tasks and required sub-tasks, the rejected first."""
    if milestone.status == "APPROVED":
        return ""
    rejected = [t.name for t in milestone.tasks if t.status == "REJECTED"]
    open_ones = [
        _with_steps(
            task.name, [s.label for s in task.sub_tasks if s.required and s.status != "COMP"]
        )
        for task in milestone.tasks
        if task.status not in ("APPROVED", "REJECTED")
    ]
    lines = [f"Rejected: {name}" for name in rejected] + open_ones
    if milestone.ready_to_submit and not rejected:
        lines.insert(0, "Ready to submit")
    return "\n".join(line for line in lines if line)


def _with_steps(name: str, steps: list[str]) -> str:
    return f"{name} ({', '.join(steps)})" if any(steps) else name


def linked(text: str, uri: str) -> Cell:
    """Return a cell whose whole text is one link."""
    return _joined([(text, uri)])


def _joined(parts: Iterable[tuple[str, str]]) -> Cell:
    """Return a cell of texts, each with the address that it links to or ""."""
    texts: list[str] = []
    links: list[Link] = []
    position = 0
    for text, uri in parts:
        end = position + _units(text)
        if uri:
            links.append(Link(start=position, end=end, uri=uri))
        texts.append(text)
        position = end
    return Cell(text="".join(texts), links=tuple(links))


def _units(text: str) -> int:
    """Return the length in UTF-16 units, in which Google counts offsets."""
    return len(text.encode("utf-16-le")) // 2


def _cut(text: str, limit: int = CELL_LIMIT) -> str:
    if _units(text) <= limit:
        return text
    return text.encode("utf-16-le")[: (limit - 1) * 2].decode("utf-16-le", "ignore") + "…"
