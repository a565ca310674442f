"""One flush: read the sheet once, write it once, check what was hit, keep what was confirmed."""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import structlog

from sync import batch, compare, damage, evidence, furnish, pipeline, plan, repair
from sync.aside import Aside
from sync.columns import KEY
from sync.damage import Verdict
from sync.errors import Permanent, Refused, Retryable
from sync.evidence import Repair
from sync.history import Line
from sync.intake import Intake
from sync.layout import Layout
from sync.model import EMPTY, Change, Column, Customer, Job
from sync.sheet import Look, Sheet
from sync.store import Attempt, DirtyJob, History, Jobs, Lease
from sync.store.jobs import Shown
from sync.tabs import HISTORY, Along, Titles
from sync.view import JOBS_TAB, Surroundings, Table, View, site_in

_FEW_LOST = 5
_SHARE_LOST = 0.1
_RECOVERED = "Recovered"

_log = structlog.get_logger()

Pairs = dict[str, tuple[DirtyJob, plan.Target]]


@dataclass(frozen=True)
class Sizes:
    """How much goes into one batch: jobs, bytes of their cells, and lines of the history."""

    jobs: int = 500
    cell_bytes: int = 1_800_000
    lines: int = 1000
    line_bytes: int = 300_000


LARGE = Sizes(2500, 7_000_000, 8000, 2_000_000)
"""For filling a spreadsheet that nobody works in yet: Google advises 2 MB, and takes more."""


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
        sizes: Sizes = Sizes(),
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._intake = intake
        self._jobs = jobs
        self._history = history
        self._sheet = sheet
        self._layout = layout
        self._sleep = sleep
        self._zone = zone
        self._alert = alert
        self._sizes = sizes
        self._limit = sizes.jobs
        self._clock = clock
        self._aside = Aside()

    def has_work(self) -> bool:
        """Tell whether there is anything that the sheet may not show."""
        return (
            self._intake.is_waiting()
            or self._jobs.count_dirty(but=self._aside.resting(self._clock())) > 0
            or self._jobs.is_doubtful()
            or self._jobs.has_repairs()
            or self._history.is_waiting()
        )

    def flush(self, held: Lease) -> None:
        """Bring the sheet up to date with what there is now; more may come meanwhile.

        Raises Permanent, or Retryable: also where nobody knows whether the write was done, for the
        next flush's read tells.
        """
        self._jobs.adopt_spreadsheet(held)
        self._intake.run(held)
        is_doubtful = self._jobs.is_doubtful()
        repairs = self._jobs.repairs()
        if not (is_doubtful or repairs or self._targets(held) or self._history.is_waiting()):
            return
        if seconds := self._jobs.take_turn(held):
            self._sleep(seconds)
        self._intake.run(held)  # What came during the wait goes along.
        # While a batch is in doubt, what was last confirmed says nothing.
        pairs = self._targets(held, confirm=not is_doubtful)
        view = self._sheet.read(plan.noted_columns([target for _, target in pairs.values()]))
        if self._settle(held, view):
            return  # An earlier batch had landed after all: compare with what it wrote.
        table = view.table
        if table is None and self._jobs.forget_written(held):
            return  # The tab is gone: every job is to be written anew.
        if table is not None:
            self._forget_few(held, table, repairs)
        if table is not None and repairs:
            self._repair(held, table, repairs)
        elif table is not None and table.doubles:
            self._flag(held, table)
        elif pairs or (table is not None and self._history.is_waiting()):
            self._write(held, view, pairs)
        elif table is not None and is_doubtful:
            # Move the fence: what has not landed by now never shall.
            self._send(held, self._composed(held, view, table), [])

    def _composed(self, held: Lease, view: View, table: Table, **parts: Any) -> plan.Batch:
        """Return a batch of ours other than of jobs."""
        fence = self._jobs.next_fence(held, view.fence)
        titles = Titles(table.title, view.fence_title or Titles.fence)
        return plan.compose(view, table, fence=fence, titles=titles, **parts)

    # What is to be written

    def _targets(self, held: Lease, confirm: bool = True) -> Pairs:
        """Return what is to be written; jobs that stand already are confirmed without a call."""
        dirty = sorted(self._dirty(), key=lambda one: _began(one.job))
        pairs = [(one, self._target(one)) for one in dirty]
        settled = [one for one, target in pairs if target is None or not target.differs()]
        if settled and confirm:
            self._jobs.confirm(held, [_shown(one, None) for one in settled])
        return {one.job.site: (one, target) for one, target in pairs if target and target.differs()}

    def _dirty(self) -> list[DirtyJob]:
        """Return what to look at: a job that Google did not take is tried again by itself."""
        if due := self._aside.due(self._clock()):
            if alone := self._jobs.dirty(1, only=due):
                return alone
            self._aside.take([due])
        return self._jobs.dirty(self._limit, but=self._aside.sites())

    def _target(self, one: DirtyJob) -> plan.Target | None:
        if not one.job.events:
            return None  # A job without a milestone has no row.
        try:
            cells = self._layout.cells(one.job, one.files, one.customer)
        except Exception:
            # A job that we cannot show must not keep the others waiting.
            _log.exception("fault", site=one.job.site)
            return None
        return plan.Target(one.job.site, cells, one.written, one.is_fresh)

    def _write(self, held: Lease, view: View, pairs: Pairs) -> None:
        if view.table is not None and not self._keys_are_there(held, view, view.table):
            return
        titles, names = self._surroundings(held, view)
        if view.table is None and view.history is None:
            self._history.tell_again()
        told, lines = self._lines(view)
        columns = self._columns(view, [one for one, _ in pairs.values()])
        made = plan.make(
            view,
            [target for _, target in pairs.values()],
            columns,
            titles=titles,
            fence=self._jobs.next_fence(held, view.fence),
            zone=self._zone or view.time_zone,
            max_bytes=self._sizes.cell_bytes,
            with_=self._along((target for _, target in pairs.values()), columns, lines, names),
        )
        absent = [_shown(pairs[site][0], None) for site in made.absent]
        shown = [_shown(pairs[site][0], cells) for site, cells in made.shown.items()]
        is_idle = not (made.trace.writes or made.brings or view.table is None)
        if is_idle and not self._jobs.is_doubtful():
            self._jobs.confirm(held, absent + shown)
            return
        if absent:
            self._jobs.confirm(held, absent)
        try:
            self._send(held, made, shown, told)
        except Refused:
            if not self._find_refused(list(pairs)):
                raise
            return
        self._aside.take(pairs)
        self._limit = min(self._sizes.jobs, self._limit * 2)

    def _find_refused(self, sites: list[str]) -> bool:
        """Go on without what Google does not take; False where that may pass by itself.

        Mostly somebody was quicker. If it is one job, halving finds it.
        """
        self._limit = max(1, len(sites) // 2)
        if len(sites) != 1:
            return bool(sites)
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

    def _keys_are_there(self, held: Lease, view: View, table: Table) -> bool:
        """Tell whether the keys stand where we look for them; few that are gone were deleted.

        Raises Permanent where many are gone at once and stand nowhere: all would come again.
        """
        known = self._jobs.written_sites()
        gone = known - table.keys.keys()
        if _are_few(gone, known):
            return True
        look = self._look(held, table)
        index = repair.key_column(look.rows, gone) if look.seen.table else None
        if index is None:
            raise Permanent(
                "keys_gone",
                f"{len(gone)} of {len(known)} site IDs are gone from their column at once. Undo "
                "what happened to it; if rows were deleted on purpose: brightsheet compare",
            )
        # A person moved what stood in the column: that is the key column now.
        made = batch.adopt(KEY, table.sheet_id, index)
        self._send(held, self._composed(held, view, table, made=made), [])
        return False

    def _forget_few(self, held: Lease, table: Table, repairs: Mapping[int, Repair]) -> None:
        """Keep which rows were deleted since the last read, where they are few.

        A key that is to be put back is not gone.
        """
        known = self._jobs.written_sites()
        gone = known - table.keys.keys() - {site_in(one.data) for one in repairs.values()}
        if gone and _are_few(gone, known):
            self._jobs.forget_rows(held, gone)

    def _columns(self, view: View, dirty: Iterable[DirtyJob]) -> list[Column]:
        """Return the columns that are needed, but for those that a person deleted."""
        needed = self._layout.columns(one.job for one in dirty)
        if view.table is None:
            return needed
        deleted = self._jobs.known_columns() - view.table.columns.keys()
        return [column for column in needed if column.id not in deleted]

    def _lines(self, view: View) -> tuple[tuple[int, ...], list[Line]]:
        """Return the changes (seq) that are to be told, and their lines, the newest first."""
        waiting = self._history.waiting(self._sizes.lines)
        if waiting and view.history is None and HISTORY in self._jobs.known_columns():
            self._history.drop([seq for seq, _, _ in waiting])
            return (), []
        told: list[int] = []
        lines: list[Line] = []
        size = 0
        for seq, change, customer in waiting:
            line = self._line(change, customer)
            size += sum(len(cell.text) for cell in line or ())
            if size > self._sizes.line_bytes and told:
                break
            told.append(seq)
            lines += [line] if line else []
        return tuple(told), lines[::-1]

    def _line(self, change: Change, customer: Customer) -> Line | None:
        try:
            return self._layout.line(change, self._layout.name(change.site, customer))
        except Exception:
            # A change that we cannot tell must not keep the others waiting.
            _log.exception("fault", site=change.site)
            return None

    def _along(
        self,
        targets: Iterable[plan.Target],
        columns: Iterable[Column],
        lines: list[Line],
        names: list[str],
    ) -> Along:
        """Return what goes along with the rows of `targets`, whose `columns` stand in order."""
        return Along(
            self._layout.config,
            lines,
            pairs=frozenset(_counted(target.cells) for target in targets),
            ranks=self._layout.ranks(),
            order=[one.header for one in columns if one.id.startswith("status:")],
            names=names,
        )

    def _surroundings(self, held: Lease, view: View) -> tuple[Titles, list[str]]:
        """Return free titles for tabs to be made, and the named ranges that are to be made anew."""
        if view.table is not None and view.has_fence_tab:
            return Titles(), []
        return self._free(view, self._around(held))

    def _free(self, view: View, there: Surroundings) -> tuple[Titles, list[str]]:
        tabs = self._layout.config.sheet
        wanted = Titles(tabs.tab, Titles.fence, tabs.history, tabs.pipeline)
        if view.table is None and JOBS_TAB in there.titles:
            raise Permanent(
                "header_gone",
                f"The header row of the tab {there.titles[JOBS_TAB]!r} was deleted. Bring it back "
                "with the version history, or delete the tab: it is made anew.",
            )
        names = [there.names[name][0] for name in pipeline.NAMES.values() if name in there.names]
        return plan.free_titles(wanted, there.titles.values()), names

    def _look(self, held: Lease, table: Table) -> Look:
        """Read everything."""
        self._wait_for_a_call(held)
        return self._sheet.look(table)

    def _around(self, held: Lease) -> Surroundings:
        """Read what else is in the spreadsheet."""
        self._wait_for_a_call(held)
        return self._sheet.surroundings()

    def _wait_for_a_call(self, held: Lease) -> None:
        """Take a turn for a call beside those of a flush: it counts for the pace, too."""
        if seconds := self._jobs.take_turn(held, spacing=0):
            self._sleep(seconds)

    # Sending and checking

    def _send(
        self, held: Lease, made: plan.Batch, shown: list[Shown], told: tuple[int, ...] = ()
    ) -> None:
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

    def _settle(self, held: Lease, view: View) -> bool:
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
        look = self._look(held, table)
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

    # Mending

    def _repair(self, held: Lease, table: Table, repairs: Mapping[int, Repair]) -> None:
        """Put cells back; what has no place any more goes into the tab Recovered."""
        look = self._look(held, table)
        seen = look.seen
        if seen.table is None:
            return
        found = repair.place(seen.table, look.rows, repairs)
        made = self._composed(
            held,
            seen,
            seen.table,
            made=self._recovered(seen, found.recovered),
            writes=found.writes,
            repairs=(*found.placed, *found.lost),
            keep={one.column.partition(".")[0] for one in repairs.values() if "." in one.column},
        )
        if found.keyless:
            self._jobs.renew(held, found.keyless)
        self._send(held, made, [])
        if found.recovered:
            self._alert(
                "recovered",
                f"{len(found.recovered)} cells could not be put back: see the tab {_RECOVERED}.",
            )

    def _recovered(self, seen: View, lines: Iterable[tuple[str, str]]) -> list[batch.Request]:
        when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        rows = [(when, whose, text) for whose, text in lines]
        if not rows:
            return []
        tab = [] if seen.has_recovered_tab else batch.make_recovered_tab(_RECOVERED)
        return [*tab, batch.recover(rows)]

    def _flag(self, held: Lease, table: Table) -> None:
        """Flag the copies of doubled rows."""
        self._flag_seen(held, self._look(held, table))

    def _flag_seen(self, held: Lease, look: Look) -> None:
        seen = look.seen
        if seen.table is None or not seen.table.doubles:
            return
        made = self._composed(
            held,
            seen,
            seen.table,
            writes=repair.flags(seen.table, look.rows),
        )
        self._send(held, made, [])

    def furnish(self, held: Lease) -> list[str]:
        """Bring what is missing of the tabs; return a line for each thing that was done.

        Raises Retryable while an earlier batch is in doubt: the next flush tells.
        """
        self._jobs.adopt_spreadsheet(held)
        self._intake.run(held)
        if self._jobs.is_doubtful() or self._jobs.has_repairs():
            self.flush(held)
            raise Retryable("unsettled", "An earlier write is still to be checked. Run it again.")
        self._jobs.take_turn(held)
        view = self._sheet.read(())
        every = [one for one in self._jobs.every() if one.job.events]
        columns = self._layout.columns((one.job for one in every), with_configured=True)
        there = self._around(held)
        titles, names = self._free(view, there)
        along = self._along(filter(None, map(self._target, every)), columns, [], names)
        if view.history is None:
            self._history.tell_again()
        if view.table is None:
            self._jobs.forget_written(held)
            return self._make_all(held, view, columns, titles, along)
        if KEY not in view.table.columns:
            raise plan.key_column_gone()
        found = furnish.missing(view, view.table, there, columns, along, titles)
        if furnish.is_nothing(found):
            return []
        made = self._composed(
            held, view, found.table, made=found.made, writes=found.writes, more=found.more
        )
        self._send(held, replace(made, columns=(*made.columns, *found.tabs)), [])
        self._mark_drift(held)
        return found.told

    def _make_all(
        self, held: Lease, view: View, columns: list[Column], titles: Titles, along: Along
    ) -> list[str]:
        made = plan.make(
            view,
            [],
            columns,
            titles=titles,
            fence=self._jobs.next_fence(held, view.fence),
            zone=self._zone or view.time_zone,
            with_=along,
        )
        self._send(held, made, [])
        shown = [titles.jobs, titles.history, titles.pipeline]
        return [f"tab {title!r}: made" for title in shown]

    def compare(self, held: Lease) -> int:
        """Compare all of the sheet with what it should show; return how many jobs differ.

        What differs is written by the next flush. Rows that are gone are taken for deleted.
        """
        self._jobs.take_turn(held)
        self._jobs.set_compared(held)
        return self._mark_drift(held)

    def _mark_drift(self, held: Lease) -> int:
        view = self._sheet.read(())
        if view.table is None or not view.has_fence_tab or self._settle(held, view):
            return 0
        look = self._look(held, view.table)
        table = look.seen.table
        if table is None:
            return 0
        jobs = ((one, self._target(one)) for one in self._jobs.every())
        shown = ((one.job.site, target.cells) for one, target in jobs if target and one.written)
        found = compare.drift(table, look.rows, shown, batch.clock(self._zone or view.time_zone))
        self._jobs.mark_drift(held, found)
        self._jobs.forget_rows(held, self._jobs.written_sites() - table.keys.keys())
        if not self._jobs.has_repairs():
            self._flag_seen(held, look)
        return len(found)


def _are_few(gone: Set[str], known: Set[str]) -> bool:
    """Tell whether so many keys may be gone at once because people deleted their rows."""
    return len(gone) <= max(_FEW_LOST, _SHARE_LOST * len(known))


def _counted(cells: plan.Cells) -> tuple[str, str]:
    """Return the milestone and the status by which a job is counted."""
    return (cells.get("current_milestone", EMPTY).text, cells.get("status", EMPTY).text)


def _began(job: Job) -> tuple[datetime, str]:
    """Return the order in which new rows come: the oldest of the job's events first."""
    stamps = (event.stamp for event in job.events.values())
    return (min(stamps, default=datetime.max.replace(tzinfo=UTC)), job.site)


def _shown(one: DirtyJob, cells: plan.Cells | None) -> Shown:
    return Shown(one.job.site, one.version, one.events, cells)
