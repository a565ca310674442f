"""What an address or a form gives, as the database takes it: it refuses some characters."""

import re

from werkzeug.datastructures import MultiDict

_LONGEST = 200
_ID = re.compile(r"[0-9A-Za-z-]{1,80}")
_LARGEST = 2**62
_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def text(values: MultiDict[str, str], name: str) -> str:
    """Return what was typed, without characters that databases refuse; "" if nothing was."""
    return _UNFIT.sub("", values.get(name, ""))[:_LONGEST].strip()


def number(values: MultiDict[str, str], name: str) -> int | None:
    """Return a whole number that fits a column, or None."""
    found = values.get(name, type=int)
    return found if found is not None and 0 <= found < _LARGEST else None


def is_id(value: str) -> bool:
    """Return whether this may be the id of a delivery, a job or a document."""
    return _ID.fullmatch(value) is not None
