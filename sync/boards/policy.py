"""Decides whether what EverBright says goes into a cell of the office's. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum

from sync.boards.fields import Rule
from sync.core.cells import Cell, content, is_formula, readable

DAYS = re.compile(r"=TODAY\(\)-\d+")
"""Our formula, of which there may be an older one, as of a restored version."""


@dataclass(frozen=True)
class Said:
    """What EverBright says: as a cell, and in the form whose change is news."""

    cell: Cell
    state: str

    @classmethod
    def of(cls, cell: Cell) -> "Said":
        return cls(cell, content(cell))


class Outcome(StrEnum):
    """What happens to a cell."""

    WRITE = "write"
    SHOWN = "shown"
    """The cell shows it, or somebody has typed over it: it counts as written."""
    KEPT = "kept"
    """The cell holds something else, which stays."""


def outcome(
    rule: Rule, said: Said, held: Cell, last: str | None, *, is_kept: bool = False
) -> Outcome:
    """Return what happens to a cell. `last` is the state that a read has shown last.

    `is_kept` tells a word that yields to no news: it is the office's own, or ahead.
    """
    now, wanted = content(held), content(said.cell)
    if now == wanted:
        return Outcome.SHOWN
    if is_formula(held):
        if not DAYS.fullmatch(readable(held)):
            return Outcome.KEPT
        last = now
    if not now:
        return Outcome.WRITE
    if rule is Rule.FOLLOWS or not wanted:
        return Outcome.WRITE if now == last and rule is not Rule.FILLS else Outcome.KEPT
    if rule is not Rule.NEWS or said.state == last:
        return Outcome.KEPT
    return Outcome.SHOWN if is_kept else Outcome.WRITE
