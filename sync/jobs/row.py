"""The columns of the Jobs tab, what each shows of a job, and the lines of the history. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

from sync.field_table import MILESTONE_COLUMNS, status_id
from sync.jobs import columns, job_cells, milestone_cells
from sync.jobs.cells import EMPTY, NOTE_LIMIT, Cell, Column, cut
from sync.jobs.contract_cells import label
from sync.jobs.files import Addresses
from sync.jobs.job_cells import JobReader, RowSource
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
from sync.settings.config_file import MILESTONES, Config

STUCK_DAYS = 14

_UNKNOWN = Customer()
_NO_DETAILS = Details()
_OF_MILESTONES = tuple(entry.id for entry in MILESTONE_COLUMNS)
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
    def _by(self) -> JobReader:
        return JobReader(self.config, self.addresses, self.stuck_days)

    @cached_property
    def _configured(self) -> frozenset[str]:
        return frozenset(column.id for column in self.config.columns)

    def columns(self, jobs: Iterable[Job], *, with_configured: bool = False) -> list[Column]:
        """Return the columns that `jobs` need, from left to right.

        `with_configured` adds those of all milestones that have a header in the config. The order
        of other milestones is learned from `jobs`: it is that of all jobs if they are all jobs.
        """
        headings = self._by.milestones.headings(jobs, with_configured=with_configured)
        made: list[Column] = []
        for entry in self.config.columns:
            if entry.id != MILESTONES:
                made.append(columns.column(self.config, entry.id, entry.header, self.stuck_days))
                continue
            for heading in headings:
                made += columns.of_milestone(
                    self.config, heading.key, heading.header, self.stuck_days
                )
        return made

    def are_columns_of(self, wanted: Iterable[Column], jobs: Iterable[Job]) -> bool:
        """Return whether `wanted` hold the columns of every milestone of `jobs`."""
        known = {column.id for column in wanted}
        return all(
            status_id(milestone.key) in known
            for job in jobs
            for milestone in self._by.milestones.shown(job)
        )

    def ranks(self) -> dict[str, int]:
        """Return the place of each configured milestone by its header."""
        return self._by.milestones.ranks()

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
        row = RowSource(self._by, job, files, customer, details)
        is_wanted = self._is_wanted if fields is None else fields.__contains__
        cells = {field: make(row) for field, make in job_cells.CELLS.items() if is_wanted(field)}
        for reached in row.milestones:
            for field, make_of in milestone_cells.CELLS.items():
                if is_wanted(field + reached.key):
                    cell = make_of(self._by.milestone_cells, reached, files)
                    cells[field + reached.key] = cell
        of_details = self._by.details.cells(job, details, is_archived=row.is_archived)
        cells |= {field: cell for field, cell in of_details.items() if is_wanted(field)}
        return {column: cell for column, cell in cells.items() if cell != EMPTY}

    def _is_wanted(self, column: str) -> bool:
        """Return whether the Jobs tab may have a column."""
        return column in self._configured or column.startswith(_OF_MILESTONES)

    def name(self, site: str, customer: Customer) -> Cell:
        """Return the customer's name, or a stand-in, with the link to the job in EverBright."""
        return self._by.name(site, customer)

    def line(self, change: Change, customer: Cell) -> list[Cell] | None:
        """Return a line of the history, column by column; None for a hidden milestone."""
        statuses, milestones = self._by.statuses, self._by.milestones
        if change.subject in _SUBJECTS:
            what, before, after = _SUBJECTS[change.subject], change.before, change.after
            if change.subject == ARCHIVED:
                before, after = (statuses.label("ARCHIVED" if v else "") for v in (before, after))
            if change.subject == CONTRACT:
                before, after = label(before), label(after)
        elif change.subject == TYPED:
            what, before, after = change.name, change.before, change.after
        elif milestones.is_hidden(change.subject):
            return None
        else:
            what = milestones.title(change.subject, change.name)
            before, after = (statuses.label(code) for code in (change.before, change.after))
        return [
            Cell(when=change.stamp),
            customer,
            Cell(text=what),
            Cell(text=cut(before or "")),
            Cell(text=cut(after or "")),
            Cell(text=cut(change.comment, NOTE_LIMIT)),
            Cell(text=change.site),
        ]
