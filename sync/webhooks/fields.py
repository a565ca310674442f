"""Reads fields whose keys or types are not certain; what cannot be read is passed over. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from sync.types import When

Tree = Mapping[str, Any]

_WHEN: TypeAdapter[datetime | None] = TypeAdapter(When)


def uuids(tree: Tree, keys: Iterable[str]) -> Iterator[str]:
    """Yield the UUIDs under `keys`: a string, or an object with a `uuid`."""
    for key in keys:
        value = tree.get(key)
        found = uuid(value.get("uuid") if isinstance(value, Mapping) else value)
        if found:
            yield found


def uuid(value: object) -> str | None:
    """Return a UUID in its canonical form, or None."""
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def text(tree: Tree, keys: Iterable[str]) -> str:
    """Return the first text under `keys`: a string, or the `name` of an object."""
    found = (tree.get(key) for key in keys)
    texts = (one.get("name") if isinstance(one, Mapping) else one for one in found)
    return next((one.strip() for one in texts if isinstance(one, str) and one != "None"), "")


def moments(tree: Tree, keys: Iterable[str]) -> Iterator[datetime]:
    """Yield the dates (UTC) under `keys`."""
    for key in keys:
        try:
            moment = _WHEN.validate_python(tree.get(key))
        except ValidationError:
            continue
        if moment is not None:
            yield moment


def objects(value: object) -> list[Tree]:
    """Return the objects of a list; none where there is no list."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
