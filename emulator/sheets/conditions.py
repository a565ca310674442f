"""Conditions on cells: conditional formats, the rows that filters show, and the order of values."""

import operator
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from emulator.sheets import coerce, ranges, styles, tables
from emulator.sheets.coerce import text
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.formula import Formula, copied
from emulator.sheets.functions import is_number
from emulator.sheets.grid import CellError, Json, Sheet, Spreadsheet
from emulator.sheets.ranges import box_of

TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "TEXT_EQ": operator.eq,
    "TEXT_STARTS_WITH": str.startswith,
}
NUMBER_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "NUMBER_LESS": operator.lt,
    "DATE_BEFORE": operator.lt,
    "DATE_AFTER": operator.gt,
}
KINDS = {"CUSTOM_FORMULA", *TEXT_TESTS, *NUMBER_TESTS}
"""The types of conditions. Each has one value."""


class Rules:
    """The conditional formats of a sheet as it is."""

    def __init__(self, evaluator: Evaluator, sheet: Sheet) -> None:
        self._evaluator = evaluator
        self._sheet = sheet
        self._rules = [
            ([box_of(sheet, area) for area in one["ranges"]], one["booleanRule"])
            for one in sheet.conditional_formats
        ]

    def style(self, row: int, column: int) -> Json | None:
        """Return the conditional format of the cell at zero-based coordinates, or None.

        The first rule that holds wins for each property, as Sheets applies them.
        """
        found: Json | None = None
        for boxes, rule in self._rules:
            for top, bottom, left, right in boxes:
                if top <= row < bottom and left <= column < right:
                    shift = row - boxes[0].top, column - boxes[0].left
                    condition = rule.get("condition", {})
                    if holds(self._evaluator, self._sheet, condition, row, column, shift):
                        found = styles.merged(rule.get("format", {}), found)
                    break
        return found


def holds(
    evaluator: Evaluator,
    sheet: Sheet,
    condition: Json,
    row: int,
    column: int,
    shift: tuple[int, int],
) -> bool:
    """Return whether a BooleanCondition holds for a cell.

    `shift` is how far down and right it is from the cell that the formula is written for.
    """
    kind: str = condition["type"]
    value = evaluator.value(sheet, evaluator.cell(sheet, row, column))
    wanted = parsed(str(condition["values"][0].get("userEnteredValue", "")))
    if isinstance(wanted, Formula):
        wanted = evaluator.formula(sheet, copied(wanted, *shift))
    if kind == "CUSTOM_FORMULA":
        return not isinstance(wanted, CellError | str) and bool(wanted)
    if isinstance(value, CellError):
        return False
    if kind in TEXT_TESTS:
        return TEXT_TESTS[kind](text(value).casefold(), text(wanted).casefold())
    if not is_number(value) or not is_number(wanted):
        return False
    return NUMBER_TESTS[kind](int(value) if kind.startswith("DATE") else value, wanted)


@lru_cache(maxsize=4096)
def parsed(text: str) -> Any:
    """Parse a condition's value: a formula may also begin with `+`."""
    return coerce.read_typed("=" + text[1:] if text.startswith("+") else text)[0]


def ordered(
    evaluator: Evaluator, sheet: Sheet, rows: Iterable[int], specs: list[tuple[int, bool]]
) -> list[int]:
    """Return these rows sorted by columns, each ascending or (True) descending.

    Numbers come before texts, then booleans and errors; blanks are last both ways.
    """
    order = list(rows)
    for column, descending in reversed(specs):
        values = {at: evaluator.value(sheet, evaluator.cell(sheet, at, column)) for at in order}
        order = tables.ordered(order, values, descending=descending)
    return order


class Filter:
    """A stored basic filter or filter view, over its sheet as that is now."""

    def __init__(self, evaluator: Evaluator, sheet: Sheet, stored: Json) -> None:
        self._evaluator = evaluator
        self._sheet = sheet
        self._box = ranges.box_of(sheet, stored["range"])
        self._wanted = {
            one.get("columnIndex", 0): one.get("filterCriteria", {})
            for one in stored.get("filterSpecs", [])
        }
        self._specs = [
            (one.get("dimensionIndex", 0), one.get("sortOrder") == "DESCENDING")
            for one in stored.get("sortSpecs", [])
        ]

    def passes(self, row: int) -> bool:
        """Return whether a row is shown, as every row outside the filter's range is."""
        return not self._box.top < row < self._box.bottom or all(
            self._lets(row, column, wanted)
            for column, wanted in self._wanted.items()
            if column < len(self._sheet.columns)
        )

    def rows(self) -> list[int]:
        """Return all rows that are shown, those below the header in the filter's order."""
        box, sheet = self._box, self._sheet
        head = min(box.top + 1, len(sheet.rows))
        inside = [row for row in range(head, box.bottom) if self.passes(row)]
        if self._specs:
            inside = ordered(self._evaluator, sheet, inside, self._specs)
        return [*range(head), *inside, *range(max(head, box.bottom), len(sheet.rows))]

    def _lets(self, row: int, column: int, wanted: Json) -> bool:
        cell = self._evaluator.cell(self._sheet, row, column)
        if self._evaluator.shown(self._sheet, cell) in wanted.get("hiddenValues", ()):
            return False
        # A formula is written for the first row below the header, and for no other column.
        shift = row - self._box.top - 1, 0
        condition = wanted.get("condition")
        return condition is None or holds(
            self._evaluator, self._sheet, condition, row, column, shift
        )


def rows_of_view(spreadsheet: Spreadsheet, sheet_id: int, view_id: int) -> list[int]:
    """Return the rows that a filter view shows, in order. KeyError where there is none."""
    sheet = ranges.need_sheet(spreadsheet, sheet_id)
    return Filter(Evaluator(spreadsheet), sheet, sheet.filter_views[view_id]).rows()
