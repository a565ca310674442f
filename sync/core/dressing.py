"""What the looks of our tabs lack: each is made once, apart from the first column of *Pipeline*."""

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass

from sync.core import batch, looks, own_tabs, snapshot
from sync.core.cells import serial
from sync.core.client import SheetClient
from sync.core.job_rows import JobRows
from sync.core.looks import Look
from sync.core.snapshot import HISTORY, PIPELINE, TITLES, Snapshot, Tab

_CHECKED_HOURS = 12.0
"""How often *Last checked* is written."""
_FIELDS = "sheets(properties(sheetId,title),filterViews(filterViewId))"


@dataclass
class Dressing:
    """Finds what the looks of our tabs lack; most passes find nothing, without a call."""

    client: SheetClient
    rows: JobRows
    stuck: int
    _pipeline: tuple[list[str], float] | None = None
    """The first column of *Pipeline* as it is: labels and *Last checked*; None if unread."""

    def try_again(self) -> None:
        """Look at what is there again."""
        self._pipeline = None

    def missing(
        self, now: Snapshot, jobs: Tab, made: MutableMapping[str, int], *, is_right: bool
    ) -> tuple[list[Look], list[Tab]]:
        """Return what was never made, and the tabs whose columns it relies on.

        What is there counts as `made`, by the fence.
        """
        history = now.lines.get(HISTORY)
        tabs = [jobs, *([history] if history and not history.is_broken else ())]
        wanted = self._wanted(tabs)
        labels = own_tabs.labels(self.rows.milestones())
        is_known = all(each.name in made for each in wanted) and not own_tabs.lacking(made, jobs)
        if is_known and not self._is_late(labels, is_right=is_right):
            return [], []
        sheets = self.client.look([], _FIELDS).get("sheets", ())
        titles = {
            each["properties"].get("sheetId", 0): each["properties"]["title"] for each in sheets
        }
        views = {view["filterViewId"] for each in sheets for view in each.get("filterViews", ())}
        there = self._read([sheet for sheet in own_tabs.SOURCES if sheet in titles])
        free = {n: batch.free_title(TITLES[n], titles.values()) for n in own_tabs.SOURCES}
        address = self.rows.layout.links.job("")
        wanted += own_tabs.looks(jobs, there, free, self.stuck, address)
        fence = max(now.fences)[0]
        for name in [own_tabs.names(sheet)[0] for sheet in there]:
            made.setdefault(name, fence)
        for each in wanted:
            if each.view in views:
                made.setdefault(each.name, fence)
        found = [each for each in wanted if each.name not in made]
        if PIPELINE in there:
            self._pipeline = own_tabs.shown_labels(there[PIPELINE])
            if self._is_late(labels, is_right=is_right):
                when = self._today() if is_right else self._pipeline[1]
                requests = own_tabs.write_labels(there[PIPELINE], labels, when)
                found += [Look(own_tabs.CHECKED, requests)] if requests else []
        else:
            self._pipeline = labels, self._today()
        return found, [*tabs, *there.values()]

    def _wanted(self, tabs: Sequence[Tab]) -> list[Look]:
        """Return the looks of *Jobs*, and of *History* if it is there."""
        jobs, *history = tabs
        open_sites = [site for site, job in self.rows.jobs.items() if job.is_open]
        return [
            *looks.of_jobs(jobs, self.rows.statuses.config, self.stuck),
            *looks.of_reps(jobs, open_sites),
            *(look for tab in history for look in looks.of_history(tab, self.rows.statuses.config)),
        ]

    def _today(self) -> float:
        return serial(self.rows.now, self.rows.layout.zone)

    def _is_late(self, labels: list[str], *, is_right: bool) -> bool:
        if self._pipeline is None:
            return True
        known, checked = self._pipeline
        return known != labels or (is_right and (self._today() - checked) * 24 > _CHECKED_HOURS)

    def _read(self, own: Sequence[int]) -> dict[int, Tab]:
        """Read those of *Today* and *Pipeline* that are there."""
        if not own:
            return {}
        answer = self.client.read(snapshot.data_filters(own, ()), snapshot.FIELDS)
        return {tab.sheet: tab for tab in snapshot.snapshot_of(answer, own).tabs}
