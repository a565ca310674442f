"""One flush: project what came, read the sheet once, write it once, verify what was hit."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from sync.errors import Refused, Retryable
from sync.jobs.columns import KEY
from sync.ops.trail import Trail
from sync.sheets import keys, legacy, request
from sync.sheets.batch import Parts, Titles
from sync.sheets.client import SheetClient
from sync.sheets.diff import Target, compared_columns, fitting
from sync.sheets.guards import are_guarded
from sync.sheets.images import BeforeImage, sites_written_over
from sync.sheets.mapped import fields_of, without_row
from sync.sheets.plan import Plan, Planner
from sync.sheets.restore import HEADERS, restore
from sync.sheets.snapshot import Snapshot
from sync.sheets.surroundings import Surroundings
from sync.sheets.tabs.extras import HISTORY
from sync.sheets.targets import Lines, Targets, shown
from sync.sheets.writer import BatchWriter
from sync.store import DirtyJob, Lease, Pending
from sync.store.sheet_store import SheetStore
from sync.store.spreadsheet import ADOPTED

_log = structlog.get_logger()


@dataclass(frozen=True)
class Work:
    """What one flush writes: jobs with their targets, by site, and lines of the history."""

    pairs: Mapping[str, tuple[DirtyJob, Target]]
    lines: Lines
    is_all: bool
    """Whether nothing else waits."""

    @property
    def sites(self) -> list[str]:
        """The jobs that it is about."""
        return sorted(self.pairs.keys() | self.lines.sites)


class Flusher:
    """Makes the sheet agree with the store.

    `project` takes what came into the jobs, `sleep` waits for the rate limit, `alert` tells a
    person; `zone` is a setting.
    """

    def __init__(
        self,
        store: SheetStore,
        client: SheetClient,
        targets: Targets,
        project: Callable[[Lease], bool],
        sleep: Callable[[float], Any],
        zone: str = "",
        alert: Callable[[str, str], object] = lambda *_: None,
        in_step_hours: int = 6,
        trail: Trail | None = None,
    ) -> None:
        self.store = store
        self.client = client
        self.targets = targets
        self.project = project
        self.planner = Planner(targets, zone, in_step_hours)
        self.writer = BatchWriter(store, client, sleep, alert, trail)
        self._alert = alert
        self._was_refused = False
        """Whether the last batch was refused: the sheet may have been changed since its read."""
        self._only: list[str] | None = None
        """The jobs of the next batch, while it is searched which one Google does not take."""

    def flush(self, held: Lease) -> None:
        """Bring the sheet up to date with what there is now; more may come meanwhile.

        Raises Permanent, or Retryable: also where nobody knows whether the write was done, for the
        next flush's read tells.
        """
        fence = self.writer.take_turn(held)
        self.project(held)
        sizes = self.targets.sizes
        pending = self.store.pending.read(sizes.jobs, sizes.lines, self._only)
        work = self._work(held, pending)
        if not (work.sites or pending.in_doubt or pending.images):
            self._only = None
            return
        snapshot = self._read(pending, work)
        if pending.in_doubt and self.writer.settle(held, snapshot):
            return  # An earlier batch had landed after all: compare with what it wrote.
        if snapshot.is_adopted and ADOPTED not in pending.known_columns:
            self.store.spreadsheet.adopt_tabs(held)  # Begin again, by the rules of mapped tabs.
        elif not snapshot.tables:
            self._write_new(held, fence, snapshot, pending, work)
        elif not self._has_keys(held, fence, snapshot, pending):
            return
        elif not are_guarded(snapshot.tables):
            # Nothing is written before every column is guarded: a person may be moving one now.
            self._send(held, snapshot, Parts(), fence)
        elif pending.images:
            self._restore(held, fence, snapshot, pending)
        elif work.sites:
            if snapshot.is_adopted:
                work = self._work(held, pending, fields_of(snapshot.tables))
            self._write(held, fence, snapshot, pending, work)
        else:
            # Move the fence: a batch in doubt that has not landed by now never shall.
            self._send(held, snapshot, Parts(), fence)

    def _read(self, pending: Pending, work: Work) -> Snapshot:
        targets = [target for _, target in work.pairs.values()]
        if ADOPTED not in pending.known_columns:
            return self.client.read(compared_columns(targets))
        changed = {column for target in targets for column in target.differences()}
        return self.client.read(tuple(sorted(changed - {KEY})), with_formats=True)

    def _send(self, held: Lease, snapshot: Snapshot, parts: Parts, fence: int) -> None:
        self.writer.send(held, self.writer.composed(snapshot, snapshot.tables, parts, fence))

    def _work(self, held: Lease, pending: Pending, fields: Collection[str] | None = None) -> Work:
        """Return what is to be written; jobs that stand already are confirmed without a call.

        `fields` are the columns of mapped tabs, as far as they are known.
        """
        if fields is None and ADOPTED in pending.known_columns:
            fields = pending.known_columns
        pairs = self.targets.of(pending.jobs, fields)
        if not pending.in_doubt:
            done = [shown(one) for one, target in pairs if target is None or not target.differs()]
            self.store.batches.confirm(held, done)
            self.writer.log_shown(done)
        differing = [(one, target) for one, target in pairs if target and target.differs()]
        fit = fitting([target for _, target in differing], self.targets.sizes.cell_bytes)
        found = {target.site: (one, target) for one, target in differing[: len(fit)]}
        lines, sizes = self.targets.lines(pending), self.targets.sizes
        is_all = (
            self._only is None
            and len(found) == len(differing)
            and len(pending.jobs) < sizes.jobs
            and len(lines.seqs) == len(pending.lines) < sizes.lines
        )
        return Work(found, lines, is_all)

    # A sheet as it is

    def _write_new(
        self, held: Lease, fence: int, snapshot: Snapshot, pending: Pending, work: Work
    ) -> None:
        """Make the tabs with the first jobs; all that was written before is written again."""
        is_again = self.store.spreadsheet.forget(held)
        if snapshot.history is None:
            is_again = self.store.history.write_again(held) or is_again
        if not is_again:
            self._write(held, fence, snapshot, pending, work)

    def _has_keys(self, held: Lease, fence: int, snapshot: Snapshot, pending: Pending) -> bool:
        """Tell whether the keys stand where they are looked for; few that are gone were deleted.

        Raises Permanent where many are gone at once and stand nowhere.
        """
        there = {site for table in snapshot.tables for site in table.keys}
        gone = pending.written_sites - there - sites_written_over(pending.images)
        if not gone:
            return True
        if keys.are_few(gone, pending.written_sites):
            self.store.batches.forget_rows(held, gone)
            return True
        everything = self.writer.read_everything(held, snapshot)
        for table in everything.snapshot.tables:
            index = keys.find_key_column(everything.rows[table.sheet_id], gone)
            if index is not None:
                # A person moved what stood in the column: that is the key column now.
                moved = request.adopt(KEY, table.sheet_id, index, table.columns.get(KEY))
                self._send(held, snapshot, Parts(structure=moved), fence)
                return False
        raise keys.keys_gone(len(gone), len(pending.written_sites))

    def _write(
        self, held: Lease, fence: int, snapshot: Snapshot, pending: Pending, work: Work
    ) -> None:
        lines = self._lines(held, snapshot, pending, work)
        titles, there = self._surroundings(held, snapshot)
        targets = [target for _, target in work.pairs.values()]
        if snapshot.is_adopted:
            plan = self._mapped(held, snapshot, pending, targets, lines)
        else:
            columns = self.targets.columns(snapshot, pending, self.store.pending.every)
            beside = self.targets.extras(targets, columns, lines.lines, there)
            plan = self.planner.made(snapshot, targets, columns, titles, beside)
            if work.is_all:
                plan = self.planner.with_in_step(snapshot, plan, pending.known_columns)
        self._write_plan(held, fence, snapshot, pending, work, plan, lines, titles)

    def _mapped(
        self,
        held: Lease,
        snapshot: Snapshot,
        pending: Pending,
        targets: Sequence[Target],
        lines: Lines,
    ) -> Plan:
        """Plan for a person's own tabs: one more call where a row is to be found or added."""
        known = fields_of(snapshot.tables) or frozenset()
        if without_row(snapshot.tables, targets) or not known <= pending.known_columns:
            everything = self.writer.read_everything(held, snapshot)
            tables = everything.snapshot.tables
            if fields_of(tables) != known:
                raise Retryable("sheet_changed", "A person changed the mapped columns just now.")
            return self.planner.mapped(snapshot, tables, targets, everything.rows, lines)
        return self.planner.mapped(snapshot, snapshot.tables, targets, None, lines)

    def _write_plan(
        self,
        held: Lease,
        fence: int,
        snapshot: Snapshot,
        pending: Pending,
        work: Work,
        plan: Plan,
        lines: Lines,
        titles: Titles,
    ) -> None:
        absent = [shown(work.pairs[site][0]) for site in plan.absent]
        true = [shown(work.pairs[site][0], cells) for site, cells in plan.shown.items()]
        if plan.parts.is_empty and not pending.in_doubt:
            self.store.batches.confirm(held, absent + true)
            self.store.history.drop(held, lines.seqs)  # Changes of hidden milestones.
            return
        self.store.batches.confirm(held, absent)
        batch = self.writer.composed(snapshot, plan.tables, plan.parts, fence, titles.fence)
        try:
            self.writer.send(held, batch, true, lines.seqs)
        except Refused:
            if self._was_refused:
                self._find_refused(held, snapshot, plan, work.sites)
            self._was_refused = not self._was_refused
            return
        self._was_refused, self._only = False, None

    def _lines(self, held: Lease, snapshot: Snapshot, pending: Pending, work: Work) -> Lines:
        may_be_off = HISTORY in pending.known_columns or snapshot.is_adopted
        if snapshot.table is None or snapshot.history or not may_be_off:
            return work.lines
        self.store.history.drop(held, work.lines.seqs)  # A person deleted the tab, or wants none.
        return Lines()

    def _surroundings(self, held: Lease, snapshot: Snapshot) -> tuple[Titles, Surroundings]:
        """Return titles for tabs to be made, and what else is there; read only where it matters."""
        if snapshot.table is not None and snapshot.has_fence_tab:
            return Titles(), Surroundings()
        self.writer.take_call(held)
        there = self.client.surroundings()
        return self.targets.free_titles(snapshot, there), there

    def say_in_step(self, held: Lease) -> None:
        """Write that the sheet is in step, where nothing else is to be written: two calls.

        Raises Retryable or Permanent.
        """
        fence = self.writer.take_turn(held)
        snapshot = self.client.read()
        if not snapshot.tables or not are_guarded(snapshot.tables):
            return
        known = self.store.pending.read(0, 0).known_columns
        plan = self.planner.with_in_step(snapshot, Plan(snapshot.tables), known, is_alone=True)
        self._send(held, snapshot, plan.parts, fence)

    def _find_refused(
        self, held: Lease, snapshot: Snapshot, plan: Plan, sites: Sequence[str]
    ) -> None:
        """Find the job that Google does not take, and quarantine it.

        The same batch without the jobs' data tells: where that is refused too (Refused is raised),
        no job is at fault, but a guard or the fence. Where it is taken, halving finds the job.
        """
        fence = self.writer.take_turn(held)
        parts = plan.parts.without_data(plan.tables[0])
        self.writer.send(held, self.writer.composed(snapshot, plan.tables, parts, fence))
        if len(sites) > 1:
            self._only = list(sites[: len(sites) // 2])
            return
        self._only = None
        refusals = self.store.quarantine.add(held, sites[0])
        _log.warning("job_refused", site=sites[0], refusals=refusals)
        if refusals > 1:  # Once may be a person who moved a column there and back.
            text = f"Google does not take what is to be written of job {sites[0]}. It is tried"
            self._alert("job_refused", f"{text} again from time to time; all others are written.")

    def _restore(self, held: Lease, fence: int, snapshot: Snapshot, pending: Pending) -> None:
        """Put back what was written over; what has no certain place goes into Recovered."""
        everything = self.writer.read_everything(held, snapshot)
        now = everything.snapshot
        if not now.tables:
            return
        images = {n: BeforeImage.model_validate_json(one) for n, one in pending.images.items()}
        found = restore(now.tables, everything.rows, images)
        when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        parts = Parts(
            structure=_recovered_tab(now) if found.recovered else (),
            rows=found.rows,
            extra=[request.append_recovered([(when, *line) for line in found.recovered])]
            if found.recovered
            else (),
            recovered=tuple(found.given_up),
            recovered_lines=len(found.recovered),
        )
        self._send(held, now, parts, fence)


def _recovered_tab(snapshot: Snapshot) -> list[request.Request]:
    if snapshot.recovered_columns:
        return legacy.widen_recovered(snapshot, HEADERS)
    return request.make_recovered_tab(Titles.recovered, HEADERS)
