"""Which row that people made is a job's: by its customer's e-mail, address and the like. Pure.

A row matches a job if one of the keys of `[match] by` agrees and none disagrees; a key that either
of them has no value for does neither. One row and one job that match nobody else are certain. All
else a person has to decide: `brightsheet link` lists it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scourgify import normalize_address_record
from scourgify.exceptions import AddressNormalizationError

from sync.jobs.model import Customer
from sync.sheets.celldata import Row, at, is_formula, text_of

PARTS = ("email", "phone", "address", "zip", "customer")
"""What a key may consist of: ids of columns."""
Place = tuple[int, int]
"""Sheet id and row index."""

_ZIP = re.compile(r"\b(\d{5})(?:-\d{4})?\s*$")
_PHONE_DIGITS = 10
"""Of a telephone number in the United States, without the country's 1."""


@dataclass(frozen=True)
class Identity:
    """Who a job or a row is about: normalised values by key, `texts` of the cells by column id."""

    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    name: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)

    def matches(self, other: "Identity") -> bool:
        """Return whether one key agrees and none disagrees."""
        shared = [self.keys[key] == other.keys[key] for key in self.keys.keys() & other.keys.keys()]
        return bool(shared) and all(shared)

    def resembles(self, other: "Identity") -> bool:
        """Return whether any key agrees, or the name: enough to ask a person."""
        shared = (self.keys[key] == other.keys[key] for key in self.keys.keys() & other.keys.keys())
        return any(shared) or (self.name != "" and self.name == other.name)


@dataclass(frozen=True)
class Matches:
    """The row of each job that is certain, and the candidates of those that are not, by site."""

    certain: Mapping[str, Place] = field(default_factory=dict)
    doubtful: Mapping[str, Sequence[Place]] = field(default_factory=dict)


def of_customer(customer: Customer, by: Iterable[str]) -> Identity:
    """Return the identity of a job by its customer."""
    texts = {
        "email": customer.email,
        "phone": customer.phone,
        "address": customer.address,
        "zip": customer.zip,
        "customer": customer.name,
    }
    return _identity(texts, by)


def of_row(row: Row, columns: Mapping[str, int], by: Iterable[str]) -> Identity:
    """Return the identity of a row by its mapped columns; formulas tell nothing."""
    cells = {part: at(row, columns[part]) for part in PARTS if part in columns}
    return _identity({p: "" if is_formula(c) else text_of(c) for p, c in cells.items()}, by)


def _identity(texts: Mapping[str, str], by: Iterable[str]) -> Identity:
    values = {part: text for part in PARTS if (text := normalised(part, texts.get(part, "")))}
    if "zip" not in values and (found := _ZIP.search(texts.get("address", "").strip())):
        values["zip"] = found[1]
    parts = {key: key.split("+") for key in by}
    keys = {
        key: tuple(values[one] for one in some)
        for key, some in parts.items()
        if all(one in values for one in some)
    }
    return Identity(keys, values.get("customer", ""), {k: v for k, v in texts.items() if v})


def normalised(part: str, text: str) -> str:
    """Return a value in the form in which two spellings of it are the same."""
    text = " ".join(text.split())
    if part == "phone":
        digits = re.sub(r"\D", "", text)
        return digits[-_PHONE_DIGITS:] if len(digits) >= _PHONE_DIGITS else ""
    if part == "zip":
        found = _ZIP.search(text)
        return found[1] if found else ""
    return _street(text) if part == "address" else text.casefold()


def _street(text: str) -> str:
    """Return house number, street and unit as the postal service writes them, without the town."""
    try:
        found = normalize_address_record(text)
    except AddressNormalizationError:
        return text.casefold()  # Two spellings of what is no street address are two addresses.
    unit = (found["address_line_2"] or "").split()
    return " ".join([found["address_line_1"], *unit[-1:]]).casefold()


def match(jobs: Mapping[str, Identity], rows: Mapping[Place, Identity]) -> Matches:
    """Return which of `rows`, none of which has a key, are those of `jobs`."""
    index: dict[tuple[str, tuple[str, ...]], list[Place]] = defaultdict(list)
    for place, row in rows.items():
        for key in row.keys.items():
            index[key].append(place)
    found: dict[str, list[Place]] = {}
    claims: dict[Place, int] = defaultdict(int)
    for site, job in jobs.items():
        near = {place for key in job.keys.items() for place in index.get(key, ())}
        found[site] = sorted(place for place in near if job.matches(rows[place]))
        for place in found[site]:
            claims[place] += 1
    certain = {
        site: places[0]
        for site, places in found.items()
        if len(places) == 1 and claims[places[0]] == 1
    }
    doubtful = {s: places for s, places in found.items() if places and s not in certain}
    return Matches(certain, doubtful)
