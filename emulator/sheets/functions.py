"""The functions that formulas may call, over scalars and tables (lists of rows)."""

from __future__ import annotations

import fnmatch
import operator
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from emulator.sheets import entry, numbers
from emulator.sheets.grid import CellError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

CRITERION = re.compile(r"(<>|<=|>=|=|<|>)?(.*)", re.DOTALL)
COMPARE = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}
RANK = {float: 0, str: 1, bool: 2}


def text(value: Any) -> str:
    """A value as it joins a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return numbers.general(value)
    return value.text if isinstance(value, CellError) else str(value)


def number(value: Any) -> float | CellError:
    """A value as it takes part in arithmetic."""
    if value is None:
        return 0
    if isinstance(value, bool | int | float):
        return value + 0
    if isinstance(value, CellError):
        return value
    read = entry.read(value)[0]
    if isinstance(read, int | float) and not isinstance(read, bool):
        return read
    said = f"Function expects number values. But '{value}' is a text and cannot be coerced."
    return CellError("VALUE", "#VALUE!", said)


def comparable(left: Any, right: Any) -> tuple[Any, Any]:
    """Two values so that Python orders them as Sheets does: numbers, texts, booleans."""

    def ranked(value: Any, other: Any) -> tuple[int, Any]:
        if value is None:
            value = "" if isinstance(other, str) else False if isinstance(other, bool) else 0
        if isinstance(value, bool):
            return RANK[bool], value
        if isinstance(value, str):
            return RANK[str], value.casefold()
        return RANK[float], value

    return ranked(left, right), ranked(right, left)


def _flat(values: tuple[Any, ...]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            for row in value:
                yield from row
        else:
            yield value


def _numbers(values: tuple[Any, ...]) -> list[float] | CellError:
    """What SUM sums: texts and booleans in ranges do not count, errors do."""
    found = []
    for value in _flat(values):
        if isinstance(value, CellError):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            found.append(value)
    return found


def _over_numbers(reduce: Callable[[list[float]], Any]) -> Callable[..., Any]:
    def function(_now: datetime, *values: Any) -> Any:
        found = _numbers(values)
        return found if isinstance(found, CellError) else reduce(found)

    return function


def criterion(wanted: Any) -> Callable[[Any], bool]:
    """The test that COUNTIF's criterion says: `x`, `>=3`, `<>`, `a*`."""
    if not isinstance(wanted, str):
        return lambda value: comparable(value, wanted)[0] == comparable(value, wanted)[1]
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


def _equal(rest: str, target: Any) -> Callable[[Any], bool]:
    if isinstance(target, str):
        if rest == "":
            return lambda value: value is None or value == ""
        form = re.compile(fnmatch.translate(rest.replace("[", "[[]")), re.IGNORECASE)
        return lambda value: isinstance(value, str) and form.match(value) is not None
    return lambda value: value is not None and value == target


def _countifs(_now: datetime, *pairs: Any) -> Any:
    columns = [list(_flat((one,))) for one in pairs[::2]]
    tests = [criterion(one) for one in pairs[1::2]]
    if not tests or len(columns) != len(tests) or len({len(one) for one in columns}) > 1:
        return CellError("VALUE", "#VALUE!", "Array arguments to COUNTIFS are of different size.")
    return sum(
        all(test(value) for test, value in zip(tests, row, strict=True))
        for row in zip(*columns, strict=True)
    )


def _hyperlink(_now: datetime, address: Any, label: Any = None) -> Any:
    return address if label is None else label


def _text(_now: datetime, value: Any, pattern: Any) -> Any:
    found = number(value)
    return found if isinstance(found, CellError) else numbers.render(found, "NUMBER", text(pattern))


def _if(test: Any, yes: Any, no: Any = lambda: False) -> Any:
    found = test()
    found = found[0][0] if isinstance(found, list) else found
    if isinstance(found, CellError):
        return found
    if isinstance(found, str) and found.upper() not in ("TRUE", "FALSE", ""):
        return number(found)
    return yes() if found not in (None, False, 0, "", "FALSE", "false") else no()


def _iferror(value: Any, instead: Any = lambda: None) -> Any:
    found = value()
    return instead() if isinstance(found, CellError) else found


# These take their arguments unevaluated.
LAZY: dict[str, Callable[..., Any]] = {"IF": _if, "IFERROR": _iferror}

# These take the moment first, then their arguments.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "SUM": _over_numbers(sum),
    "MIN": _over_numbers(lambda found: min(found, default=0)),
    "MAX": _over_numbers(lambda found: max(found, default=0)),
    "COUNT": lambda _now, *values: sum(
        isinstance(one, int | float) and not isinstance(one, bool) for one in _flat(values)
    ),
    "COUNTA": lambda _now, *values: sum(one is not None for one in _flat(values)),
    "COUNTBLANK": lambda _now, *values: sum(one in (None, "") for one in _flat(values)),
    "COUNTIF": _countifs,
    "COUNTIFS": _countifs,
    "AND": lambda _now, *values: all(bool(one) for one in _flat(values)),
    "OR": lambda _now, *values: any(bool(one) for one in _flat(values)),
    "NOT": lambda _now, value: not value,
    "ISBLANK": lambda _now, value: value is None,
    "LEN": lambda _now, value: len(text(value)),
    "LOWER": lambda _now, value: text(value).lower(),
    "UPPER": lambda _now, value: text(value).upper(),
    "TODAY": lambda now: numbers.serial(now.date()),
    "NOW": lambda now: numbers.serial(now.replace(tzinfo=None) + timedelta()),
    "HYPERLINK": _hyperlink,
    "TEXT": _text,
}
