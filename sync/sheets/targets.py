"""Lays out pending work: jobs as rows, with columns, History lines and Pipeline figures."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

import structlog

from sync.field_table import ONCE_FILLED_IDS, REP
from sync.jobs.cells import EMPTY, Column
from sync.jobs.learned import proposed_order
from sync.jobs.model import Change, Customer
from sync.jobs.pipeline import PipelineEntry, PipelineLine, count
from sync.jobs.row import HistoryCells, Layout
from sync.jobs.target import Target
from sync.settings.config_file import ConsoleAnswers, MilestoneConfig
from sync.sheets.diff import fitting, shown_version
from sync.sheets.ensure import PIPELINE, USUAL_TITLES, WantedTabs
from sync.sheets.snapshot import Snapshot
from sync.sheets.surroundings import NOTHING_ELSE, Surroundings, Titles
from sync.sheets.tabs.pipeline import Figures
from sync.store import Pending, ShownVersion

_LINE_CELL_BYTES = 130
"""Bytes of JSON around the text of a History line's cell."""
_log = structlog.get_logger()


@dataclass(frozen=True)
class Sizes:
    """The limits of one batch."""

    jobs: int = 500
    cell_bytes: int = 1_800_000
    lines: int = 1000
    line_bytes: int = 400_000


USUAL = Sizes()
"""Google recommends at most 2 MB per request."""
LARGE = Sizes(2500, 4_500_000, 8000, 3_000_000)
"""For filling a spreadsheet that nobody works in yet: Google accepts 10 MB."""


@dataclass(frozen=True)
class Lines:
    """Lines of the History, newest first, with their changes (`seqs`) and jobs (`sites`)."""

    seqs: tuple[int, ...] = ()
    lines: Sequence[HistoryCells] = ()
    sites: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Work:
    """The work of one flush: jobs with their wanted rows, and lines of the History."""

    targets: Sequence[Target]
    """The jobs, in the order of new rows."""
    lines: Lines
    done: Sequence[ShownVersion] = ()
    """Jobs that the sheet already shows as wanted."""
    failed: Sequence[str] = ()
    """Sites of jobs that can't be laid out: the log has the error."""

    @property
    def sites(self) -> list[str]:
        """The jobs with rows or lines to write."""
        return sorted({target.site for target in self.targets} | self.lines.sites)


class Targets:
    """Lays out stored jobs as rows, columns, History lines, and figures of the Pipeline."""

    def __init__(self, layout: Layout, sizes: Sizes = USUAL) -> None:
        self.layout, self._file_config = layout, layout.config
        self._answers = ConsoleAnswers()
        self.sizes = sizes
        self._columns: list[Column] = []

    def work(self, pending: Pending, columns: Collection[str] | None) -> Work:
        """Return as much of the pending work as fits into a batch.

        If there is a Pipeline, a job whose place in it has changed is written, too. `columns`: see
        `lay_out`.
        """
        is_counted = PIPELINE in pending.created
        laid_out = {target.site: target for target in self.lay_out(pending.jobs, columns)}
        differing = [
            target
            for target in laid_out.values()
            if target.differs() or (is_counted and target.entry != target.counted)
        ]
        failed = [t.site for t in pending.jobs if not t.job.is_lead and t.site not in laid_out]
        unfinished = {*failed, *(target.site for target in differing)}
        done = [
            shown_version(laid_out.get(target.site, target))
            for target in pending.jobs
            if target.site not in unfinished
        ]
        fit = fitting(differing, self.sizes.cell_bytes) if len(differing) > 1 else differing
        return Work(fit, self.lines(pending, laid_out), done, failed)

    def use_answers(self, answers: ConsoleAnswers) -> None:
        """Use the answers given on the console so far."""
        if answers != self._answers:
            config, known = self._file_config.with_answers(answers), self.layout
            self.layout = Layout(config, known.reader.addresses, known.stuck_days)
            self._columns = []
            self._answers = answers

    def proposed_order(self, jobs: Iterable[Target]) -> tuple[MilestoneConfig, ...]:
        """Return the order of milestones that the jobs suggest."""
        config = self._file_config.with_answers(replace(self._answers, milestones=()))
        return proposed_order(config, [target.job for target in jobs])

    def lay_out(
        self, jobs: Iterable[Target], columns: Collection[str] | None = None
    ) -> list[Target]:
        """Return the jobs that get a row, with their cells, in the order of new rows.

        One that can't be laid out is logged and left out, so that it doesn't hold up the others.
        `columns` are the IDs of the columns to lay out; None means those in the config.
        """
        laid_out = []
        for target in sorted(jobs, key=_began):
            if target.job.is_lead:
                continue
            try:
                laid_out.append(self.layout.lay_out(target, columns))
            except Exception:
                _log.exception("fault", site=target.site)
        return laid_out

    def every_column(self, snapshot: Snapshot, jobs: Sequence[Target]) -> list[Column]:
        """Return the columns that jobs need, and those of all configured milestones."""
        columns = self.layout.columns((target.job for target in jobs), with_configured=True)
        return _filled(columns, snapshot, self.lay_out(jobs))

    def columns(
        self,
        snapshot: Snapshot,
        pending: Pending,
        every: Callable[[], Iterable[Target]],
        written: Iterable[Target] = (),
    ) -> list[Column]:
        """Return the columns of all jobs, except those that a person deleted.

        `every` returns all jobs, which determine the place of a new milestone's column. `written`
        are the jobs that will be written, laid out.
        """
        jobs = [target.job for target in pending.jobs]
        if not (self._columns and self.layout.has_columns_of(self._columns, jobs)):
            self._columns = self.layout.columns(target.job for target in every())
        columns = _filled(self._columns, snapshot, written)
        if snapshot.table is None:
            return columns
        deleted = pending.created - snapshot.table.columns.keys()
        return [column for column in columns if column.id not in deleted]

    def lines(self, pending: Pending, laid_out: Mapping[str, Target]) -> Lines:
        """Return lines of the History: as many as fit into one batch."""
        seqs: list[int] = []
        lines: list[HistoryCells] = []
        sites: set[str] = set()
        size = 0
        for seq, change, customer, rep in pending.lines:
            target = laid_out.get(change.site)
            shown_rep = target.cells.get(REP, EMPTY).text if target else ""
            line = self._line(change, customer, rep or shown_rep)
            size += sum(len(json.dumps(cell.text)) + _LINE_CELL_BYTES for cell in line or ())
            if size > self.sizes.line_bytes and seqs:
                break
            seqs.append(seq)
            sites.add(change.site)
            lines += [line] if line else []
        return Lines(tuple(seqs), lines[::-1], frozenset(sites))

    def _line(self, change: Change, customer: Customer, rep: str) -> HistoryCells | None:
        try:
            return self.layout.history_line(
                change, self.layout.reader.name(change.site, customer), rep
            )
        except Exception:
            # A change that can't be laid out must not hold up the others.
            _log.exception("fault", site=change.site)
            return None

    def wanted(
        self,
        columns: Sequence[Column] = (),
        beside: Surroundings = NOTHING_ELSE,
        titles: Titles = USUAL_TITLES,
    ) -> WantedTabs:
        """Return what the spreadsheet should have."""
        layout = self.layout
        return WantedTabs(layout.config, columns, layout.stuck_days, beside, titles)

    def figures(
        self,
        entries: Iterable[PipelineEntry],
        columns: Callable[[], Iterable[Column]],
        zone: tzinfo,
        own_zone: tzinfo,
    ) -> Figures:
        """Return what the Pipeline shows now.

        `columns` gives those of the milestones in their order. `zone` is that of the dates in the
        sheet, `own_zone` the spreadsheet's own.
        """
        layout, now = self.layout, datetime.now(UTC)
        today = now.astimezone(own_zone).date()
        return Figures(
            lines=dict.fromkeys(layout.milestone_titles(), PipelineLine())
            | count(entries, today, zone, layout.stuck_days),
            order=lambda: layout.milestone_titles(columns()),
            config=layout.config,
            stuck_days=layout.stuck_days,
            now=now,
            zone=own_zone,
        )

    def free_titles(self, beside: Surroundings) -> Titles:
        """Return free titles for new tabs."""
        tabs = self.layout.config.sheet
        return beside.free_titles(Titles(tabs.tab, Titles.fence, tabs.history, tabs.pipeline))


def _filled(columns: Iterable[Column], snapshot: Snapshot, jobs: Iterable[Target]) -> list[Column]:
    """Return `columns` without those that are added only when a job fills them."""
    filled = {column for target in jobs for column in target.cells}
    present = snapshot.table.columns if snapshot.table else {}
    return [
        column
        for column in columns
        if column.id not in ONCE_FILLED_IDS or column.id in filled or column.id in present
    ]


def _began(target: Target) -> tuple[datetime, str]:
    """Return the order in which new rows are added: the oldest of the job's events first."""
    stamps = (event.stamp for event in target.job.events.values())
    return (min(stamps, default=datetime.max.replace(tzinfo=UTC)), target.job.site)
