"""The operators of formulas and the functions that they may call, over scalars and tables."""

import operator
import re
from collections.abc import Callable, Iterable
from statistics import median
from typing import Any, TypeGuard

from emulator.sheets import tables
from emulator.sheets.coerce import comparable, each, first, flat, number, plain, sound, text, truth
from emulator.sheets.grid import CellError, Scalar
from emulator.sheets.tables import COMPARE, DIVIDED_BY_ZERO, NOT_A_NUMBER

ARITHMETIC: dict[str, Callable[[float, float], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
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
    return plain(ARITHMETIC[sign](one, other))


Function = Callable[..., Any]


def is_number(value: Any) -> TypeGuard[float]:
    """Return whether it is a number, as dates and times are."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbers(values: Iterable[Any]) -> list[float]:
    """Return the numbers among the values. Failed if there is an error."""
    return [value for value in sound(flat(values)) if is_number(value)]


def _over_numbers(reduce: Callable[[list[float]], Any]) -> Function:
    return lambda *values: reduce(_numbers(values))


class Link(str):
    """The value of HYPERLINK: its label, which links to `address`."""

    address = ""


def _link(address: Any, label: Any = None) -> Any:
    address, label = map(text, sound((address, label)))
    found = Link(label or address)
    found.address = address
    return found


def _if(is_array: bool, test: Any, yes: Any, no: Any = lambda: False) -> Any:
    found = test()
    if is_array and isinstance(found, list):
        return each(
            lambda *three: _if(False, *[lambda v=one: v for one in three]), [found, yes(), no()]
        )
    found = first(found)
    if isinstance(found, CellError):
        return found
    if isinstance(found, str) and found.upper() not in ("TRUE", "FALSE", ""):
        return number(found)
    return yes() if found not in (None, False, 0, "", "FALSE", "false") else no()


def _instead_of(is_wrong: Callable[[CellError], bool]) -> Function:
    def function(_is_array: bool, value: Any, instead: Any = lambda: None) -> Any:
        def kept(one: Any) -> Any:
            return instead() if isinstance(one, CellError) and is_wrong(one) else one

        found = value()
        return [[*map(kept, row)] for row in found] if isinstance(found, list) else kept(found)

    return function


# These take whether they are computed of arrays, and their arguments unevaluated.
LAZY: dict[str, Function] = {
    "IF": _if,
    "IFERROR": _instead_of(lambda _: True),
    "IFNA": _instead_of(lambda error: error.kind == "N_A"),
    "ARRAYFORMULA": lambda _is_array, value: value(),
    # A picture: the cell has no value.
    "SPARKLINE": lambda _is_array, _data, _options=None: None,
}

# These compute what their arguments say with whole ranges.
OF_ARRAYS = ("ARRAYFORMULA", "FILTER", "SORT", "INDEX", "SUMPRODUCT")

# These take tables as tables, and errors as errors.
OVER_RANGES: dict[str, Function] = {
    "SUM": _over_numbers(sum),
    "SUMPRODUCT": _over_numbers(sum),
    "MAX": _over_numbers(lambda found: max(found, default=0)),
    "COUNTA": lambda *values: sum(one is not None for one in flat(values)),
    "COUNTIF": tables.countifs,
    "COUNTIFS": tables.countifs,
    "MEDIAN": _over_numbers(lambda found: plain(median(found)) if found else NOT_A_NUMBER),
    "FILTER": tables.filter_rows,
    "SORT": tables.sort,
    "UNIQUE": tables.unique,
    "VSTACK": tables.vstack,
    "HSTACK": tables.hstack,
    "CHOOSECOLS": tables.choose_columns,
    "INDEX": tables.index,
    "MATCH": tables.match,
    "WORKDAY": tables.workday,
    "AND": lambda *values: all(truth(one) for one in flat(values)),
}

# These take one value for each argument.
OF_VALUES: dict[str, Function] = {
    "ISNUMBER": lambda value: is_number(value),
    "REGEXMATCH": lambda value, pattern: re.search(pattern, text(value)) is not None,
    "HYPERLINK": _link,
}
