"""Masks personal data in a body, so that it can be shown and passed on. Pure.

Only what is known to be harmless is left: keys, UUIDs, dates, numbers and booleans, EverBright's
codes, and the names of steps. All other text is masked, wherever it is: an unknown webhook may have
a name under any key.
"""

import re
from collections.abc import Mapping
from typing import Any

MASK = "***"

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ][0-9:.]+(?:Z|[+-]\d\d:?\d\d)?)?")
_KEY = re.compile(r"[A-Za-z_][A-Za-z_.-]{0,60}\d{0,3}")
_BLANKS = frozenset({"", "None", "True", "False"})

_VOCABULARY = re.compile(r"(?:^|_)(?:status|category|type|kind|event|stage|stage_name)$")
"""Keys whose values are EverBright's codes."""
_STEP_KEYS = frozenset({"name", "label"})
_STEP_SIGNS = frozenset({"milestone_definition", "task_definition", "sub_tasks", "document_status"})
"""Keys that a milestone, a task or a sub-task has, and neither a person nor a document."""
_PERSONAL = re.compile(
    r"name|mail|phone|mobile|fax|address|street|city|county|zip|postal|latitude|longitude|"
    r"(?:^|_)(?:lat|lng|lon|ssn|dob|state|comments?|author|customer|homeowner|user|password|token)"
    r"(?:_|$)|birth|commentor",
    re.IGNORECASE,
)
"""Keys whose numbers and dates are masked, too."""
_LARGE = 1_000_000
"""A number of seven digits may be a telephone number."""
_REACHES_SOMEBODY = re.compile(r"@|https?:|\d[\d ()./-]{5,}\d")
"""An e-mail address, a URL, or a telephone number in a text that would not be masked."""


def masked(tree: Any) -> Any:
    """Return `tree` (JSON values) with its structure, and without personal data."""
    return _masked(tree, "", is_step=False)


def _masked(value: Any, key: str, *, is_step: bool) -> Any:
    if isinstance(value, Mapping):
        step = not _STEP_SIGNS.isdisjoint(value)
        return {_key(k): _masked(v, str(k), is_step=step) for k, v in value.items()}
    if isinstance(value, list):
        return [_masked(item, key, is_step=is_step) for item in value]
    if isinstance(value, str):
        return value if _is_harmless(value, key, is_step=is_step) else MASK
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return MASK if abs(value) >= _LARGE or _PERSONAL.search(key) else value


def _key(key: object) -> str:
    """Return a key as it is, unless it seems to be data, such as an address."""
    text = str(key)
    return text if _KEY.fullmatch(text) or _UUID.fullmatch(text) else MASK


def _is_harmless(text: str, key: str, *, is_step: bool) -> bool:
    if text in _BLANKS or _UUID.fullmatch(text):
        return True
    if is_step and key in _STEP_KEYS:
        return not _REACHES_SOMEBODY.search(text)
    if _VOCABULARY.search(key):
        return not _REACHES_SOMEBODY.search(text)
    return bool(_DATE.fullmatch(text)) and not _PERSONAL.search(key)
