"""Normalizes what a row or EverBright says of a customer, so that spellings compare. Pure.

How much of a row and a job has to agree depends on what follows, the strictest first:

| in                      | what agrees                        | then                             |
|-------------------------|------------------------------------|----------------------------------|
| `match.agreeing`        | a criterion, and none disagrees    | the row gets the job's key       |
| `foreign_keys`          | that, or everything that both have | a row with another key is listed |
| `Party.looks_like`      | one thing, and not by chance       | the user is asked                |
| `is_ruled_out`          | nothing beyond what the user saw   | the user isn't asked again       |

Only `match` compares whole addresses, and the ZIPs of one column. The others compare house number
and street's name, and any ZIP. `Party.agreements` are shown to the user, column by column, and
decide which row loses a copied key (`BoardTabs.differing`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from sync.boards.mapping.vocabulary import plain

Texts = Mapping[str, str]
"""The texts of a row without formulas, or of a customer, by column ID."""

BETWEEN_PEOPLE = re.compile(r"\s*(?:[&/+]|\band\b)\s*", re.IGNORECASE)
_NOT_A_NAME = frozenset(
    ("mr", "mrs", "ms", "dr", "jr", "sr", "ii", "iii", "iv", "the", "family", "trust", "llc", "inc")
)
_SHORTEST_FAMILY_NAME = 4
"""Letters: shorter words beside a longer one are particles, as in "de la Cruz"."""
_PHONE = re.compile(r"(?<!\d)1?(\d{3})[\s().-]*(\d{3})[\s().-]*(\d{4})(?!\d)")
"""In the United States, with or without the country's 1."""
_EMAIL = re.compile(r"[^\s,;<>/]+@[^\s,;<>/]+")
_ZIP_DIGITS = 5
_ZIP = re.compile(r"\b(\d{5})(?:-\d{4})?\b")
LAST_ZIP = re.compile(rf"{_ZIP.pattern}\s*$")
_HOUSE = re.compile(r"\D*?(\d+)\s*(.*)", re.DOTALL)
_DIRECTIONS = frozenset(
    ("n", "s", "e", "w", "ne", "nw", "se", "sw", "north", "south", "east", "west")
)
_ALIKE_STREETS = 80
"""Of 100, by rapidfuzz: one typing error in a short name."""


@dataclass(frozen=True)
class Person:
    """One of the people that a name is of."""

    given: str
    """The first name or initial; "" if none is known."""
    family: frozenset[str]

    def is_same(self, other: "Person") -> bool:
        short, long = sorted((self.given, other.given), key=len)
        is_alike = short == long or (len(short) == 1 and long.startswith(short))
        return bool(short and is_alike and self.family & other.family)


@dataclass(frozen=True)
class Party:
    """A row's or a customer's people and address."""

    emails: frozenset[str]
    phones: frozenset[str]
    people: tuple[Person, ...]
    house: str
    """The house number, "" if none is known."""
    street: str
    """The first word of the street's name."""
    zips: frozenset[str]
    town: str
    """The town, if it is known separately."""
    place_words: str
    """The words of address, town and ZIP, between spaces, to find another one's town in them."""

    @classmethod
    def of(cls, texts: Texts) -> "Party":
        house, after_house = _split_address(texts.get("address", ""))
        street = [word for word in plain(after_house).split() if word not in _DIRECTIONS]
        place = [after_house, *(texts.get(part, "") for part in ("city_zip", "city", "zip"))]
        return cls(
            emails=emails(texts.get("email", "")),
            phones=phones(texts.get("phone", "")),
            people=people(name_in(texts)),
            house=house,
            street=street[0] if street else "",
            zips=zips(" ".join(place)) | zips(texts.get("zip", "")),
            town=plain(texts.get("city", "")),
            place_words=f" {plain(' '.join(place))} ",
        )

    @property
    def families(self) -> frozenset[str]:
        return frozenset().union(*(person.family for person in self.people))

    def is_in_town_of(self, other: "Party") -> bool:
        """Return whether ZIP or town agrees."""
        towns = ((self.town, other.place_words), (other.town, self.place_words))
        is_town = any(town and f" {town} " in words for town, words in towns)
        return is_town or not self.zips.isdisjoint(other.zips)

    def has_person_of(self, other: "Party") -> bool:
        return any(mine.is_same(theirs) for mine in self.people for theirs in other.people)

    def has_name_of(self, other: "Party") -> bool:
        """Return whether the full names are the same."""
        is_full = all(person.given for person in self.people)
        return is_full and bool(self.people) and {*self.people} == {*other.people}

    def may_be_on_street_of(self, other: "Party") -> bool:
        """Return whether the street's name agrees, or is unknown."""
        names = self.street, other.street
        return not all(names) or fuzz.ratio(*names) >= _ALIKE_STREETS

    def is_household_of(self, other: "Party") -> bool:
        """Return whether house number or family name agrees in one town, and not by chance.

        Both are enough, and so is a full name. One alone isn't if the streets' names differ and
        both people are known; without a house number, it isn't if both phones are known.
        """
        is_house = self.house == other.house != ""
        is_family = not self.families.isdisjoint(other.families)
        if not (self.is_in_town_of(other) and (is_house or is_family)):
            return False
        if is_family and (is_house or self.has_person_of(other)):
            return True
        if self.house and other.house:
            return self.may_be_on_street_of(other) or not (self.people and other.people)
        # Phones that agree are enough (`looks_like`), so if both are known, they differ.
        return not (self.phones and other.phones)

    @property
    def has_place(self) -> bool:
        return bool(self.zips or self.town)

    def looks_like(self, other: "Party") -> bool:
        """Return whether one thing agrees, which is enough to ask the user: others may differ.

        That is email, phone, or house number or family name with ZIP or town (`is_household_of`).
        If one of them has neither ZIP nor town, a full name is enough.
        """
        return (
            not self.emails.isdisjoint(other.emails)
            or not self.phones.isdisjoint(other.phones)
            or self.is_household_of(other)
            or (self.has_person_of(other) and not (self.has_place and other.has_place))
        )

    def agreements(self, other: "Party") -> dict[str, bool]:
        """Return whether they agree in any spelling, by the ID of each column that both know.

        Names agree if a family name does.
        """
        pairs = {
            "email": (self.emails, other.emails),
            "phone": (self.phones, other.phones),
            "customer": (self.families, other.families),
        }
        agreements = {
            column: not mine.isdisjoint(theirs)
            for column, (mine, theirs) in pairs.items()
            if mine and theirs
        }
        if self.house and other.house:
            agreements["address"] = self.house == other.house and self.may_be_on_street_of(other)
        return agreements


def name_columns(texts: Texts) -> tuple[str, ...]:
    """Return the columns that have the name: one, or two."""
    return ("customer",) if texts.get("customer") else ("first_name", "last_name")


def name_in(texts: Texts) -> str:
    """Return the name; "" if it is a first name alone: `people` would take it for a last name."""
    names = [text for column in name_columns(texts) if (text := texts.get(column))]
    return "" if names == [texts.get("first_name")] else " ".join(names)


def emails(text: str) -> frozenset[str]:
    return frozenset(email.casefold() for email in _EMAIL.findall(text))


def phones(text: str) -> frozenset[str]:
    """Return the phone numbers in a text, as ten digits."""
    return frozenset("".join(parts) for parts in _PHONE.findall(text))


def zips(text: str) -> frozenset[str]:
    """Return the ZIP codes in a text as five digits: a sheet makes a number, 2134, of 02134."""
    text = text.strip()
    return frozenset(_ZIP.findall(text.zfill(_ZIP_DIGITS) if text.isdigit() else text))


@lru_cache(maxsize=4096)
def people(text: str) -> tuple[Person, ...]:
    """Return the people that a name is of: "Duran, Oscar & Lucia" are two."""
    names = [name for part in BETWEEN_PEOPLE.split(text) if any(name := _split_name(part))]
    families = [family for _, family in names if family]
    if not families:  # Single words alone are family names.
        return tuple(Person("", _family(word)) for word, _ in names)
    # Of "Duran, Oscar & Lucia" both have the first family name, of "Oscar & Lucia Duran" the last.
    shared = families[0] if names[0][1] else families[-1]
    return tuple(Person(given[0] if given else "", _family(own or shared)) for given, own in names)


def _split_address(address: str) -> tuple[str, str]:
    """Return the house number, "" if there is none, and what is behind it."""
    match = _HOUSE.match(address)
    if match and plain(_ZIP.sub("", address[match.start(1) :], count=1)):
        return match[1].lstrip("0"), match[2]
    return "", address  # Its only number is a ZIP code, or there is none.


def _split_name(name: str) -> tuple[list[str], list[str]]:
    """Return the words of one person's given names and family name.

    A single word is the former, as beside another person's family name: "Duran, Oscar & Lucia".
    """
    parts = [
        words
        for part in name.split(",")
        if (words := [word for word in plain(part).split() if word not in _NOT_A_NAME])
    ]
    if len(parts) > 1:  # "Duran, Oscar", as in a directory.
        return parts[1], parts[0]
    words = parts[0] if parts else []
    return (words[:-1], words[-1:]) if len(words) > 1 else (words, [])


def _family(words: Sequence[str]) -> frozenset[str]:
    return frozenset([w for w in words if len(w) >= _SHORTEST_FAMILY_NAME] or words[-1:])
