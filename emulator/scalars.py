"""Checks of single JSON values, as Google's JSON parser takes and refuses them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulator import masks

if TYPE_CHECKING:
    from collections.abc import Iterator

# Takes a JSON value, gives it in canonical form, raises Violation.
Check = Callable[[Any], Any]

INT_LIMITS = {"int32": 2**31, "int64": 2**63}
PACKAGE = "google.apps.sheets.v4"


class Violation(Exception):
    """What does not fit, and where; the place is put together while it travels upwards."""

    def __init__(self, text: str, *, of_parent: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.of_parent = of_parent
        self.path: list[str] = []

    @property
    def where(self) -> str:
        """`requests[0].update_cells`."""
        path = self.path[1:] if self.of_parent else self.path
        return ".".join(reversed(path)).replace(".[", "[")

    def message(self) -> str:
        """The whole sentence, as Google says it."""
        if self.of_parent and not self.path:
            return 'Invalid JSON payload received. Unknown name "": Root element must be a message.'
        where = f" at '{self.where}'" if self.where else ""
        last = masks.camel(self.path[0]) if self.path else ""
        return self.text.replace("{at}", where).replace("{last}", last)


@dataclass(frozen=True)
class Field:
    """A field or a parameter: its check, and whether it takes a list."""

    check: Check
    repeated: bool


@contextmanager
def at(name: str) -> Iterator[None]:
    """Say that what is checked inside is called `name`."""
    try:
        yield
    except Violation as violation:
        violation.path.append(name)
        raise


def snake(name: str) -> str:
    """`updateCells` as `update_cells`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1].lower(), name)


def wrong(kind: str, value: Any) -> Violation:
    """The refusal of a value that is not of its kind."""
    return Violation(f"Invalid value{{at}} ({kind}), {json.dumps(value, ensure_ascii=False)}")


def string(value: Any) -> Any:
    """A string."""
    if type(value) is not str:
        raise wrong("TYPE_STRING", value)
    return value


def boolean(value: Any) -> Any:
    """A boolean, as a word too."""
    if type(value) is bool:
        return value
    if isinstance(value, str) and value.lower() in ("true", "false", "1", "0", ""):
        return value.lower() in ("true", "1", "")
    raise wrong("TYPE_BOOL", value)


def integer(kind: str, limit: int) -> Check:
    """A whole number below `limit` either way, as a string too."""

    def check(value: Any) -> Any:
        if type(value) is not int:
            try:
                number = float(value) if type(value) in (str, float) else float("nan")
            except ValueError:
                number = float("nan")
            if number != number or number != int(number):
                raise wrong(kind, value)
            value = int(value) if isinstance(value, str) and "." not in value else int(number)
        if not -limit <= value < limit:
            raise wrong(kind, value)
        return value

    return check


def digits(integer: Check) -> Check:
    """A 64-bit integer is a string in JSON, before and after."""

    def check(value: Any) -> Any:
        integer(value)
        return value

    return check


def number(value: Any) -> Any:
    """A number, as a string too."""
    if type(value) is float or type(value) is int:
        return value
    try:
        if type(value) is str:
            return float(value)
    except ValueError:
        pass
    raise wrong("TYPE_DOUBLE", value)


def anything(value: Any) -> Any:
    """Anything."""
    return value


def enum(kind: str, names: list[str]) -> Check:
    """One of the names, or its number."""
    known = frozenset(names)

    def check(value: Any) -> Any:
        if type(value) is str and value in known:
            return value
        if type(value) is int and 0 <= value < len(names):
            return names[value]
        raise wrong(kind, value)

    return check


def repeated(item: Check, *, of_lists: bool) -> Check:
    """A list, or one item for a list of one."""

    def check(value: Any) -> Any:
        if type(value) is not list:
            value = [value]  # Google's parser takes a single item for a list of one
        for index, one in enumerate(value):
            if of_lists and type(one) is not list:
                violation = wrong("type.googleapis.com/google.protobuf.ListValue", one)
                violation.path.append(f"[{index}]")
                raise violation
            try:
                tidy = item(one)
            except Violation as violation:
                violation.path.append(f"[{index}]")
                raise
            if tidy is not one:
                value[index] = tidy
        return value

    return check
