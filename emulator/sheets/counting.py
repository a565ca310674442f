"""COUNTIF, COUNTIFS and COUNTUNIQUEIFS: counts of the rows that meet all criteria."""

import fnmatch
import operator
import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from emulator.sheets import entry
from emulator.sheets.coerce import Table, comparable, first, flat, ranked
from emulator.sheets.grid import CellError

Test = Callable[[Any], bool]


CRITERION = re.compile(r"(<>|<=|>=|=|<|>)?(.*)", re.DOTALL)
COMPARE = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}


def criterion(wanted: Any) -> Test:
    """Return the test of a COUNTIF criterion: `x`, `>=3`, `<>`, `a*`."""
    wanted = first(wanted)
    if not isinstance(wanted, str):
        return lambda value: value is not None and len({*comparable(value, wanted)}) == 1
    return _parsed(wanted)


@lru_cache(maxsize=4096)
def _parsed(wanted: str) -> Test:
    found = CRITERION.fullmatch(wanted)
    sign, rest = (found[1], found[2]) if found else (None, wanted)
    target = entry.read(rest)[0] if rest else ""
    if sign in COMPARE:
        compare = COMPARE[sign]
        return lambda value: (
            value is not None
            and isinstance(value, str) == isinstance(target, str)
            and bool(compare(*comparable(value, target)))
        )
    equal = _equal(rest, target)
    return (lambda value: not equal(value)) if sign == "<>" else equal


def _equal(rest: str, target: Any) -> Test:
    if isinstance(target, str):
        if rest == "":
            return lambda value: value is None or value == ""
        if not set(rest) & set("*?~"):
            folded = rest.casefold()
            return lambda value: isinstance(value, str) and value.casefold() == folded
        form = re.compile(fnmatch.translate(rest.replace("[", "[[]")), re.IGNORECASE)
        return lambda value: isinstance(value, str) and form.match(value) is not None
    return lambda value: value is not None and value == target


def _tallied(values: Any, wanted: Any) -> int | None:
    """Return how many values equal a plain value, from a count made once; else None."""
    if not isinstance(values, Table):
        return None
    if isinstance(wanted, str):
        if not wanted or wanted[0] in "<>=" or set(wanted) & set("*?~"):
            return None
        wanted = entry.read(wanted)[0]
    return values.tally[ranked(wanted)] if isinstance(wanted, str | int | float) else None


def _lost(ranges: tuple[Any, ...]) -> CellError | None:
    """Return the error that stands for a range that is not there."""
    return next((one for one in ranges if isinstance(one, CellError)), None)


def countifs(_now: datetime, *pairs: Any) -> Any:
    """Return the number of rows that meet all criteria."""
    if error := _lost(pairs[::2]):
        return error
    if len(pairs) == 2 and (count := _tallied(pairs[0], first(pairs[1]))) is not None:
        return count
    met = _met(pairs)
    return _sizes_differ("COUNTIFS") if met is None else sum(met)


def countuniqueifs(_now: datetime, values: Any, *pairs: Any) -> Any:
    """Return the number of distinct values in the rows that meet all criteria.

    Blank cells are not counted. Texts that differ in case are distinct, and so are a number and
    its text.
    """
    if error := _lost((values, *pairs[::2])):
        return error
    counted, met = list(flat((values,))), _met(pairs)
    if met is None or len(met) != len(counted):
        return _sizes_differ("COUNTUNIQUEIFS")
    rows = zip(counted, met, strict=True)
    found = {(isinstance(one, bool), one) for one, meets in rows if meets and one is not None}
    return len(found)


def _met(pairs: tuple[Any, ...]) -> list[bool] | None:
    """Return for each row whether it meets all criteria; None if the ranges differ in size."""
    columns = [list(flat((one,))) for one in pairs[::2]]
    tests = [criterion(one) for one in pairs[1::2]]
    if not tests or len(columns) != len(tests) or len({len(one) for one in columns}) > 1:
        return None
    if len(tests) == 1:
        return list(map(tests[0], columns[0]))
    return [
        all(test(value) for test, value in zip(tests, row, strict=True))
        for row in zip(*columns, strict=True)
    ]


def _sizes_differ(name: str) -> CellError:
    return CellError("VALUE", "#VALUE!", f"Array arguments to {name} are of different size.")
