"""Compares the customers of rows and jobs: whether they agree, and which row is whose. Pure."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

_NOT_NAMES = frozenset(
    "mr mrs ms dr jr sr ii iii and the family trust llc de la".split()  # noqa: SIM905
)
_EMAIL = re.compile(r"[^\s,;<>/]+@[^\s,;<>/]+")
_PHONE = re.compile(r"(\d{3})\D{0,3}(\d{3})\D{0,2}(\d{4})(?!\d)")
_HOUSE = re.compile(
    r"(\d+)\s+(?:(?:[nsew]|north|south|east|west)\s+"
    r"(?!(?:st|street|av|ave|avenue|dr|drive|rd|road|ln|lane|ct|court|blvd|pl|place|way)\b))?"
    r"(\w{1,4})"
)
"""A side isn't part of the street's name, but in "1088 South Avenue" it is the name."""
_PLACEHOLDER = re.compile(r"Job [0-9a-f]{8}")
_TRAITS = ("email", "phone", "house", "name")
CUSTOMER_FIELDS = {
    **dict.fromkeys(("customer", "first_name", "last_name"), ("name", "given")),
    "address": ("house",),
    "phone": ("phone",),
    "email": ("email",),
}
"""What tells whose row it is: the fields with the traits that they show."""

Place = TypeVar("Place", bound=Hashable)


def plain(text: str) -> str:
    """Return the words of a text in lower case, without accents and punctuation."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(each for each in bare if not unicodedata.combining(each))
    return " ".join(re.sub(r"[^\w#$]+|_", " ", letters).split())


@dataclass(frozen=True)
class Person:
    """What is known of a customer: a set for each trait, empty if unknown."""

    email: frozenset[str] = frozenset()
    phone: frozenset[str] = frozenset()
    house: frozenset[str] = frozenset()
    """The house number and the first four letters of the street."""
    name: frozenset[str] = frozenset()

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> "Person":
        """Return the customer in the texts of a row or a job, by column ID."""
        halves = (texts.get("first_name", ""), texts.get("last_name", ""))
        name = texts.get("customer") or " ".join(halves)
        words = [] if _PLACEHOLDER.fullmatch(name.strip()) else plain(name).split()
        house = _HOUSE.search(plain(texts.get("address", "")))
        return cls(
            frozenset(_EMAIL.findall(texts.get("email", "").casefold())),
            frozenset("".join(found) for found in _PHONE.findall(texts.get("phone", ""))),
            frozenset({f"{house[1]} {house[2]}"} if house else ()),
            frozenset(word for word in words if word not in _NOT_NAMES),
        )

    def agreements(self, other: "Person") -> dict[str, bool]:
        """Return whether they agree, by each trait that both have.

        Names agree by one word of two letters or more; "given" is whether two words do.
        """
        found = {}
        for trait in _TRAITS:
            ours, theirs = getattr(self, trait), getattr(other, trait)
            if ours and theirs:
                found[trait] = any(len(each) > 1 for each in ours & theirs)
        if min(len(self.name), len(other.name)) > 1:
            found["given"] = len(self.name & other.name) > 1
        return found

    @property
    def words(self) -> frozenset[str]:
        return self.email | self.phone | self.house | self.name


def contradicts(row: Mapping[str, str], customer: Mapping[str, str]) -> bool:
    """Return whether a row names another customer: something is in both, and nothing agrees."""
    agrees = Person.of(row).agreements(Person.of(customer))
    agrees.pop("given", None)
    return bool(agrees) and not any(agrees.values())


def _is_certain(agrees: Mapping[str, bool]) -> bool:
    """Return whether a row is the job's if there is no rival."""
    differs = any(agrees.get(trait) is False for trait in ("house", "name", "given"))
    count = sum(agrees.get(trait, False) for trait in _TRAITS)
    return not differs and (agrees.get("email", False) or count >= 2)


def _is_candidate(agrees: Mapping[str, bool]) -> bool:
    if any(agrees.get(trait) for trait in ("email", "phone", "house")):
        return True
    differ = sum(agrees.get(trait) is False for trait in ("email", "phone", "house"))
    return agrees.get("given", False) and differ <= 1


@dataclass(frozen=True)
class Found(Generic[Place]):
    """The rows of jobs: the certain one, and those that a person has to be asked about."""

    matches: Mapping[str, Place]
    candidates: Mapping[str, Collection[Place]]


def find_rows(
    jobs: Mapping[str, Mapping[str, str]],
    rows: Mapping[Place, Mapping[str, str]],
    is_doubtful: Callable[[str, Place], bool] = lambda *_: False,
) -> Found[Place]:
    """Compare each job with the rows that share a word with it; without a rival it is certain.

    A person is asked about a job and a row that are doubtful together.
    """
    there = {place: Person.of(texts) for place, texts in rows.items()}
    index = defaultdict[str, set[Place]](set)
    for place, person in there.items():
        for word in person.words:
            index[word].add(place)
    certain, possible = dict[str, list[Place]](), dict[str, list[Place]]()
    for site, texts in jobs.items():
        job = Person.of(texts)
        near = {place for word in job.words for place in index[word]}
        agreed = {place: job.agreements(there[place]) for place in near}
        certain[site] = [place for place, agrees in agreed.items() if _is_certain(agrees)]
        possible[site] = [place for place, agrees in agreed.items() if _is_candidate(agrees)]
    claims = [place for places in certain.values() for place in places]
    counts = Counter(claims)
    matches = {
        site: places[0]
        for site, places in certain.items()
        if len(places) == 1 and counts[places[0]] == 1 and not is_doubtful(site, places[0])
    }
    taken = {*matches.values()}
    left = {s: [p for p in possible[s] if p not in taken] for s in jobs if s not in matches}
    return Found(matches, {site: places for site, places in left.items() if places})


def exchanged(moves: Mapping[str, Place], holders: Mapping[Place, str]) -> dict[Place, str]:
    """Return the keys to write, by place, so that each of `moves` is where it belongs.

    `holders` are the keys that are there. One that would take the place of a key that stays, or of
    another one that moves, stays where it is: so no key is lost.
    """
    left, places = dict(moves), {key: place for place, key in holders.items()}
    while stuck := [
        key
        for key, place in left.items()
        if holders.get(place, key) not in left or Counter(left.values())[place] > 1
    ]:
        left = {key: place for key, place in left.items() if key not in stuck}
    vacated = {places[key]: "" for key in left if key in places}
    return vacated | {place: key for key, place in left.items()}
