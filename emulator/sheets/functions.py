"""The operators of formulas and the functions that they may call, over scalars and tables."""

import fnmatch
import operator
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from emulator.sheets import numbers
from emulator.sheets.coerce import (
    comparable,
    first,
    flat,
    number,
    plain,
    read_typed,
    sound,
    text,
    truth,
)
from emulator.sheets.grid import CellError, Scalar

DIVIDED_BY_ZERO = CellError("DIVIDE_BY_ZERO", "#DIV/0!", "Division by zero.")
NOT_A_NUMBER = CellError("NUM", "#NUM!", "The result is not a number.")
ARITHMETIC: dict[str, Callable[[float, float], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
}
COMPARE = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def operate(sign: str, left: Any, right: Any) -> Scalar:
    """Apply an operator to two values. Failed if one is an error, or not what it takes."""
    left, right = sound((left, right))
    if sign == "&":
        return text(left) + text(right)
    if sign in COMPARE:
        return bool(COMPARE[sign](*comparable(left, right)))
    one, other = number(left), number(right)
    if sign == "/" and other == 0:
        return DIVIDED_BY_ZERO
    try:
        computed = ARITHMETIC[sign](one, other)
    except (OverflowError, ZeroDivisionError):
        return NOT_A_NUMBER
    return NOT_A_NUMBER if isinstance(computed, complex) else plain(computed)


Test = Callable[[Any], bool]


CRITERION = re.compile(r"(<>|<=|>=|=|<|>)?(.*)", re.DOTALL)


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
    target = read_typed(rest)[0] if rest else ""
    if sign in COMPARE and sign not in ("=", "<>"):
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


def countif(_now: datetime, values: Any, wanted: Any) -> int:
    """Return the number of values that meet a criterion. Failed if the range is not there."""
    return sum(map(criterion(wanted), flat(sound((values,)))))


Function = Callable[..., Any]


def is_number(value: Any) -> bool:
    """Return whether it is a number, as dates and times are."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbers(values: Iterable[Any]) -> list[float]:
    """Return the numbers among the values. Failed if there is an error."""
    return [value for value in sound(flat(values)) if is_number(value)]


def _over_numbers(reduce: Callable[[list[float]], Any]) -> Function:
    return lambda _now, *values: reduce(_numbers(values))


def _average(found: list[float]) -> Any:
    if not found:
        return DIVIDED_BY_ZERO
    return plain(sum(found) / len(found))


def _truths(values: tuple[Any, ...]) -> Iterator[bool]:
    """Yield the booleans that AND and OR look at."""
    for value in values:
        if not isinstance(value, list):
            yield truth(value)
            continue
        for one in flat((value,)):
            if not isinstance(one, str | None):
                yield truth(one)


def _over_truths(reduce: Callable[[list[bool]], bool]) -> Function:
    def function(_now: datetime, *values: Any) -> Any:
        found = list(_truths(values))
        if not found:
            return CellError("VALUE", "#VALUE!", "The range has no boolean values.")
        return reduce(found)

    return function


def _on_number(compute: Callable[..., Any]) -> Function:
    """Return a function of numbers, whose arguments are converted."""

    def function(_now: datetime, *values: Any) -> Any:
        try:
            return plain(compute(*map(number, values)))
        except (ArithmeticError, ValueError):
            return NOT_A_NUMBER

    return function


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


# These take their arguments unevaluated.
LAZY: dict[str, Function] = {"IF": _if, "IFERROR": _iferror}

# These take the moment first, then their arguments: tables as tables, errors as errors.
OVER_RANGES: dict[str, Function] = {
    "SUM": _over_numbers(sum),
    "MIN": _over_numbers(lambda found: min(found, default=0)),
    "MAX": _over_numbers(lambda found: max(found, default=0)),
    "AVERAGE": _over_numbers(_average),
    "COUNT": lambda _now, *values: sum(map(is_number, flat(values))),
    "COUNTA": lambda _now, *values: sum(one is not None for one in flat(values)),
    "COUNTBLANK": lambda _now, *values: sum(one in (None, "") for one in flat(values)),
    "COUNTIF": countif,
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
    "NOT": lambda _now, value: not truth(value),
    "LOWER": lambda _now, value: text(value).lower(),
    "UPPER": lambda _now, value: text(value).upper(),
    "TODAY": lambda now: numbers.serial(now.date()),
    "NOW": lambda now: numbers.serial(now.replace(tzinfo=None) + timedelta()),
    "DATE": _on_number(lambda y, m, d: numbers.serial(date(int(y), int(m), int(d)))),
    "HYPERLINK": lambda _now, address, label=None: address if label is None else label,
    "TEXT": lambda _now, value, pattern: numbers.render(number(value), "NUMBER", text(pattern)),
}
