"""Writes batches: each is kept before it is sent, verified after, and concluded once."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog
from pydantic import ValidationError

from sync.ops.trail import Trail
from sync.sheets.batch import Batch, Parts, Titles, compose
from sync.sheets.celldata import Row, site_in
from sync.sheets.client import Everything, SheetClient
from sync.sheets.snapshot import Snapshot, Table
from sync.sheets.tabs.extras import HISTORY
from sync.sheets.verify import Verdict, hit_what_it_meant, verify
from sync.sheets.writes import Trace
from sync.store import Attempt, Conclusion, Lease, Shown
from sync.store.batches import ReplacedCell
from sync.store.sheet_store import SheetStore

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

    def take_turn(self, held: Lease) -> int:
        """Wait until a flush may begin, and return a number for its batch."""
        turn = self._store.spreadsheet.take_turn(held)
        if turn.wait:
            self._sleep(turn.wait)
        return turn.fence

    def take_call(self, held: Lease) -> None:
        """Count a call beside the read and the write of a flush for the rate limit."""
        if wait := self._store.spreadsheet.take_turn(held, spacing=0).wait:
            self._sleep(wait)

    def composed(
        self,
        snapshot: Snapshot,
        tables: Sequence[Table],
        parts: Parts,
        fence: int,
        fence_title: str = Titles.fence,
    ) -> Batch:
        """Return a batch; its number is larger than every one given out or seen."""
        number = max(fence, (snapshot.fence or 0) + 1)
        return compose(snapshot, tables, parts, fence=number, fence_title=fence_title)

    def send(
        self, held: Lease, batch: Batch, true: Sequence[Shown] = (), lines: tuple[int, ...] = ()
    ) -> None:
        """Send a batch that makes `true` true and writes the changes `lines`; verify what it hit.

        Raises Refused, Permanent, or Retryable where nobody knows whether it was done.
        """
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
        evidence = self._client.write(batch)
        _log.info("flushed", jobs=len(true), lines=len(lines), fence=trace.fence)
        if not batch.asked:
            self._conclude(held, tried, trace, Verdict())
        elif not evidence.snapshot.tables:
            return  # The next read finds the tabs and the number, and the verification follows.
        elif found := hit_what_it_meant(trace, evidence.snapshot.tables, evidence.copies):
            self._conclude(held, tried, trace, found)
        else:
            self._verify(held, tried, trace, evidence.snapshot)

    def settle(self, held: Lease, snapshot: Snapshot) -> bool:
        """Conclude the attempt that a read shows to have landed; tell whether there was one."""
        tried = self._store.batches.landed(held, snapshot.fence)
        if tried is None:
            return False
        try:
            trace = Trace.model_validate_json(tried.trace)
        except ValidationError:
            # Of version 0.1: all that it was to show is written again.
            self._store.batches.conclude(held, replace(tried, shown=()))
            return True
        if snapshot.table is None or not trace.rows:
            self._conclude(held, tried, trace, Verdict())
        else:
            self._verify(held, tried, trace, snapshot)
        return True

    def _verify(self, held: Lease, tried: Attempt, trace: Trace, seen: Snapshot) -> None:
        """Read the copied rows, and keep what is to be done about what a batch hit."""
        everything = self.read_everything(held, seen)
        tables = everything.snapshot.tables
        if not tables:
            return
        copies = everything.copies
        jobs = self._store.batches.written(_sites(copies))
        self._conclude(held, tried, trace, verify(trace, tables, copies, jobs))

    def _conclude(self, held: Lease, tried: Attempt, trace: Trace, verdict: Verdict) -> None:
        restored = {n for row in trace.rows for n in row.restores} - verdict.unrestored
        if verdict != Verdict(replaced=verdict.replaced):
            _log.warning(
                "hit_elsewhere",
                jobs=len(verdict.dirty),
                rows=len(verdict.images),
                fence=tried.fence,
            )
        found = Conclusion(
            verdict.dirty,
            verdict.drift,
            [one.model_dump_json() for one in verdict.images],
            [*restored, *trace.recovered],
            [ReplacedCell(**vars(one)) for one in verdict.replaced],
            is_told=HISTORY in tried.columns,
        )
        self._store.batches.conclude(held, tried, found)
        self.log_shown(tried.shown, verdict.dirty, tried.fence)
        if trace.recovered_lines:
            text = f"{trace.recovered_lines} cells could not be put back: see the tab Recovered."
            self._alert("recovered", text)

    def log_shown(
        self, shown: Sequence[Shown], dirty: Container[str] = (), fence: int | None = None
    ) -> None:
        """Log each job whose row is right now, with what it was written for; `fence` is the batch.

        Without a batch it was right already.
        """
        for one in shown:
            if one.site not in dirty:
                _log.info(
                    "shown", site=one.site, deliveries=self._trail.take(one.site), fence=fence
                )

    def read_everything(self, held: Lease, seen: Snapshot) -> Everything:
        """Read the whole tabs of jobs that were seen, and the hidden tabs."""
        self.take_call(held)
        return self._client.read_everything(seen)


def _sites(copies: Mapping[int, Mapping[int, Row]]) -> set[str]:
    rows = (row for tab in copies.values() for row in tab.values())
    return {site for row in rows for cell in row if (site := site_in(cell))}
