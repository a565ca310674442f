"""The formulas of conditions, when the rows and columns that they speak of shift.

Such a formula is written for the first cell of its range. What it says of the same row, or of
another column of the range, it must go on saying whatever becomes of that one cell: so those
references keep their distance to the range's start, and all others follow their cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emulator.sheets.formula import End, rewrite
from emulator.sheets.shifts import KEYS, Shift

if TYPE_CHECKING:
    from emulator.sheets.grid import Json


class Change(NamedTuple):
    """A shift in the sheet of that title."""

    shift: Shift
    dimension: str
    title: str

    def of_rule(self, condition: Json, before: Json, after: Json) -> Json:
        """A conditional format's condition; its first range was `before` and is `after`."""
        start, end = (before.get(key) for key in KEYS[self.dimension])
        inside = (start or 0, end)
        if self.dimension == "ROWS":
            inside = (0, None)
        start_after = after.get(KEYS[self.dimension][0], 0)
        return self._condition(condition, start_after - (start or 0), inside)

    def of_filter(self, kept: Json, before: Json, after: Json) -> Json:
        """A filter, whose formulas are relative by rows alone."""
        first = KEYS[self.dimension][0]
        moved = after.get(first, 0) - before.get(first, 0)
        inside = (0, None) if self.dimension == "ROWS" else (0, 0)
        found = dict(kept)
        if "criteria" in kept:
            found["criteria"] = {
                column: self._criteria(one, moved, inside)
                for column, one in kept["criteria"].items()
            }
        if "filterSpecs" in kept:
            found["filterSpecs"] = [
                {**one, "filterCriteria": self._criteria(one["filterCriteria"], moved, inside)}
                if "filterCriteria" in one
                else one
                for one in kept["filterSpecs"]
            ]
        return found

    def _criteria(self, criteria: Json, moved: int, inside: tuple[int, int | None]) -> Json:
        if "condition" not in criteria:
            return criteria
        return {**criteria, "condition": self._condition(criteria["condition"], moved, inside)}

    def _condition(self, condition: Json, moved: int, inside: tuple[int, int | None]) -> Json:
        if "values" not in condition:
            return condition
        values = [
            {**one, "userEnteredValue": self._formula(one["userEnteredValue"], moved, inside)}
            if one.get("userEnteredValue", "").startswith(("=", "+"))
            else one
            for one in condition["values"]
        ]
        return {**condition, "values": values}

    def _formula(self, text: str, moved: int, inside: tuple[int, int | None]) -> str:
        def change(named: str | None, ends: list[End]) -> list[End] | None:
            if named is not None and named.casefold() != self.title.casefold():
                return ends
            found = self._range(ends, moved, inside)
            return None if any(one is None for one in found) else [one for one in found if one]

        return rewrite(text, change)

    def _range(
        self, ends: list[End], moved: int, inside: tuple[int, int | None]
    ) -> list[End | None]:
        """The ends of a reference; a range whose ends are both fixed grows and shrinks."""
        if len(ends) == 2 and all(self._follows(one, inside) for one in ends):
            low, high = (self._index(one) for one in ends)
            if low is None or high is None or low > high:
                return [*ends]
            span = self.shift.span(low, high + 1)
            if span is None or span[1] is None:
                return [None]
            return [self._at(ends[0], span[0]), self._at(ends[1], span[1] - 1)]
        return [self._end(one, moved, inside) for one in ends]

    def _end(self, end: End, moved: int, inside: tuple[int, int | None]) -> End | None:
        index = self._index(end)
        if index is None:
            return end
        if not self._follows(end, inside):
            return self._at(end, max(0, index + moved))
        span = self.shift.span(index, index + 1)
        return None if span is None else self._at(end, span[0])

    def _follows(self, end: End, inside: tuple[int, int | None]) -> bool:
        """Whether an end follows its cell, and does not keep its distance to the range."""
        index = self._index(end)
        start, stop = inside
        within = index is not None and start <= index and (stop is None or index < stop)
        fixed = end.row_fixed if self.dimension == "ROWS" else end.column_fixed
        return fixed or not within

    def _index(self, end: End) -> int | None:
        return end.row if self.dimension == "ROWS" else end.column

    def _at(self, end: End, index: int) -> End:
        if self.dimension == "ROWS":
            return end._replace(row=index)
        return end._replace(column=index)
