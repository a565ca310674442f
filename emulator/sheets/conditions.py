"""Conditions on cells: conditional formats, the rows that filters show, and the order of values."""

import operator
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import lru_cache
from typing import Any

from emulator.sheets import coerce, numbers, ranges, styles
from emulator.sheets.coerce import text
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.formula import Formula, Place
from emulator.sheets.grid import CellError, Json, Sheet, Spreadsheet
from emulator.sheets.ranges import box_of

TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "TEXT_EQ": operator.eq,
    "TEXT_CONTAINS": lambda value, wanted: wanted in value,
    "TEXT_NOT_CONTAINS": lambda value, wanted: wanted not in value,
    "TEXT_STARTS_WITH": str.startswith,
    "TEXT_ENDS_WITH": str.endswith,
}
NUMBER_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "NUMBER_GREATER": operator.gt,
    "NUMBER_GREATER_THAN_EQ": operator.ge,
    "NUMBER_LESS": operator.lt,
    "NUMBER_LESS_THAN_EQ": operator.le,
    "NUMBER_EQ": operator.eq,
    "NUMBER_NOT_EQ": operator.ne,
    "DATE_EQ": operator.eq,
    "DATE_NOT_EQ": operator.ne,
    "DATE_BEFORE": operator.lt,
    "DATE_AFTER": operator.gt,
    "DATE_ON_OR_BEFORE": operator.le,
    "DATE_ON_OR_AFTER": operator.ge,
}
BETWEEN = ("NUMBER_BETWEEN", "NUMBER_NOT_BETWEEN", "DATE_BETWEEN", "DATE_NOT_BETWEEN")
PAST_DAYS = {"PAST_WEEK": 7, "PAST_MONTH": 30, "PAST_YEAR": 365}


class Rules:
    """The conditional formats of a sheet as it is."""

    def __init__(self, evaluator: Evaluator, sheet: Sheet) -> None:
        self._evaluator = evaluator
        self._sheet = sheet
        self._rules = [
            ([box_of(sheet, area) for area in one["ranges"]], one["booleanRule"])
            for one in sheet.conditional_formats
            if "booleanRule" in one
        ]

    def style(self, row: int, column: int) -> Json | None:
        """Return the conditional format of the cell at zero-based coordinates, or None.

        The first rule that holds wins for each property, as Sheets applies them.
        """
        found: Json | None = None
        for boxes, rule in self._rules:
            for top, bottom, left, right in boxes:
                if top <= row < bottom and left <= column < right:
                    place = Place(row, column, row - boxes[0].top, column - boxes[0].left)
                    if holds(self._evaluator, self._sheet, rule.get("condition", {}), place):
                        found = styles.merged(rule.get("format", {}), found)
                    break
        return found


def holds(evaluator: Evaluator, sheet: Sheet, condition: Json, place: Place) -> bool:
    """Return whether a BooleanCondition holds for the cell at a place."""
    kind: str = condition.get("type", "")
    wanted = [_wanted(evaluator, sheet, one, place) for one in condition.get("values", ())]
    if kind == "CUSTOM_FORMULA":
        return bool(wanted) and not isinstance(wanted[0], CellError | str) and bool(wanted[0])
    value = evaluator.value(sheet, sheet.cell(place.row, place.column))
    if kind in ("BLANK", "NOT_BLANK"):
        return (text(value) == "") == (kind == "BLANK")
    if not wanted or isinstance(value, CellError):
        return False
    if kind in TEXT_TESTS:
        return TEXT_TESTS[kind](text(value).casefold(), text(wanted[0]).casefold())
    return _compare(kind, value, wanted)


def _compare(kind: str, value: Any, wanted: list[Any]) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if kind.startswith("DATE"):
        value = int(value)
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in wanted):
        return False
    if kind in BETWEEN and len(wanted) > 1:
        inside = bool(min(wanted[:2]) <= value <= max(wanted[:2]))
        return inside != ("NOT" in kind)
    return kind in NUMBER_TESTS and NUMBER_TESTS[kind](value, wanted[0])


def _wanted(evaluator: Evaluator, sheet: Sheet, given: Json, place: Place) -> Any:
    relative = given.get("relativeDate")
    if relative:
        return _relative(evaluator, relative)
    value = _parsed(str(given.get("userEnteredValue", "")))
    return evaluator.formula(sheet, value, place) if isinstance(value, Formula) else value


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Any:
    """Parse a condition's value: a formula may also begin with `+`."""
    return coerce.read_typed("=" + text[1:] if text.startswith("+") else text)[0]


def _relative(evaluator: Evaluator, relative: str) -> int | float:
    days = {"YESTERDAY": 1, "TODAY": 0, "TOMORROW": -1, **PAST_DAYS}[relative]
    return numbers.serial((evaluator.now - timedelta(days=days)).date())


def ordered(
    evaluator: Evaluator, sheet: Sheet, rows: Iterable[int], specs: list[tuple[int, bool]]
) -> list[int]:
    """Return these rows sorted by columns, each ascending or (True) descending.

    Numbers come before texts, then booleans and errors; blanks are last both ways.
    """
    order = list(rows)
    for column, descending in reversed(specs):
        values = {at: evaluator.value(sheet, sheet.cell(at, column)) for at in order}
        blank = [at for at in order if values[at] in (None, "")]
        filled = [at for at in order if values[at] not in (None, "")]
        keys = {at: _ranked(values[at]) for at in filled}
        filled.sort(key=keys.__getitem__, reverse=descending)
        order = filled + blank
    return order


def _ranked(value: Any) -> tuple[int, Any]:
    return (3, value.text) if isinstance(value, CellError) else coerce.ranked(value)


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
        cell = self._sheet.cell(row, column)
        if self._evaluator.shown(self._sheet, cell) in wanted.get("hiddenValues", ()):
            return False
        # A formula is written for the first row below the header, and for no other column.
        place = Place(row, column, row - self._box.top - 1, 0)
        condition = wanted.get("condition")
        return condition is None or holds(self._evaluator, self._sheet, condition, place)


def rows_of_view(spreadsheet: Spreadsheet, sheet_id: int, view_id: int) -> list[int]:
    """Return the rows that a filter view shows, in order. KeyError where there is none."""
    sheet = ranges.need_sheet(spreadsheet, sheet_id)
    return Filter(Evaluator(spreadsheet), sheet, sheet.filter_views[view_id]).rows()
