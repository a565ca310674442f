"""Values: how typed texts are read, and how values become texts, numbers and booleans.

Texts are read as USER_ENTERED values and people's typing are, for the en_US locale.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

from emulator.sheets import numbers
from emulator.sheets.formula import Formula
from emulator.sheets.grid import CellError, Json, Scalar

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
DATES: tuple[tuple[re.Pattern[str], tuple[str, ...], str], ...] = (
    (re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})"), ("y", "m", "d"), "yyyy-mm-dd"),
    (re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})"), ("m", "d", "y"), "M/d/yyyy"),
)

Read = tuple[Any, dict[str, str] | None]


def read_typed(text: str) -> Read:
    """Return the value, and the number format that the way of typing implies, or None."""
    if text.startswith("'"):
        return text[1:], None
    if text.startswith("=") and len(text) > 1:
        return Formula(text), None
    stripped = text.strip()
    if stripped.upper() in ("TRUE", "FALSE"):
        return stripped.upper() == "TRUE", None
    return _number(stripped) or _date(stripped) or (text, None)


def _number(text: str) -> Read | None:
    if not NUMBER.fullmatch(text) or math.isinf(float(text)):
        return None
    return plain(float(text)), None


def _date(text: str) -> Read | None:
    for form, order, pattern in DATES:
        if found := form.fullmatch(text):
            parts = dict(zip(order, map(int, found.groups()), strict=True))
            try:
                day = date(parts["y"], parts["m"], parts["d"])
            except ValueError:
                return None
            return numbers.serial(day), {"type": "DATE", "pattern": pattern}
    return None


def plain(number: float) -> int | float:
    """Return a whole number as an int, as JSON shows it."""
    return int(number) if abs(number) < 2**53 and number == int(number) else number


RANK = {float: 0, str: 1, bool: 2}


Table = list[list[Any]]
"""The values of several cells, row by row."""


def text(value: Any) -> str:
    """Return a value as a text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return numbers.general(value)
    return value.text if isinstance(value, CellError) else str(value)


def shown(value: Scalar, form: Json) -> str:
    """Return a value as people see it."""
    if isinstance(value, bool) or value is None or isinstance(value, CellError):
        return text(value)
    if isinstance(value, str):
        return numbers.render_text(value, form.get("pattern"))
    return numbers.render(value, form.get("type", ""), form.get("pattern"))


def is_dated(form: Json) -> bool:
    """Return whether a number in this format is a date or a time."""
    return form.get("type") in numbers.DATE_TYPES or (
        bool(form.get("pattern")) and numbers.is_date(form["pattern"])
    )


class Failed(Exception):
    """Raised where a value is an error, or cannot be converted: `error` is what the formula is."""

    def __init__(self, error: CellError) -> None:
        super().__init__(error.message)
        self.error = error


def _not_coerced(value: Any, kind: str) -> Failed:
    message = f"Function expects {kind} values. But '{value}' is a text and cannot be coerced."
    return Failed(CellError("VALUE", "#VALUE!", message))


def sound(values: Iterable[Any]) -> list[Any]:
    """Return the values. Failed if one is an error."""
    found = list(values)
    for value in found:
        if isinstance(value, CellError):
            raise Failed(value)
    return found


def number(value: Any) -> float:
    """Return a value as a number for arithmetic. Failed if it is none."""
    sound([value])
    if isinstance(value, bool | int | float):
        return value + 0
    typed = 0 if value is None else read_typed(value)[0]
    if isinstance(typed, bool) or not isinstance(typed, int | float):
        raise _not_coerced(value, "number")
    return typed


def truth(value: Any) -> bool:
    """Return a value as AND, OR and NOT take it. Failed if it is none."""
    sound([value])
    if isinstance(value, str) and value.upper() not in ("TRUE", "FALSE"):
        raise _not_coerced(value, "boolean")
    return value.upper() == "TRUE" if isinstance(value, str) else bool(value)


def comparable(left: Any, right: Any) -> tuple[Any, Any]:
    """Return two values so that Python orders them as Sheets does."""
    return ranked(left, right), ranked(right, left)


def ranked(value: Any, other: Any = None) -> tuple[int, Any]:
    """Return a value with its rank; a blank becomes `other`'s kind of blank."""
    if value is None:
        value = "" if isinstance(other, str) else False if isinstance(other, bool) else 0
    if isinstance(value, bool):
        return RANK[bool], value
    if isinstance(value, str):
        return RANK[str], value.casefold()
    return RANK[float], value


def flat(values: Iterable[Any]) -> Iterator[Any]:
    """Yield the values, and those of the tables among them."""
    for value in values:
        if isinstance(value, list):
            for row in value:
                yield from row
        else:
            yield value


def each(function: Callable[..., Any], values: list[Any]) -> Any:
    """Return a function of values: of tables, a table of it.

    A table of one row or column counts for all; what another table lacks is #N/A.
    """
    tables = [value for value in values if isinstance(value, list)]
    if not tables:
        return function(*values)
    high, wide = max(map(len, tables)), max(len(table[0]) for table in tables)

    def at(value: Any, row: int, column: int) -> Any:
        if not isinstance(value, list):
            return value
        row, column = row if len(value) > 1 else 0, column if len(value[0]) > 1 else 0
        inside = row < len(value) and column < len(value[0])
        return value[row][column] if inside else CellError("N_A", "#N/A", "Different sizes.")

    def one(row: int, column: int) -> Any:
        try:
            return first(function(*[at(value, row, column) for value in values]))
        except Failed as failed:
            return failed.error

    return [[one(row, column) for column in range(wide)] for row in range(high)]


def first(found: Any) -> Any:
    """Return a table's first value, anything else as it is."""
    return found[0][0] if isinstance(found, list) else found
