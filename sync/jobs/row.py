"""The columns of the Jobs tab, and what each shows of a job. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

from sync.jobs import actions, columns, projection
from sync.jobs.actions import Actions
from sync.jobs.cells import EMPTY, NOTE_LIMIT, Cell, cut, linked
from sync.jobs.columns import KEY, Column
from sync.jobs.contract_cells import ContractCells, label
from sync.jobs.details import DetailColumns
from sync.jobs.files import Addresses, documents_cell
from sync.jobs.milestone_details import MilestoneDetails
from sync.jobs.milestones import Milestones, ReachedMilestone
from sync.jobs.model import (
    ARCHIVED,
    CONTRACT,
    QUOTE,
    STAGE,
    TYPED,
    Change,
    Customer,
    Details,
    Files,
    Job,
)
from sync.jobs.remarks import Remarks, text_with_author
from sync.jobs.status import JobStatus, Statuses
from sync.settings.config_file import Config

__all__ = ["Addresses", "Layout"]

STUCK_DAYS = 14

_UNKNOWN = Customer()
_NO_DETAILS = Details()
_RE_SIGNED_NOTE = (
    "A re-sign task was completed in this job. EverBright goes on sending the initial quote, so "
    "the contract in force may be another quote's."
)
_SUBJECTS = {STAGE: "Stage", ARCHIVED: "Job", QUOTE: "Change order", CONTRACT: "Contract"}


@dataclass(frozen=True)
class Layout:
    """Makes columns and cells by a config, with the addresses that links need.

    A job without an event for `stuck_days` days is to be checked.
    """

    config: Config
    addresses: Addresses
    stuck_days: int = STUCK_DAYS

    @cached_property
    def _milestones(self) -> Milestones:
        return Milestones(self.config)

    @cached_property
    def _statuses(self) -> Statuses:
        return Statuses(self.config)

    @cached_property
    def _remarks(self) -> Remarks:
        return Remarks(self.config)

    @cached_property
    def _actions(self) -> Actions:
        return Actions(self._statuses, self._remarks)

    @cached_property
    def _milestone_details(self) -> MilestoneDetails:
        return MilestoneDetails(self.config, self._remarks)

    @cached_property
    def _contracts(self) -> ContractCells:
        return ContractCells(self.config, self.addresses)

    @cached_property
    def _details(self) -> DetailColumns:
        return DetailColumns(self.config)

    @cached_property
    def _configured(self) -> frozenset[str]:
        return frozenset(column.id for column in self.config.columns)

    def columns(self, jobs: Iterable[Job], *, with_configured: bool = False) -> list[Column]:
        """Return the columns that `jobs` need, from left to right.

        `with_configured` adds those of all milestones that have a header in the config. The order
        of other milestones is learned from `jobs`: it is that of all jobs if they are all jobs.
        """
        headings = self._milestones.headings(jobs, with_configured=with_configured)
        made: list[Column] = []
        for entry in self.config.columns:
            if entry.id != "milestones":
                made.append(columns.column(self.config, entry.id, entry.header, self.stuck_days))
                continue
            for heading in headings:
                made += columns.of_milestone(
                    self.config, heading.key, heading.header, self.stuck_days
                )
        return made

    def are_columns_of(self, wanted: Iterable[Column], jobs: Iterable[Job]) -> bool:
        """Return whether `some` hold the columns of every milestone of `jobs`."""
        known = {column.id for column in wanted}
        return all(
            columns.status_id(milestone.key) in known
            for job in jobs
            for milestone in self._milestones.shown(job)
        )

    def ranks(self) -> dict[str, int]:
        """Return the place of each configured milestone by its header."""
        return self._milestones.ranks()

    def cells(
        self,
        job: Job,
        files: Files,
        customer: Customer = _UNKNOWN,
        details: Details = _NO_DETAILS,
        fields: Collection[str] | None = None,
    ) -> dict[str, Cell]:
        """Return the cell of each column for `job`, by column id; without the blank ones.

        `fields` are the columns of mapped tabs; None: those in the config and of the milestones.
        """
        milestones = self._milestones.shown(job)
        cells = {
            **self._job_cells(job, customer),
            **self._status_cells(job, customer, milestones),
            **self._milestone_cells(milestones, files),
            **self._contracts.of(job, files),
            **self._details.cells(job, details, is_archived=_is_archived(job, customer)),
        }
        if files.folder:
            cells["folder"] = linked("Folder", files.folder)
        if fields is not None:
            cells |= self._milestone_details.of(milestones)
            return {key: cell for key, cell in cells.items() if cell != EMPTY and key in fields}
        return {
            key: cell
            for key, cell in cells.items()
            if cell != EMPTY and (key in self._configured or ":" in key)
        }

    def _job_cells(self, job: Job, customer: Customer) -> dict[str, Cell]:
        cells = {
            "customer": self.name(job.site, customer),
            "address": Cell(text=cut(customer.address)),
            "phone": Cell(text=cut(customer.phone)),
            "email": Cell(text=cut(customer.email)),
            "city": Cell(text=cut(customer.city)),
            "zip": Cell(text=cut(customer.zip)),
            "last_update": Cell(when=projection.last_update(job)),
            "stage": Cell(text=cut(projection.current_stage(job))),
            "initial_quote": self._contracts.quote(job.site, projection.initial_quote(job)),
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

    def _status_cells(
        self, job: Job, customer: Customer, milestones: list[ReachedMilestone]
    ) -> dict[str, Cell]:
        """Return the cells that say how the job stands, all made from one answer."""
        status = self._status(job, customer, milestones)
        action = self._actions.next_action(status, self._milestones.next_title(milestones))
        comment = self._remarks.newest(projection.all_comments(job))
        updated = projection.last_update(job)
        return {
            "current_milestone": Cell(text=self._milestones.current_title(job)),
            "status": Cell(text=cut(status.text)),
            "next_action": Cell(text=cut(action)),
            "follow_up": actions.follow_up(status, updated, self.stuck_days),
            "assigned_to": Cell(text=cut(actions.assignees(status))),
            "last_comment": Cell(text=cut(text_with_author(comment))) if comment else EMPTY,
        }

    def _status(
        self, job: Job, customer: Customer, milestones: list[ReachedMilestone]
    ) -> JobStatus:
        is_archived = _is_archived(job, customer)
        return self._statuses.of(milestones, self._milestones.last(), is_archived=is_archived)

    def _milestone_cells(self, milestones: list[ReachedMilestone], files: Files) -> dict[str, Cell]:
        cells: dict[str, Cell] = {}
        approvals = []
        for reached in milestones:
            milestone = reached.event.milestone
            cell = self._milestone_status(reached)
            cells[columns.status_id(reached.key)] = cell
            documents = [(sub.uuid or "", document) for sub, document in milestone.documents()]
            cells[columns.documents_id(reached.key)] = documents_cell(
                documents, files, self.addresses
            )
            if self._statuses.is_approved(milestone.status) and cell.noted:
                approvals.append(cell.noted)
        return cells | {"last_approval": Cell(when=max(approvals, default=None))}

    def _milestone_status(self, reached: ReachedMilestone) -> Cell:
        """Return a milestone's status, noted with when it changed and the remark with that."""
        comments, change = reached.event.milestone.comments, reached.log.current()
        text = cut(self._statuses.label(reached.event.milestone.status))
        remark = self._remarks.of_change(comments, reached.log, change)
        note = cut(text_with_author(remark), NOTE_LIMIT) if remark else ""
        noted = self._remarks.moment(comments, reached.log, change)
        return Cell(text=text, note=note, noted=noted) if text else EMPTY

    def line(self, change: Change, customer: Cell) -> list[Cell] | None:
        """Return a line of the history, column by column; None for a hidden milestone."""
        if change.subject in _SUBJECTS:
            what, before, after = _SUBJECTS[change.subject], change.before, change.after
            if change.subject == ARCHIVED:
                before, after = (
                    self._statuses.label("ARCHIVED" if v else "") for v in (before, after)
                )
            if change.subject == CONTRACT:
                before, after = label(before), label(after)
        elif change.subject == TYPED:
            what, before, after = change.name, change.before, change.after
        elif self._milestones.is_hidden(change.subject):
            return None
        else:
            what = self._milestones.title(change.subject, change.name)
            before, after = (self._statuses.label(code) for code in (change.before, change.after))
        return [
            Cell(when=change.stamp),
            customer,
            Cell(text=what),
            Cell(text=cut(before or "")),
            Cell(text=cut(after or "")),
            Cell(text=cut(change.comment, NOTE_LIMIT)),
            Cell(text=change.site),
        ]


def _is_archived(job: Job, customer: Customer) -> bool:
    fact = job.facts.get(ARCHIVED)
    return fact.value != "" if fact else customer.archived
