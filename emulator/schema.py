"""Discovery schemas, compiled once into functions that check a JSON value and tidy it in place."""

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


def _wrong(kind: str, value: Any) -> Violation:
    return Violation(f"Invalid value{{at}} ({kind}), {json.dumps(value, ensure_ascii=False)}")


def _string(value: Any) -> Any:
    if type(value) is not str:
        raise _wrong("TYPE_STRING", value)
    return value


def _boolean(value: Any) -> Any:
    if type(value) is bool:
        return value
    if isinstance(value, str) and value.lower() in ("true", "false", "1", "0", ""):
        return value.lower() in ("true", "1", "")
    raise _wrong("TYPE_BOOL", value)


def _integer(kind: str, limit: int) -> Check:
    def check(value: Any) -> Any:
        if type(value) is not int:
            try:
                number = float(value) if type(value) in (str, float) else float("nan")
            except ValueError:
                number = float("nan")
            if number != number or number != int(number):
                raise _wrong(kind, value)
            value = int(value) if isinstance(value, str) and "." not in value else int(number)
        if not -limit <= value < limit:
            raise _wrong(kind, value)
        return value

    return check


def _digits(integer: Check) -> Check:
    """A 64-bit integer is a string in JSON, before and after."""

    def check(value: Any) -> Any:
        integer(value)
        return value

    return check


def _number(value: Any) -> Any:
    if type(value) is float or type(value) is int:
        return value
    try:
        if type(value) is str:
            return float(value)
    except ValueError:
        pass
    raise _wrong("TYPE_DOUBLE", value)


def _any(value: Any) -> Any:
    return value


def _enum(kind: str, names: list[str]) -> Check:
    known = frozenset(names)

    def check(value: Any) -> Any:
        if type(value) is str and value in known:
            return value
        if type(value) is int and 0 <= value < len(names):
            return names[value]
        raise _wrong(kind, value)

    return check


def _repeated(item: Check, *, of_lists: bool) -> Check:
    def check(value: Any) -> Any:
        if type(value) is not list:
            value = [value]  # Google's parser takes a single item for a list of one
        for index, one in enumerate(value):
            if of_lists and type(one) is not list:
                violation = _wrong("type.googleapis.com/google.protobuf.ListValue", one)
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


class Schemas:
    """The schemas of one discovery document. `strict` refuses names that they do not know."""

    def __init__(self, documents: dict[str, Any], *, strict: bool) -> None:
        self._documents = documents
        self._strict = strict
        self._messages: dict[str, Check] = {}

    def field(self, name: str, spec: dict[str, Any]) -> Field:
        """The check of one field or parameter."""
        return Field(self._check(name, spec), spec.get("type") == "array")

    def _check(self, name: str, spec: dict[str, Any]) -> Check:
        if "$ref" in spec:
            return self.message(spec["$ref"])
        if "enum" in spec:
            kind = f"type.googleapis.com/{PACKAGE}.{name[:1].upper()}{name[1:]}"
            return _enum(kind, spec["enum"])
        kind = spec["type"]
        if kind == "array":
            items = spec["items"]
            if items.get("type") == "array":
                return _repeated(_any, of_lists=True)
            return _repeated(self._check(name, items), of_lists=False)
        if kind == "integer":
            form = spec.get("format", "int32")
            return _integer(f"TYPE_{form.upper()}", INT_LIMITS.get(form, 2**32))
        if kind == "string" and spec.get("format") in INT_LIMITS:
            return _digits(_integer(f"TYPE_{spec['format'].upper()}", INT_LIMITS[spec["format"]]))
        simple = {"string": _string, "boolean": _boolean, "number": _number}
        return simple.get(kind, _any)

    def message(self, name: str) -> Check:
        """The check of the message `name`; messages may hold one another, so it is made late."""

        def late(value: Any) -> Any:
            return (self._messages.get(name) or self._compile(name))(value)

        return self._messages.get(name) or late

    def _compile(self, name: str) -> Check:
        fields: dict[str, tuple[str, str, Check]] = {}
        for field, spec in self._documents[name].get("properties", {}).items():
            entry = (field, snake(field), self._check(field, spec))
            fields[field] = fields[snake(field)] = entry
        check = _message(name, fields, strict=self._strict)
        self._messages[name] = check
        return check

    def unknown_path(self, name: str, mask: str) -> str | None:
        """The first path of the field mask that the message `name` has not, or None."""
        try:
            parsed = masks.parse(mask)
        except ValueError:
            return mask
        return self._unknown({"$ref": name}, parsed, ())

    def _unknown(
        self, spec: dict[str, Any], mask: masks.Mask | None, path: tuple[str, ...]
    ) -> str | None:
        if mask is None:
            return None
        while spec.get("type") == "array":
            spec = spec["items"]
        if "additionalProperties" in spec or spec.get("type") == "any":
            return None
        described = self._documents[spec["$ref"]] if "$ref" in spec else spec
        properties = described.get("properties", {})
        for name, below in mask.items():
            if name == "*":
                continue
            if name not in properties:
                return ".".join((*path, name))
            if found := self._unknown(properties[name], below, (*path, name)):
                return found
        return None


def _as_message(kind: str, value: Any) -> dict[str, Any]:
    if type(value) is dict:
        return value
    if type(value) is list:
        raise Violation(
            'Invalid JSON payload received. Unknown name "{last}"{at}: '
            "Proto field is not repeating, cannot start list.",
            of_parent=True,
        )
    raise _wrong(kind, value)


def _overlook(name: str, *, strict: bool) -> None:
    if strict:
        raise Violation(
            f'Invalid JSON payload received. Unknown name "{name}"{{at}}: Cannot find field.'
        )


def _message(name: str, fields: dict[str, tuple[str, str, Check]], *, strict: bool) -> Check:
    kind = f"type.googleapis.com/{PACKAGE}.{name}"

    def check(value: Any) -> Any:
        if type(value) is not dict:
            value = _as_message(kind, value)
        awry = []  # names to be rewritten, and nulls, which say that a field is not set
        for given, item in value.items():
            entry = fields.get(given)
            if entry is None:
                _overlook(given, strict=strict)
                continue
            try:
                tidy = item if item is None else entry[2](item)
            except Violation as violation:
                violation.path.append(entry[1])
                raise
            if tidy is not item:
                value[given] = tidy
            if item is None or entry[0] != given:
                awry.append(given)
        for given in awry:
            item = value.pop(given)
            if item is not None:
                value[fields[given][0]] = item
        return value

    return check
