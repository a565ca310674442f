"""Reads values of EverBright's JSON as one line of text, each by its path. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from sync.field_table import WEBHOOK_FIELDS

_LIMIT = 500
# Characters that spreadsheets and databases refuse: C0 controls except tab and newline.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")


def column_values(tree: Mapping[str, Any], definition: str = "") -> dict[str, str]:
    """Return the values in a webhook for columns with a `webhook_key`, by the column's ID.

    A webhook without a milestone's `definition` has none for a milestone's columns.
    """
    values = dict[str, str]()
    for entry in WEBHOOK_FIELDS:
        is_milestones = entry.id.endswith(":")
        if (definition or not is_milestones) and (text := text_at(tree, entry.webhook_key)):
            values[entry.id + definition if is_milestones else entry.id] = text
    return values


def text_at(tree: Mapping[str, Any], path: str) -> str:
    """Return the text at a key, or at keys separated by dots, one for each level."""
    value: Any = tree
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return as_text(value) if isinstance(value, str | int | float) else ""


def as_text(value: Any) -> str:
    """Return a value as text; "" for null, "None", and an object."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return ", ".join(text for each in value if (text := as_text(each)))[:_LIMIT]
    if not isinstance(value, str) or value == "None":
        return ""
    return " ".join(clean_text(value).split())[:_LIMIT]


def clean_text(text: str) -> str:
    """Return `text` without lone surrogates and control characters, which databases refuse."""
    if text.isprintable():
        return text
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _UNPRINTABLE.sub("", joined.replace("\r\n", "\n").replace("\r", "\n"))
