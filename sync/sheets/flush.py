"""One flush: read the sheet once, write it once, check what was hit, keep what was confirmed."""

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from sync.errors import Refused
from sync.jobs.row import Layout
from sync.projector import Intake
from sync.sheets import diff
from sync.sheets.aside import Aside, Lines
from sync.sheets.client import Sheet
from sync.sheets.mending import Mending
from sync.sheets.pending import USUAL, Pairs, Sizes, Targets, shown
from sync.sheets.sending import Sending
from sync.sheets.snapshot import Surroundings, View
from sync.sheets.tabs.extras import Titles
from sync.store import DirtyJob, History, Jobs, Lease


class Flusher:
    """Makes the sheet agree with the store. `sleep` waits for the pace; `zone` is a setting."""

    def __init__(
        self,
        intake: Intake,
        jobs: Jobs,
        history: History,
        sheet: Sheet,
        layout: Layout,
        sleep: Callable[[float], Any],
        zone: str = "",
        alert: Callable[[str, str], object] = lambda *_: None,
        sizes: Sizes = USUAL,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.intake = intake
        self.jobs = jobs
        self.history = history
        self.zone = zone
        self.sending = Sending(jobs, sheet, sleep)
        self.targets = Targets(jobs, history, layout, sizes)
        self.mending = Mending(self.sending, jobs, alert)
        self._alert = alert
        self._sizes = sizes
        self._limit = sizes.jobs
        self._clock = clock
        self._aside = Aside()
        self._lines = Lines(sizes.lines)

    def has_work(self) -> bool:
        """Tell whether there is anything that the sheet may not show."""
        return (
            self.intake.is_waiting()
            or self.jobs.count_dirty(but=self._aside.resting(self._clock())) > 0
            or self.jobs.is_doubtful()
            or self.jobs.has_repairs()
            or self._has_lines()
        )

    def _has_lines(self) -> bool:
        return self.history.is_waiting(but=self._lines.resting(self._clock()))

    def flush(self, held: Lease) -> None:
        """Bring the sheet up to date with what there is now; more may come meanwhile.

        Raises Permanent, or Retryable: also where nobody knows whether the write was done, for the
        next flush's read tells.
        """
        self.jobs.adopt_spreadsheet(held)
        self.intake.run(held)
        is_doubtful = self.jobs.is_doubtful()
        repairs = self.jobs.repairs()
        if not (is_doubtful or repairs or self._wanted(held) or self._has_lines()):
            return
        self.sending.take_turn(held)
        self.intake.run(held)  # What came during the wait goes along.
        # While a batch is in doubt, what was last confirmed says nothing.
        pairs = self._wanted(held, confirm=not is_doubtful)
        view = self.sending.read(diff.noted_columns([target for _, target in pairs.values()]))
        if self.sending.settle(held, view):
            return  # An earlier batch had landed after all: compare with what it wrote.
        table = view.table
        if table is None and self.jobs.forget_written(held):
            return  # The tab is gone: every job is to be written anew.
        if table is not None:
            self.mending.forget_few(held, table, repairs)
        if table is not None and repairs:
            self.mending.repair(held, table, repairs)
        elif table is not None and table.doubles:
            self.mending.flag(held, table)
        elif pairs or self._has_lines():
            self._write(held, view, pairs)
        elif table is not None and is_doubtful:
            # Move the fence: what has not landed by now never shall.
            self.sending.send(held, self.sending.composed(held, view, table), [])

    def _wanted(self, held: Lease, confirm: bool = True) -> Pairs:
        return self.targets.of(held, self._dirty(), confirm)

    def _dirty(self) -> list[DirtyJob]:
        """Return what to look at: a job that Google did not take is tried again by itself."""
        if due := self._aside.due(self._clock()):
            if alone := self.jobs.dirty(1, only=due):
                return alone
            self._aside.take([due])
        return self.jobs.dirty(self._limit, but=self._aside.sites())

    def _write(self, held: Lease, view: View, pairs: Pairs) -> None:
        if view.table is not None and not self.mending.keys_are_there(held, view, view.table):
            return
        titles, there = self._around(held, view)
        if view.table is None and view.history is None:
            self.history.tell_again(held)
        with_jobs, most = self._lines.share(bool(pairs))
        pairs = pairs if with_jobs else {}
        told, lines = self.targets.lines(held, view, most, self._lines.resting(self._clock()))
        if not (with_jobs or told):
            self._lines.have_none()
        columns = self.targets.columns(view, [one for one, _ in pairs.values()])
        made = diff.make(
            view,
            [target for _, target in pairs.values()],
            columns,
            titles=titles,
            fence=self.jobs.next_fence(held, view.fence),
            zone=self.zone or view.time_zone,
            max_bytes=self._sizes.cell_bytes,
            with_=self.targets.along(
                (target for _, target in pairs.values()), columns, lines, there
            ),
        )
        absent = [shown(pairs[site][0], None) for site in made.absent]
        true = [shown(pairs[site][0], cells) for site, cells in made.shown.items()]
        is_idle = not (made.trace.writes or made.brings or view.table is None)
        if is_idle and not self.jobs.is_doubtful():
            self.jobs.confirm(held, absent + true)
            return
        if absent:
            self.jobs.confirm(held, absent)
        try:
            self.sending.send(held, made, true, told)
        except Refused:
            if not self._find_refused(list(pairs), told):
                raise
            return
        self._aside.take(pairs)
        self._lines.take(told, bool(pairs))
        self._limit = min(self._sizes.jobs, self._limit * 2)

    def _around(self, held: Lease, view: View) -> tuple[Titles, Surroundings]:
        """Return titles for tabs to be made, and what else is there; both only where it matters."""
        if view.table is not None and view.has_fence_tab:
            return Titles(), Surroundings()
        there = self.sending.around(held)
        return self.targets.free_titles(view, there), there

    def _find_refused(self, sites: list[str], lines: Sequence[int]) -> bool:
        """Go on without what Google does not take; False where that may pass by itself.

        Mostly somebody was quicker. If it is one job or one line, halving finds it.
        """
        if sites:
            self._limit = max(1, len(sites) // 2)
        if len(sites) > 1:
            return True
        if lines and not self._aside.sites() & set(sites):
            return self._find_line(lines, bool(sites))
        if not sites:
            return False
        is_new = sites[0] not in self._aside.sites()
        if not self._aside.refuse(sites[0], self._clock()):
            return False
        self._limit = self._sizes.jobs
        if is_new:
            text = (
                f"Google does not take what is to be written of job {sites[0]}. It is tried again"
            )
            self._alert("job_refused", f"{text} from time to time; all others are written.")
        return True

    def _find_line(self, lines: Sequence[int], has_job: bool) -> bool:
        before = self._lines.resting(self._clock())
        if not self._lines.refuse(lines, has_job, self._clock()):
            return False
        if self._lines.resting(self._clock()) - before:
            text = "Google does not take a line of the history. It is tried again from time to time"
            self._alert("line_refused", f"{text}; all others are told.")
        return True
