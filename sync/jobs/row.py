"""Config + job → cells: what each managed column shows of a job. Pure."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from urllib.parse import quote as quoted

from sync.jobs import columns, projection
from sync.jobs.cells import CELL_LIMIT, EMPTY, NOTE_LIMIT, Cell, cut, joined, linked, units
from sync.jobs.columns import KEY, Column
from sync.jobs.model import ARCHIVED, QUOTE, STAGE, Change, Customer, Event, Files, Job
from sync.settings.config_file import Config, MilestoneConfig
from sync.webhooks.schema import Document, Milestone, SubTask

STUCK_DAYS = 14

_PREVIEW = "↗"
_NOBODY = Customer()
_RE_SIGNED_NOTE = (
    "A re-sign task was completed in this job. EverBright goes on sending the initial quote, so "
    "the contract in force may be another quote's."
)
_SUBJECTS = {STAGE: "Stage", ARCHIVED: "Job", QUOTE: "Change order"}

_DOCUMENTS = 500
"""The most that one cell names: each is two links, and a batch takes 2 MB."""


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
    """How jobs are shown: a config with the addresses that links need.

    A job without an event for `stuck_days` days is stuck.
    """

    config: Config
    addresses: Addresses
    stuck_days: int = STUCK_DAYS

    @cached_property
    def _steps(self) -> dict[str, tuple[int, MilestoneConfig]]:
        """The configured place of each milestone definition."""
        steps = enumerate(self.config.milestones)
        return {d: (rank, step) for rank, step in steps for d in step.definitions}

    @cached_property
    def _last_step(self) -> MilestoneConfig | None:
        return next((one for one in reversed(self.config.milestones) if not one.hidden), None)

    @cached_property
    def _bots(self) -> list[re.Pattern[str]]:
        return [re.compile(pattern, re.IGNORECASE) for pattern in self.config.words.bots]

    def _is_bot(self, author: str) -> bool:
        return any(pattern.search(author) for pattern in self._bots)

    @cached_property
    def _configured(self) -> frozenset[str]:
        return frozenset(column.id for column in self.config.columns)

    def codes(self, means: str) -> frozenset[str | None]:
        """Return the statuses that mean "approved", "rejected" or "waiting"."""
        return frozenset(c for c, one in self.config.statuses.items() if one.means == means)

    def columns(self, jobs: Iterable[Job], *, with_configured: bool = False) -> list[Column]:
        """Return the columns that `jobs` need, from left to right.

        With those of all milestones that the config gives a header, where that is wanted.
        """
        steps = self._shown_steps(jobs, with_configured)
        found: list[Column] = []
        for entry in self.config.columns:
            if entry.id != "milestones":
                found.append(columns.column(self.config, entry.id, entry.header, self.stuck_days))
                continue
            for key, header in steps:
                found += columns.step_columns(self.config, key, header, self.stuck_days)
        return found

    def _step(self, definition: str) -> tuple[int, MilestoneConfig]:
        """Return the place and the config of a definition's step; the unknown come last."""
        unknown = len(self._steps), MilestoneConfig(definitions=(definition,))
        return self._steps.get(definition, unknown)

    def _shown_steps(self, jobs: Iterable[Job], with_configured: bool) -> list[tuple[str, str]]:
        """Return key and header of each step: the configured in their order, then as first met."""
        met: dict[str, tuple[tuple[object, ...], str]] = {}
        for rank, step in enumerate(self.config.milestones if with_configured else ()):
            if step.header and not step.hidden:
                met[step.definitions[0]] = ((rank,), step.header)
        for job in jobs:
            for definition, event in job.events.items():
                rank, step = self._step(definition)
                if step.hidden:
                    continue
                key = step.definitions[0]
                header = step.header or cut(event.milestone.name, 200) or key
                order = (rank, event.stamp, key)
                if key not in met or order < met[key][0]:
                    met[key] = (order, header)
        return [(key, met[key][1]) for key in sorted(met, key=lambda key: met[key][0])]

    def ranks(self) -> dict[str, int]:
        """Return the place of each configured milestone by the header that it shows."""
        return {step.header: n for n, step in enumerate(self.config.milestones) if step.header}

    def cells(self, job: Job, files: Files, customer: Customer = _NOBODY) -> dict[str, Cell]:
        """Return what each managed column shows of `job`, by column id; blank ones are left out."""
        cells = {
            **self._job_cells(job, customer),
            **self._action_cells(job),
            **self._milestone_cells(job, files),
        }
        if _is_archived(job, customer):
            cells["status"] = Cell(text=self.status("ARCHIVED"))
            cells.pop("next_action", None)
        else:
            cells["follow_up"] = self._follow_up(job)
        if files.folder:
            cells["folder"] = linked("Folder", files.folder)
        return {
            key: cell
            for key, cell in cells.items()
            if cell != EMPTY and (key in self._configured or ":" in key)
        }

    def _job_cells(self, job: Job, customer: Customer) -> dict[str, Cell]:
        facts = {subject: fact.value for subject, fact in job.facts.items()}
        cells = {
            "customer": self.name(job.site, customer),
            "address": Cell(text=cut(customer.address)),
            "phone": Cell(text=cut(customer.phone)),
            "email": Cell(text=cut(customer.email)),
            "last_update": Cell(when=projection.last_update(job)),
            "last_approval": Cell(when=projection.last_approval(job, self.codes("approved"))),
            "stage": Cell(text=cut(facts.get(STAGE, ""))),
            "initial_quote": self._quote(job.site, projection.initial_quote(job)),
            "current_quote": self._quote(job.site, facts.get(QUOTE, "")),
            KEY: Cell(text=job.site),
        }
        if job.re_signed:
            cells["re_signed"] = Cell(when=job.re_signed.stamp, note=_RE_SIGNED_NOTE)
        return cells

    def name(self, site: str, customer: Customer) -> Cell:
        """Return the customer's name, or a stand-in, with the link to the job in EverBright."""
        page = self.addresses.page(self.config.links.job, site=site)
        if customer.name:
            return linked(cut(customer.name, 500), page)
        return linked(f"Job {site[:8]}", page).model_copy(update={"is_stand_in": True})

    def _quote(self, site: str, quote: str) -> Cell:
        page = self.addresses.page(self.config.links.quote, site=site, quote=quote)
        return linked(quote, page) if quote else EMPTY

    def _action_cells(self, job: Job) -> dict[str, Cell]:
        current = self.current(job)
        if current is None:
            return {}
        comment = projection.newest_comment(job, self._is_bot)
        person = current.assigned_to
        return {
            "current_milestone": Cell(text=self.title(current)),
            "status": Cell(text=self.status(current.status)),
            "next_action": Cell(text=cut(self.next_action(current))),
            "assigned_to": Cell(text=cut(person.name if person else "")),
            "last_comment": Cell(text=cut(projection.told(comment))) if comment else EMPTY,
        }

    def title(self, milestone: Milestone) -> str:
        """Return what a milestone is called in the sheet."""
        return cut(self._step(milestone.milestone_definition)[1].header or milestone.name)

    def current(self, job: Job) -> Milestone | None:
        """Return the furthest milestone in the configured order, else the newest."""

        def order(event: Event) -> tuple[object, ...]:
            definition = event.milestone.milestone_definition
            rank = self._steps.get(definition, (-1, None))[0]
            return (not self._step(definition)[1].hidden, rank, *event.order)

        event = max(job.events.values(), key=order, default=None)
        return event.milestone if event else None

    def _follow_up(self, job: Job) -> Cell:
        """Return the day on which somebody should look after a job that is not archived."""
        newest, seen = self._newest(job), projection.last_update(job)
        rejected, approved = self.codes("rejected"), self.codes("approved")
        if seen is None or self._is_done(newest):
            return EMPTY
        steps = [one.milestone for one in newest.values()]
        if any(projection.has_rejected(step, rejected, approved) for step in steps):
            return Cell(when=seen, is_day=True)
        return Cell(when=_later(seen, self.stuck_days), is_day=True)

    def _is_done(self, newest: dict[str, Event]) -> bool:
        """Tell whether the last of the configured milestones is approved."""
        last = self._last_step
        event = newest.get(last.definitions[0]) if last else None
        return event is not None and event.milestone.status in self.codes("approved")

    def _newest(self, job: Job) -> dict[str, Event]:
        """Return the newest event of each step that is shown, by the step's key."""
        newest: dict[str, Event] = {}
        for definition, event in job.events.items():
            step = self._step(definition)[1]
            key = step.definitions[0]
            if step.hidden:
                continue
            if key not in newest or event.order > newest[key].order:
                newest[key] = event
        return newest

    def _milestone_cells(self, job: Job, files: Files) -> dict[str, Cell]:
        cells: dict[str, Cell] = {}
        for key, event in self._newest(job).items():
            cells[f"status:{key}"] = self._status_cell(event)
            cells[f"documents:{key}"] = self._documents(event.milestone, files)
        return cells

    def _status_cell(self, event: Event) -> Cell:
        text = self.status(event.milestone.status)
        comment = projection.latest_comment(event.milestone)
        lines = [f"by {comment.author}", comment.comment] if comment else []
        note = "\n".join(cut(line, NOTE_LIMIT) for line in lines)
        return Cell(text=text, note=note, noted=event.stamp) if text else EMPTY

    def _documents(self, milestone: Milestone, files: Files) -> Cell:
        parts: list[tuple[str, str]] = []
        size, documents = 0, milestone.documents()
        for number, (sub_task, document) in enumerate(documents):
            line = self._document(sub_task, document, files)
            size += sum(units(text) for text, _ in line) + 1
            if size > CELL_LIMIT or number == _DOCUMENTS:
                parts.append((f"\n… and {len(documents) - number} more", ""))
                break
            parts += [("\n", "")] * bool(parts) + line
        return joined(parts)

    def _document(
        self, sub_task: SubTask, document: Document, files: Files
    ) -> list[tuple[str, str]]:
        names = {"document": document.uuid, "sub_task": sub_task.uuid or ""}
        preview = self.addresses.page(self.addresses.preview, **names)
        name = cut(" ".join(document.name.split()), 300) or document.uuid
        in_drive = files.documents.get(document.uuid, "")
        if not in_drive:
            return [(name, preview)]
        return [(name, in_drive), (" ", ""), (_PREVIEW, preview)]

    def status(self, code: str | None) -> str:
        """Return how a status reads: its label, or the code made readable."""
        if not code:
            return ""
        known = self.config.statuses.get(code)
        return cut(known.label if known else code.replace("_", " ").capitalize())

    def _archived(self, said: str | None) -> str:
        return self.status("ARCHIVED") if said else ""

    def next_action(self, milestone: Milestone) -> str:
        """Return what is to be done next: open tasks and required sub-tasks, the rejected first."""
        is_approved, is_rejected = self.codes("approved"), self.codes("rejected")
        if milestone.status in is_approved:
            return ""
        rejected = [t.name for t in milestone.tasks if t.status in is_rejected]
        open_ones = [
            _with_steps(
                task.name, [s.label for s in task.sub_tasks if s.required and s.status != "COMP"]
            )
            for task in milestone.tasks
            if task.status not in is_approved | is_rejected
        ]
        lines = [f"Rejected: {name}" for name in rejected] + open_ones
        if milestone.ready_to_submit and not rejected:
            lines.insert(0, "Ready to submit")
        return "\n".join(line for line in lines if line)

    def line(self, change: Change, customer: Cell) -> list[Cell] | None:
        """Return a line of the history, column by column; None for a milestone that is hidden."""
        what = _SUBJECTS.get(change.subject)
        read: Callable[[str | None], str] = _as_it_is
        if change.subject == ARCHIVED:
            read = self._archived
        if what is None:
            step = self._step(change.subject)[1]
            if step.hidden:
                return None
            what = step.header or cut(change.name, 200) or change.subject
            read = self.status
        return [
            Cell(when=change.stamp),
            customer,
            Cell(text=what),
            Cell(text=read(change.before)),
            Cell(text=read(change.after)),
            Cell(text=cut(change.comment, NOTE_LIMIT)),
            Cell(text=change.site),
        ]


def _as_it_is(value: str | None) -> str:
    return cut(value or "")


def _is_archived(job: Job, customer: Customer) -> bool:
    said = job.facts.get(ARCHIVED)
    return said.value != "" if said else customer.archived


def _later(when: datetime, days: int) -> datetime:
    try:
        return when + timedelta(days=days)
    except OverflowError:
        return when


def _with_steps(name: str, steps: list[str]) -> str:
    return f"{name} ({', '.join(steps)})" if any(steps) else name
