"""Detects what a column's cells are: email addresses, phone numbers, site IDs, dates. Pure."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sync.boards.mapping.tab import CellKind, SeenCell
from sync.field_table import JOB_FIELDS, KEY, FieldKind
from sync.types import UUID_PATTERN

_SITE = re.compile(rf"(?:https?://\S*/)?{UUID_PATTERN}\S*", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(
    r"(?:(?:\+?1[\s.-]*)?\(?\d{3}\)?[\s.-]*\d{3}[\s.-]*|\d{3}[\s.-])\d{4}"
    r"(?:\s*(?:x|ext)\.?\s*\d+)?"
)
"""A number of the United States, with or without its area code."""
_PHONES = re.compile(
    rf"(?:(?:h|c|w|m|home|cell|work|mobile|office)\b[\s.:]*)?{_PHONE.pattern}"
    rf"(?:[\s,;/&|]*(?:(?:h|c|w|m|home|cell|work|mobile|office)\b[\s.:]*)?{_PHONE.pattern})*"
    r"(?:\s*\(?(?:h|c|w|m|home|cell|work|mobile|office)\)?)?",
    re.IGNORECASE,
)
"""One number or several, with labels: "h 303-555-0101 / c 303-555-0102"."""
_CHECK = re.compile("TRUE|FALSE")
_NUMBERED = r"(?:job|project|quote|order|invoice|permit|ticket|lot|po|wo|no)\b"
"""What people number with five digits, too: "Job 20001" is no town."""
_CITY_ZIP = re.compile(
    rf"(?!{_NUMBERED})[^\W\d][^\d,]*,?\s+(?:[A-Za-z]{{2}}\.?,?\s+)?\d{{5}}(?:-\d{{4}})?",
    re.IGNORECASE,
)
_ZIP = re.compile(r"\d{5}(?:-\d{4})?")
_ADDRESS = re.compile(r"\d+[a-z]?\s+\S.*[a-z].*\b\d{5}(?:-\d{4})?", re.IGNORECASE)
_DATE = re.compile(r"\d{1,2}/\d{1,2}(?:/(?:\d{4}|\d{2}))?")
"""A date as people type it: in a column of plain text, Google keeps it as text."""
_MOST = 0.5
"""A type is recognized if more than this share of the filled cells has it.

People also type "none" and "same as above".
"""

SITE, EMAIL, PHONE, ZIP, ADDRESS, DATE = "site", "email", "phone", "zip", "address", "date"
CITY_ZIP, CHECK = "city_zip", "check"
_KEYS = (entry.id for entry in JOB_FIELDS if entry.kind is FieldKind.UUID)
FITTING: Mapping[str, tuple[str, ...]] = {
    SITE: tuple(sorted(_KEYS, key=lambda field: field != KEY)),
    EMAIL: ("email",),
    PHONE: ("phone",),
    ADDRESS: ("address",),
    ZIP: ("zip",),
    CITY_ZIP: ("city_zip",),
    CHECK: (),
}
"""The fields that a column with such cells can show."""
PROPOSED: Mapping[str, str] = {
    what: fields[0] for what, fields in FITTING.items() if fields and what != ZIP
}
"""The field of a column without a known header. Five digits may as well be a price."""
DESCRIPTIONS: Mapping[str, str] = {
    SITE: "site IDs, or links to their page in EverBright",
    EMAIL: "email addresses",
    PHONE: "phone numbers",
    ZIP: "five-digit numbers",
    ADDRESS: "street addresses with a ZIP code",
    DATE: "dates",
    CITY_ZIP: "cities with a ZIP code",
    CHECK: "checkboxes",
}
_TESTS: Sequence[tuple[str, Callable[[str], object]]] = (
    (SITE, _SITE.fullmatch),
    (EMAIL, _EMAIL.fullmatch),
    (CHECK, _CHECK.fullmatch),
    (PHONE, _PHONES.fullmatch),
    (ZIP, _ZIP.fullmatch),
    (ADDRESS, _ADDRESS.fullmatch),
    (CITY_ZIP, _CITY_ZIP.fullmatch),
)


@dataclass(frozen=True)
class ColumnContent:
    """What most of a column's filled cells are (a key of DESCRIPTIONS; "" for nothing known)."""

    what: str = ""
    is_numeric: bool = False
    """Whether most are numbers for Google; a phone number or a ZIP code may be one, too."""
    has_no_digits: bool = False
    """Whether most are without a digit: words, and no numbers."""
    is_blank: bool = False
    """Whether nothing is filled: `what` is then what the cells are formatted for."""


def is_computed(cells: Iterable[SeenCell]) -> bool:
    """Return whether any cell except totals is computed, even if it shows nothing.

    Writing there would destroy a formula.
    """
    return any(cell.kind is CellKind.COMPUTED for cell in cells)


def detect(cells: Iterable[SeenCell]) -> ColumnContent:
    cells, no_data = list(cells), (CellKind.BLANK, CellKind.TOTAL)
    filled = [cell for cell in cells if cell.text.strip() and cell.kind not in no_data]
    what = _kind_of_most(filled)
    if not filled and any(cell.is_for_date for cell in cells):
        what = DATE
    return ColumnContent(
        what,
        is_numeric=_are_most([cell.kind is CellKind.NUMBER for cell in filled]),
        has_no_digits=_are_most([not any(map(str.isdigit, cell.text)) for cell in filled]),
        is_blank=not filled,
    )


def is_data(text: str) -> bool:
    """Return whether a text is a value and can be no header."""
    return any(test(text) for _, test in _TESTS)


def _kind_of_most(filled: Sequence[SeenCell]) -> str:
    """Return what most of the cells are: a key of DESCRIPTIONS, or ""."""
    if _are_most([_is_date(cell) for cell in filled]):
        return DATE
    for what, test in _TESTS:
        # A number with five digits is more likely a price than a ZIP code.
        fits = [
            (what != ZIP or cell.kind is CellKind.TEXT) and bool(test(cell.text.strip()))
            for cell in filled
        ]
        if _are_most(fits):
            return what
    return ""


def _is_date(cell: SeenCell) -> bool:
    return cell.kind is CellKind.DATE or bool(_DATE.fullmatch(cell.text.strip()))


def _are_most(answers: Collection[bool]) -> bool:
    return sum(answers) > len(answers) * _MOST
