"""Field masks: `a,b/c`, `a.b(c,d)`, `*`, as partial responses and as updates use them."""

import re
from functools import lru_cache
from typing import Any

TOKEN = re.compile(r"[,()]|[./]|\*|[A-Za-z0-9_\-]+|(?P<bad>\S)")

# What is asked for, by field: None is everything below; the name "*" is any field.
Mask = dict[str, "Mask | None"]


@lru_cache(maxsize=512)
def parse(text: str) -> Mask | None:
    """Parse a mask; None stands for everything. ValueError if it is malformed."""
    found = list(TOKEN.finditer(text))
    if bad := next((one[0] for one in found if one["bad"]), None):
        raise ValueError(f"unexpected {bad!r} in a field mask")
    mask: Mask = {}
    rest = _paths(mask, [one[0] for one in found])
    if rest:
        raise ValueError(f"unexpected {rest[0]!r} in the field mask {text!r}")
    return _tidy(mask)


def _paths(mask: Mask, tokens: list[str]) -> list[str]:
    """Parse paths between commas into `mask`, and return the remaining tokens."""
    tokens = _path(mask, tokens)
    while tokens[:1] == [","]:
        tokens = _path(mask, tokens[1:])
    return tokens


def _path(mask: Mask, tokens: list[str]) -> list[str]:
    """Parse one path into `mask`, and return the remaining tokens."""
    if not tokens or tokens[0] in ",().":
        raise ValueError("a field mask lacks a name")
    name, *tokens = tokens
    if not tokens or tokens[0] not in "./(":
        mask[name] = None
        return tokens
    known = mask.setdefault(name, {})
    below: Mask = {} if known is None else known  # all of it is asked for already
    if tokens[0] != "(":
        return _path(below, tokens[1:])
    tokens = _paths(below, tokens[1:])
    if tokens[:1] != [")"]:
        raise ValueError("a field mask lacks a closing parenthesis")
    return tokens[1:]


def _tidy(mask: Mask) -> Mask | None:
    """Return the mask, None if it is `*` alone."""
    if "*" in mask and mask["*"] is None:
        return None
    return {name: below if below is None else _tidy(below) for name, below in mask.items()}


def below(mask: Mask | None, name: str) -> Mask | bool | None:
    """Return a field's mask: None for all of it, False for nothing."""
    if mask is None:
        return None
    if name in mask:
        return mask[name]
    return mask.get("*", False)


def wants(mask: Mask | None, *path: str) -> bool:
    """Return whether anything at `path` is asked for."""
    for name in path:
        found = below(mask, name)
        if isinstance(found, bool):
            return False
        mask = found
    return True


def select(mask: Mask | None, value: Any) -> Any:
    """Return the parts of `value` that the mask asks for; in lists, of each item."""
    if mask is None:
        return value
    if isinstance(value, list):
        return [select(mask, item) for item in value]
    if not isinstance(value, dict):
        return value
    kept, other = {}, mask.get("*", False)
    for name, item in value.items():  # As `below`, which would be called for every cell.
        found = mask.get(name, other)
        if not isinstance(found, bool):
            kept[name] = item if found is None else select(found, item)
    return kept
