"""What is to be written: jobs that changed, the columns that they need, lines of the history."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from sync.errors import Permanent
from sync.jobs.cells import EMPTY
from sync.jobs.columns import Column
from sync.jobs.model import Change, Customer
from sync.jobs.row import Layout
from sync.jobs.status import word
from sync.sheets import diff
from sync.sheets.snapshot import JOBS_TAB, Surroundings, View
from sync.sheets.tabs.extras import HISTORY, Along, Titles
from sync.sheets.tabs.history import Line
from sync.store import DirtyJob, History, Jobs, Lease
from sync.store.jobs import Shown

_CELL = 130
"""Bytes around the text of a line's cell."""

_log = structlog.get_logger()

Pairs = dict[str, tuple[DirtyJob, diff.Target]]
"""Jobs with what they are to show, by site."""


@dataclass(frozen=True)
class Sizes:
    """How much goes into one batch: jobs, bytes of their cells, and lines of the history."""

    jobs: int = 500
    cell_bytes: int = 1_800_000
    lines: int = 1000
    line_bytes: int = 400_000


USUAL = Sizes()
LARGE = Sizes(2500, 4_500_000, 8000, 3_000_000)
"""For filling a spreadsheet that nobody works in yet: Google advises 2 MB, and takes more."""


class Targets:
    """Reads the store, and lays out what it holds."""

    def __init__(self, jobs: Jobs, history: History, layout: Layout, sizes: Sizes) -> None:
        self._jobs = jobs
        self._history = history
        self._layout = layout
        self._sizes = sizes
        self._columns: list[Column] = []

    def of(self, held: Lease, dirty: Iterable[DirtyJob], confirm: bool = True) -> Pairs:
        """Return what is to be written; jobs that stand already are confirmed without a call."""
        pairs = [(one, self._target(one)) for one in sorted(dirty, key=_began)]
        settled = [one for one, target in pairs if target is None or not target.differs()]
        if settled and confirm:
            self._jobs.confirm(held, [shown(one, None) for one in settled])
        return {one.job.site: (one, target) for one, target in pairs if target and target.differs()}

    def every(self) -> Iterator[tuple[DirtyJob, diff.Target]]:
        """Give every job that has a row, or is to have one, with what it is to show."""
        for one in self._jobs.every():
            if target := self._target(one):
                yield one, target

    def _target(self, one: DirtyJob) -> diff.Target | None:
        if not one.job.events:
            return None  # A job without a milestone has no row.
        try:
            cells = self._layout.cells(one.job, one.files, one.customer)
        except Exception:
            # A job that we cannot show must not keep the others waiting.
            _log.exception("fault", site=one.job.site)
            return None
        return diff.Target(one.job.site, cells, one.written, one.is_fresh)

    def all_columns(self, jobs: Iterable[DirtyJob]) -> list[Column]:
        """Return the columns that jobs need, and those of all configured milestones."""
        return self._layout.columns((one.job for one in jobs), with_configured=True)

    def columns(self, view: View, dirty: Iterable[DirtyJob]) -> list[Column]:
        """Return the columns of all jobs, but for those that a person deleted."""
        is_known = self._layout.are_columns_of(self._columns, (one.job for one in dirty))
        if not (self._columns and is_known):
            # Where a new milestone stands is learned from all jobs.
            self._columns = self._layout.columns(one.job for one in self._jobs.every())
        needed = self._columns
        if view.table is None:
            return needed
        deleted = self._jobs.known_columns() - view.table.columns.keys()
        return [column for column in needed if column.id not in deleted]

    def lines(
        self, held: Lease, view: View, most: int, but: Collection[int]
    ) -> tuple[tuple[int, ...], list[Line]]:
        """Return the changes (seq) that are to be told, and their lines, the newest first."""
        waiting = self._history.waiting(most, but) if most else []
        if waiting and view.history is None and HISTORY in self._jobs.known_columns():
            self._history.drop(held, [seq for seq, _, _ in waiting])
            return (), []
        told: list[int] = []
        lines: list[Line] = []
        size = 0
        for seq, change, customer in waiting:
            line = self._line(change, customer)
            size += sum(len(json.dumps(cell.text)) + _CELL for cell in line or ())
            if size > self._sizes.line_bytes and told:
                break
            told.append(seq)
            lines += [line] if line else []
        return tuple(told), lines[::-1]

    def _line(self, change: Change, customer: Customer) -> Line | None:
        try:
            return self._layout.line(change, self._layout.name(change.site, customer))
        except Exception:
            # A change that we cannot tell must not keep the others waiting.
            _log.exception("fault", site=change.site)
            return None

    def along(
        self,
        targets: Iterable[diff.Target],
        columns: Iterable[Column],
        lines: list[Line],
        there: Surroundings,
    ) -> Along:
        """Return what goes along with the rows of `targets`, whose `columns` stand in order."""
        return Along(
            self._layout.config,
            lines,
            pairs=frozenset(_counted(target.cells) for target in targets),
            ranks=self._layout.ranks(),
            order=[one.header for one in columns if one.id.startswith("status:")],
            there=there,
        )

    def free_titles(self, view: View, there: Surroundings) -> Titles:
        """Return free titles for tabs to be made.

        Raises Permanent where the Jobs tab is there and its header row is not.
        """
        tabs = self._layout.config.sheet
        wanted = Titles(tabs.tab, Titles.fence, tabs.history, tabs.pipeline)
        if view.table is None and JOBS_TAB in there.titles:
            raise Permanent(
                "header_gone",
                f"The header row of the tab {there.titles[JOBS_TAB]!r} was deleted. Bring it back "
                "with the version history, or delete the tab: it is made anew.",
            )
        return diff.free_titles(wanted, there.titles.values())


def _counted(cells: diff.Cells) -> tuple[str, str]:
    """Return the milestone and the word of the status by which a job is counted."""
    status = word(cells.get("status", EMPTY).text)
    return (cells.get("current_milestone", EMPTY).text, status)


def _began(one: DirtyJob) -> tuple[datetime, str]:
    """Return the order in which new rows come: the oldest of the job's events first."""
    stamps = (event.stamp for event in one.job.events.values())
    return (min(stamps, default=datetime.max.replace(tzinfo=UTC)), one.job.site)


def shown(one: DirtyJob, cells: diff.Cells | None) -> Shown:
    """Return what a batch makes true of a job."""
    return Shown(one.job.site, one.version, one.events, cells)
