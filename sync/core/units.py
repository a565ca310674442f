"""What a batch is made of: parts that Google may refuse one by one. Pure, apart from a clock."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sync.core.cells import content
from sync.core.check import NewRow, Repairs, Trace, Write, meant
from sync.core.snapshot import JOBS, Picture, Snapshot

HISTORY_LINES, RECOVERED_LINES = "History", "Recovered"
COLUMNS, CONNECTING, EXCHANGE = "columns", "connecting", "exchange"
"""The names of units that aren't a job's or a debt's."""
_MOST = 500
_MOST_BYTES = 1_800_000
"""Of a batch; Google advises 2 MB."""
SKIPPED_SECONDS = 3600.0
_MOST_IN_A_ROW, _STOPPED_SECONDS = 3, 600.0


@dataclass(frozen=True)
class Unit:
    """A part of a batch, of a row or named above. Those of one name are written as a whole."""

    name: str
    """A job's site ID and the tab, "debt" with a digest, or one of the names above."""
    write: Write | NewRow | None = None

    @property
    def tab(self) -> str:
        return tab_of(self.name)

    @property
    def size(self) -> int:
        """The length of its cells as JSON, roughly."""
        return len(json.dumps(dict(self.write.cells))) if self.write else 0


def tab_of(unit: str) -> str:
    """Return the sheet ID in the name of a row's unit; "" of others."""
    last = unit.rpartition(" ")[2]
    return last if last.isdecimal() else ""


def trace_of(
    now: Snapshot,
    pictures: Sequence[Picture],
    repair: Repairs,
    units: Sequence[Unit],
    ours: Collection[str],
) -> Trace:
    """Return what the check of a batch needs. In a job's row of *Jobs*, columns `ours` heal."""
    trace = Trace(sorted(now.names), list(pictures), units=[unit.name for unit in units])
    trace.was = {str(place): was for place, was in repair.was.items()}
    for each in (unit.write for unit in units):
        if isinstance(each, NewRow):
            new = trace.new if each.sheet == JOBS else trace.new_in_tabs
            new.append(meant({}, each.cells, ours))
        elif each:
            place, is_in_jobs = str(each.place), now.places[each.place][0].sheet == JOBS
            unseen = ours if is_in_jobs and each.site else ()
            left = trace.meant.get(place, pictures[each.place])
            trace.meant[place] = meant(left, each.cells, unseen)
            trace.writes[place] = each.site, {c: content(cell) for c, cell in each.cells.items()}
    return trace


class Refusals:
    """Finds the unit that Google refuses, by halves, and leaves it out, usually for an hour.

    If several of a tab are refused alone, the reason is another one, as if the tab is protected:
    then all of that tab wait for ten minutes, and a single one is tried.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._limit = _MOST
        self._until: dict[str, float] = {}
        self._reasons: dict[str, str] = {}
        self._over: Any = None
        self._in_a_row = Counter[str]()
        """How many were refused alone since one was accepted, by tab."""
        self._stopped = dict[str, float]()
        """Until when nothing of a tab is sent."""

    @property
    def skipped(self) -> set[str]:
        """The names of the units that are left out now."""
        return {name for name, until in self._until.items() if until > self._now()}

    @property
    def stopped(self) -> set[str]:
        """The sheet IDs of tabs in which Google refuses everything."""
        return {tab for tab, until in self._stopped.items() if until > self._now()}

    def reason(self, name: str = "") -> str:
        """Return what Google said of a unit, or at last."""
        return self._reasons.get(name) or next(reversed(self._reasons.values()), "")

    def chosen(self, units: Iterable[Unit]) -> list[Unit]:
        """Return the units of the next batch: as many as it takes, at least one."""
        found, size, skipped, stopped = list[Unit](), 0, self.skipped, self.stopped
        doubtful = list[Unit]()
        for unit in units:
            if unit.name in skipped or unit.tab in stopped:
                continue
            if self._in_a_row[unit.tab] >= _MOST_IN_A_ROW:
                doubtful.append(unit)
                continue
            size += unit.size
            is_full = len(found) >= self._limit or size > _MOST_BYTES
            if is_full and found and unit.name != found[-1].name:
                break
            found.append(unit)
        return found or [each for each in doubtful if each.name == doubtful[0].name]

    def refused(self, names: list[str], over: Any, reason: str, seconds: float) -> None:
        """Note a refusal of units; `over` is what else may have been its reason.

        Somebody may have moved a column, so only a second refusal over the same is of a unit.
        """
        is_again, self._over = over == self._over, over
        names = [*dict.fromkeys(names)]  # A job in two rows, or alike debts, are one.
        if not is_again:
            return
        if len(names) > 1:
            self._limit = max(1, min(self._limit, len(names)) // 2)
        elif names:
            self._reasons.pop(names[0], "")
            self._reasons[names[0]] = reason
            self._until[names[0]] = self._now() + seconds
            self._limit = _MOST
            if tab := tab_of(names[0]):
                self._in_a_row[tab] += 1
            if self._in_a_row[tab] >= _MOST_IN_A_ROW:
                self._stopped[tab] = self._now() + _STOPPED_SECONDS

    def accepted(self, names: Iterable[str]) -> None:
        """Note that Google has taken a batch of these units: the next one may be larger."""
        self._limit = min(_MOST, 2 * self._limit)
        for tab in map(tab_of, names):
            self._in_a_row.pop(tab, None)

    def try_again(self) -> None:
        """Leave nothing out any longer: somebody may have fixed it."""
        self._until.clear()
        self._stopped.clear()
