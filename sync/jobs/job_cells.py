"""The cells of a job, one function for each field that no milestone and no metric has. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sync.field_table import KEY, PLACEHOLDER
from sync.jobs import actions, projection
from sync.jobs.actions import Actions
from sync.jobs.cells import EMPTY, Cell, cut, linked
from sync.jobs.contract_cells import ContractCells
from sync.jobs.details import DetailColumns
from sync.jobs.files import Addresses, stand_in
from sync.jobs.milestone_cells import MilestoneCells
from sync.jobs.milestones import Milestones, ReachedMilestone
from sync.jobs.model import ARCHIVED, Customer, Details, Files, Job
from sync.jobs.remarks import Remarks, text_with_author
from sync.jobs.status import Case, JobStatus, Statuses
from sync.settings.config_file import Config

_NAME_LIMIT = 500
_RE_SIGNED_NOTE = (
    "A re-sign task was completed in this job. EverBright goes on sending the initial quote, so "
    "the contract in force may be another quote's."
)


class JobReader:
    """Reads jobs by a config, with the addresses that links need."""

    def __init__(self, config: Config, addresses: Addresses, stuck_days: int) -> None:
        self._link = config.links.job
        self._addresses = addresses
        self.stuck_days = stuck_days
        self.milestones = Milestones(config)
        self.statuses = Statuses(config)
        self.remarks = Remarks(config)
        self.actions = Actions(self.statuses, self.remarks)
        self.milestone_cells = MilestoneCells(config, addresses, self.statuses, self.remarks)
        self.contracts = ContractCells(config, addresses)
        self.details = DetailColumns(config)

    def name(self, site: str, customer: Customer) -> Cell:
        """Return the customer's name, or a stand-in, with the link to the job in EverBright."""
        page = self._addresses.page(self._link, site=site)
        if customer.name:
            return linked(cut(customer.name, _NAME_LIMIT), page)
        return linked(stand_in(site), page).model_copy(update={"is_stand_in": True})


@dataclass(frozen=True)
class RowSource:
    """What the row of a job is made of; what several cells need is worked out once."""

    by: JobReader
    job: Job
    files: Files
    customer: Customer
    details: Details

    @cached_property
    def milestones(self) -> list[ReachedMilestone]:
        """The milestones that have columns, in the order reached."""
        return self.by.milestones.shown(self.job)

    @cached_property
    def is_archived(self) -> bool:
        """Whether the job is archived: by a webhook, else by what EverBright says of the site."""
        fact = self.job.facts.get(ARCHIVED)
        return fact.value != "" if fact else self.customer.archived

    @cached_property
    def status(self) -> JobStatus:
        """How the job stands: the one answer that several cells are made from."""
        last = self.by.milestones.last()
        return self.by.statuses.of(self.milestones, last, self.coming, is_archived=self.is_archived)

    @cached_property
    def coming(self) -> str:
        """The title of the milestone that comes after those reached, or ""."""
        return self.by.milestones.next_title(self.milestones)


def _text(text: str) -> Cell:
    return Cell(text=cut(text))


def _next_action(row: RowSource) -> Cell:
    return _text(row.by.actions.next_action(row.status, row.coming))


def _last_comment(row: RowSource) -> Cell:
    comment = row.by.remarks.newest(projection.all_comments(row.job))
    return _text(text_with_author(comment)) if comment else EMPTY


def _last_approval(row: RowSource) -> Cell:
    approvals = map(row.by.milestone_cells.approval, row.milestones)
    return Cell(when=max((moment for moment in approvals if moment), default=None))


def _follow_up(row: RowSource) -> Cell:
    return actions.follow_up(row.status, projection.last_update(row.job), row.by.stuck_days)


def _since(row: RowSource) -> datetime | None:
    """Return since when a job stands as it does (UTC); None where nothing tells.

    Of several milestones, that which has waited longest counts; a job is done since the last.
    """
    status, archived = row.status, row.job.facts.get(ARCHIVED)
    if status.case is Case.ARCHIVED:
        return archived.stamp if archived else None
    moments = [row.by.milestone_cells.since(milestone) for milestone in status.since]
    if status.case is Case.DONE:
        return max(moments, default=None)
    return min(moments, default=None)


def _days(row: RowSource) -> Cell:
    if row.status.case in (Case.ARCHIVED, Case.DONE):
        return EMPTY
    moment = _since(row)
    return Cell(when=moment, is_age=True) if moment else EMPTY


def _rep(row: RowSource) -> Cell:
    seller = row.by.details.value("sales_representative", row.job, row.details)
    return _text(seller or actions.first_assignee(row.status))


def _re_signed(row: RowSource) -> Cell:
    moment = row.job.re_signed
    return Cell(when=moment.stamp, note=_RE_SIGNED_NOTE) if moment else EMPTY


CELLS: Mapping[str, Callable[[RowSource], Cell]] = {
    PLACEHOLDER: lambda row: row.by.name(row.job.site, row.customer),
    "address": lambda row: _text(row.customer.address),
    "city": lambda row: _text(row.customer.city),
    "zip": lambda row: _text(row.customer.zip),
    "phone": lambda row: _text(row.customer.phone),
    "email": lambda row: _text(row.customer.email),
    "status": lambda row: Cell(text=cut(row.status.text), words=row.status.words),
    "next_action": _next_action,
    "follow_up": _follow_up,
    "since": lambda row: Cell(when=_since(row), is_day=True) if _since(row) else EMPTY,
    "days": _days,
    "rep": _rep,
    "current_milestone": lambda row: Cell(text=row.by.milestones.current_title(row.job)),
    "assigned_to": lambda row: _text(actions.assignees(row.status)),
    "last_comment": _last_comment,
    "last_update": lambda row: Cell(when=projection.last_update(row.job)),
    "last_approval": _last_approval,
    "stage": lambda row: _text(projection.current_stage(row.job)),
    "contract": lambda row: row.by.contracts.state(row.job),
    "contract_signed": lambda row: row.by.contracts.signed(row.job),
    "contract_documents": lambda row: row.by.contracts.documents(row.job, row.files),
    "folder": lambda row: linked("Folder", row.files.folder) if row.files.folder else EMPTY,
    "re_signed": _re_signed,
    "initial_quote": lambda row: row.by.contracts.initial_quote(row.job),
    "current_quote": lambda row: row.by.contracts.current_quote(row.job),
    KEY: lambda row: Cell(text=row.job.site),
}
"""By the id of the field, what makes its cell."""
