"""Checks JSON values against the schemas of a discovery document, as Google's JSON parser does.

What the parser accepts is made canonical in place: numbers as numbers, a single item as a list of
one, nulls dropped. It also takes names in snake_case, and enumerations by number: here neither.
"""

import json
import re
from typing import Any

from emulator import masks

Json = dict[str, Any]

INT_LIMITS = {"int32": 2**31, "int64": 2**63}
PACKAGE = "type.googleapis.com/google.apps.sheets.v4"
LIST_VALUE = "type.googleapis.com/google.protobuf.ListValue"


class Violation(Exception):
    """A value that does not fit; its path is put together while the exception travels upwards."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text
        self.path: list[str] = []

    @property
    def where(self) -> str:
        """The path as Google writes it: `requests[0].update_cells`."""
        return ".".join(reversed(self.path)).replace(".[", "[")

    def message(self) -> str:
        """Return the whole sentence, as Google says it."""
        return self.text.replace("{at}", f" at '{self.where}'" if self.where else "")


def snake(name: str) -> str:
    """Return `updateCells` as `update_cells`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1].lower(), name)


class Schemas:
    """The schemas of one discovery document. `strict` refuses names that they do not know."""

    def __init__(self, documents: Json, *, strict: bool) -> None:
        self._documents = documents
        self._strict = strict

    def check(self, value: Any, spec: Json, name: str) -> Any:
        """Return the value of the field `name` in canonical form. Raises Violation."""
        if "$ref" in spec:
            return self._message(value, spec["$ref"])
        if "enum" in spec:
            return _enum(value, spec["enum"], name)
        kind, form = spec["type"], spec.get("format", "int32")
        if kind == "array":
            return self._list(value, spec["items"], name)
        if kind == "integer":
            return _integer(value, form)
        if kind == "string" and form == "int64":  # a text in JSON, before and after
            _integer(value, form)
            return value
        simple = SIMPLE.get(kind)
        return value if simple is None else simple(value)

    def _list(self, value: Any, items: Json, name: str) -> list[Any]:
        checked: list[Any] = value if type(value) is list else [value]
        if "$ref" in items and list in map(type, checked):  # a list within the list is as its items
            parts = (item if type(item) is list else [item] for item in checked)
            checked = [item for part in parts for item in part]
        of_lists = items.get("type") == "array"
        for index, item in enumerate(checked):
            try:
                if not of_lists:
                    checked[index] = self.check(item, items, name)
                elif type(item) is not list:
                    raise _wrong(LIST_VALUE, item)
            except Violation as violation:
                violation.path.append(f"[{index}]")
                raise
        return checked

    def _message(self, value: Any, name: str) -> Json:
        if type(value) is not dict:
            raise _wrong(f"{PACKAGE}.{name}", value)
        fields = self._documents[name].get("properties", {})
        message: Json = value
        for field, item in list(message.items()):
            if field not in fields:
                if self._strict:
                    unknown = f'Unknown name "{field}"{{at}}: Cannot find field.'
                    raise Violation(f"Invalid JSON payload received. {unknown}")
                continue
            try:
                checked = None if item is None else self.check(item, fields[field], field)
            except Violation as violation:
                violation.path.append(snake(field))
                raise
            message[field] = checked
            if checked is None or _is_default(checked, fields[field]):
                del message[field]
        return message

    def unknown_path(self, name: str, mask: str) -> str | None:
        """Return the first path of a field mask that the message does not have, or None."""
        try:
            parsed = masks.parse(mask)
        except ValueError:
            return mask
        return self._unknown({"$ref": name}, parsed, ())

    def _unknown(self, spec: Json, mask: masks.Mask | None, path: tuple[str, ...]) -> str | None:
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


def _is_default(value: Any, spec: Json) -> bool:
    """Tell whether a value is as good as none in Google's messages, which then leave it out."""
    return value == [] or ("enum" in spec and value.endswith("_UNSPECIFIED"))


def _wrong(kind: str, value: Any) -> Violation:
    """Return the violation of a value of the wrong type."""
    return Violation(f"Invalid value{{at}} ({kind}), {json.dumps(value, ensure_ascii=False)}")


def _enum(value: Any, names: list[str], field: str) -> str:
    if type(value) is str and value in names:
        return value
    raise _wrong(f"{PACKAGE}.{field[:1].upper()}{field[1:]}", value)


def _string(value: Any) -> str:
    if type(value) is not str:
        raise _wrong("TYPE_STRING", value)
    return value


def _boolean(value: Any) -> bool:
    """Return a boolean, also from a text."""
    if type(value) is bool:
        return value
    if isinstance(value, str) and value.lower() in ("true", "false", "1", "0", ""):
        return value.lower() in ("true", "1", "")
    raise _wrong("TYPE_BOOL", value)


def _integer(value: Any, form: str) -> int:
    """Return a whole number, also from a text."""
    try:
        found = value if type(value) is int else float(_no_boolean(value))
        whole = int(value) if isinstance(value, str) and "." not in value else int(found)
    except (TypeError, ValueError, OverflowError):
        raise _wrong(f"TYPE_{form.upper()}", value) from None
    limit = INT_LIMITS.get(form, 2**32)
    if found != whole or not -limit <= whole < limit:
        raise _wrong(f"TYPE_{form.upper()}", value)
    return whole


def _number(value: Any) -> float:
    """Return a number, also from a text."""
    if type(value) is float or type(value) is int:
        return value
    try:
        return float(_no_boolean(value))
    except (TypeError, ValueError):
        raise _wrong("TYPE_DOUBLE", value) from None


def _no_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise TypeError
    return value


SIMPLE = {"string": _string, "boolean": _boolean, "number": _number}
