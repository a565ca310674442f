"""What the cells of a column look like: e-mail addresses, telephone numbers, sites. Pure."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sync.mapping.tab import Kind, SeenCell

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SITE = re.compile(rf"(?:https?://\S*/)?({_UUID})\S*", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(
    r"(?:(?:\+?1[\s.-]*)?\(?\d{3}\)?[\s.-]*\d{3}[\s.-]*|\d{3}[\s.-])\d{4}"
    r"(?:\s*(?:x|ext)\.?\s*\d+)?"
)
"""A number of the United States, with or without its area code."""
_ZIP = re.compile(r"\d{5}(?:-\d{4})?")
_ADDRESS = re.compile(r"\d+[a-z]?\s+\S.*[a-z].*\b\d{5}(?:-\d{4})?", re.IGNORECASE)
_MOST = 0.5
"""More than half of the cells that are filled: people also type "none" and "same as above"."""

SITE, EMAIL, PHONE, ZIP, ADDRESS, DATE = "site", "email", "phone", "zip", "address", "date"
IDS = ("site_id", "initial_quote", "current_quote")
FITTING: Mapping[str, tuple[str, ...]] = {
    SITE: IDS,
    EMAIL: ("email",),
    PHONE: ("phone",),
    ADDRESS: ("address",),
    ZIP: ("zip",),
}
"""The fields that a column with such cells can show; the first is proposed for it."""
SAID: Mapping[str, str] = {
    SITE: "sites, or addresses of their page in EverBright",
    EMAIL: "e-mail addresses",
    PHONE: "telephone numbers",
    ZIP: "zip codes",
    ADDRESS: "street addresses with their zip",
    DATE: "dates",
}
_TESTS: Sequence[tuple[str, Callable[[str], object]]] = (
    (SITE, _SITE.fullmatch),
    (EMAIL, _EMAIL.fullmatch),
    (PHONE, _PHONE.fullmatch),
    (ZIP, _ZIP.fullmatch),
    (ADDRESS, _ADDRESS.fullmatch),
)


@dataclass(frozen=True)
class Content:
    """What most of a column's filled cells are (a key of SAID; "" for nothing known)."""

    what: str = ""
    known_sites: int = 0
    """How many of them are jobs that came."""
    is_computed: bool = False
    """Whether any cell is computed: writing there would destroy a formula."""


def of(cells: Iterable[SeenCell], sites: Collection[str] = ()) -> Content:
    """Return what a column's cells are."""
    filled = [cell for cell in cells if cell.text.strip() and cell.kind is not Kind.BLANK]
    is_computed = any(cell.kind is Kind.COMPUTED for cell in filled)
    texts = [cell.text.strip() for cell in filled]
    least = len(texts) * _MOST
    if texts and sum(cell.kind is Kind.DATE for cell in filled) > least:
        return Content(DATE, is_computed=is_computed)
    for what, test in _TESTS:
        # A number of five digits is rather a price than a zip.
        some = [one.text.strip() for one in filled if what != ZIP or one.kind is Kind.TEXT]
        if texts and sum(bool(test(text)) for text in some) > least:
            return Content(what, sum(site(text) in sites for text in texts), is_computed)
    return Content(is_computed=is_computed)


def site(text: str) -> str:
    """Return the UUID in a text, in lower case, or ""."""
    found = _SITE.fullmatch(text)
    return found[1].lower() if found else ""


def is_data(text: str) -> bool:
    """Return whether a text is a value and can be no header."""
    return any(test(text) for _, test in _TESTS)
