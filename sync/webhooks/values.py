"""Reads values of EverBright's JSON as one line of text, each by its path. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from sync.types import null

_LIMIT = 500
# Characters that spreadsheets and databases refuse: C0 controls except tab and newline.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")


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


def clean_text(text: str) -> str:
    """Return `text` without lone surrogates and control characters, which databases refuse."""
    if text.isprintable():
        return text
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _UNPRINTABLE.sub("", joined.replace("\r\n", "\n").replace("\r", "\n"))
