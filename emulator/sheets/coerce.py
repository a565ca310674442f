"""Conversion of values to texts, numbers and booleans, and their order."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from emulator.sheets import entry, numbers
from emulator.sheets.grid import CellError, Json, Scalar

RANK = {float: 0, str: 1, bool: 2}


class Table(list[list[Any]]):
    """The values of several cells, row by row."""

    @cached_property
    def tally(self) -> Counter[Any]:
        """How often each value is there, in any case, by what `ranked` makes of it."""
        return Counter(ranked(one) for one in flat((self,)) if one is not None)


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


def number(value: Any) -> float | CellError:
    """Return a value as a number for arithmetic, or the error."""
    if value is None:
        return 0
    if isinstance(value, bool | int | float):
        return value + 0
    if isinstance(value, CellError):
        return value
    read = entry.read(value)[0]
    if isinstance(read, int | float) and not isinstance(read, bool):
        return read
    message = f"Function expects number values. But '{value}' is a text and cannot be coerced."
    return CellError("VALUE", "#VALUE!", message)


def truth(value: Any) -> bool | CellError:
    """Return a value as AND, OR and NOT take it, or the error."""
    if isinstance(value, str) and value.upper() not in ("TRUE", "FALSE"):
        message = f"Function expects boolean values. But '{value}' is a text and cannot be coerced."
        return CellError("VALUE", "#VALUE!", message)
    if isinstance(value, CellError):
        return value
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


def first(found: Any) -> Any:
    """Return a table's first value, anything else as it is."""
    return found[0][0] if isinstance(found, list) else found
