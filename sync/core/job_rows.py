"""The rows that *Jobs* should show, laid out when a job changes and when the day does."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sync.columns import KEY, ONCE_KNOWN, REP, Column, Whose, job_columns
from sync.core.cells import Cell
from sync.core.database import Lease
from sync.core.events import PAPERS, Line
from sync.core.layout import Layout
from sync.core.standing import Statuses, titles
from sync.core.store import NAME_SECONDS, JobRow, Store
from sync.settings.config_file import ColumnKind, Config


def site_columns(config: Config) -> list[tuple[str, Column]]:
    """Return the columns that show a value of EverBright's answer about the site.

    Each with the ID after which it comes: a column's, or that of the milestones' places; or "".
    """
    forms = {ColumnKind.DATE: "DATE"}
    return [
        (each.after, Column(each.id, each.header, number_format=forms.get(each.kind, "")))
        for each in config.columns
        if each.id != REP
    ]


@dataclass
class JobRows:
    """All jobs in memory, with their rows laid out, for the process that holds the lease."""

    store: Store
    lease: Lease
    layout: Layout
    clock: Callable[[], float] = time.time
    jobs: dict[str, JobRow] = field(default_factory=dict)
    columns: list[Column] = field(default_factory=list)
    """Those that *Jobs* should have, as of the last refresh."""
    _day: date | None = None

    @property
    def statuses(self) -> Statuses:
        return self.layout.statuses

    @property
    def now(self) -> datetime:
        """The time, in the zone of the spreadsheet."""
        return datetime.fromtimestamp(self.clock(), self.layout.zone)

    def refresh(self) -> None:
        """Lay out the jobs that have changed; all of them on a new day."""
        now, known = self.now, {site: job.revision for site, job in self.jobs.items()}
        if now.date() != self._day:
            self._day, known = now.date(), {}
        for job in self.store.changed_jobs(known):
            job.standing = self.statuses.standing(job.state, now)
            job.cells = self.layout.row(job, now)
            self.jobs[job.site] = job
        jobs, step = self.jobs.values(), self.statuses.order.step
        steps = {step(each.definition) for job in jobs for each in job.documents}
        shown = [column for column in ONCE_KNOWN if any(column in job.cells for job in jobs)]
        placed = site_columns(self.statuses.config)
        self.columns = job_columns(self.titles(), steps, shown, placed)

    def set_rows(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Store which jobs have a row, and which revision it shows, by site."""
        if changes:
            self.store.set_rows(self.lease, changes)
        for site, values in changes.items():
            vars(self.jobs[site]).update(values)

    @property
    def ours(self) -> set[str]:
        """The columns whose cells heal: the next pass writes them."""
        return {each.id for each in self.columns if each.whose is Whose.OURS and each.id != KEY}

    def unnamed_statuses(self) -> list[str]:
        """Return the statuses that neither the config nor a person has named."""
        logs = [log for job in self.jobs.values() for log in job.state.milestones.items()]
        found = {status for step, log in logs if step not in PAPERS for status in log.now.statuses}
        return sorted(found - {"", *self.statuses.config.statuses})

    def titles(self) -> dict[str, str]:
        """Return the milestones that have columns, by definition, in their order."""
        return titles((job.state for job in self.jobs.values()), self.statuses.order)

    def milestones(self) -> list[str]:
        """Return the titles of the milestones in order, then of others that a job waits at."""
        known = [title for _, title in self.statuses.order.steps]
        waiting_at = {job.standing.waiting_at for job in self.jobs.values()}
        others = [title for title in self.titles().values() if title in waiting_at]
        return [*dict.fromkeys([*known, *others])]

    def lines(self, limit: int) -> tuple[list[tuple[int, dict[str, Cell]]], bool]:
        """Return the lines that History lacks, the oldest first: their numbers and cells.

        Also whether the next ones wait until a name is known: the newest line is on top.
        """
        found = list[tuple[int, dict[str, Cell]]]()
        # Of one minute, what happened last is on top.
        rows = self.store.waiting_lines(limit)
        lines = [(Line.model_validate_json(row.line), row) for row in rows]
        for line, row in sorted(lines, key=lambda each: each[0].age):
            job = self.jobs.get(row.site)
            if job is None:
                break
            is_young = self.clock() - line.received.timestamp() < NAME_SECONDS
            if self.layout.links.has_customers and not job.is_answered and is_young:
                return found, True
            found.append((row.id, self.layout.line(line, job)))
        return found, False
