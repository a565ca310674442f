"""Flushes pending changes: reads the sheet once, decides what to write, and writes it once.

`BatchWriter.send` stores the batch as an attempt, sends it, and has `check` compare Google's
response. One transaction then stores which cells are confirmed, adds an undo for each mismatched
write, and deletes the attempt.

Each batch deletes the fence that was read, and sets one with a higher number. If the process is
killed during a batch, the next flush finds the attempt, reads the sheet, and sees one of these:

- The attempt's fence: Google carried the batch out. `conclude_attempt` checks it now, by the copies
  of its rows, and this flush writes nothing more. The next one continues from what the batch wrote.
- The fence before it: Google hasn't carried the batch out, but still may. Its jobs are dirty, so
  this flush writes them in a new batch. That deletes the same fence, and whichever of the two
  reaches Google second is rejected.

Others send batches, too: `own_tab`, `reconcile`, `setup.spreadsheet` and `boards.link`. They first
check an earlier one (`conclude_attempt`, or `finish_checks`), because theirs replaces its fence and
its copies: `Batches.begin` asserts that.
"""

from collections import Counter
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any

import structlog

from sync.errors import Permanent, Refused, Retryable
from sync.field_table import KEY
from sync.jobs.target import Target
from sync.sheets import encode, keys, sheet_requests, undo
from sync.sheets.batch import Parts, compose, guarding, retag_columns
from sync.sheets.batch_writer import BatchWriter, parsed
from sync.sheets.cell_data import Rows
from sync.sheets.client import SheetClient
from sync.sheets.context import FlushContext
from sync.sheets.diff import columns_to_read, diff
from sync.sheets.ensure import Ensured, ensure, present_columns
from sync.sheets.ids import RECOVERED_TAB
from sync.sheets.job_tabs import JobTabs
from sync.sheets.key_writes import key_repairs
from sync.sheets.row_identity import row_text
from sync.sheets.snapshot import Fence, Snapshot, Table, keyed_sites
from sync.sheets.surroundings import Surroundings, Titles
from sync.sheets.tabs import filter_views, history, pipeline
from sync.sheets.targets import Targets, Work
from sync.store import FenceDoubt, Lease, Pending, SheetStore, ShownVersion
from sync.store.findings import Finding
from sync.types import Mode

DOUBTS = {
    FenceDoubt.OTHER_DATABASE: "Another database has written this spreadsheet, so this one has "
    "stopped writing. If this one is new or from a backup, read the jobs first, or older statuses "
    "are written: brightsheet backfill",
    FenceDoubt.RESTORED: "This database was restored from a backup, and the spreadsheet has newer "
    "changes. Nothing is written until they have been read from EverBright.",
}
_TAKE_OVER = "To write from this database: brightsheet takeover --write"

_log = structlog.get_logger()


@dataclass(frozen=True)
class RefusalSearch:
    """The search for the job that Google rejects.

    A batch that is rejected twice in a row is narrowed to half of its jobs, until one is left. The
    first time a person may have moved a column since the read. Each flush takes one step
    (`_handle_refusal`). For example, if Google rejects C:

    1. A, B, C, D are rejected (`was_refused`).
    2. They are rejected again, without the Pipeline (`_parts`). A batch without data
       (`Parts.without_data`) is accepted, so a job is at fault: the next batch has A and B
       (`after_refusal`).
    3. A and B are accepted. The search ends (`_write`); C and D are still pending.
    4. C and D are rejected, twice. The next batch has C.
    5. C is rejected, twice, and quarantined. The search ends; D is still pending.
    """

    sites: Sequence[str] | None = None
    """The jobs of the next batch; None: all that are pending."""
    was_refused: bool = False
    """Whether the last batch was rejected: then the next one is without the Pipeline."""

    def after_refusal(self, sites: Sequence[str]) -> "RefusalSearch":
        """Return the search after a batch with the jobs `sites` was rejected."""
        if not self.was_refused:
            return replace(self, was_refused=True)
        return RefusalSearch(sites=sites[: len(sites) // 2] or None)


class Flusher:
    """Brings the sheet up to date with the store.

    `tabs_of` returns the tabs of jobs in a mode, as `tabs` does. `sleep` waits for the rate limit,
    `alert` notifies the operator; `zone` is a setting ("": the spreadsheet's own).
    """

    def __init__(
        self,
        store: SheetStore,
        client: SheetClient,
        targets: Targets,
        tabs_of: Callable[[Mode, "Flusher"], JobTabs],
        sleep: Callable[[float], Any],
        zone: str = "",
        alert: Callable[[str, str], object] = lambda *_: None,
    ) -> None:
        self.store = store
        self.client = client
        self.targets = targets
        self.writer = BatchWriter(store, client, sleep, alert)
        self._tabs_of = tabs_of
        self._zone = zone
        self._alert = alert
        self._search = RefusalSearch()
        self.reps_without_view = set[str]()
        """Reps of written jobs who had no filter view."""
        self.checked_reps = set[str]()
        """Those of them for whom it was checked whether they get one."""
        self.counted_as_deleted = frozenset[str]()
        """Jobs whose rows people seem to have deleted: only a few vanished between two reads."""
        self.has_checked_fence = False
        """Whether a read of this process has shown no fence, or one that this database set."""

    def tabs(self, mode: Mode) -> JobTabs:
        """Return the tabs of jobs. Raises Permanent if the mode isn't supported here."""
        return self._tabs_of(mode, self)

    def zone_of(self, snapshot: Snapshot) -> tzinfo:
        """Return the time zone in which dates are shown."""
        return encode.zone_of(self._zone or snapshot.time_zone)

    def flush(self, lease: Lease) -> None:
        """Write pending changes in one round; what is left or arrives meanwhile takes another.

        A round lays out what is pending, reads the sheet, and does the first of these that there is
        cause for. The next round reads the sheet again.

        1. Check an earlier batch that was carried out (`conclude_attempt`).
        2. If a tab can't be written as it is: write jobs in the others, and raise its error.
        3. Create missing tabs (`_begin_anew`).
        4. Learn tabs and columns that a board shows for the first time (`JobTabs.learn`).
        5. Restore missing keys, and remove copied ones (`repair_keys`). If rows were only deleted,
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
        lost = context.lost
        self.counted_as_deleted &= lost
        if lost or _may_be_copied(context, work):
            context, rows = self.read_everything(context)
            columns = context.tabs.columns(pending)
            every = self.targets.lay_out(self.store.pending.every(), columns)
            if self.repair_keys(context, rows, every):
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

    def _check_fence(self, context: FlushContext) -> None:
        """Raise Permanent if a read shows a fence that this database didn't set."""
        doubt = self._fence_doubt(context)
        self.has_checked_fence = self.has_checked_fence or not doubt
        if context.pending.takes_over:
            return
        if doubt or context.pending.doubt:
            self.store.spreadsheet.set_doubt(context.lease, doubt)
        if doubt:
            raise Permanent(doubt, DOUBTS[FenceDoubt(doubt)], _TAKE_OVER)

    def _fence_doubt(self, context: FlushContext) -> str:
        """Return why a fence isn't one that this database set (a FenceDoubt), or "" if it is.

        If it has this database's ID, the database is a backup that was restored. But if this
        process has read the sheet without that fence, it wasn't restored now: a copy is running.
        """
        seen, pending = context.snapshot.fence, context.pending
        if seen is None or pending.has_set(seen.number, seen.batch):
            return ""
        is_copied = self.has_checked_fence or pending.doubt == FenceDoubt.OTHER_DATABASE
        is_restored = seen.database == context.next_fence.database and not is_copied
        return FenceDoubt.RESTORED if is_restored else FenceDoubt.OTHER_DATABASE

    def send(self, context: FlushContext, parts: Parts, titles: Titles | None = None) -> None:
        """Send a batch; `titles` are free ones for new tabs, if known."""
        titles = titles or self.surroundings(context)[0]
        self.writer.send(
            context, compose(context.snapshot, parts, context.next_fence, titles.fence)
        )

    def unwritable(self, context: FlushContext) -> dict[int, Permanent]:
        """Return the errors of tabs that can't be written as they are, by sheet ID."""
        errors = {}
        for table in context.snapshot.tables:
            has_blank_header = not set(table.columns.values()) <= table.headers.keys()
            headers = self.headers(context, table) if has_blank_header else {}
            error = keys.displaced(table, headers)
            if error and not undo.restores_header(table, parsed(context.pending.undos)):
                errors[table.sheet_id] = error
        return errors

    def must_be_in_place(self, context: FlushContext) -> None:
        """Raise Permanent if a tab's metadata is no longer at the cells that it describes."""
        for error in self.unwritable(context).values():
            raise error

    def headers(self, context: FlushContext, table: Table) -> dict[str, str]:
        """Return the last known headers of a tab, by column ID."""
        layout, pending = self.targets.layout, context.pending
        created = pending.created if context.tabs.is_ours else ()
        first = {column: layout.title(column, is_mapped=False) for column in created}
        read = pending.columns_read.columns
        return first | {c.id: c.header for c in read if c.sheet_id == table.stored_sheet_id}

    def repair_keys(
        self,
        context: FlushContext,
        rows: Rows,
        targets: Sequence[Target],
        *,
        confirms_deleted: bool = False,
    ) -> bool:
        """Restore missing keys and remove copied ones, or find that rows were deleted.

        `rows` are all rows of the tabs, `targets` all jobs. Return whether a batch was sent. Raises
        Permanent if keys are in other cells, or (unless `confirms_deleted`) if many are missing at
        once.
        """
        pending, tables, lost = context.pending, context.snapshot.tables, context.lost
        for table in tables:
            index = keys.find_key_column(table, rows[table.sheet_id], lost)
            if index is not None:
                # The keys were moved to another column, which is the key column now.
                self.send(context, retag_columns(table, {KEY: index}))
                return True
        keys.must_have_keys(tables)
        keys.must_be_gone(tables, rows, lost)
        # An undo restores the keys that we wrote over.
        unexplained = lost - undo.sites_written_over(parsed(pending.undos))
        # Deletions accumulate over reads while undos wait, so only the newly missing are compared
        # with FEW: of 50 rows, 4 and then 4 more may be deleted, but not 8 at once.
        few = max(keys.FEW, keys.FEW_SHARE * len(pending.sites_with_row))
        if len(unexplained - self.counted_as_deleted) <= few:
            self.counted_as_deleted = unexplained
        if pending.undos or guarding(tables):
            return False  # They come first: an overwritten row shows other content, or its key.
        if self._write_keys(context, rows, targets, unexplained):
            return True
        if not (unexplained <= self.counted_as_deleted or confirms_deleted):
            raise keys.keys_gone(len(unexplained), len(pending.sites_with_row))
        self.store.batches.set_has_row(context.lease, unexplained, has_row=False)
        return False

    def _write_keys(
        self,
        context: FlushContext,
        rows: Rows,
        targets: Sequence[Target],
        lost: Container[str],
    ) -> bool:
        """Write keys into rows that have lost theirs, and remove keys from other customers' rows.

        Return whether there was anything to do.
        """
        tables = context.snapshot.tables
        restored, removals = key_repairs(context.tabs, tables, rows, targets, lost)
        if not (restored or removals):
            return False
        lines, removed = list[tuple[str, ...]](), list[Finding]()
        for one in removals:
            text = row_text(rows[one.table.sheet_id][one.row])
            lines.append((one.table.title, one.table.header(KEY), text, one.site, ""))
            removed.append(keys.removed_key(one.table, one.row, one.site, one.texts))
        if removed:
            self.store.findings.add(context.lease, removed)
        # The finding sends an alert, so the new lines of Recovered don't.
        parts = replace(self._recovered(context, lines), recovered_lines=0)
        # The undo of a key finds its row by all other cells, so their columns mustn't move either.
        guarded = {table.sheet_id: frozenset(table.columns) for table in tables}
        writes = [*restored, *(one.write for one in removals)]
        self.send(context, replace(parts, rows=writes, guarded=guarded))
        return True

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

    def surroundings(self, context: FlushContext) -> tuple[Titles, Surroundings]:
        """Return titles for new tabs, and the spreadsheet's other parts, if a tab is missing."""
        snapshot = context.snapshot
        if snapshot.table is not None and snapshot.has_fence_tab:
            return Titles(), Surroundings()
        self.writer.take_call(context.lease)
        beside = self.client.surroundings()
        return self.targets.free_titles(beside), beside

    def read_snapshot(self, lease: Lease, columns: tuple[str, ...] = ()) -> FlushContext:
        """Read the sheet and its `columns`, without pending work. Raises Permanent or Retryable."""
        context = self.read_as_is(lease, columns)
        self.must_be_in_place(context)
        self.notice_columns(context.tabs, context.snapshot, context.pending)
        return context

    def read_as_is(self, lease: Lease, columns: tuple[str, ...] = ()) -> FlushContext:
        """Read the sheet as `read_snapshot` does, also if columns have moved."""
        next_fence = self.writer.take_turn(lease)
        pending = self.store.pending.read(0, 0)
        self.targets.use_answers(pending.answers)
        return self._read(lease, next_fence, pending, self.tabs(pending.mode), columns)

    def read_everything(self, context: FlushContext) -> tuple[FlushContext, Rows]:
        """Read the tabs of jobs whole; return the context with what that shows, and the rows.

        Raises Permanent or Retryable, also if the header row was moved since the first read.
        """
        self.writer.take_call(context.lease)
        snapshot, rows = self.client.read_everything(context.tabs, context.snapshot)
        context = replace(context, snapshot=snapshot)
        self.must_be_in_place(context)
        return context, rows

    def _read(
        self,
        lease: Lease,
        next_fence: Fence,
        pending: Pending,
        tabs: JobTabs,
        columns: tuple[str, ...],
    ) -> FlushContext:
        context = FlushContext(lease, next_fence, tabs, pending, self.client.read(tabs, columns))
        self._check_fence(context)
        # At once, because without the header row nobody knows where an earlier batch has written.
        tabs.check_served(context.snapshot, pending)
        return context

    def notice_columns(self, tabs: JobTabs, snapshot: Snapshot, pending: Pending) -> None:
        """Store which columns a read shows, and which of those before it are gone."""
        if present := present_columns(snapshot.tables):
            title = partial(self.targets.layout.title, is_mapped=not tabs.is_ours)
            before, number = pending.columns_read, snapshot.fence.number if snapshot.fence else 0
            after = partial(before.after, number, present, title, pending.created)
            self.store.spreadsheet.note_columns(before, after)

    def with_pipeline(
        self,
        context: FlushContext,
        parts: Parts,
        jobs: Sequence[ShownVersion] = (),
        *,
        is_daily: bool = False,
        draws: bool = False,
    ) -> Parts:
        """Return the parts of a batch with the Pipeline's figures of all jobs.

        `jobs` are those of the batch. The numbers are written only if they have changed,
        or if `is_daily`; otherwise only the time of the update, if there is anything else to write.
        `draws`: see `pipeline.show`.
        """
        snapshot, pending, every = context.snapshot, context.pending, self.store.pending.every
        tab = parts.pipeline or snapshot.pipeline
        if tab is None:
            return parts
        counted = self.store.pending.counted() | {job.site: job.entry for job in jobs}
        figures = self.targets.figures(
            filter(None, counted.values()),
            lambda: self.targets.columns(snapshot, pending, every),
            self.zone_of(snapshot),
            encode.zone_of(snapshot.time_zone),
        )
        requests = pipeline.show(tab, figures, is_daily=is_daily, draws=draws)
        if not (requests or parts.is_empty):
            requests = pipeline.stamp(tab, figures)
        return replace(parts, extra=[*parts.extra, *requests])

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
        parts = self._recovered(context, placement.recovered)
        parts = replace(parts, rows=placement.rows, finished_undos=tuple(placement.finished))
        self.send(context, parts)

    def _recovered(self, context: FlushContext, cells: Sequence[tuple[str, ...]]) -> Parts:
        """Return the parts that add lines to the tab Recovered, which is created if missing."""
        if not cells:
            return Parts()
        self.writer.take_call(context.lease)
        beside = self.client.surroundings()
        structure: Sequence[sheet_requests.Request] = ()
        if RECOVERED_TAB not in beside.titles:
            title = beside.free_titles(Titles()).recovered
            structure = sheet_requests.make_recovered_tab(title, undo.HEADERS)
        lines = [(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", *cell) for cell in cells]
        return Parts(
            structure=structure,
            extra=[sheet_requests.append_recovered(lines)],
            recovered_lines=len(lines),
        )


def _may_be_copied(context: FlushContext, work: Work) -> bool:
    """Return whether a row with a key may have been copied for another customer.

    That is checked if a job to write has several rows, or none: it may be that job's.
    """
    tables = context.snapshot.tables
    rows = Counter(site for t in tables for site, found in t.keys.items() for _ in found)
    return rows.total() > len(rows) and any(rows[t.site] != 1 for t in work.targets)
