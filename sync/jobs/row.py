"""Lays out jobs: the columns of the Jobs tab, a job's cells, and the lines of the History. Pure.

Columns are defined in `sync.field_table`, and cells made in `job_cells` and `details`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from sync.field_table import FIELDS, JOB_FIELDS, KEY, PER_MILESTONE, status_id
from sync.jobs import job_cells
from sync.jobs.cells import EMPTY, Cell, Column, cut
from sync.jobs.columns import managed_column
from sync.jobs.details import value_text
from sync.jobs.files import Addresses
from sync.jobs.job_cells import JobReader, RowSource
from sync.jobs.model import (
    COMMENT,
    CONTRACT,
    QUOTE,
    RE_SIGN,
    Change,
    Job,
)
from sync.jobs.pipeline import pipeline_entry
from sync.jobs.status import ARCHIVED_CODE, CONTRACT_LABELS, join_names
from sync.jobs.target import Target
from sync.settings.config_file import Config
from sync.webhooks.schema import ARCHIVED, STAGE

_SUBJECTS = {
    STAGE: "Stage",
    ARCHIVED: "Job",
    QUOTE: "Active quote",
    CONTRACT: "Contract",
    RE_SIGN: "Re-sign",
    COMMENT: "Comment",
    **{entry.id: entry.header for entry in JOB_FIELDS if entry.webhook_key},
}


class HistoryCells(NamedTuple):
    """A line of the History, column by column."""

    received: Cell
    customer: Cell
    rep: Cell
    what: Cell
    before: Cell
    after: Cell
    comment: Cell
    dated: Cell
    site: Cell


class Layout:
    """Makes columns and cells by a config.

    A job whose status is older than `stuck_days` days is stuck.
    """

    def __init__(self, config: Config, addresses: Addresses, stuck_days: int = 14) -> None:
        self.config = config
        self.stuck_days = stuck_days
        self.reader = JobReader(config, addresses)

    def columns(self, jobs: Iterable[Job], *, with_configured: bool = False) -> list[Column]:
        """Return the columns that `jobs` need, from left to right.

        `with_configured` adds those of all milestones that have a header in the config. The order
        of other milestones is learned from `jobs`, so pass all jobs.
        """
        milestones = self.reader.milestones
        headings = [
            heading
            for heading in milestones.headings(jobs)
            if (with_configured or heading.jobs) and not milestones.is_hidden(heading.key)
        ]
        headers: dict[str, str] = {}
        for column in self.config.columns:
            if field := PER_MILESTONE.get(column.id):
                title = FIELDS[field].title
                headers |= {field + each.key: title(each.header) for each in headings}
            else:
                headers[column.id] = column.header
        return [
            managed_column(self.config, column, header, self.stuck_days)
            for column, header in headers.items()
        ]

    def has_columns_of(self, wanted: Iterable[Column], jobs: Iterable[Job]) -> bool:
        """Return whether `wanted` has the columns of every milestone of `jobs`."""
        known = {column.id for column in wanted}
        return all(
            field + milestone.key in known
            for job in jobs
            for milestone in self.reader.milestones.shown(job)
            for field in self.config.milestone_fields
        )

    def milestone_titles(self, columns: Iterable[Column] = ()) -> list[str]:
        """Return the titles of the milestones in the config, then of those in `columns`."""
        steps = (step for step in self.config.milestones if not step.hidden)
        titles = [step.header for step in steps if step.header]
        titles += [c.header for c in columns if c.id.startswith(status_id(""))]
        return list(dict.fromkeys(titles))

    def lay_out(self, target: Target, fields: Collection[str] | None = None) -> Target:
        """Return a job with the cells that aren't blank, and its place in the Pipeline.

        `fields` are the columns of mapped tabs; without them, the cells are those of the Jobs tab.
        """
        job = target.job
        row = RowSource(self.reader, job, target.files, target.customer, target.details)
        arrivals: dict[str, float] = {}
        if fields is None:
            fields = {column.id for column in self.config.columns}
            for reached in row.shown_milestones:
                fields |= {field + reached.key for field in self.config.milestone_fields}
        cells = {field: make(row) for field, make in job_cells.CELLS.items() if field in fields}
        for reached in row.shown_milestones:
            for field, make_of in job_cells.MILESTONE_CELLS.items():
                if field + reached.key in fields:
                    cells[field + reached.key] = make_of(row, reached)
            if sent := job.newest_webhook(reached.event.milestone.milestone_definition):
                arrivals[reached.key] = sent.received.timestamp()
        details = self.reader.details.cells(job, target.details)
        details["deadline"] = job_cells.deadline(row, details.get("deadline", EMPTY))
        cells |= {field: cell for field, cell in details.items() if field in fields}
        cells = {column: cell for column, cell in cells.items() if cell != EMPTY}
        return replace(target, cells=cells, entry=pipeline_entry(row), arrivals=arrivals)

    def title(
        self, column: str, *, is_mapped: bool = False, names: Mapping[str, str] | None = None
    ) -> str:
        """Return the first header of a column (its ID); "" for one that is not wanted.

        `names` are EverBright's names of milestones, by definition.

        The Jobs tab has the columns in the config and those of milestones that are not hidden; a
        mapped tab may have all fields. The key column has no title here, because without that
        column nothing is written.
        """
        if column == KEY:
            return ""
        headers = {PER_MILESTONE.get(each.id, each.id): each.header for each in self.config.columns}
        if column in headers:
            return headers[column]
        field, colon, key = column.partition(":")
        entry, milestones = FIELDS.get(field + colon), self.reader.milestones
        if entry is None or not (is_mapped or entry.id in headers):
            return ""
        if not colon:
            return entry.header
        if not is_mapped and milestones.is_hidden(key):
            return ""
        return entry.title(milestones.title(key, (names or {}).get(key, "")))

    def history_line(self, change: Change, customer: Cell, rep: str = "") -> HistoryCells | None:
        """Return a line of the History, with the sheet's rep; None for a hidden milestone."""
        if change.milestone and self.reader.milestones.is_hidden(change.milestone):
            return None
        before, after = self._states(change)
        return HistoryCells(
            received=Cell(when=change.received),
            customer=customer,
            rep=Cell(text=cut(rep)),
            what=Cell(text=cut(self._what(change))),
            before=before,
            after=after,
            comment=Cell(text=cut(change.comment)),
            dated=Cell(when=change.stamp, is_day=True),
            site=Cell(text=change.site),
        )

    def _what(self, change: Change) -> str:
        """Return the text that names the subject of a change."""
        what, name = _SUBJECTS.get(change.subject, ""), change.name
        title = self.reader.milestones.title(change.milestone, name) if change.milestone else ""
        if change.subject == COMMENT:
            return f"{what} on {title}" if title else what
        if change.subject == CONTRACT:
            return what if name in ("", what) else f"{what}: {name}"
        # A task that is named like its milestone isn't named again.
        if title and (tasks := [task for task in change.tasks if task != title]):
            return f"{title}: {join_names(tasks, self.config.phrases, len(tasks))}"
        return what or title or name

    def _states(self, change: Change) -> tuple[Cell, Cell]:
        """Return the cells with the state before and after a change."""
        before, after = change.before, change.after
        if change.subject == QUOTE:  # Nobody knows a quote by its UUID.
            number = int(change.name)
            before = _change_order(number - 1) if number > 1 else "Initial quote"
            after = _change_order(number)
        if change.subject == ARCHIVED:
            before, after = (code and ARCHIVED_CODE for code in (before, after))
        if change.milestone or change.subject == ARCHIVED:
            before, after = map(self.config.status_label, (before, after))
        elif change.subject in (CONTRACT, RE_SIGN):
            before, after = (CONTRACT_LABELS.get(code or "", "") for code in (before, after))
        elif entry := FIELDS.get(change.subject):
            before, after = (value_text(entry, text or "", self.config) for text in (before, after))
        return Cell(text=cut(before or "")), Cell(text=cut(after or ""))


def _change_order(number: int) -> str:
    return f"Change order {number}" if number > 1 else "Change order"
