"""Matches rows of a board with jobs by the customer's email, address and phone. Pure.

A row matches a job if one of the keys of `[match] by` agrees and none disagrees. A key without a
value on either side is ignored. A match is certain if neither the row nor the job matches anything
else; other candidates (`lookalikes`) are left to the user.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from scourgify import normalize_address_record
from scourgify.exceptions import AddressNormalizationError

from sync.boards.lookalikes import ZIP, Texts, phones, texts_of_customer
from sync.jobs.model import Customer
from sync.sheets.batch import IDENTITY_COLUMNS, Place
from sync.sheets.job_tabs import Match

_ZIP = re.compile(r"\b(\d{5})(?:-\d{4})?\s*$")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Identity:
    """Who a job or a row is about: normalized values by key, and the texts that they are of."""

    keys: Mapping[str, tuple[frozenset[str], ...]] = field(default_factory=dict)
    """The values of each key's parts: a cell may hold several phone numbers."""
    texts: Texts = field(default_factory=dict)

    def agreed(self, other: "Identity") -> list[str]:
        """Return the keys that agree; none where one disagrees."""
        agrees = {
            key: all(a & b for a, b in zip(self.keys[key], other.keys[key], strict=True))
            for key in self.keys.keys() & other.keys.keys()
        }
        return sorted(agrees) if all(agrees.values()) else []


def match(
    jobs: Mapping[str, Customer],
    rows: Mapping[Place, Texts],
    by: Sequence[str],
    is_other: Callable[[str, Place], bool] = lambda *_: False,
) -> dict[str, Match]:
    """Return which of `rows`, none of which has a key, are those of `jobs` (customers by site).

    `jobs` are all that have no row, so that two of them never both take one; a row that `is_other`
    is not that job's, as a person answered.
    """
    index, claims = _Index(rows, by), defaultdict[Place, int](int)
    near: dict[str, list[tuple[Place, list[str]]]] = {}
    for site, customer in jobs.items():
        job = identity(texts_of_customer(customer), by)
        agreed = ((place, job.agreed(row)) for place, row in index.near(job))
        near[site] = sorted(
            (place, keys) for place, keys in agreed if keys and not is_other(site, place)
        )
        for place, _ in near[site]:
            claims[place] += 1
    certain: dict[str, Match] = {}
    for site, places in near.items():
        if len(places) == 1 and claims[places[0][0]] == 1:
            ((place, keys),) = places
            parts = {part for key in keys for part in key.split("+")}
            parts |= {"city_zip"} if "zip" in parts else set()
            texts = rows[place]
            made_by = {
                part: texts[part] for part in IDENTITY_COLUMNS if part in parts and texts.get(part)
            }
            certain[site] = Match(place, made_by)
    return certain


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


def differing(row: Texts, customer: Customer) -> frozenset[str]:
    """Return the columns in which a row shows another customer, whatever the spelling."""
    mine = texts_of_customer(customer)
    return frozenset(
        part
        for part in ("email", "phone", "address", "customer")
        if (ours := normalized(part, mine[part]))
        and (theirs := normalized(part, row.get(part, "")))
        and ours.isdisjoint(theirs)
    )


def _is_plainly(row: Texts, customer: Customer) -> bool:
    """Return whether a row has exactly the email address or the street of its job.

    Nearly every row of a large tab does, and parsing addresses takes 1,000 times as long.
    """
    mine = texts_of_customer(customer)
    texts = ((row.get(part, ""), mine.get(part, "")) for part in ("email", "address"))
    return any(text and own and text.casefold() == own.casefold() for text, own in texts)


class _Index:
    """Rows by cheap traits, because parsing each row's address takes a millisecond."""

    def __init__(self, rows: Mapping[Place, Texts], by: Sequence[str]) -> None:
        self._rows, self._by = rows, by
        self._places: dict[tuple[str, str], list[Place]] = defaultdict(list)
        self._identities: dict[Place, Identity] = {}
        for place, texts in rows.items():
            for trait in _traits(texts):
                self._places[trait].append(place)

    def is_near(self, texts: Texts) -> bool:
        """Return whether a key of any row may agree with these texts."""
        return any(trait in self._places for trait in _traits(texts))

    def near(self, job: Identity) -> Iterator[tuple[Place, Identity]]:
        """Give the rows of which a key may agree with a job's, each once."""
        for place in {p for trait in _traits(job.texts) for p in self._places.get(trait, ())}:
            if place not in self._identities:
                self._identities[place] = identity(self._rows[place], self._by)
            yield place, self._identities[place]


def _traits(texts: Texts) -> Iterator[tuple[str, str]]:
    """Give what two spellings of a text have in common, and few other texts."""
    for part in IDENTITY_COLUMNS:
        if text := texts.get(part, "").strip():
            if part == "address":
                numbers = _NUMBER.findall(_ZIP.sub("", text))
                yield from ((part, number) for number in numbers or [text.casefold()])
            elif part in ("email", "phone"):
                yield from ((part, value) for value in normalized(part, text))


def identity(texts: Texts, by: Iterable[str]) -> Identity:
    """Return who a row or a customer is about."""
    values = {
        part: each for part in IDENTITY_COLUMNS if (each := normalized(part, texts.get(part, "")))
    }
    if "zip" not in values and "city_zip" in values:
        values["zip"] = values["city_zip"]
    if "zip" not in values and (match := _ZIP.search(texts.get("address", "").strip())):
        values["zip"] = frozenset((match[1],))
    keys = {
        key: tuple(values[part] for part in key.split("+"))
        for key in by
        if values.keys() >= {*key.split("+")}
    }
    return Identity(keys, {k: v for k, v in texts.items() if v})


def normalized(part: str, text: str) -> frozenset[str]:
    """Return what a text says in the form in which two spellings are the same, several phones too.

    Empty for a text that says nothing of the kind.
    """
    text = " ".join(text.split())
    if part == "phone":
        return phones(text)
    if part == "zip":
        return frozenset(_ZIP.findall(text))
    if part == "city_zip":
        return frozenset(ZIP.findall(text))
    value = _street(text) if part == "address" else text.casefold()
    return frozenset((value,)) if value else frozenset()


@lru_cache(maxsize=4096)
def _street(text: str) -> str:
    """Return house number, street and unit as the postal service writes them, without the town."""
    try:
        address = normalize_address_record(text)
    except AddressNormalizationError:
        return text.casefold()  # Not a street address: compared by its spelling.
    unit = (address["address_line_2"] or "").split()
    return " ".join([address["address_line_1"], *unit[-1:]]).casefold()
