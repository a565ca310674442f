"""Decides which rows may be a job's, although they don't match, so that the user is asked. Pure.

A row is a candidate if any one of these agrees: phone, email, house number with ZIP or town, or
family name with ZIP or town. If one side has neither ZIP nor town, a full name is enough. Other
fields may disagree; the user decides. A house number or a family name isn't enough if everything
else that is known of both differs.
"""

import re
from dataclasses import dataclass
from functools import cache

from rapidfuzz import fuzz

from sync.boards.customer_texts import (
    ZIP,
    Person,
    RowIndex,
    RowTexts,
    Texts,
    emails,
    people,
    phones,
    texts_of_customer,
)
from sync.boards.mapping.vocabulary import plain
from sync.jobs.model import Customer
from sync.sheets.row_identity import Place

_HOUSE = re.compile(r"\D*?(\d+)\s*(.*)", re.DOTALL)
_DIRECTIONS = frozenset(
    ("n", "s", "e", "w", "ne", "nw", "se", "sw", "north", "south", "east", "west")
)
_ALIKE_STREETS = 80
"""Of 100, by rapidfuzz: one typing error in a short name."""


@dataclass(frozen=True)
class Party:
    """A row's or a customer's people and address, normalized for comparison."""

    emails: frozenset[str]
    phones: frozenset[str]
    people: tuple[Person, ...]
    house: str
    """The house number, "" if none is known."""
    street: str
    """Its first word."""
    zips: frozenset[str]
    towns: str
    """The words of the address and of its town, between spaces."""
    town: str
    """The town, if it is known separately."""

    @classmethod
    def of(cls, texts: Texts) -> "Party":
        address = texts.get("address", "")
        match = _HOUSE.match(address)
        if match and not plain(ZIP.sub("", address[match.start(1) :], count=1)):
            match = None  # Town and ZIP alone.
        house, behind = match.groups() if match else ("", address)
        around = " ".join((behind, *(texts.get(part, "") for part in ("city_zip", "city", "zip"))))
        words = [word for word in plain(behind).split() if word not in _DIRECTIONS]
        return cls(
            emails(texts.get("email", "")),
            phones(texts.get("phone", "")),
            people(texts.get("customer", "")),
            house.lstrip("0"),
            words[0] if words else "",
            frozenset(ZIP.findall(around)),
            f" {plain(around)} ",
            plain(texts.get("city", "")),
        )

    @property
    def families(self) -> frozenset[str]:
        return frozenset().union(*(person.family for person in self.people))

    def is_in_town_of(self, other: "Party") -> bool:
        """Return whether ZIP or town agrees."""
        towns = ((self.town, other.towns), (other.town, self.towns))
        is_town = any(town and f" {town} " in around for town, around in towns)
        return is_town or not self.zips.isdisjoint(other.zips)

    def has_person_of(self, other: "Party") -> bool:
        return any(mine.is_same(theirs) for mine in self.people for theirs in other.people)

    def is_family_of(self, other: "Party") -> bool:
        return not self.families.isdisjoint(other.families)

    def is_on_street_of(self, other: "Party") -> bool:
        """Return whether the street's name agrees, or is unknown."""
        names = self.street, other.street
        return not all(names) or fuzz.ratio(*names) >= _ALIKE_STREETS

    def is_household_of(self, other: "Party") -> bool:
        """Return whether house number or family name agrees in one town, and not by chance."""
        is_house = self.house == other.house != ""
        is_family = self.is_family_of(other)
        if not (self.is_in_town_of(other) and (is_house or is_family)):
            return False
        if is_family and (is_house or self.has_person_of(other)):
            return True
        if self.house and other.house:
            # Only one of the two agrees: the street must, too, or a name isn't known.
            return self.is_on_street_of(other) or not (self.people and other.people)
        # Only the family name agrees, and a house number isn't known. Phones that agree are enough
        # (`looks_like`), so if both are known, they differ.
        return not (self.phones and other.phones)

    @property
    def has_place(self) -> bool:
        return bool(self.zips or self.town)

    def looks_like(self, other: "Party") -> bool:
        """Return whether one thing agrees, which is enough to ask the user.

        If one of them has no place, a full name is enough.
        """
        return (
            not self.emails.isdisjoint(other.emails)
            or not self.phones.isdisjoint(other.phones)
            or self.is_household_of(other)
            or (self.has_person_of(other) and not (self.has_place and other.has_place))
        )


class CandidateFinder:
    """Finds the candidates of jobs among rows."""

    def __init__(self, rows: RowTexts) -> None:
        self._index = RowIndex(rows)
        self._party_at = cache(lambda place: Party.of(rows[place]))

    def candidates_of(self, customer: Customer) -> list[Place]:
        texts = texts_of_customer(customer)
        job = Party.of(texts)
        near = self._index.near(texts)
        return sorted(place for place in near if job.looks_like(self._party_at(place)))
