"""An answer of EverBright's Data Access Layer → values by metric. Pure.

Source of the shape: EverBright's pages, `{status_code, messages, data: [{metric: value}]}`. A
baseline that does not exist reads `APPROVED_BASELINE_NONEXISTANT` (as it is spelled there).
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from sync.errors import Retryable
from sync.webhooks.parse import readable

_LIMIT = 500
_BAD = 400
"""An answer's own status code from which it is a refusal."""


def read(tree: Any, asked: Collection[str], no_value: str) -> dict[str, str]:
    """Return the values of the metrics `asked` as texts, "" for one without a value.

    `no_value` is a regular expression over values that mean none. Raises Retryable:
    everbright_missing where the answer says that it is a refusal, everbright_odd where it is
    something else.
    """
    if not isinstance(tree, Mapping) or "data" not in tree:
        raise Retryable("everbright_odd", "EverBright's answer holds no data of a job.")
    status = tree.get("status_code")
    if isinstance(status, int) and status >= _BAD:
        raise Retryable("everbright_missing", f"EverBright has no such data (status {status}).")
    data = tree["data"]
    records = data if isinstance(data, list) else [data]
    if not all(isinstance(one, Mapping) for one in records):
        raise Retryable("everbright_odd", "EverBright's answer holds no data of a job.")
    found: dict[str, str] = {}
    for record in records:
        for name in asked:
            if name in record and not found.get(name):
                text = _text(record[name])
                found[name] = "" if re.search(no_value, text) else text
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return ", ".join(text for one in value if (text := _text(one)))[:_LIMIT]
    if not isinstance(value, str) or value == "None":
        return ""
    return " ".join(readable(value).split())[:_LIMIT]
