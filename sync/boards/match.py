"""Which row that people made is a job's: by its customer's e-mail, address and the like. Pure.

A row matches a job if one of the keys of `[match] by` agrees and none disagrees; a key that either
of them has no value for does neither. One row and one job that match nobody else are certain. All
else a person has to decide: `brightsheet link` lists it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from scourgify import normalize_address_record
from scourgify.exceptions import AddressNormalizationError

from sync.jobs.model import Customer
from sync.sheets.batch import PARTS, Place
from sync.sheets.job_tabs import Match

Texts = Mapping[str, str]
"""What is entered into a row, by column id, without formulas; or the same of a customer."""

_ZIP = re.compile(r"\b(\d{5})(?:-\d{4})?\s*$")
_NUMBER = re.compile(r"\d+")
_TOWN_ZIP = re.compile(r"\b(\d{5})(?:-\d{4})?\b")
"""In a cell with town, state and zip, in whichever order people write them."""
_PHONE = re.compile(r"(?:\d[\s().+-]*){9}\d")
_COUNTRY_CODE = re.compile(r"(?<!\d)(?:\+?1[\s.-]*)(?=\(?\d{3}\)?[\s.-]*\d{3}[\s.-]*\d{4}\b)")
_PHONE_DIGITS = 10
"""Of a phone number in the United States, without the country's 1."""


@dataclass(frozen=True)
class Identity:
    """Who a job or a row is about: normalised values by key, and the texts that they are of."""

    keys: Mapping[str, tuple[frozenset[str], ...]] = field(default_factory=dict)
    """By key the values of its parts: a row may have several telephone numbers in a cell."""
    name: str = ""
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The values by part, in or out of a key."""
    texts: Texts = field(default_factory=dict)

    def agreed(self, other: "Identity") -> list[str]:
        """Return the keys that agree; none where one disagrees."""
        agrees = self._agrees(other)
        return sorted(agrees) if all(agrees.values()) else []

    def _agrees(self, other: "Identity") -> dict[str, bool]:
        """Return whether each key that both have agrees."""
        return {
            key: all(a & b for a, b in zip(self.keys[key], other.keys[key], strict=True))
            for key in self.keys.keys() & other.keys.keys()
        }

    def resembles(self, other: "Identity") -> bool:
        """Return whether any key agrees, or the name: enough to ask a person."""
        return any(self._agrees(other).values()) or self.name == other.name != ""

    def is_namesake(self, other: "Identity") -> bool:
        """Return whether the name agrees and a phone or street: enough to wait for a person."""
        return self.name == other.name != "" and any(
            self.values.get(part, frozenset()) & other.values.get(part, frozenset())
            for part in ("phone", "address")
        )


@dataclass(frozen=True)
class Matches:
    """The row of each job that is certain, and the candidates of those that are not, by site."""

    certain: Mapping[str, Match] = field(default_factory=dict)
    doubtful: Mapping[str, Sequence[Place]] = field(default_factory=dict)


def match(jobs: Mapping[str, Customer], rows: Mapping[Place, Texts], by: Sequence[str]) -> Matches:
    """Return which of `rows`, none of which has a key, are those of `jobs` (customers by site).

    `jobs` are all that have no row, so that two of them never both take one.
    """
    index, claims = _Index(rows, by), defaultdict[Place, int](int)
    near: dict[str, list[tuple[Place, list[str]]]] = {}
    for site, customer in jobs.items():
        job = identity(texts_of_customer(customer), by)
        agreed = ((place, job.agreed(row)) for place, row in index.near(job))
        near[site] = sorted((place, keys) for place, keys in agreed if keys)
        for place, _ in near[site]:
            claims[place] += 1
    certain: dict[str, Match] = {}
    doubtful: dict[str, Sequence[Place]] = {}
    for site, places in near.items():
        if len(places) == 1 and claims[places[0][0]] == 1:
            ((place, keys),) = places
            parts = {part for key in keys for part in key.split("+")}
            parts |= {"city_zip"} if "zip" in parts else set()
            texts = rows[place]
            made_by = {part: texts[part] for part in PARTS if part in parts and texts.get(part)}
            certain[site] = Match(place, made_by)
        elif places:
            doubtful[site] = [place for place, _ in places]
    return Matches(certain, doubtful)


def resembling(
    jobs: Mapping[str, Customer], rows: Mapping[Place, Texts], by: Sequence[str]
) -> dict[str, list[Place]]:
    """Return the rows that may be those of `jobs`, by site: a person has to decide."""
    index, places_by_site = _Index(rows, by), {}
    for site, customer in jobs.items():
        job = identity(texts_of_customer(customer), by)
        if places := sorted(place for place, row in index.near(job) if job.resembles(row)):
            places_by_site[site] = places
    return places_by_site


def namesakes(
    jobs: Mapping[str, Customer], rows: Mapping[Place, Texts], by: Sequence[str]
) -> frozenset[str]:
    """Return the sites of `jobs` of which a row has the name, and a telephone or the street."""
    index = _Index(rows, by)
    identities = ((site, identity(texts_of_customer(each), by)) for site, each in jobs.items())
    return frozenset(
        site
        for site, job in identities
        if job.name and any(job.is_namesake(row) for _, row in index.near(job))
    )


def strangers(
    jobs: Mapping[str, Customer],
    rows: Mapping[Place, Texts],
    sites: Mapping[Place, str],
    by: Sequence[str],
) -> dict[Place, str]:
    """Return the rows with the key of one job (`sites`) that show another's customer, and whose.

    A row that agrees with its own job, too, is no stranger: a customer may have two jobs.
    """
    odd = {
        place: rows[place]
        for place, site in sites.items()
        if site in jobs and place in rows and not _is_plainly(rows[place], jobs[site])
    }
    index, shown_by = _Index(odd, by), defaultdict[Place, list[str]](list)
    for site, customer in jobs.items():
        texts = texts_of_customer(customer)
        job = identity(texts, by) if index.is_near(texts) else Identity()
        for place, row in index.near(job):
            if job.agreed(row):
                shown_by[place].append(site)
    return {place: min(owners) for place, owners in shown_by.items() if sites[place] not in owners}


def _is_plainly(row: Texts, customer: Customer) -> bool:
    """Tell whether a row has the e-mail address or the street of its job, letter by letter.

    That is nearly every row of a large tab, and costs a thousandth of taking addresses apart.
    """
    mine = texts_of_customer(customer)
    texts = ((row.get(part, ""), mine.get(part, "")) for part in ("email", "address"))
    return any(text and own and text.casefold() == own.casefold() for text, own in texts)


class _Index:
    """Rows by cheap traits: to take an address apart takes a millisecond, and rows are many."""

    def __init__(self, rows: Mapping[Place, Texts], by: Sequence[str]) -> None:
        self._rows, self._by = rows, by
        self._places: dict[tuple[str, str], list[Place]] = defaultdict(list)
        self._identities: dict[Place, Identity] = {}
        for place, texts in rows.items():
            for trait in _traits(texts):
                self._places[trait].append(place)

    def is_near(self, texts: Texts) -> bool:
        """Tell whether a key or the name of any row may agree with these texts."""
        return any(trait in self._places for trait in _traits(texts))

    def near(self, job: Identity) -> Iterator[tuple[Place, Identity]]:
        """Give the rows of which a key or the name may agree with a job's, each once."""
        for place in {p for trait in _traits(job.texts) for p in self._places.get(trait, ())}:
            if place not in self._identities:
                self._identities[place] = identity(self._rows[place], self._by)
            yield place, self._identities[place]


def _traits(texts: Texts) -> Iterator[tuple[str, str]]:
    """Give what two spellings of a text have in common, and few other texts."""
    for part in PARTS:
        if text := texts.get(part, "").strip():
            if part == "address":
                numbers = _NUMBER.findall(_ZIP.sub("", text))
                yield from ((part, number) for number in numbers or [text.casefold()])
            elif part not in ("zip", "city_zip"):
                yield from ((part, value) for value in normalised(part, text))


def texts_of_customer(customer: Customer) -> dict[str, str]:
    """Return what is known of a customer, by the ids of the columns that show it."""
    return {
        "email": customer.email,
        "phone": customer.phone,
        "address": customer.address,
        "zip": customer.zip,
        "customer": customer.name,
    }


def identity(texts: Texts, by: Iterable[str]) -> Identity:
    """Return who a row or a customer is about."""
    values = {part: each for part in PARTS if (each := normalised(part, texts.get(part, "")))}
    if "zip" not in values and "city_zip" in values:
        values["zip"] = values["city_zip"]
    if "zip" not in values and (match := _ZIP.search(texts.get("address", "").strip())):
        values["zip"] = frozenset((match[1],))
    keys = {
        key: tuple(values[part] for part in key.split("+"))
        for key in by
        if values.keys() >= {*key.split("+")}
    }
    name = "".join(values.get("customer", ()))
    return Identity(keys, name, values, {k: v for k, v in texts.items() if v})


def normalised(part: str, text: str) -> frozenset[str]:
    """Return what a text says in the form in which two spellings are the same, several phones too.

    Empty for a text that says nothing of the kind.
    """
    text = " ".join(text.split())
    if part == "phone":
        numbers = _PHONE.finditer(_COUNTRY_CODE.sub("", text))
        return frozenset(re.sub(r"\D", "", match[0])[-_PHONE_DIGITS:] for match in numbers)
    if part == "zip":
        return frozenset(_ZIP.findall(text))
    if part == "city_zip":
        return frozenset(_TOWN_ZIP.findall(text))
    if part == "customer":  # "Alder, Ada", as in a directory, is Ada Alder.
        family, _, given = map(str.strip, text.partition(","))
        text = f"{given} {family}" if given and "," not in given else text
    value = _street(text) if part == "address" else text.casefold()
    return frozenset((value,)) if value else frozenset()


@lru_cache(maxsize=4096)
def _street(text: str) -> str:
    """Return house number, street and unit as the postal service writes them, without the town."""
    try:
        address = normalize_address_record(text)
    except AddressNormalizationError:
        return text.casefold()  # Two spellings of what is no street address are two addresses.
    unit = (address["address_line_2"] or "").split()
    return " ".join([address["address_line_1"], *unit[-1:]]).casefold()
