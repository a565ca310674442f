"""What a batch is made of: parts that Google may refuse one by one. Pure, apart from a clock."""

import json
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
_SKIPPED_SECONDS = 3600.0
_MOST_IN_A_ROW, _STOPPED_SECONDS = 3, 600.0


@dataclass(frozen=True)
class Unit:
    """A part of a batch, of a row or named above. Those of one name are written as a whole."""

    name: str
    """A job's site ID and the tab, "debt" with a digest, or one of the names above."""
    write: Write | NewRow | None = None

    @property
    def size(self) -> int:
        """The length of its cells as JSON, roughly."""
        return len(json.dumps(dict(self.write.cells))) if self.write else 0


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

    If several in a row are refused alone, the reason is another one, like a protected tab: then all
    wait for ten minutes, and a single unit is tried.
    """

    def __init__(self, now: Callable[[], float], seconds: float = _SKIPPED_SECONDS) -> None:
        self._now, self._seconds = now, seconds
        self._limit = _MOST
        self._until: dict[str, float] = {}
        self._reasons: dict[str, str] = {}
        self._over: Any = None
        self._in_a_row = 0
        self._stopped_until = 0.0

    @property
    def skipped(self) -> set[str]:
        """The names of the units that are left out now."""
        return {name for name, until in self._until.items() if until > self._now()}

    @property
    def is_stopped(self) -> bool:
        """Whether nothing is sent, because Google refused everything."""
        return self._stopped_until > self._now()

    def reason(self, name: str = "") -> str:
        """Return what Google said of a unit, or at last."""
        return self._reasons.get(name) or next(reversed(self._reasons.values()), "")

    def chosen(self, units: Iterable[Unit]) -> list[Unit]:
        """Return the units of the next batch: as many as it takes, at least one."""
        found, size, skipped = list[Unit](), 0, self.skipped
        for unit in units if not self.is_stopped else ():
            if unit.name in skipped:
                continue
            size += unit.size
            is_full = len(found) >= self._limit or size > _MOST_BYTES
            if is_full and found and unit.name != found[-1].name:
                break
            found.append(unit)
        return found

    def refused(self, names: list[str], over: Any, reason: str) -> None:
        """Note a refusal of units; `over` is what else may have been its reason.

        Somebody may have moved a column, so only a second refusal over the same is of a unit.
        """
        is_again, self._over = over == self._over, over
        if not is_again:
            return
        if len(names) > 1:
            self._limit = max(1, min(self._limit, len(names)) // 2)
        elif names:
            self._reasons.pop(names[0], "")
            self._reasons[names[0]] = reason
            self._until[names[0]] = self._now() + self._seconds
            self._limit = _MOST
            self._in_a_row += 1
        if self._in_a_row >= _MOST_IN_A_ROW:
            self._stopped_until, self._limit = self._now() + _STOPPED_SECONDS, 1

    def accepted(self) -> None:
        """Note that Google has taken a batch."""
        if self._in_a_row >= _MOST_IN_A_ROW:
            self._limit = _MOST
        self._in_a_row = 0

    def try_again(self) -> None:
        """Leave nothing out any longer: somebody may have fixed it."""
        self._until.clear()
        self._stopped_until = 0.0

    def nothing_left(self) -> None:
        """Note that nothing is left that was to be written."""
        self._limit, self._over = _MOST, None
