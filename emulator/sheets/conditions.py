"""Conditional formats: which rules hold for a cell, and what it looks like for them."""

from __future__ import annotations

import operator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from emulator.sheets import entry, numbers, styles
from emulator.sheets.formula import Formula, copied
from emulator.sheets.functions import text
from emulator.sheets.grid import CellError
from emulator.sheets.ranges import box_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.sheets.evaluate import Evaluator
    from emulator.sheets.grid import Json, Sheet

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


def conditional_style(evaluator: Evaluator, sheet: Sheet, row: int, column: int) -> Json | None:
    """The format that the rules give the cell at zero-based coordinates, None where none holds.

    The first rule that holds wins for each property, as Sheets applies them.
    """
    found: Json | None = None
    for rule in sheet.conditional_formats:
        boolean = rule.get("booleanRule")
        if not boolean or not any(_inside(sheet, one, row, column) for one in rule["ranges"]):
            continue
        origin = box_of(sheet, rule["ranges"][0])
        offset = (row - origin.top, column - origin.left)
        if holds(evaluator, sheet, boolean["condition"], (row, column), offset):
            found = styles.merged(boolean.get("format", {}), found)
    return found


def _inside(sheet: Sheet, grid_range: Json, row: int, column: int) -> bool:
    box = box_of(sheet, grid_range)
    return box.top <= row < box.bottom and box.left <= column < box.right


def holds(
    evaluator: Evaluator,
    sheet: Sheet,
    condition: Json,
    at: tuple[int, int],
    offset: tuple[int, int],
) -> bool:
    """Whether a BooleanCondition holds for the cell at `at`; its formulas shift by `offset`."""
    kind: str = condition.get("type", "")
    value = evaluator.value(sheet, sheet.cell(*at))
    wanted = [_wanted(evaluator, sheet, one, offset) for one in condition.get("values", ())]
    if kind in ("BLANK", "NOT_BLANK"):
        return (text(value) == "") == (kind == "BLANK")
    if kind == "CUSTOM_FORMULA":
        return any(bool(one) and not isinstance(one, CellError) for one in wanted[:1])
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


def _wanted(evaluator: Evaluator, sheet: Sheet, given: Json, offset: tuple[int, int]) -> Any:
    relative = given.get("relativeDate")
    if relative:
        return _relative(evaluator, relative)
    said = str(given.get("userEnteredValue", ""))
    value = entry.read(said)[0]
    if isinstance(value, Formula):
        return evaluator.formula(sheet, copied(value, *offset))
    return value


def _relative(evaluator: Evaluator, relative: str) -> int | float:
    days = {"YESTERDAY": 1, "TODAY": 0, "TOMORROW": -1, **PAST_DAYS}[relative]
    return numbers.serial((evaluator.now - timedelta(days=days)).date())
