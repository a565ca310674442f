"""Brings what is missing of the tabs, and compares the whole sheet with what it should show."""

from dataclasses import replace

from sync.errors import Retryable
from sync.jobs.columns import KEY, Column
from sync.sheets import diff, provision, reconcile, request
from sync.sheets.flush import Flusher
from sync.sheets.snapshot import View
from sync.sheets.tabs.extras import Along, Titles
from sync.store import Lease


class Caretaker:
    """Looks after a spreadsheet as a whole, with the means of its flusher."""

    def __init__(self, flusher: Flusher) -> None:
        self._flusher = flusher
        self._intake, self._jobs, self._history = flusher.intake, flusher.jobs, flusher.history
        self._sending, self._targets, self._mending = (
            flusher.sending,
            flusher.targets,
            flusher.mending,
        )

    def furnish(self, held: Lease) -> list[str]:
        """Bring what is missing of the tabs; return a line for each thing that was done.

        Raises Retryable while an earlier batch is in doubt: the next flush tells.
        """
        self._jobs.adopt_spreadsheet(held)
        self._intake.run(held)
        if self._jobs.is_doubtful() or self._jobs.has_repairs():
            self._flusher.flush(held)
            raise Retryable("unsettled", "An earlier write is still to be checked. Run it again.")
        self._sending.take_turn(held)
        view = self._sending.read()
        every = list(self._targets.every())
        columns = self._targets.all_columns(one for one, _ in every)
        there = self._sending.around(held)
        titles = self._targets.free_titles(view, there)
        along = self._targets.along((target for _, target in every), columns, [], there)
        if view.history is None:
            self._history.tell_again(held)
        if view.table is None:
            self._jobs.forget_written(held)
            return self._make_all(held, view, columns, titles, along)
        if KEY not in view.table.columns:
            raise diff.key_column_gone()
        found = provision.missing(view, view.table, there, columns, along, titles)
        if provision.is_nothing(found):
            return []
        made = self._sending.composed(
            held, view, found.table, made=found.made, writes=found.writes, more=found.more
        )
        self._sending.send(held, replace(made, columns=(*made.columns, *found.tabs)), [])
        self._mark_drift(held)
        return found.told

    def _make_all(
        self, held: Lease, view: View, columns: list[Column], titles: Titles, along: Along
    ) -> list[str]:
        made = diff.make(
            view,
            [],
            columns,
            titles=titles,
            fence=self._jobs.next_fence(held, view.fence),
            zone=self._flusher.zone or view.time_zone,
            with_=along,
        )
        self._sending.send(held, made, [])
        shown = [titles.jobs, titles.history, titles.pipeline]
        return [f"tab {title!r}: made" for title in shown]

    def compare(self, held: Lease) -> int:
        """Compare all of the sheet with what it should show; return how many jobs differ.

        What differs is written by the next flush. Rows that are gone are taken for deleted.
        """
        self._jobs.must_be_current()
        self._sending.take_turn(held)
        self._jobs.set_compared(held)
        return self._mark_drift(held)

    def _mark_drift(self, held: Lease) -> int:
        view = self._sending.read()
        if view.table is None or not view.has_fence_tab or self._sending.settle(held, view):
            return 0
        look = self._sending.look(held, view.table)
        table = look.seen.table
        if table is None:
            return 0
        jobs = self._targets.every()
        shown = ((one.job.site, target.cells) for one, target in jobs if one.written)
        zone = request.clock(self._flusher.zone or view.time_zone)
        found = reconcile.drift(table, look.rows, shown, zone)
        self._jobs.mark_drift(held, found)
        self._jobs.forget_rows(held, self._jobs.written_sites() - table.keys.keys())
        if not self._jobs.has_repairs():
            self._mending.flag_seen(held, look)
        return len(found)
