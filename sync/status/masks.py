"""Masks the personal data of JSON values. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from sync.types import MASK, UUID_PATTERN

_UUID = re.compile(UUID_PATTERN, re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ][0-9:.]+(?:Z|[+-]\d\d:?\d\d)?)?")
_KEY = re.compile(r"[A-Za-z_][A-Za-z_.-]{0,60}\d{0,3}")
_BLANKS = frozenset({"", "None", "True", "False"})

_VOCABULARY = re.compile(r"(?:^|_)(?:status|category|type|kind|event|stage|stage_name)$")
"""Keys whose values are EverBright's codes."""
_STEP_KEYS = frozenset({"name", "label"})
_STEP_SIGNS = frozenset({"milestone_definition", "task_definition", "sub_tasks", "document_status"})
"""Keys of milestones, tasks and sub-tasks that people and documents don't have."""
_PERSONAL = re.compile(
    r"name|mail|phone|mobile|fax|address|street|city|county|zip|postal|latitude|longitude|"
    r"(?:^|_)(?:lat|lng|lon|ssn|dob|state|comments?|author|customer|homeowner|user|password|token)"
    r"(?:_|$)|birth|commentor",
    re.IGNORECASE,
)
"""Keys whose numbers and dates are masked, too."""
_LARGE = 1_000_000
"""A number of seven digits may be a phone number."""
_REACHES_SOMEBODY = re.compile(r"@|https?:|\d[\d ()./-]{5,}\d")
"""An email address, a URL, or a phone number in a text that would not be masked."""


def mask(tree: Any) -> Any:
    """Return `tree` (JSON values) with its structure, and without personal data."""
    return _mask(tree, "", is_step=False)


def _mask(value: Any, key: str, *, is_step: bool) -> Any:
    if isinstance(value, Mapping):
        step = not _STEP_SIGNS.isdisjoint(value)
        return {
            # A key that seems to be data, such as an address, is masked, too.
            k if _KEY.fullmatch(k) or _UUID.fullmatch(k) else MASK: _mask(v, k, is_step=step)
            for k, v in ((str(k), v) for k, v in value.items())
        }
    if isinstance(value, list):
        return [_mask(item, key, is_step=is_step) for item in value]
    if isinstance(value, str):
        return value if _is_harmless(value, key, is_step=is_step) else MASK
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return MASK if abs(value) >= _LARGE or _PERSONAL.search(key) else value


def _is_harmless(text: str, key: str, *, is_step: bool) -> bool:
    if text in _BLANKS or _UUID.fullmatch(text):
        return True
    if (is_step and key in _STEP_KEYS) or _VOCABULARY.search(key):
        return not _REACHES_SOMEBODY.search(text)
    return bool(_DATE.fullmatch(text)) and not _PERSONAL.search(key)
