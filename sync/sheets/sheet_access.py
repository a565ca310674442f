"""Reads the sheet and sends batches: what flushes, comparisons and commands share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any

from sync.errors import Permanent, Retryable
from sync.sheets import encode, keys, sheet_requests, undo
from sync.sheets.batch import Parts, compose
from sync.sheets.batch_writer import BatchWriter, parsed
from sync.sheets.cell_data import Rows
from sync.sheets.client import SheetClient
from sync.sheets.context import FlushContext
from sync.sheets.ensure import present_columns
from sync.sheets.fence_check import FenceCheck
from sync.sheets.ids import RECOVERED_TAB
from sync.sheets.job_tabs import JobTabs
from sync.sheets.snapshot import Fence, Snapshot, Table
from sync.sheets.surroundings import Surroundings, Titles
from sync.sheets.tabs import pipeline
from sync.sheets.targets import Targets
from sync.store import Lease, Pending, SheetStore, ShownVersion
from sync.types import Mode


@dataclass(eq=False)
class SheetAccess:
    """Access to one spreadsheet, for those who write it: a batch needs the context of a read.

    `_tabs_of` returns the tabs of jobs in a mode, `_sleep` waits for the rate limit, and `_alert`
    notifies the operator. `_zone` is a setting ("": the spreadsheet's own).
    """

    store: SheetStore
    client: SheetClient
    targets: Targets
    _tabs_of: Callable[[Mode, "SheetAccess"], JobTabs]
    _sleep: Callable[[float], Any]
    _zone: str
    _alert: Callable[[str, str], object]

    def __post_init__(self) -> None:
        self.writer = BatchWriter(self.store, self.client, self._sleep, self._alert)
        self.fence_check = FenceCheck(self.store.spreadsheet)

    def tabs(self, mode: Mode) -> JobTabs:
        """Return the tabs of jobs. Raises Permanent if the mode isn't supported here."""
        return self._tabs_of(mode, self)

    def zone_of(self, snapshot: Snapshot) -> tzinfo:
        """Return the time zone in which dates are shown."""
        return encode.zone_of(self._zone or snapshot.time_zone)

    def read_snapshot(
        self, lease: Lease, columns: tuple[str, ...] = (), *, may_have_moved: bool = False
    ) -> FlushContext:
        """Read the sheet and its `columns` for a batch that isn't a flush's, without pending jobs.

        First, an earlier batch is checked, because this one replaces its fence and its copies.
        Raises Permanent, also if columns have been moved (unless they `may_have_moved`), and
        Retryable, also while undos are pending: a flush writes them.
        """
        context = self._read_without_jobs(lease, columns)
        if context.pending.has_attempt and self.writer.conclude_attempt(context):
            return self.read_snapshot(lease, columns, may_have_moved=may_have_moved)
        if not may_have_moved:
            self.must_be_in_place(context)
            self.notice_columns(context.tabs, context.snapshot, context.pending)
        if context.pending.undos:
            raise Retryable("unverified", "An earlier write is still to be checked. Run it again.")
        return context

    def check_fence(self, lease: Lease) -> None:
        """Read the sheet only to check its fence. Raises as a read does."""
        self._read_without_jobs(lease)

    def _read_without_jobs(self, lease: Lease, columns: tuple[str, ...] = ()) -> FlushContext:
        next_fence = self.writer.take_turn(lease)
        pending = self.store.pending.read(0, 0)
        self.targets.use_answers(pending.answers)
        return self._read(lease, next_fence, pending, self.tabs(pending.mode), columns)

    def _read(
        self,
        lease: Lease,
        next_fence: Fence,
        pending: Pending,
        tabs: JobTabs,
        columns: tuple[str, ...],
    ) -> FlushContext:
        context = FlushContext(lease, next_fence, tabs, pending, self.client.read(tabs, columns))
        self.fence_check.must_pass(context)
        # At once, because without the header row nobody knows where an earlier batch has written.
        tabs.check_served(context.snapshot, pending)
        return context

    def read_everything(self, context: FlushContext) -> tuple[FlushContext, Rows]:
        """Read the tabs of jobs whole; return the context with what that shows, and the rows.

        Raises Permanent or Retryable, also if the header row was moved since the first read.
        """
        self.writer.take_call(context.lease)
        snapshot, rows = self.client.read_everything(context.tabs, context.snapshot)
        context = replace(context, snapshot=snapshot)
        self.must_be_in_place(context)
        return context, rows

    def must_be_in_place(self, context: FlushContext) -> None:
        """Raise Permanent if a tab's metadata is no longer at the cells that it describes."""
        for error in self.unwritable(context).values():
            raise error

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

    def headers(self, context: FlushContext, table: Table) -> dict[str, str]:
        """Return the last known headers of a tab, by column ID."""
        layout, pending = self.targets.layout, context.pending
        created = pending.created if context.tabs.is_ours else ()
        first = {column: layout.title(column, is_mapped=False) for column in created}
        read = pending.columns_read.columns
        return first | {c.id: c.header for c in read if c.sheet_id == table.stored_sheet_id}

    def notice_columns(self, tabs: JobTabs, snapshot: Snapshot, pending: Pending) -> None:
        """Store which columns a read shows, and which of those before it are gone."""
        if present := present_columns(snapshot.tables):
            title = partial(self.targets.layout.title, is_mapped=not tabs.is_ours)
            before, number = pending.columns_read, snapshot.fence.number if snapshot.fence else 0
            after = partial(before.after, number, present, title, pending.created)
            self.store.spreadsheet.note_columns(before, after)

    def surroundings(self, context: FlushContext) -> tuple[Titles, Surroundings]:
        """Return titles for new tabs, and the spreadsheet's other parts, if a tab is missing."""
        snapshot = context.snapshot
        if snapshot.table is not None and snapshot.has_fence_tab:
            return Titles(), Surroundings()
        self.writer.take_call(context.lease)
        beside = self.client.surroundings()
        return self.targets.free_titles(beside), beside

    def send(self, context: FlushContext, parts: Parts, titles: Titles | None = None) -> None:
        """Send a batch; `titles` are free ones for new tabs, if known."""
        titles = titles or self.surroundings(context)[0]
        self.writer.send(
            context, compose(context.snapshot, parts, context.next_fence, titles.fence)
        )

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

    def recovered_parts(self, context: FlushContext, cells: Sequence[tuple[str, ...]]) -> Parts:
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
