"""Sends batches to Google: stores each before, and checks afterwards where its writes went.

If the process is killed after Google has carried out a batch, a later read shows its fence, and the
batch is checked then (`conclude_attempt`).
"""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import structlog
from pydantic import ValidationError

from sync.errors import Refused
from sync.sheets.batch import Batch, Trace
from sync.sheets.check import CheckResult, check
from sync.sheets.client import SheetClient
from sync.sheets.context import FlushContext
from sync.sheets.ensure import HISTORY
from sync.sheets.snapshot import Fence, Snapshot
from sync.sheets.trial import try_google
from sync.sheets.typed_notes import with_typed_notes
from sync.sheets.undo import Undo
from sync.store import Attempt, Conclusion, Lease, SheetStore, ShownVersion

_log = structlog.get_logger()


@dataclass
class BatchWriter:
    """Sends batches within Google's rate limit, stored before and checked after.

    `sleep` waits for the rate limit, `alert` notifies the operator.
    """

    _store: SheetStore
    _client: SheetClient
    _sleep: Callable[[float], Any]
    _alert: Callable[[str, str], object]

    def take_turn(self, lease: Lease) -> Fence:
        """Wait until a flush may begin, and return its `next_fence`."""
        turn = self._store.spreadsheet.take_turn(lease)
        if turn.wait:
            self._sleep(turn.wait)
        return Fence(turn.fence, turn.database, uuid4().hex[:12])

    def take_call(self, lease: Lease) -> None:
        """Count a further call, beside the read and write of a flush, for the rate limit."""
        if wait := self._store.spreadsheet.take_call(lease):
            self._sleep(wait)

    def send(self, context: FlushContext, batch: Batch) -> None:
        """Send a batch, and check it. Before the first one, try whether writing is safe here.

        Raises Refused, Permanent, or Retryable if nobody knows whether Google carried it out.
        """
        lease, attempt, trace = context.lease, batch.attempt, batch.trace
        if not context.snapshot.has_fence_tab and self._store.spreadsheet.trial() is None:
            self.take_call(lease)  # The trial makes two; the read was counted with one write.
            try_google(self._store.spreadsheet, self._client).must_be_safe()
        self._store.batches.begin(lease, attempt)
        try:
            snapshot, copies = self._client.write(batch, context.tabs)
        except Refused:
            self._store.batches.mark_refused(lease, attempt.fence)
            raise
        lines = len(attempt.changes)
        _log.info("flushed", jobs=len(attempt.shown), lines=lines, fence=attempt.fence)
        if not _sheet_ids(snapshot) >= {row.sheet_id for row in trace.rows}:
            return  # A header row was deleted: the next flush waits for it, or concludes this.
        undos = parsed(context.pending.undos)
        result = check(trace, snapshot.tables, copies, undos)
        if result.is_as_intended:
            self._conclude(context, attempt, trace, result, undos)
        else:  # The answer has only the compared cells, and undos need whole rows.
            self._check(replace(context, snapshot=snapshot), attempt, trace)

    def conclude_attempt(self, context: FlushContext) -> bool:
        """Conclude the attempt whose fence a read shows; return whether there was one."""
        lease, snapshot = context.lease, context.snapshot
        if snapshot.fence is None:
            return False
        attempt = self._store.batches.settle_attempts(
            lease, snapshot.fence.number, snapshot.fence.batch
        )
        if attempt is None:
            return False
        try:
            trace = Trace.model_validate_json(attempt.trace)
        except ValidationError:
            trace = None  # It was cleared, or is from an earlier version.
        if trace is None or not _copies_tabs(snapshot, trace) <= snapshot.hidden_tabs.keys():
            # It can't be checked, or a person deleted its copies: its jobs are written again.
            self._store.batches.conclude(lease, replace(attempt, shown=()))
        elif snapshot.table is None or not trace.rows:
            self._conclude(context, attempt, trace, CheckResult(), {})
        else:
            self._check(context, attempt, trace)
        return True

    def _check(self, context: FlushContext, attempt: Attempt, trace: Trace) -> None:
        """Read the copied rows whole, check a batch by them, and store the result."""
        self.take_call(context.lease)
        copies_tabs = _copies_tabs(context.snapshot, trace)
        snapshot, copies = self._client.read_copies(context.tabs, copies_tabs)
        if not _sheet_ids(snapshot) >= _sheet_ids(context.snapshot):
            return  # A header row was deleted just now, as above.
        undos = parsed(self._store.batches.undos())
        result = check(trace, snapshot.tables, copies, undos)
        if not result.is_as_intended:
            jobs, cells = len(result.mismatched), len(result.undos)
            _log.warning("mismatched", jobs=jobs, cells=cells, fence=attempt.fence)
        notes = result.typed_notes
        shown = tuple(
            replace(job, cells=job.cells and with_typed_notes(job.cells, notes[job.site]))
            for job in attempt.shown
        )
        attempt = replace(attempt, shown=shown)
        self._conclude(context, attempt, trace, result, undos)

    def _conclude(
        self,
        context: FlushContext,
        attempt: Attempt,
        trace: Trace,
        result: CheckResult,
        undos: Mapping[int, Undo],
    ) -> None:
        finished, rewritten = [*trace.finished_undos], dict[int, str]()
        for number in result.confirmed_undos & undos.keys():
            if undos[number].ends_when_confirmed:
                finished.append(number)
            else:
                once = undos[number].model_copy(update={"was_confirmed": True})
                rewritten[number] = once.model_dump_json()
        conclusion = Conclusion(
            mismatched=frozenset(result.mismatched),
            confirmed=result.confirmed,
            keyed=frozenset(result.keyed),
            added=frozenset() if context.tabs.is_ours else frozenset(result.added),
            undos=[undo.model_dump_json() for undo in result.undos],
            rewritten_undos=rewritten,
            finished_undos=finished,
            replaced=result.replaced,
            writes_history=HISTORY in attempt.created,
            ends_trouble=not context.is_partial,
        )
        self._store.batches.conclude(context.lease, attempt, conclusion)
        self.log_shown(attempt.shown, result.mismatched, attempt.fence)
        if trace.recovered_lines:
            text = f"{trace.recovered_lines} lines were added to the tab Recovered: check them."
            self._alert("recovered", text)

    def log_shown(
        self,
        jobs: Sequence[ShownVersion],
        mismatched: Container[str] = (),
        fence: int | None = None,
    ) -> None:
        """Log each job whose row is up to date now.

        `fence` is the batch's number; None if the row was up to date before.
        """
        for job in jobs:
            if job.site not in mismatched:
                _log.info("shown", site=job.site, fence=fence)


def _copies_tabs(snapshot: Snapshot, trace: Trace) -> set[int]:
    """Return the sheet IDs of the hidden tabs to which a batch copied rows."""
    written = {row.sheet_id for row in trace.rows if not row.is_new}
    return {table.copies_tab for table in snapshot.tables if table.sheet_id in written}


def _sheet_ids(snapshot: Snapshot) -> set[int]:
    return {table.sheet_id for table in snapshot.tables}


def parsed(undos: Mapping[int, str]) -> dict[int, Undo]:
    """Parse stored undos (JSON), by ID."""
    return {number: Undo.model_validate_json(body) for number, body in undos.items()}
