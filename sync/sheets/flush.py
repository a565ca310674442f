"""Flushes pending changes: reads the sheet once, decides what to write, and writes it once.

`BatchWriter.send` stores the batch as an attempt, sends it, and has `check` compare the copied rows
in Google's response. If a write is mismatched, it reads these whole, and checks again. One
transaction then stores which cells are confirmed, adds an undo for each cell that a mismatched
write changed, and deletes the attempt.

Each batch deletes the fence that was read, and sets one with a higher number. If the process is
killed during a batch, the next flush finds the attempt, reads the sheet, and sees one of these:

- The attempt's fence: Google carried the batch out. `conclude_attempt` checks it now, by the copies
  of its rows, and this flush writes nothing more. The next one continues from what the batch wrote.
- The fence before it: Google hasn't carried the batch out, but still may. Its jobs are dirty, so
  this flush writes them in a new batch. That deletes the same fence, and whichever of the two
  reaches Google second is rejected.

Others send batches, too: `own_tab`, `reconcile`, `setup.spreadsheet` and `boards.link`. Their reads
(`SheetAccess.read_snapshot`) check an earlier one first.
"""

from collections.abc import Container, Sequence
from dataclasses import replace

import structlog

from sync.errors import Refused, Retryable
from sync.sheets import keys, undo
from sync.sheets.batch import Parts, guarding
from sync.sheets.batch_writer import parsed
from sync.sheets.context import FlushContext
from sync.sheets.diff import columns_to_read, diff
from sync.sheets.ensure import Ensured, ensure
from sync.sheets.lost_keys import LostKeys
from sync.sheets.refusal_search import RefusalSearch
from sync.sheets.sheet_access import SheetAccess
from sync.sheets.snapshot import keyed_sites
from sync.sheets.surroundings import Surroundings, Titles
from sync.sheets.tabs import filter_views, history
from sync.sheets.targets import Work
from sync.store import Lease, ShownVersion

_log = structlog.get_logger()


class Flusher(SheetAccess):
    """Brings the sheet up to date with the store."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.lost_keys = LostKeys(self)
        self._search = RefusalSearch()
        self.reps_without_view = set[str]()
        """Reps of written jobs who had no filter view."""
        self.checked_reps = set[str]()
        """Those of them for whom it was checked whether they get one."""

    def flush(self, lease: Lease) -> None:
        """Write pending changes in one round; what is left or arrives meanwhile takes another.

        A round lays out what is pending, reads the sheet, and does the first of these that there is
        cause for. The next round reads the sheet again.

        1. Check an earlier batch that was carried out (`conclude_attempt`).
        2. If a tab can't be written as it is: write jobs in the others, and raise its error.
        3. If there is no tab of jobs, create it, with any other missing tab (`_begin_anew`).
        4. Learn tabs and columns that a board shows for the first time (`JobTabs.learn`).
        5. Restore missing keys, and remove copied ones (`LostKeys`). If rows were only deleted,
           go on.
        6. Guard columns, because a person may be moving one now.
        7. Write undos, because until then a row may show another job's content or have its key.
        8. Without jobs to write, only move the fence.
        9. Write jobs and lines of the History (`_write`).

        Raises Permanent, or Retryable. Retryable includes the case that nobody knows whether the
        write was carried out: the next flush's read will show it.
        """
        next_fence = self.writer.take_turn(lease)
        sizes = self.targets.sizes
        pending = self.store.pending.read(sizes.jobs, sizes.lines, self._search.sites)
        self.targets.use_answers(pending.answers)  # Before the tabs, which use the order.
        tabs = self.tabs(pending.mode)
        work = self.targets.work(pending, tabs.columns(pending))
        for site in work.failed:
            self._quarantine(lease, site)
        if not pending.has_attempt:  # If there is one, nobody knows what the sheet shows.
            self.store.batches.confirm(lease, work.done)
            self.writer.log_shown(work.done)
        if not (work.sites or pending.has_attempt or pending.undos or pending.takes_over):
            self._search = RefusalSearch()
            return
        columns = columns_to_read(work.targets, is_ours=tabs.is_ours)
        context = self._read(lease, next_fence, pending, tabs, columns)
        if pending.has_attempt and self.writer.conclude_attempt(context):
            return  # An earlier batch was carried out: the next flush compares with what it wrote.
        if unwritable := self.unwritable(context):
            self._write_other_tabs(context, work, unwritable)
            raise next(iter(unwritable.values()))
        self.notice_columns(tabs, context.snapshot, pending)
        self._write_most_urgent(context, work)

    def finish_checks(self, lease: Lease) -> None:
        """Finish pending checks before a command writes. Raises Retryable if there were any."""
        pending = self.store.pending.read(0, 0)
        if pending.has_attempt or pending.undos:
            self.flush(lease)
            raise Retryable("unverified", "An earlier write is still to be checked. Run it again.")

    def _write_other_tabs(
        self, context: FlushContext, work: Work, unwritable: Container[int]
    ) -> None:
        """Write the jobs whose rows are all in other tabs than the `unwritable` ones.

        A job without a row, or an undo, may belong in one of those.
        """
        tables = context.snapshot.tables
        writable = tuple(table for table in tables if table.sheet_id not in unwritable)
        sites = keyed_sites(writable) - keyed_sites(t for t in tables if t.sheet_id in unwritable)
        targets = [target for target in work.targets if target.site in sites]
        if targets and not context.pending.undos:
            snapshot = replace(context.snapshot, tables=writable)
            context = replace(context, snapshot=snapshot, is_partial=True)
            self._write_most_urgent(context, replace(work, targets=targets))

    def _write_most_urgent(self, context: FlushContext, work: Work) -> None:
        """Do the first of steps 3 to 9 of `flush`.

        What decides which row and column is whose comes before the content of jobs.
        """
        pending = context.pending
        if not context.snapshot.tables:
            self._begin_anew(context, work)
            return
        if context.tabs.learn(context.lease, context.snapshot, pending):
            return  # The next flush lays out the jobs with these columns.
        if self.lost_keys.may_need_repair(context, work.targets):
            context, rows = self.read_everything(context)
            columns = context.tabs.columns(pending)
            every = self.targets.lay_out(self.store.pending.every(), columns)
            if self.lost_keys.repair(context, rows, every):
                return
        if guards := guarding(context.snapshot.tables):
            self.send(context, Parts(structure=guards))
        elif pending.undos:
            self._undo(context)
        elif not work.sites:
            # Move the fence, so that Google rejects a batch in doubt if it arrives later.
            self.send(context, Parts())
        else:
            self._write(context, work)

    def _begin_anew(self, context: FlushContext, work: Work) -> None:
        """Create the tabs with the first jobs, or mark all that had rows for the next flush."""
        will_rewrite = self.store.spreadsheet.clear_written(context.lease)
        if context.snapshot.history is None:
            will_rewrite = self.store.history.write_again(context.lease) or will_rewrite
        if not will_rewrite:
            self._write(context, work)

    def _write(self, context: FlushContext, work: Work) -> None:
        """Write jobs and lines of the History. Raises Permanent without a key column."""
        lease, pending = context.lease, context.pending
        titles, beside = self.surroundings(context)
        parts, absent = self._parts(context, work, titles, beside)
        # After an attempt, or to take over, even an empty batch is sent: it moves the fence.
        if parts.is_empty and not (pending.has_attempt or pending.takes_over):
            self._search = RefusalSearch()
            # Before they are confirmed: nothing else is pending then that could end the trouble.
            if not context.is_partial:
                self.store.spreadsheet.clear_trouble()
            self.store.batches.confirm(lease, [*absent, *parts.shown])
            self.store.history.drop(lease, parts.lines)  # Nothing shows them (`Parts.lines`).
            return
        self.store.batches.confirm(lease, absent)
        try:
            self.send(context, parts, titles)
        except Refused:
            self._handle_refusal(context, parts, work.sites)
            return
        self._search = RefusalSearch()
        if context.tabs.is_ours:
            cells = [job.cells or {} for job in parts.shown]
            self.reps_without_view |= filter_views.without_view(cells, pending.created)

    def _parts(
        self, context: FlushContext, work: Work, titles: Titles, beside: Surroundings
    ) -> tuple[Parts, Sequence[ShownVersion]]:
        """Return the parts of a batch with jobs and lines, and the jobs whose row was deleted."""
        tabs, snapshot, pending = context.tabs, context.snapshot, context.pending
        lines, zone = work.lines, self.zone_of(snapshot)
        ensured = Ensured(snapshot.tables, snapshot.history, snapshot.pipeline)
        if tabs.is_ours:
            every = self.store.pending.every
            columns = self.targets.columns(snapshot, pending, every, work.targets)
            present = snapshot.table.columns if snapshot.table else {}
            if any(column.id not in present for column in columns):
                wanted = self.targets.wanted(columns, beside, titles)
                ensured = ensure(snapshot, wanted, is_ours=True)
        rows = tabs.rows(context.lease, ensured.tables, work.targets)
        # For the others, a person may still say which row is theirs.
        served = [target for target in work.targets if target.site not in rows.waiting]
        change = diff(tabs, ensured.tables, served, rows, zone, snapshot.locale)
        if change.missing_words:
            missing = [word.finding() for word in change.missing_words]
            self.store.findings.add(context.lease, missing)
        parts, tab = ensured.parts, ensured.history
        parts = replace(
            parts,
            # Without the tab, which a person deleted or doesn't want beside a board, nothing is
            # written, but `lines` are done: if `Setup` creates it, all are written again.
            history=history.insert(tab, lines.lines, zone, snapshot.locale) if tab else (),
            rows=[*parts.rows, *change.rows],
            new_rows=change.new_rows,
            pattern=rows.pattern,
            shown=change.shown,
            lines=lines.seqs,
        )
        if not self._search.was_refused:  # The Pipeline may be the part that Google rejected.
            parts = self.with_pipeline(context, parts, (*change.shown, *change.absent))
        return parts, change.absent

    def _handle_refusal(self, context: FlushContext, parts: Parts, sites: Sequence[str]) -> None:
        """Narrow the search after a second refusal; quarantine a job that was refused alone.

        Before that, the same batch is sent without the jobs' data. If Google rejects that, too
        (Refused is raised), the fence, a guard or the History is at fault, not a job.
        """
        if self._search.was_refused:
            context = replace(context, next_fence=self.writer.take_turn(context.lease))
            self.send(context, parts.without_data())
            if len(sites) == 1:
                self._quarantine(context.lease, sites[0])
        self._search = self._search.after_refusal(sites)

    def _quarantine(self, lease: Lease, site: str) -> None:
        refusals = self.store.batches.quarantine(lease, site)
        _log.warning("job_refused", site=site, refusals=refusals)
        if refusals > 1:  # One refusal may come from a person who moved a column back and forth.
            cause = "Google rejects it, or the log shows an internal error"
            text = f"The row of job {site} can't be written: {cause}. It is retried from time to"
            self._alert("job_refused", f"{text} time; all other jobs are written.")

    def _undo(self, context: FlushContext) -> None:
        """Restore overwritten cells; list those without a certain place in the tab Recovered."""
        context, rows = self.read_everything(context)
        tables = context.snapshot.tables
        keys.must_have_keys(tables)
        placement = undo.place_undos(tables, rows, parsed(context.pending.undos))
        if not (placement.rows or placement.recovered):
            self.store.batches.finish_undos(context.lease, placement.finished)
            return
        parts = self.recovered_parts(context, placement.recovered)
        parts = replace(parts, rows=placement.rows, finished_undos=tuple(placement.finished))
        self.send(context, parts)
