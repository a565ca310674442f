"""The functions of formulas that choose among the values of ranges: criteria, lookups, arrays."""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from emulator.sheets import numbers
from emulator.sheets.coerce import (
    Table,
    comparable,
    first,
    flat,
    number,
    ranked,
    read_typed,
    sound,
    truth,
)
from emulator.sheets.grid import CellError

DIVIDED_BY_ZERO = CellError("DIVIDE_BY_ZERO", "#DIV/0!", "Division by zero.")
NOT_A_NUMBER = CellError("NUM", "#NUM!", "The result is not a number.")
NOT_FOUND = CellError("N_A", "#N/A", "Did not find the value.")
NO_MATCHES = CellError("N_A", "#N/A", "No matches are found in FILTER evaluation.")
SIZES = CellError("VALUE", "#VALUE!", "Array arguments are of different size.")
OUT_OF_BOUNDS = CellError("NUM", "#NUM!", "The index is outside of the range.")
SATURDAY = 5
COMPARE = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


Test = Callable[[Any], bool]


CRITERION = re.compile(r"(<>|<=|>=|=|<|>)?(.*)", re.DOTALL)


def criterion(wanted: Any) -> Test:
    """Return the test of a COUNTIF criterion: `x`, `>=3`, `<>`."""
    wanted = first(wanted)
    found = CRITERION.fullmatch(wanted) if isinstance(wanted, str) else None
    sign = (found and found[1]) or "="
    target = read_typed(found[2])[0] if found else wanted

    def test(value: Any) -> bool:
        if target == "":
            return (value in (None, "")) is (sign == "=")
        is_alike = value is not None and isinstance(value, str) == isinstance(target, str)
        return bool(COMPARE[sign](*comparable(value, target))) if is_alike else sign == "<>"

    return test


def table(value: Any) -> Table:
    """Return a value as a table."""
    return value if isinstance(value, list) else [[value]]


def _size(value: Any) -> tuple[int, int]:
    return len(table(value)), len(table(value)[0])


def countifs(*pairs: Any) -> Any:
    """Return the number of rows that meet all criteria: a range, its criterion, a range, ..."""
    tables, wanted = sound(pairs)[::2], pairs[1::2]
    if len({_size(one) for one in tables}) != 1 or len(tables) != len(wanted):
        return SIZES
    tests = [criterion(one) for one in wanted]
    rows = zip(*[flat((one,)) for one in tables], strict=True)
    return sum(all(test(value) for test, value in zip(tests, row, strict=True)) for row in rows)


def filter_rows(values: Any, *conditions: Any) -> Any:
    """Return FILTER: the rows for which all conditions hold."""
    rows = table(values)
    lines = [list(flat((one,))) for one in conditions]
    if any(len(line) != len(rows) for line in lines):
        return CellError("N_A", "#N/A", "FILTER has mismatched range sizes.")
    sides = zip(*lines, strict=True)
    kept = [row for row, tests in zip(rows, sides, strict=True) if all(map(_holds, tests))]
    return kept or NO_MATCHES


def _holds(value: Any) -> bool:
    return value not in (None, "") and not isinstance(value, CellError) and truth(value)


def sort(values: Any, *orders: Any) -> Any:
    """Return SORT: rows by columns of theirs or of another range; blanks are last."""
    rows = table(values)
    order = list(range(len(rows)))
    pairs = list(zip(orders[::2], orders[1::2], strict=True)) if orders else [(1, True)]
    for by, is_ascending in reversed(pairs):
        if isinstance(by, list):
            keys = list(flat((by,)))
        else:
            keys = [row[int(number(by)) - 1] for row in rows]
        if len(keys) != len(rows):
            return SIZES
        order = ordered(order, dict(enumerate(keys)), descending=not truth(is_ascending))
    return [rows[at] for at in order]


def ordered(order: Iterable[int], keys: Mapping[int, Any], *, descending: bool) -> list[int]:
    """Return these indexes in the order of their keys; blanks are last both ways."""
    blank = [at for at in order if keys[at] in (None, "")]
    filled = [at for at in order if keys[at] not in (None, "")]
    ranks = {at: rank(keys[at]) for at in filled}
    filled.sort(key=ranks.__getitem__, reverse=descending)
    return filled + blank


def rank(value: Any) -> tuple[int, Any]:
    """Return by what values are sorted: numbers before texts, booleans and errors."""
    return (3, value.text) if isinstance(value, CellError) else ranked(value)


def unique(values: Any) -> Any:
    """Return UNIQUE: each row once, in order; texts in another case are others."""
    kept: Table = []
    for row in table(values):
        if row not in kept:
            kept.append(row)
    return kept


def vstack(*values: Any) -> Any:
    """Return VSTACK: tables below each other; what a narrower one lacks is #N/A."""
    wide = max(_size(one)[1] for one in values)
    return [[*row, *[NOT_FOUND] * (wide - len(row))] for one in values for row in table(one)]


def hstack(*values: Any) -> Any:
    """Return HSTACK: tables beside each other; what a shorter one lacks is #N/A."""
    turned = vstack(*[[list(column) for column in zip(*table(one), strict=True)] for one in values])
    return [list(row) for row in zip(*turned, strict=True)]


def choose_columns(values: Any, *numbers_: Any) -> Any:
    """Return CHOOSECOLS: these columns, counted from 1."""
    at = [int(number(first(one))) - 1 for one in numbers_]
    (values,) = sound((values,))
    rows = table(values)
    return [[row[n] for n in at] for row in rows] if max(at) < len(rows[0]) else OUT_OF_BOUNDS


def index(values: Any, at: Any) -> Any:
    """Return INDEX of one row or one column: its cell there, counted from 1."""
    if min(_size(values)) > 1:
        return CellError("N_A", "#N/A", "INDEX is supported of one row or column alone.")
    line, place = list(flat((values,))), int(number(first(at)))
    return line[place - 1] if 0 < place <= len(line) else OUT_OF_BOUNDS


def match(key: Any, values: Any, kind: Any = 1) -> Any:
    """Return MATCH for an exact match: where a value is, counted from 1."""
    if number(first(kind)) != 0:
        return CellError("N_A", "#N/A", "MATCH is supported with search type 0 alone.")
    line = enumerate(flat((values,)), 1)
    found = (at for at, one in line if one is not None and _is_same(one, first(key)))
    return next(found, NOT_FOUND)


def _is_same(one: Any, other: Any) -> bool:
    return len({*comparable(one, other)}) == 1


def workday(start: Any, days: Any) -> Any:
    """Return WORKDAY: a number of working days after a date, or before it."""
    day, left = numbers.moment_of(number(first(start))).date(), int(number(first(days)))
    step = 1 if left > 0 else -1
    while left:
        day += timedelta(days=step)
        if day.weekday() < SATURDAY:
            left -= step
    return numbers.serial(day)
