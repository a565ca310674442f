"""Where a new job's row goes in an office's tab, and what it takes from the row above. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from sync.core.cells import Cell, is_formula, readable, relative
from sync.core.snapshot import Tab

_OWN = re.compile(
    r"\b(ARRAYFORMULA|QUERY|FILTER|IMPORTRANGE|UNIQUE|SORT)\s*\(|^=TODAY\(\)-\d+$", re.I
)
"""What fills other cells, too; and *Days* of the job above."""


@dataclass(frozen=True)
class Place:
    """The index at which rows are inserted, and the row that they take after, if there is one."""

    at: int
    above: int | None = None


def find(tab: Tab, jobs: Collection[int], where: str) -> Place:
    """Return where new rows go: inside the first unbroken run of rows with a job.

    So totals cover them, and dividers stay below.
    """
    run = list[int]()
    first = (tab.header or 0) + 1
    for row in range(first, len(tab.rows)):
        if row in jobs:
            run.append(row)
        elif run:
            break
    if not run:
        return Place(first)
    if where == "top" or len(run) == 1:
        return Place(run[0] + 1, run[0])
    return Place(run[-1], run[-2])


def formulas(tab: Tab, above: int | None) -> dict[str, Cell]:
    """Return the formulas that a new row takes, by the columns' names, as distances."""
    row = tab.rows[above] if above is not None else ()
    return {
        tab.names[index]: relative(cell, above or 0, tab.names)
        for index, cell in enumerate(row)
        if is_formula(cell) and not _OWN.search(readable(cell))
    }
