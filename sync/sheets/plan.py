"""What one batch is to write: jobs and changes from the store → the parts of a batch."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from functools import partial

import structlog

from sync.boards import matching as rowless
from sync.boards.matching import Lookup
from sync.boards.table_end import TableEnd
from sync.jobs.cells import Cells, Column
from sync.jobs.config_lists import proposed_steps
from sync.jobs.model import Change, Customer
from sync.jobs.pipeline import PipelineEntry, PipelineLine, count
from sync.jobs.row import Layout
from sync.jobs.target import Target
from sync.settings.config_file import MatchConfig
from sync.sheets import encode
from sync.sheets.answer import Row
from sync.sheets.batch import Parts
from sync.sheets.diff import diff, fitting
from sync.sheets.ensure import PIPELINE, USUAL_TITLES, WantedTabs, ensure
from sync.sheets.snapshot import Snapshot, Table
from sync.sheets.surroundings import NOTHING_ELSE, Surroundings, Titles, free_titles
from sync.sheets.tabs import pipeline
from sync.sheets.tabs.history import Line
from sync.sheets.tabs.pipeline import Figures
from sync.store import Pending, Shown
from sync.types import Mode

_CELL_BYTES = 130
"""Of JSON around the text of a line's cell."""

_log = structlog.get_logger()


@dataclass(frozen=True)
class Sizes:
    """How much goes into one batch: jobs, bytes of their cells, and lines of the history."""

    jobs: int = 500
    cell_bytes: int = 1_800_000
    lines: int = 1000
    line_bytes: int = 400_000


USUAL = Sizes()
"""Google advises 2 MB a request."""
LARGE = Sizes(2500, 4_500_000, 8000, 3_000_000)
"""For filling a spreadsheet that nobody works in yet: Google takes 10 MB."""


@dataclass(frozen=True)
class Lines:
    """Lines of the history, the newest first, of the changes `seqs` of the jobs `sites`."""

    seqs: tuple[int, ...] = ()
    lines: Sequence[Line] = ()
    sites: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Work:
    """What one flush writes: jobs as they should stand, by site, and lines of the history."""

    jobs: Mapping[str, Target]
    lines: Lines
    done: Sequence[Shown] = ()
    """What the sheet shows already."""

    @property
    def targets(self) -> list[Target]:
        """The jobs, in the order of new rows."""
        return list(self.jobs.values())

    @property
    def sites(self) -> list[str]:
        """The jobs that it is about."""
        return sorted(self.jobs.keys() | self.lines.sites)


class Targets:
    """Lays out what the store holds."""

    @property
    def match(self) -> MatchConfig:
        """By what the row of a job is found in a person's own tabs."""
        return self._layout.config.match

    def __init__(self, layout: Layout, sizes: Sizes = USUAL) -> None:
        self._first = self._layout = layout
        self._steps: tuple[str, ...] = ()
        self.sizes = sizes
        self._columns: list[Column] = []

    def work(self, pending: Pending) -> Work:
        """Return as much of what waits as fits into a batch.

        Where there is a Pipeline, a job that it counts elsewhere is written, too.
        """
        self.know(pending.steps)
        fields = pending.known_columns if pending.mode is Mode.ADOPTED else None
        is_counted = PIPELINE in pending.known_columns
        laid_out = {target.site: target for target in self.of(pending.jobs, fields)}
        differing = {
            site: target
            for site, target in laid_out.items()
            if target.differs() or (is_counted and target.entry != target.counted)
        }
        done = [
            shown(laid_out.get(job.site, job)) for job in pending.jobs if job.site not in differing
        ]
        fit = fitting([*differing.values()], self.sizes.cell_bytes)
        return Work({target.site: target for target in fit}, self.lines(pending), done)

    def know(self, steps: tuple[str, ...]) -> None:
        """Lay out by the steps that a person confirmed by now (JSON)."""
        if steps != self._steps:
            self._layout, self._columns = self._first.with_steps(steps), []
            self._steps = steps

    def proposed_steps(self, jobs: Iterable[Target]) -> list[str]:
        """Return the steps that all jobs suggest (JSON)."""
        return proposed_steps(self._first.config, [target.job for target in jobs])

    def of(self, jobs: Iterable[Target], fields: Collection[str] | None = None) -> list[Target]:
        """Return the jobs that are to have a row, laid out, in the order of new rows.

        `fields` are the columns of mapped tabs; None: those in the config.
        """
        laid_out = (self._laid_out(job, fields) for job in sorted(jobs, key=_began))
        return [job for job in laid_out if job]

    def _laid_out(self, job: Target, fields: Collection[str] | None) -> Target | None:
        if not job.job.has_row:
            return None  # A lead has none.
        try:
            cells = self._layout.cells(job.job, job.files, job.customer, job.details, fields)
            entry = self._layout.pipeline_entry(job.job, job.customer)
        except Exception:
            # A job that cannot be laid out must not keep the others waiting.
            _log.exception("fault", site=job.site)
            return None
        return replace(job, cells=cells, entry=entry)

    def title(self, *, is_mapped: bool) -> Callable[[str], str]:
        """Return what gives the header of a column that is to be there (its id), else ""."""
        return partial(self._layout.title, is_mapped=is_mapped)

    def every_column(self, jobs: Iterable[Target]) -> list[Column]:
        """Return the columns that jobs need, and those of all configured milestones."""
        return self._layout.columns((target.job for target in jobs), with_configured=True)

    def columns(
        self, snapshot: Snapshot, pending: Pending, every: Callable[[], Iterable[Target]]
    ) -> list[Column]:
        """Return the columns of all jobs, but for those that a person deleted.

        `every` gives all jobs: where the column of a new milestone stands is learned from them.
        """
        jobs = [target.job for target in pending.jobs]
        if not (self._columns and self._layout.are_columns_of(self._columns, jobs)):
            self._columns = self._layout.columns(target.job for target in every())
        if snapshot.table is None:
            return self._columns
        deleted = pending.known_columns - snapshot.table.columns.keys()
        return [column for column in self._columns if column.id not in deleted]

    def lines(self, pending: Pending) -> Lines:
        """Return lines of the history: as many as fit into one batch."""
        seqs: list[int] = []
        lines: list[Line] = []
        sites: set[str] = set()
        size = 0
        for seq, change, customer in pending.lines:
            line = self._line(change, customer)
            size += sum(len(json.dumps(cell.text)) + _CELL_BYTES for cell in line or ())
            if size > self.sizes.line_bytes and seqs:
                break
            seqs.append(seq)
            sites.add(change.site)
            lines += [line] if line else []
        return Lines(tuple(seqs), lines[::-1], frozenset(sites))

    def _line(self, change: Change, customer: Customer) -> Line | None:
        try:
            return self._layout.line(change, self._layout.name(change.site, customer))
        except Exception:
            # A change that cannot be laid out must not keep the others waiting.
            _log.exception("fault", site=change.site)
            return None

    def wanted(
        self,
        columns: Sequence[Column],
        lines: Sequence[Line] = (),
        beside: Surroundings = NOTHING_ELSE,
        titles: Titles = USUAL_TITLES,
    ) -> WantedTabs:
        """Return what the spreadsheet is to have."""
        layout = self._layout
        return WantedTabs(layout.config, columns, lines, layout.stuck_days, beside, titles)

    def figures(
        self,
        entries: Iterable[PipelineEntry],
        columns: Callable[[], Iterable[Column]],
        zone: tzinfo,
        clock: tzinfo,
    ) -> Figures:
        """Return what the Pipeline shows now.

        `columns` gives those of the milestones in their order. `zone` is that of the dates in the
        sheet, `clock` the spreadsheet's own.
        """
        layout, now = self._layout, datetime.now(UTC)
        today = now.astimezone(clock).date()
        return Figures(
            lines=dict.fromkeys(layout.milestone_titles(), PipelineLine())
            | count(entries, today, zone, layout.stuck_days),
            order=lambda: layout.milestone_titles(columns()),
            config=layout.config,
            stuck_days=layout.stuck_days,
            now=now,
            zone=clock,
        )

    def free_titles(self, snapshot: Snapshot, beside: Surroundings) -> Titles:
        """Return free titles for tabs to be made. Raises as `survey.free_titles` does."""
        has_jobs = snapshot.table is not None
        return free_titles(beside, self._layout.config.sheet, has_jobs=has_jobs)


def _began(target: Target) -> tuple[datetime, str]:
    """Return the order in which new rows come: the oldest of the job's events first."""
    stamps = (event.stamp for event in target.job.events.values())
    return (min(stamps, default=datetime.max.replace(tzinfo=UTC)), target.job.site)


def shown(target: Target, cells: Cells | None = None) -> Shown:
    """Return what a batch makes true of one job; without `cells`, what was written stays."""
    return Shown(target.site, target.version, target.events, cells, target.entry)


@dataclass(frozen=True)
class Plan:
    """The parts of a batch, and what it makes true: `shown` by site, `absent` jobs have no row.

    `tables` are the tabs of jobs as they are after the structure in `parts`.
    """

    tables: Sequence[Table]
    parts: Parts = field(default_factory=Parts)
    shown: Mapping[str, Cells] = field(default_factory=dict)
    absent: Sequence[str] = ()


class Planner:
    """Plans batches; `zone` is a setting, and "" stands for the spreadsheet's own."""

    def __init__(self, targets: Targets, zone: str) -> None:
        self._targets = targets
        self._zone = zone

    def clock(self, snapshot: Snapshot) -> tzinfo:
        """Return the clock in which dates are shown."""
        return encode.clock(self._zone or snapshot.time_zone)

    def made(self, snapshot: Snapshot, targets: Sequence[Target], wanted: WantedTabs) -> Plan:
        """Return what makes `targets` stand in Brightsheet's own tab, made where there is none."""
        zone = self.clock(snapshot)
        ensured = ensure(snapshot, wanted, zone)
        change = diff(ensured.tables, targets, {}, None, zone)
        parts = replace(ensured.parts, rows=change.rows, new_rows=change.new_rows)
        return Plan(ensured.tables, parts, change.shown, change.absent)

    def mapped(
        self,
        snapshot: Snapshot,
        targets: Sequence[Target],
        lines: Lines,
        lookup: Lookup = Lookup(),  # noqa: B008 - frozen
        end: TableEnd | None = None,
        above: Row = (),
    ) -> Plan:
        """Return what makes `targets` stand in tabs that people made.

        `lookup` is what was found for those without a row, `end` where the first tab's table ends,
        `above` its last row, which new ones are like. Raises Permanent where a key column is gone.
        """
        tables, zone = snapshot.tables, self.clock(snapshot)
        pattern = rowless.pattern(tables[0], end or TableEnd(tables[0].header_row), above)
        change = diff(tables, targets, lookup.matches, pattern, zone)
        parts = replace(
            ensure(snapshot, self._targets.wanted((), lines.lines), zone).parts,
            rows=[*change.rows, *rowless.pattern_row(tables[0], pattern, change.new_rows)],
            new_rows=change.new_rows,
            formulas=sorted(pattern.formulas),
            is_covered=pattern.is_covered,
        )
        return Plan(tables, parts, change.shown, change.absent)

    def with_pipeline(
        self,
        snapshot: Snapshot,
        parts: Parts,
        entries: Iterable[PipelineEntry],
        columns: Callable[[], Iterable[Column]],
        *,
        is_daily: bool = False,
        draws: bool = False,
    ) -> Parts:
        """Return the parts of a batch with what the Pipeline shows of all jobs.

        Its numbers only where they are others, or if `is_daily`; else only when that was, where
        there is anything to write. `columns` and `draws`: see `Targets.figures` and
        `pipeline.show`.
        """
        tab = parts.pipeline or snapshot.pipeline
        if tab is None:
            return parts
        clock = encode.clock(snapshot.time_zone)
        figures = self._targets.figures(entries, columns, self.clock(snapshot), clock)
        requests = pipeline.show(tab, figures, is_daily=is_daily, draws=draws)
        if not (requests or parts.is_empty):
            requests = pipeline.stamp(tab, figures)
        return replace(parts, extra=[*parts.extra, *requests])
