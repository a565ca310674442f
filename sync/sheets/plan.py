"""What one batch is to write: jobs and changes from the store → the parts of a batch."""

import json
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from functools import partial

import structlog

from sync.jobs.cells import Cells, Column
from sync.jobs.learned import proposed_order
from sync.jobs.model import Change, Customer
from sync.jobs.row import Layout
from sync.jobs.target import Target
from sync.settings.config_file import Confirmed, MatchConfig, MilestoneConfig
from sync.sheets import encode, rowless
from sync.sheets.answer import Row
from sync.sheets.batch import Parts
from sync.sheets.diff import diff, fitting
from sync.sheets.ensure import USUAL_TITLES, WantedTabs, ensure
from sync.sheets.rowless import Lookup
from sync.sheets.snapshot import Snapshot, Table
from sync.sheets.survey import NOTHING_ELSE, Surroundings, Titles, free_titles
from sync.sheets.table_end import TableEnd
from sync.sheets.tabs import in_step, own_pipeline
from sync.sheets.tabs.history import Line
from sync.sheets.tabs.in_step import InStep
from sync.sheets.tabs.own_pipeline import Figures
from sync.sheets.tabs.pipeline_formulas import counted_in
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
    is_all: bool = True
    """Whether nothing else waits."""

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
        self._layout, self._file_config = layout, layout.config
        self._confirmed = Confirmed()
        self.sizes = sizes
        self._columns: list[Column] = []

    def work(self, pending: Pending, *, is_part: bool) -> Work:
        """Return as much of what waits as fits into a batch; `is_part`: of some jobs alone."""
        self.use_confirmed(pending.confirmed)
        fields = pending.known_columns if pending.mode is Mode.ADOPTED else None
        differing = [target for target in self.of(pending.jobs, fields) if target.differs()]
        sites = {target.site for target in differing}
        done = [shown(job) for job in pending.jobs if job.site not in sites]
        fit = fitting(differing, self.sizes.cell_bytes)
        lines = self.lines(pending)
        is_all = (
            not is_part
            and len(fit) == len(differing)
            and len(pending.jobs) < self.sizes.jobs
            and len(lines.seqs) == len(pending.lines) < self.sizes.lines
        )
        return Work({target.site: target for target in fit}, lines, done, is_all)

    def use_confirmed(self, confirmed: Confirmed) -> None:
        """Lay out by what people have confirmed by now."""
        if confirmed != self._confirmed:
            config = self._file_config.with_confirmed(confirmed)
            self._layout, self._columns = replace(self._layout, config=config), []
            self._confirmed = confirmed

    def proposed_order(self, jobs: Iterable[Target]) -> tuple[MilestoneConfig, ...]:
        """Return the order of milestones that all jobs suggest."""
        config = self._file_config.with_confirmed(replace(self._confirmed, milestones=()))
        return proposed_order(config, [target.job for target in jobs])

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
        except Exception:
            # A job that cannot be laid out must not keep the others waiting.
            _log.exception("fault", site=job.site)
            return None
        return replace(job, cells=cells)

    def title(self, *, is_mapped: bool) -> Callable[[str], str]:
        """Return what gives the header of a column that is to be there (its id), else ""."""
        return partial(self._layout.title, is_mapped=is_mapped)

    @property
    def key_note(self) -> str:
        """What the note on the header of the site IDs explains."""
        return self._layout.key_note

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
        targets: Iterable[Target],
        columns: Sequence[Column],
        lines: Sequence[Line] = (),
        beside: Surroundings = NOTHING_ELSE,
        titles: Titles = USUAL_TITLES,
    ) -> WantedTabs:
        """Return what the spreadsheet is to have for the rows of `targets`."""
        rows, layout = (target.cells for target in targets), self._layout
        counted = counted_in(columns, rows, layout.ranks(), layout.stuck_days)
        return WantedTabs(layout.config, columns, lines, counted, beside, titles)

    def figures(self, jobs: Iterable[Target]) -> Figures:
        """Return what the Pipeline beside tabs of a person's own shows of all jobs."""
        layout, rows = self._layout, [target for target in jobs if target.job.has_row]
        columns = layout.columns([target.job for target in rows], with_configured=True)
        headers = {c.id: c.header for c in columns if c.id.startswith("status:")}
        ids = {"status", "current_milestone", *headers}
        cells = (layout.cells(d.job, d.files, d.customer, d.details, ids) for d in rows)
        return own_pipeline.count(cells, headers, layout.config)

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
    return Shown(target.site, target.version, target.events, cells)


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

    def __init__(self, targets: Targets, zone: str, in_step_hours: int) -> None:
        self._targets = targets
        self._zone = zone
        self._in_step_hours = in_step_hours

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
            ensure(snapshot, self._targets.wanted((), (), lines.lines), zone).parts,
            rows=[*change.rows, *rowless.pattern_row(tables[0], pattern, change.new_rows)],
            new_rows=change.new_rows,
            formulas=sorted(pattern.formulas),
            is_covered=pattern.is_covered,
        )
        return Plan(tables, parts, change.shown, change.absent)

    def in_step(self, gone: Sequence[str]) -> InStep:
        """Return that the sheet is in step now, but for columns that are `gone` (their headers)."""
        return InStep(datetime.now(UTC), self._in_step_hours, tuple(gone))

    def with_in_step(
        self,
        snapshot: Snapshot,
        plan: Plan,
        now: InStep,
        known: Container[str],
        *,
        is_alone: bool = False,
    ) -> Plan:
        """Return a plan with the moment from which the sheet shows all that came.

        Only where something else is written, or if it `is_alone`; `known` are the ids of columns
        that were made before.
        """
        parts, table = plan.parts, plan.tables[0]
        if (parts.is_empty and not is_alone) or not snapshot.policy.makes_columns:
            return plan
        pipeline = parts.pipeline or snapshot.pipeline
        said, ids = in_step.say(pipeline, now, snapshot.time_zone, known)
        about = self._targets.key_note
        note = (
            in_step.header_note(table, about, now, self.clock(snapshot)) if snapshot.table else None
        )
        parts = replace(
            parts,
            header=[*parts.header, *([note] if note else [])],
            extra=[*parts.extra, *said],
            columns=(*parts.columns, *ids),
        )
        return replace(plan, parts=parts)
