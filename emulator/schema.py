"""Discovery schemas, compiled once into functions that check a JSON value and tidy it in place."""

from __future__ import annotations

from typing import Any

from emulator import masks, scalars


class Schemas:
    """The schemas of one discovery document. `strict` refuses names that they do not know."""

    def __init__(self, documents: dict[str, Any], *, strict: bool) -> None:
        self._documents = documents
        self._strict = strict
        self._messages: dict[str, scalars.Check] = {}

    def field(self, name: str, spec: dict[str, Any]) -> scalars.Field:
        """The check of one field or parameter."""
        return scalars.Field(self._check(name, spec), spec.get("type") == "array")

    def _check(self, name: str, spec: dict[str, Any]) -> scalars.Check:
        if "$ref" in spec:
            return self.message(spec["$ref"])
        if "enum" in spec:
            kind = f"type.googleapis.com/{scalars.PACKAGE}.{name[:1].upper()}{name[1:]}"
            return scalars.enum(kind, spec["enum"])
        kind = spec["type"]
        if kind == "array":
            items = spec["items"]
            if items.get("type") == "array":
                return scalars.repeated(scalars.anything, of_lists=True)
            return scalars.repeated(self._check(name, items), of_lists=False)
        if kind == "integer":
            form = spec.get("format", "int32")
            return scalars.integer(f"TYPE_{form.upper()}", scalars.INT_LIMITS.get(form, 2**32))
        if kind == "string" and spec.get("format") in scalars.INT_LIMITS:
            return scalars.digits(
                scalars.integer(
                    f"TYPE_{spec['format'].upper()}", scalars.INT_LIMITS[spec["format"]]
                )
            )
        simple = {"string": scalars.string, "boolean": scalars.boolean, "number": scalars.number}
        return simple.get(kind, scalars.anything)

    def message(self, name: str) -> scalars.Check:
        """The check of the message `name`; messages may hold one another, so it is made late."""

        def late(value: Any) -> Any:
            return (self._messages.get(name) or self._compile(name))(value)

        return self._messages.get(name) or late

    def _compile(self, name: str) -> scalars.Check:
        fields: dict[str, tuple[str, str, scalars.Check]] = {}
        for field, spec in self._documents[name].get("properties", {}).items():
            entry = (field, scalars.snake(field), self._check(field, spec))
            fields[field] = fields[scalars.snake(field)] = entry
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
        raise scalars.Violation(
            'Invalid JSON payload received. Unknown name "{last}"{at}: '
            "Proto field is not repeating, cannot start list.",
            of_parent=True,
        )
    raise scalars.wrong(kind, value)


def _overlook(name: str, *, strict: bool) -> None:
    if strict:
        raise scalars.Violation(
            f'Invalid JSON payload received. Unknown name "{name}"{{at}}: Cannot find field.'
        )


def _message(
    name: str, fields: dict[str, tuple[str, str, scalars.Check]], *, strict: bool
) -> scalars.Check:
    kind = f"type.googleapis.com/{scalars.PACKAGE}.{name}"

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
            except scalars.Violation as violation:
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
