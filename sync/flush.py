"""One flush: read the sheet once, write it once, keep what was confirmed."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from sync import plan
from sync.errors import Permanent
from sync.intake import Intake
from sync.layout import Layout
from sync.model import Column, Job
from sync.pace import Pace
from sync.sheet import Sheet
from sync.store import Attempt, DirtyJob, Jobs, Lease
from sync.store.jobs import Shown
from sync.view import JOBS_TAB, View

_JOBS = 500
"""Jobs that one flush looks at."""

_log = structlog.get_logger()


class Flusher:
    """Makes the sheet agree with the store. `sleep` waits for the pace; `zone` is a setting."""

    def __init__(
        self,
        intake: Intake,
        jobs: Jobs,
        sheet: Sheet,
        layout: Layout,
        sleep: Callable[[float], Any],
        zone: str = "",
    ) -> None:
        self._intake = intake
        self._jobs = jobs
        self._sheet = sheet
        self._layout = layout
        self._sleep = sleep
        self._zone = zone
        self._pace = Pace()

    def has_work(self) -> bool:
        """Tell whether there is anything that the sheet may not show."""
        return self._intake.is_waiting() or bool(self._jobs.dirty(1))

    def flush(self, held: Lease) -> None:
        """Bring the sheet up to date with what there is now; more may come meanwhile.

        Raises Permanent, or Retryable: also where nobody knows whether the write was done, for the
        next flush's read tells.
        """
        self._intake.run(held)
        if not self._targets(held):
            return
        if seconds := self._pace.wait(time.monotonic()):
            self._sleep(seconds)
        self._pace.spend(time.monotonic())
        self._intake.run(held)  # What came during the wait goes along.
        dirty = self._targets(held)
        targets = [target for _, target in dirty.values()]
        view = self._sheet.read(plan.noted_columns(targets))
        if self._jobs.settle(held, view.fence):
            return  # An earlier batch had landed after all: compare with what it wrote.
        if view.table is None and self._jobs.forget_written(held):
            return  # The tab is gone: every job is to be written anew.
        self._write(held, view, dirty)

    def _targets(self, held: Lease) -> dict[str, tuple[DirtyJob, plan.Target]]:
        """Return what is to be written; jobs that stand already are confirmed without a call."""
        dirty = sorted(self._jobs.dirty(_JOBS), key=lambda one: _began(one.job))
        pairs = [(one, self._target(one)) for one in dirty]
        differing = {one.job.site: (one, target) for one, target in pairs if target.differs()}
        settled = [one for one, _ in pairs if one.job.site not in differing]
        if settled:
            self._jobs.confirm(held, [_shown(one, None) for one in settled])
        return differing

    def _target(self, one: DirtyJob) -> plan.Target:
        cells = self._layout.cells(one.job, one.files)
        return plan.Target(one.job.site, cells, one.written, one.is_fresh)

    def _write(
        self, held: Lease, view: View, dirty: Mapping[str, tuple[DirtyJob, plan.Target]]
    ) -> None:
        fence = self._jobs.next_fence(held, view.fence)
        batch = plan.make(
            view,
            [target for _, target in dirty.values()],
            self._columns(view, [one for one, _ in dirty.values()]),
            titles=self._titles(view),
            fence=fence,
            zone=self._zone or view.time_zone,
        )
        shown = [_shown(dirty[site][0], cells) for site, cells in batch.shown.items()]
        absent = [_shown(dirty[site][0], None) for site in batch.absent]
        if absent:
            self._jobs.confirm(held, absent)
        if not shown:
            return
        self._jobs.begin(held, Attempt(fence, view.fence, tuple(shown), batch.columns))
        self._sheet.write(batch.requests)
        self._jobs.settle(held, fence)
        _log.info("flushed", jobs=len(shown), left=len(batch.left), fence=fence)

    def _columns(self, view: View, dirty: Iterable[DirtyJob]) -> list[Column]:
        """Return the columns that are needed, but for those that a person deleted."""
        needed = self._layout.columns(one.job for one in dirty)
        if view.table is None:
            return needed
        deleted = self._jobs.known_columns() - view.table.columns.keys()
        return [column for column in needed if column.id not in deleted]

    def _titles(self, view: View) -> plan.Titles:
        """Return titles that are free for the tabs that have to be made."""
        wanted = self._layout.config.sheet.tab
        if view.table is not None and view.has_fence_tab:
            return plan.Titles(wanted, plan.FENCE_TITLE)
        tabs = self._sheet.tabs()
        if view.table is None and JOBS_TAB in tabs:
            raise Permanent(
                "header_gone",
                f"The header row of the tab {tabs[JOBS_TAB]!r} was deleted. Bring it back with the "
                "version history, or delete the tab: it is made anew.",
            )
        return plan.Titles.free(wanted, tabs.values())


def _began(job: Job) -> tuple[datetime, str]:
    """Return the order in which new rows come: the oldest of the job's events first."""
    stamps = (event.stamp for event in job.events.values())
    return (min(stamps, default=datetime.max.replace(tzinfo=UTC)), job.site)


def _shown(one: DirtyJob, cells: plan.Cells | None) -> Shown:
    return Shown(one.job.site, one.version, one.events, cells)
