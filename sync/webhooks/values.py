"""Reads values of EverBright's JSON as one line of text, each by its path. Pure."""

from collections.abc import Mapping
from typing import Any

from sync.types import clean_text, null

_LIMIT = 500


def text_at(tree: Mapping[str, Any], path: str) -> str | None:
    """Return the text at a key, or at keys separated by dots, one for each level.

    "" is a blank value, such as null; None is returned if there is no such key, or no such value.
    """
    value: Any = tree
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    if null(value) is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float):
        return str(value)
    return " ".join(clean_text(value).split())[:_LIMIT] if isinstance(value, str) else None
