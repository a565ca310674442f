"""The functions that formulas may call, over scalars and tables (lists of rows)."""

import math
import statistics
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from emulator.sheets import numbers
from emulator.sheets.arrays import filtered
from emulator.sheets.coerce import first, flat, number, text, truth
from emulator.sheets.counting import countifs, countuniqueifs
from emulator.sheets.entry import plain
from emulator.sheets.grid import CellError

Function = Callable[..., Any]


NO_NUMBERS = CellError("NUM", "#NUM!", "There are no numbers.")


def is_number(value: Any) -> bool:
    """Return whether it is a number, as dates and times are."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbers(values: Iterable[Any]) -> list[float] | CellError:
    """Return the numbers among the values, or the first error."""
    found = []
    for value in flat(values):
        if isinstance(value, CellError):
            return value
        if is_number(value):
            found.append(value)
    return found


def _over_numbers(reduce: Callable[[list[float]], Any]) -> Function:
    def function(_now: datetime, *values: Any) -> Any:
        found = _numbers(values)
        return found if isinstance(found, CellError) else reduce(found)

    return function


def _average(found: list[float]) -> Any:
    if not found:
        return CellError("DIVIDE_BY_ZERO", "#DIV/0!", "Division by zero.")
    return plain(sum(found) / len(found))


def _median(found: list[float]) -> Any:
    return plain(statistics.median(found)) if found else NO_NUMBERS


def _count_unique(_now: datetime, *values: Any) -> Any:
    """Return the number of distinct values that are not blank, or the first error."""
    distinct = set()
    for one in flat(values):
        if isinstance(one, CellError):
            return one
        if one is not None:
            distinct.add((isinstance(one, bool), one))
    return len(distinct)


def _rows(_now: datetime, value: Any) -> Any:
    """Return the number of rows of a range; an error where it is not there."""
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, CellError) else 1


def _truths(values: tuple[Any, ...]) -> Iterator[bool | CellError]:
    """Yield the booleans that AND and OR look at, and errors."""
    for value in values:
        if not isinstance(value, list):
            yield truth(value)
            continue
        for one in flat((value,)):
            if not isinstance(one, str | None):
                yield truth(one)


def _over_truths(reduce: Callable[[list[bool]], bool]) -> Function:
    def function(_now: datetime, *values: Any) -> Any:
        found = []
        for one in _truths(values):
            if isinstance(one, CellError):
                return one
            found.append(one)
        if not found:
            return CellError("VALUE", "#VALUE!", "The range has no boolean values.")
        return reduce(found)

    return function


def _not(_now: datetime, value: Any) -> Any:
    found = truth(value)
    return found if isinstance(found, CellError) else not found


def _hyperlink(_now: datetime, address: Any, label: Any = None) -> Any:
    return address if label is None else label


def _text(_now: datetime, value: Any, pattern: Any) -> Any:
    found = number(value)
    return found if isinstance(found, CellError) else numbers.render(found, "NUMBER", text(pattern))


def _on_number(compute: Callable[..., Any]) -> Function:
    """Return a function of numbers, whose arguments are converted."""

    def function(_now: datetime, *values: Any) -> Any:
        found = [number(one) for one in values]
        wrong = next((one for one in found if isinstance(one, CellError)), None)
        if wrong is not None:
            return wrong
        try:
            return plain(compute(*found))
        except (ArithmeticError, ValueError):
            return CellError("NUM", "#NUM!", "The result is not a number.")

    return function


def _round(value: float, places: float = 0) -> float:
    """Round half away from zero, not to the even digit."""
    power = 10 ** int(places)
    return math.copysign(math.floor(abs(value) * power + 0.5) / power, value)


def _if(test: Any, yes: Any, no: Any = lambda: False) -> Any:
    found = first(test())
    if isinstance(found, CellError):
        return found
    if isinstance(found, str) and found.upper() not in ("TRUE", "FALSE", ""):
        return number(found)
    return yes() if found not in (None, False, 0, "", "FALSE", "false") else no()


def _iferror(value: Any, instead: Any = lambda: None) -> Any:
    found = value()
    return instead() if isinstance(first(found), CellError) else found


def _ifna(value: Any, instead: Any = lambda: None) -> Any:
    found = value()
    error = first(found)
    return instead() if isinstance(error, CellError) and error.kind == "N_A" else found


# These take their arguments unevaluated.
LAZY: dict[str, Function] = {"IF": _if, "IFERROR": _iferror, "IFNA": _ifna}

# These take the moment first, then their arguments: operators and functions of single values in
# those are evaluated for each row.
OVER_ROWS: dict[str, Function] = {"FILTER": filtered}

# These take the moment first, then their arguments: tables as tables, errors as errors.
OVER_RANGES: dict[str, Function] = {
    "SUM": _over_numbers(sum),
    "MIN": _over_numbers(lambda found: min(found, default=0)),
    "MAX": _over_numbers(lambda found: max(found, default=0)),
    "AVERAGE": _over_numbers(_average),
    "MEDIAN": _over_numbers(_median),
    "COUNT": lambda _now, *values: sum(map(is_number, flat(values))),
    "COUNTA": lambda _now, *values: sum(one is not None for one in flat(values)),
    "COUNTBLANK": lambda _now, *values: sum(one in (None, "") for one in flat(values)),
    "COUNTIF": countifs,
    "COUNTIFS": countifs,
    "COUNTUNIQUE": _count_unique,
    "ROWS": _rows,
    "COUNTUNIQUEIFS": countuniqueifs,
    "AND": _over_truths(all),
    "OR": _over_truths(any),
}

# These take one value, which may be an error.
OF_A_VALUE: dict[str, Function] = {
    "ISBLANK": lambda _now, value: value is None,
    "ISNUMBER": lambda _now, value: is_number(value),
    "ISTEXT": lambda _now, value: isinstance(value, str),
    "ISERROR": lambda _now, value: isinstance(value, CellError),
}

# These take one value for each argument, and return the first error among them.
OF_VALUES: dict[str, Function] = {
    "NOT": _not,
    "LEFT": lambda _now, value, count=1: text(value)[: int(count)],
    "LEN": lambda _now, value: len(text(value).encode("utf-16-le")) // 2,
    "LOWER": lambda _now, value: text(value).lower(),
    "UPPER": lambda _now, value: text(value).upper(),
    "TODAY": lambda now: numbers.serial(now.date()),
    "NOW": lambda now: numbers.serial(now.replace(tzinfo=None) + timedelta()),
    "DATE": _on_number(lambda y, m, d: numbers.serial(date(int(y), int(m), int(d)))),
    "ROUND": _on_number(_round),
    "HYPERLINK": _hyperlink,
    "TEXT": _text,
}
