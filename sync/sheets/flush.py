"""One flush: read the sheet once, write it once, check what was hit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import structlog

from sync.errors import Permanent, Refused
from sync.field_table import KEY
from sync.ops.logs import Trail
from sync.sheets import request, rowless, table_end, undo
from sync.sheets.batch import Parts, guarding
from sync.sheets.client import SheetClient
from sync.sheets.diff import columns_to_read
from sync.sheets.ensure import HISTORY, read_columns
from sync.sheets.plan import Lines, Plan, Planner, Targets, Work, shown
from sync.sheets.policy import MAPPED, OWN
from sync.sheets.snapshot import Snapshot, Table
from sync.sheets.survey import Surroundings, Titles
from sync.sheets.tabs import filter_views
from sync.sheets.writer import BatchWriter, parsed
from sync.store import Lease, Pending, ReadColumn, SheetStore
from sync.types import Mode

_log = structlog.get_logger()


@dataclass(frozen=True)
class Round:
    """One flush: the lease, the number of its batch, what waits, and what its read showed."""

    held: Lease
    fence: int
    pending: Pending
    snapshot: Snapshot
    gone: tuple[ReadColumn, ...] = ()
    """Columns that were there before."""


class Flusher:
    """Makes the sheet agree with the store.

    `sleep` waits for the rate limit, `alert` tells a person; `zone` is a setting ("": the
    spreadsheet's own).
    """

    def __init__(
        self,
        store: SheetStore,
        client: SheetClient,
        targets: Targets,
        sleep: Callable[[float], Any],
        zone: str = "",
        alert: Callable[[str, str], object] = lambda *_: None,
        in_step_hours: int = 6,
        trail: Trail | None = None,
    ) -> None:
        self.store = store
        self.client = client
        self.targets = targets
        self.writer = BatchWriter(store, client, sleep, alert, trail)
        self.planner = Planner(targets, zone, in_step_hours)
        self._alert = alert
        self._was_refused = False
        """Whether the last batch was refused: the sheet may have been changed since its read."""
        self.new_reps = set[str]()
        """Reps of jobs that were written who have no filter view yet."""
        self.known_reps = set[str]()
        """Those for whom it was looked whether they are to have one."""
        self._only: list[str] | None = None
        """The jobs of the next batch, while it is searched which one Google does not take."""

    def flush(self, held: Lease) -> None:
        """Bring the sheet up to date with what there is now; more may come meanwhile.

        Raises Permanent, or Retryable: also where nobody knows whether the write was done, for the
        next flush's read tells.
        """
        fence = self.writer.take_turn(held)
        sizes = self.targets.sizes
        pending = self.store.pending.read(sizes.jobs, sizes.lines, self._only)
        work = self._work(held, pending)
        if not (work.sites or pending.in_doubt or pending.undos):
            self._only = None
            return
        policy = MAPPED if pending.mode is Mode.ADOPTED else OWN
        snapshot = self.client.read(pending.mode, columns_to_read(policy, work.targets))
        if pending.in_doubt and self.writer.settle(held, snapshot):
            return  # An earlier batch had landed after all: compare with what it wrote.
        this = Round(held, fence, pending, snapshot)
        self._must_be_served(this)
        this = replace(this, gone=self.notice_columns(snapshot, pending))
        if not snapshot.tables:
            self._write_new(this, work)
        elif not (self._knows_columns(this) and self._has_keys(this)):
            return
        elif not (guards := guarding(snapshot.tables)).is_empty:
            # Nothing is written before every column is guarded: a person may be moving one now.
            self.send(this, guards)
        elif pending.undos:
            self._undo(this)
        elif work.sites:
            self._write(this, work)
        else:
            # Move the fence: a batch in doubt that has not landed by now never shall.
            self.send(this, Parts())

    def send(self, this: Round, parts: Parts, tables: Sequence[Table] = ()) -> None:
        """Send a batch; `tables` are the tabs of jobs as they are after it, if others than read."""
        tables = tables or this.snapshot.tables
        titles, _ = self.surroundings(this.held, this.snapshot)
        batch = self.writer.composed(this.snapshot, tables, parts, this.fence, titles.fence)
        self.writer.send(this.held, this.snapshot, batch)

    def _work(self, held: Lease, pending: Pending) -> Work:
        """Return what is to be written; jobs that stand already are confirmed without a call."""
        work = self.targets.work(pending, is_part=self._only is not None)
        if not pending.in_doubt:
            self.store.batches.confirm(held, work.done)
            self.writer.log_shown(work.done)
        return work

    # A sheet as it is

    def _must_be_served(self, this: Round) -> None:
        """Raise Permanent where a read does not show the tabs that are stored to be served."""
        snapshot, known = this.snapshot, this.pending.tabs
        if snapshot.is_mapping_unknown:
            raise Permanent(
                "mapping_unknown",
                "Tabs of this spreadsheet are mapped, and this database does not know of it: it is "
                "another one than before. Map them again: brightsheet map --write",
            )
        if not snapshot.is_adopted:
            return
        gone = known - {table.sheet_id for table in snapshot.tables}
        if not (known or snapshot.tables):
            what = "No tab is mapped: jobs are written nowhere."
            raise Permanent("not_mapped", what, "Map one: brightsheet map --write")
        if gone or not snapshot.tables:
            titles = self._titles(this)
            names = [repr(titles[sheet_id]) for sheet_id in sorted(gone) if sheet_id in titles]
            what = f"The header row of the tab {names[0]} was" if names else "A mapped tab was"
            raise Permanent(
                "header_gone",
                f"{what} deleted: its jobs are not written. Bring it back with the version "
                "history, or say what is mapped now: brightsheet map --write",
            )

    def _titles(self, this: Round) -> Mapping[int, str]:
        self.writer.take_call(this.held)
        return self.client.surroundings().titles

    def _knows_columns(self, this: Round) -> bool:
        """Tell whether the mapped columns are those that are stored; else store them first."""
        tables = this.snapshot.tables
        columns = {column for table in tables for column in table.columns}
        tabs = {table.sheet_id for table in tables}
        pending = this.pending
        is_known = columns <= pending.known_columns and tabs <= pending.tabs
        if is_known or not this.snapshot.is_adopted:
            return True
        self.store.spreadsheet.adopt_tabs(this.held, tabs, columns)
        return False

    def _write_new(self, this: Round, work: Work) -> None:
        """Make the tabs with the first jobs; all that was written before is written again."""
        is_again = self.store.spreadsheet.forget(this.held)
        if this.snapshot.history is None:
            is_again = self.store.history.write_again(this.held) or is_again
        if not is_again:
            self._write(this, work)

    def _has_keys(self, this: Round) -> bool:
        """Tell whether the keys stand where they are looked for; few that are gone were deleted.

        Raises Permanent where many are gone at once and stand nowhere.
        """
        held, snapshot, pending = this.held, this.snapshot, this.pending
        present = {site for table in snapshot.tables for site in table.keys}
        gone = pending.sites_with_row - present
        if not gone:
            return True
        gone -= undo.sites_written_over(parsed(pending.undos))
        if rowless.are_few(gone, pending.sites_with_row):
            self.store.batches.forget_rows(held, gone)
            return True
        everything = self.writer.read_everything(held, snapshot)
        for table in everything.snapshot.tables:
            index = rowless.find_key_column(everything.rows[table.sheet_id], gone)
            if index is not None:
                # A person moved what stood in the column: that is the key column now.
                moved = request.adopt(KEY, table.sheet_id, index, table.columns.get(KEY))
                self.send(this, Parts(structure=moved))
                return False
        raise rowless.keys_gone(len(gone), len(pending.sites_with_row))

    def _write(self, this: Round, work: Work) -> None:
        changed = {target.site: target.differences() for target in work.targets}
        tables = self.writer.with_options(this.held, this.snapshot.tables, changed)
        this = replace(this, snapshot=replace(this.snapshot, tables=tables))
        titles, beside = self.surroundings(this.held, this.snapshot)
        lines = self._lines(this, work)
        if this.snapshot.policy.matches:
            plan = self._planned(this, work, lines)
        else:
            columns = self.targets.columns(this.snapshot, this.pending, self.store.pending.every)
            wanted = self.targets.wanted(work.targets, columns, lines.lines, beside, titles)
            plan = self.planner.made(this.snapshot, work.targets, wanted)
            if work.is_all:
                plan = self.with_in_step(this, plan)
        self._write_plan(this, work, plan, lines, titles)

    def _planned(self, this: Round, work: Work, lines: Lines) -> Plan:
        """Plan for tabs that people made: two more calls where a row is looked for or added."""
        tables, targets = this.snapshot.tables, work.targets
        without = rowless.without_row(tables, targets)
        if not without:
            return self.planner.mapped(this.snapshot, targets, lines)
        self.writer.take_call(this.held)
        columns = self.client.read_columns(tables)
        texts = rowless.texts_of_columns(tables, columns)
        customers = self.store.pending.customers_without_row()
        lookup = rowless.look_up(texts, customers, self.targets.match.by)
        new = {target.site for target in without} - lookup.matches.keys()
        waiting = self.store.quarantine.hold_back(
            this.held, new.intersection(lookup.doubtful), self.targets.match.wait_hours
        )
        targets = [target for target in targets if target.site not in waiting]
        if not new - waiting:
            return self.planner.mapped(this.snapshot, targets, lines, lookup)
        whole = {index: column.texts for index, column in columns[tables[0].sheet_id].items()}
        end = table_end.find(tables[0], whole)
        self.writer.take_call(this.held)
        above = self.client.read_row(tables[0], end.last_row)
        return self.planner.mapped(this.snapshot, targets, lines, lookup, end, above)

    def _write_plan(
        self, this: Round, work: Work, plan: Plan, lines: Lines, titles: Titles
    ) -> None:
        held = this.held
        absent = [shown(work.jobs[site]) for site in plan.absent]
        true = [shown(work.jobs[site], cells) for site, cells in plan.shown.items()]
        if plan.parts.is_empty and not this.pending.in_doubt:
            self.store.batches.confirm(held, absent + true)
            self.store.history.drop(held, lines.seqs)  # Changes of hidden milestones.
            return
        self.store.batches.confirm(held, absent)
        batch = self.writer.composed(
            this.snapshot, plan.tables, plan.parts, this.fence, titles.fence
        )
        try:
            self.writer.send(held, this.snapshot, batch, true, lines.seqs)
        except Refused:
            if self._was_refused:
                self._find_refused(this, plan, work.sites)
            self._was_refused = not self._was_refused
            return
        self._was_refused, self._only = False, None
        if not this.snapshot.is_adopted:
            known = this.pending.known_columns
            self.new_reps |= filter_views.without_view(plan.shown.values(), known)

    def _lines(self, this: Round, work: Work) -> Lines:
        snapshot = this.snapshot
        may_be_off = HISTORY in this.pending.known_columns or snapshot.is_adopted
        if snapshot.table is None or snapshot.history or not may_be_off:
            return work.lines
        # A person deleted the tab, or wants none.
        self.store.history.drop(this.held, work.lines.seqs)
        return Lines()

    def surroundings(self, held: Lease, snapshot: Snapshot) -> tuple[Titles, Surroundings]:
        """Return titles for tabs to be made, and what else is there; read only where it matters."""
        if snapshot.table is not None and snapshot.has_fence_tab:
            return Titles(), Surroundings()
        self.writer.take_call(held)
        beside = self.client.surroundings()
        return self.targets.free_titles(snapshot, beside), beside

    def look(
        self, held: Lease, columns: tuple[str, ...] = (), *, with_widths: bool = False
    ) -> Round:
        """Read the sheet, and `columns`, without any work. Raises Permanent, or Retryable."""
        fence = self.writer.take_turn(held)
        pending = self.store.pending.read(0, 0)
        self.targets.use_confirmed(pending.confirmed)
        read = self.client.read(pending.mode, columns, with_widths=with_widths)
        this = Round(held, fence, pending, read)
        self._must_be_served(this)
        return replace(this, gone=self.notice_columns(read, pending))

    def notice_columns(self, snapshot: Snapshot, pending: Pending) -> tuple[ReadColumn, ...]:
        """Note which columns a read shows; return those that were there and are gone."""
        before, present = pending.columns_read, read_columns(snapshot.tables)
        if not present:
            return before.gone
        title = self.targets.title(is_mapped=snapshot.is_adopted)
        note, made = self.store.spreadsheet.note_columns, pending.known_columns
        return note(snapshot.fence or 0, present, title, before, made).gone

    def with_in_step(self, this: Round, plan: Plan, *, is_alone: bool = False) -> Plan:
        """Return a plan with the moment from which the sheet shows all that came."""
        now = self.planner.in_step([column.header for column in this.gone])
        known = this.pending.known_columns
        return self.planner.with_in_step(this.snapshot, plan, now, known, is_alone=is_alone)

    def _find_refused(self, this: Round, plan: Plan, sites: Sequence[str]) -> None:
        """Find the job that Google does not take, and quarantine it.

        The same batch without the jobs' data tells: where that is refused too (Refused is raised),
        no job is at fault, but a guard or the fence. Where it is taken, halving finds the job.
        """
        this = replace(this, fence=self.writer.take_turn(this.held))
        self.send(this, plan.parts.without_data(plan.tables[0]), plan.tables)
        self._only = list(sites[: len(sites) // 2]) or None
        if self._only:
            return
        refusals = self.store.quarantine.add(this.held, sites[0])
        _log.warning("job_refused", site=sites[0], refusals=refusals)
        if refusals > 1:  # Once may be a person who moved a column there and back.
            text = f"Google does not take what is to be written of job {sites[0]}. It is tried"
            self._alert("job_refused", f"{text} again from time to time; all others are written.")

    def _undo(self, this: Round) -> None:
        """Put back what was written over; what has no certain place is told in Recovered."""
        everything = self.writer.read_everything(this.held, this.snapshot)
        now = everything.snapshot
        if not now.tables or any(KEY not in table.columns for table in now.tables):
            return
        placement = undo.place(now.tables, everything.rows, parsed(this.pending.undos))
        if not (placement.rows or placement.told):
            self.store.batches.settle_undos(this.held, placement.settled)
            return
        told = [(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", *line) for line in placement.told]
        made: Sequence[request.Request] = ()
        if told and not now.recovered_columns:
            self.writer.take_call(this.held)
            title = self.client.surroundings().free_titles(Titles()).recovered
            made = request.make_recovered_tab(title, undo.HEADERS)
        parts = Parts(
            structure=made,
            rows=placement.rows,
            extra=[request.append_recovered(told)] if told else (),
            settled=tuple(placement.settled),
            recovered_lines=len(told),
        )
        self.send(Round(this.held, this.fence, this.pending, now), parts)
