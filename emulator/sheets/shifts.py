"""How inserted, deleted and moved rows or columns change ranges of indexes."""

from typing import Any, NamedTuple

Json = dict[str, Any]
Span = tuple[int, int | None]


class Insert(NamedTuple):
    """`size` rows or columns inserted before index `at`."""

    at: int
    size: int

    def span(self, start: int, end: int | None) -> Span | None:
        """Return where [start, end) is afterwards; it grows by what is inserted inside."""
        moved = start + self.size if start >= self.at else start
        if end is None:
            return moved, None
        return moved, end + self.size if end > self.at else end


class Delete(NamedTuple):
    """`size` rows or columns deleted from index `at` on."""

    at: int
    size: int

    def span(self, start: int, end: int | None) -> Span | None:
        """Return where [start, end) is afterwards, None where nothing is left of it."""

        def moved(index: int) -> int:
            return index if index <= self.at else max(self.at, index - self.size)

        if end is None:
            return moved(start), None
        return (moved(start), moved(end)) if moved(end) > moved(start) else None


class Move(NamedTuple):
    """[start, end) moved before index `destination`, as counted before the move."""

    start: int
    end: int
    destination: int

    def span(self, start: int, end: int | None) -> Span | None:
        """Return where [start, end) is afterwards; a span inside what moves goes along."""
        size = self.end - self.start
        landing = self.destination
        if landing > self.start:
            landing -= size
        if end is not None and self.start <= start and end <= self.end:
            return start - self.start + landing, end - self.start + landing
        left = Delete(self.start, size).span(start, end)
        return Insert(landing, size).span(*left) if left else None


Shift = Insert | Delete | Move

KEYS = {
    "ROWS": ("startRowIndex", "endRowIndex"),
    "COLUMNS": ("startColumnIndex", "endColumnIndex"),
}


def grid_range(shift: Shift, dimension: str, stored: Json) -> Json | None:
    """Return a stored GridRange after the shift, None where nothing is left of it."""
    first, last = KEYS[dimension]
    if first not in stored and last not in stored:
        return stored
    moved = shift.span(stored.get(first, 0), stored.get(last))
    if moved is None:
        return None
    changed = dict(stored)
    if first in stored:
        changed[first] = moved[0]
    if moved[1] is not None:
        changed[last] = moved[1]
    return changed
