"""Writes batches: each is kept before it is sent, checked after, and concluded once."""

from collections.abc import Callable, Container, Mapping, Sequence
from time import monotonic
from typing import Any

import structlog

from sync.boards.options import with_options, worded_cells
from sync.errors import Refused
from sync.ops.logs import Trail
from sync.sheets.batch import Batch, Parts, compose
from sync.sheets.check import Findings, check
from sync.sheets.client import Reading, SheetClient
from sync.sheets.ensure import HISTORY
from sync.sheets.snapshot import Snapshot, Table
from sync.sheets.trial import try_google
from sync.sheets.writes import Trace, Undo
from sync.store import Attempt, Conclusion, Lease, SheetStore, Shown

_log = structlog.get_logger()


class BatchWriter:
    """Writes one spreadsheet within Google's rate limit; `sleep` waits, `alert` tells a person."""

    def __init__(
        self,
        store: SheetStore,
        client: SheetClient,
        sleep: Callable[[float], Any],
        alert: Callable[[str, str], object],
        trail: Trail | None = None,
    ) -> None:
        self._store = store
        self._client = client
        self._sleep = sleep
        self._alert = alert
        self._trail = trail or Trail()
        self._read_at = 0.0
        """When the jobs of the flush were about to be read (monotonic seconds)."""

    def take_turn(self, held: Lease) -> int:
        """Wait until a flush may begin, and return a number for its batch."""
        turn = self._store.spreadsheet.take_turn(held)
        if turn.wait:
            self._sleep(turn.wait)
        self._read_at = monotonic()
        return turn.fence

    def take_call(self, held: Lease) -> None:
        """Count a call beside the read and the write of a flush for the rate limit."""
        if wait := self._store.spreadsheet.take_turn(held, spacing=0).wait:
            self._sleep(wait)

    def with_options(
        self, held: Lease, tables: Sequence[Table], changed: Mapping[str, Container[str]] | None
    ) -> tuple[Table, ...]:
        """Return tabs without words that are no option of their drop-down any more.

        Of the columns that are `changed`, by site (None: of all); one call where there are any.
        """
        if not (cells := worded_cells(tables, changed)):
            return tuple(tables)
        self.take_call(held)
        return with_options(tables, self._client.read_options(cells))

    def composed(
        self,
        snapshot: Snapshot,
        tables: Sequence[Table],
        parts: Parts,
        fence: int,
        fence_title: str,
    ) -> Batch:
        """Return a batch; its number is larger than every one given out or seen.

        `fence_title` is a free title for the hidden tab, should it be made.
        """
        number = max(fence, (snapshot.fence or 0) + 1)
        return compose(snapshot, tables, parts, fence=number, fence_title=fence_title)

    def send(
        self,
        held: Lease,
        snapshot: Snapshot,
        batch: Batch,
        true: Sequence[Shown] = (),
        lines: tuple[int, ...] = (),
    ) -> None:
        """Send a batch that makes `true` true and writes the changes `lines`; check what it hit.

        Raises Refused, Permanent, or Retryable where nobody knows whether it was done.
        """
        if not snapshot.has_fence_tab:
            self._must_be_safe(held)
        trace = batch.trace
        tried = Attempt(
            trace.fence,
            batch.fence_before,
            tuple(true),
            batch.columns,
            trace.model_dump_json(),
            lines,
        )
        self._store.batches.begin(held, tried)
        try:
            answer = self._client.write(batch, snapshot.mode)
        except Refused:
            self._store.batches.refused(held, trace.fence)
            raise
        _log.info("flushed", jobs=len(true), lines=len(lines), fence=trace.fence)
        if not batch.asked:
            self._conclude(held, tried, trace, Findings(), {})
            return
        if not answer.snapshot.tables:
            return  # The next read finds the tabs and the number, and the check follows.
        undos = self._undos() if any(c.undoes for row in trace.rows for c in row.cells) else {}
        findings = check(trace, answer.snapshot.tables, answer.copies, undos)
        if findings.is_as_meant:
            self._conclude(held, tried, trace, findings, undos)
        else:
            self._check(held, tried, trace, answer.snapshot)

    def _must_be_safe(self, held: Lease) -> None:
        """Try how Google treats IDs, once in a spreadsheet. Raises Permanent if that isn't safe."""
        spreadsheet = self._store.spreadsheet
        if spreadsheet.trial() is None:
            self.take_call(held)  # It writes twice: the read before it was counted with a write.
            try_google(spreadsheet, self._client).must_be_safe()

    def settle(self, held: Lease, snapshot: Snapshot) -> bool:
        """Conclude the attempt that a read shows to have landed; tell whether there was one."""
        tried = self._store.batches.landed(held, snapshot.fence)
        if tried is None:
            return False
        trace = Trace.model_validate_json(tried.trace)
        if snapshot.table is None or not trace.rows:
            self._conclude(held, tried, trace, Findings(), {})
        else:
            self._check(held, tried, trace, snapshot)
        return True

    def _check(self, held: Lease, tried: Attempt, trace: Trace, book: Snapshot) -> None:
        """Read the copied rows whole, and keep what is to be done about what a batch hit."""
        self.take_call(held)
        copied = {row.sheet_id for row in trace.rows if not row.is_new}
        reading = self._client.read_copies(book, copied)
        if tables := reading.snapshot.tables:
            undos = self._undos()
            findings = check(trace, tables, reading.copies, undos)
            self._conclude(held, tried, trace, findings, undos)

    def _undos(self) -> dict[int, Undo]:
        return parsed(self._store.batches.undos())

    def _conclude(
        self,
        held: Lease,
        tried: Attempt,
        trace: Trace,
        findings: Findings,
        undos: Mapping[int, Undo],
    ) -> None:
        if not findings.is_as_meant:
            _log.warning(
                "hit_elsewhere",
                jobs=len(findings.missed),
                cells=len(findings.undos),
                fence=tried.fence,
            )
        landed = {n: undos[n] for n in findings.landed_undos if n in undos}
        again = {n for n, undo in landed.items() if undo.has_landed and not undo.is_of_key}
        conclusion = Conclusion(
            missed=frozenset(findings.missed),
            landed=findings.landed,
            keyed=frozenset(findings.keyed),
            undos=[undo.model_dump_json() for undo in findings.undos],
            landed_undos={
                number: undo.model_copy(update={"has_landed": True}).model_dump_json()
                for number, undo in landed.items()
                if number not in again
            },
            settled=[*trace.settled, *again],
            replaced=findings.replaced,
            is_told=HISTORY in tried.columns,
        )
        self._store.batches.conclude(held, tried, conclusion)
        self.log_shown(tried.shown, findings.missed, tried.fence)
        if trace.recovered_lines:
            text = f"{trace.recovered_lines} cells could not be put back: see the tab Recovered."
            self._alert("recovered", text)

    def log_shown(
        self, jobs: Sequence[Shown], missed: Container[str] = (), fence: int | None = None
    ) -> None:
        """Log each job whose row is right now, with what it was written for; `fence` is the batch.

        Without a batch it was right already.
        """
        for job in jobs:
            if job.site not in missed:
                deliveries = self._trail.take(job.site, self._read_at)
                _log.info("shown", site=job.site, deliveries=deliveries, fence=fence)

    def read_everything(self, held: Lease, book: Snapshot) -> Reading:
        """Read the whole tabs of jobs that were seen, and the hidden tabs."""
        self.take_call(held)
        return self._client.read_everything(book)


def parsed(undos: Mapping[int, str]) -> dict[int, Undo]:
    """Return stored undos (JSON) by id."""
    return {number: Undo.model_validate_json(body) for number, body in undos.items()}
