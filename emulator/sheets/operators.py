"""The operators of formulas, over single values."""

import operator
from collections.abc import Callable
from typing import Any

from emulator.sheets import coerce, entry
from emulator.sheets.grid import CellError, Scalar

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
    """Apply an operator to two values."""
    for one in (left, right):
        if isinstance(one, CellError):
            return one
    if sign == "&":
        return coerce.text(left) + coerce.text(right)
    if sign in COMPARE:
        return bool(COMPARE[sign](*coerce.comparable(left, right)))
    one, other = coerce.number(left), coerce.number(right)
    if isinstance(one, CellError):
        return one
    if isinstance(other, CellError):
        return other
    if sign == "/" and other == 0:
        return CellError("DIVIDE_BY_ZERO", "#DIV/0!", "Division by zero.")
    try:
        computed = ARITHMETIC[sign](one, other)
    except (OverflowError, ZeroDivisionError):
        return NOT_A_NUMBER
    return NOT_A_NUMBER if isinstance(computed, complex) else entry.plain(computed)
