"""The functions that look into texts: parts of them, and what is found where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from emulator.sheets.coerce import number, text
from emulator.sheets.grid import CellError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


def _count(value: Any, least: int) -> int | CellError:
    """An argument that counts characters, or Sheets' refusal of one that is too small."""
    found = number(value)
    if isinstance(found, CellError):
        return found
    if found < least:
        said = f"A parameter is {found}. It should be greater than or equal to {least}."
        return CellError("VALUE", "#VALUE!", said)
    return int(found)


def _left(_now: datetime, value: Any, count: Any = 1) -> Any:
    length = _count(count, 0)
    return length if isinstance(length, CellError) else text(value)[:length]


def _right(_now: datetime, value: Any, count: Any = 1) -> Any:
    length = _count(count, 0)
    said = text(value)
    return length if isinstance(length, CellError) else said[max(0, len(said) - length) :]


def _mid(_now: datetime, value: Any, start: Any, count: Any) -> Any:
    begin = _count(start, 1)
    return begin if isinstance(begin, CellError) else _left(_now, text(value)[begin - 1 :], count)


def _found(fold: Callable[[str], str]) -> Callable[..., Any]:
    """FIND, or with case folded SEARCH: where a text is found, from 1 on."""

    def function(_now: datetime, wanted: Any, value: Any, start: Any = 1) -> Any:
        begin = _count(start, 1)
        if isinstance(begin, CellError):
            return begin
        at = fold(text(value)).find(fold(text(wanted)), begin - 1)
        if at < 0:
            said = f"'{text(wanted)}' cannot be found within '{text(value)}'."
            return CellError("VALUE", "#VALUE!", said)
        return at + 1

    return function


def _regexmatch(_now: datetime, value: Any, pattern: Any) -> Any:
    """Python's expressions stand in for RE2's, which are nearly the same."""
    for place, one in enumerate((value, pattern), 1):
        if not isinstance(one, str | None):
            said = (
                f"Function REGEXMATCH parameter {place} expects text values. But '{text(one)}' is "
                "a number and cannot be coerced to a text."
            )
            return CellError("VALUE", "#VALUE!", said)
    try:
        return re.search(text(pattern), text(value)) is not None
    except re.error:
        said = f"REGEXMATCH parameter 2 value '{pattern}' is not a valid regular expression."
        return CellError("REF", "#REF!", said)


def _substitute(_now: datetime, value: Any, old: Any, new: Any) -> Any:
    return text(value).replace(text(old), text(new)) if text(old) else text(value)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "LEFT": _left,
    "RIGHT": _right,
    "MID": _mid,
    "FIND": _found(str),
    "SEARCH": _found(str.casefold),
    "REGEXMATCH": _regexmatch,
    "SUBSTITUTE": _substitute,
}
