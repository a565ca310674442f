"""Sends batches and settles what became of them: each attempt is kept before, concluded after."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog

from sync.sheets import damage, diff, evidence, repair
from sync.sheets.client import Look, Sheet
from sync.sheets.damage import Verdict
from sync.sheets.snapshot import Surroundings, Table, View
from sync.sheets.tabs.extras import Titles
from sync.store import Attempt, Jobs, Lease
from sync.store.jobs import Shown

_log = structlog.get_logger()


class Sending:
    """One spreadsheet's calls, at the pace that Google allows; `sleep` waits."""

    def __init__(self, jobs: Jobs, sheet: Sheet, sleep: Callable[[float], Any]) -> None:
        self._jobs = jobs
        self._sheet = sheet
        self._sleep = sleep

    def take_turn(self, held: Lease) -> None:
        """Wait until a flush is due: a read and a write."""
        if seconds := self._jobs.take_turn(held):
            self._sleep(seconds)

    def read(self, noted: tuple[str, ...] = ()) -> View:
        """Read keys, header, columns and fence, and the notes in columns `noted`."""
        return self._sheet.read(noted)

    def look(self, held: Lease, table: Table) -> Look:
        """Read everything."""
        self._wait_for_a_call(held)
        return self._sheet.look(table)

    def around(self, held: Lease) -> Surroundings:
        """Read what else is in the spreadsheet."""
        self._wait_for_a_call(held)
        return self._sheet.surroundings()

    def _wait_for_a_call(self, held: Lease) -> None:
        """Take a turn for a call beside those of a flush: it counts for the pace, too."""
        if seconds := self._jobs.take_turn(held, spacing=0):
            self._sleep(seconds)

    def composed(self, held: Lease, view: View, table: Table, **parts: Any) -> diff.Batch:
        """Return a batch of ours other than of jobs (diff.compose)."""
        fence = self._jobs.next_fence(held, view.fence)
        titles = Titles(table.title, view.fence_title or Titles.fence)
        return diff.compose(view, table, fence=fence, titles=titles, **parts)

    def send(
        self, held: Lease, made: diff.Batch, shown: list[Shown], told: tuple[int, ...] = ()
    ) -> None:
        """Send a batch that makes `shown` true and tells the changes `told`, and check what it hit.

        Raises Refused, Permanent, or Retryable where nobody knows whether it was done.
        """
        fence = made.trace.fence
        tried = Attempt(fence, made.fence_before, tuple(shown), made.columns, made.trace, told)
        self._jobs.begin(held, tried)
        seen = self._sheet.write(made)
        _log.info("flushed", jobs=len(shown), left=len(made.left), fence=fence)
        if made.asked is None or evidence.is_clean(made.trace, seen.table, seen.copies):
            self._jobs.conclude(held, tried, Verdict())
        elif seen.table is not None:
            self._check(held, tried, seen.table)
        # Else the next read finds the tab and the number, and the check follows.

    def settle(self, held: Lease, view: View) -> bool:
        """Conclude the attempt that a read shows to have landed; tell whether there was one."""
        landed = self._jobs.landed(held, view.fence)
        if landed is None:
            return False
        if view.table is None or not landed.trace.writes:
            self._jobs.conclude(held, landed, Verdict())
        else:
            self._check(held, landed, view.table)
        return True

    def _check(self, held: Lease, tried: Attempt, table: Table) -> None:
        """Look at all that a batch hit, and keep what is to be done about it."""
        look = self.look(held, table)
        if look.seen.table is None:
            return
        seen = look.seen.table
        header = look.rows.get(seen.header_row, ())
        verdict = damage.check(tried.trace, seen, look.copies, self._jobs.sites(), header)
        if done := set(tried.trace.repairs):
            repairs = {n: one for n, one in self._jobs.repairs().items() if n in done}
            again = repair.remaining(seen, look.rows, repairs)
            verdict = replace(verdict, undone=verdict.undone | again)
        if verdict.damaged:
            _log.warning(
                "hit_elsewhere",
                jobs=len(verdict.damaged),
                repairs=len(verdict.repairs),
                fence=tried.fence,
            )
        self._jobs.conclude(held, tried, verdict)
