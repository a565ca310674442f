"""Finds candidates, rows that may be a job's although they don't match, and compares them. Pure.

A row is a candidate if any one of these agrees: phone, email, house number with ZIP or town, or
family name with ZIP or town. If one side has neither ZIP nor town, a full name is enough. Other
fields may disagree; the user decides. A house number or a family name isn't enough if everything
else that is known of both differs.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2s

from rapidfuzz import fuzz

from sync.boards.mapping.words import plain
from sync.field_table import FIELDS
from sync.jobs.model import Customer
from sync.sheets.cell_data import Row, texts_of
from sync.sheets.encode import shown_text
from sync.sheets.keys import row_name
from sync.sheets.read import Table
from sync.sheets.row_identity import IDENTITY_COLUMNS, Place
from sync.store.boards import RowAnswer

Texts = Mapping[str, str]
"""The texts of a row without formulas, or of a customer, by column ID."""

_BETWEEN_PEOPLE = re.compile(r"\s*(?:[&/+]|\band\b)\s*", re.IGNORECASE)
_NOT_A_NAME = frozenset(("mr", "mrs", "ms", "dr", "jr", "sr", "ii", "iii", "iv"))
_SHORTEST_FAMILY_NAME = 4
"""Letters: shorter words beside a longer one are particles, as in "de la Cruz"."""
_PHONE = re.compile(r"(?:\d[\s().+-]*){9}\d")
_COUNTRY_CODE = re.compile(r"(?<!\d)(?:\+?1[\s.-]*)(?=\(?\d{3}\)?[\s.-]*\d{3}[\s.-]*\d{4}\b)")
_PHONE_DIGITS = 10
"""Of a phone number in the United States, without the country's 1."""
_EMAIL = re.compile(r"[^\s,;<>/]+@[^\s,;<>/]+")
ZIP = re.compile(r"\b(\d{5})(?:-\d{4})?\b")
LAST_ZIP = re.compile(rf"{ZIP.pattern}\s*$")
_NUMBER = re.compile(r"\d+")
_HOUSE = re.compile(r"\D*?(\d+)\s*(.*)", re.DOTALL)
_DIRECTIONS = frozenset(
    ("n", "s", "e", "w", "ne", "nw", "se", "sw", "north", "south", "east", "west")
)
_ALIKE_STREETS = 80
"""Of 100, by rapidfuzz: one typing error in a short name."""


@dataclass(frozen=True)
class NamedRow:
    """A row with its tab, zero-based index and text."""

    sheet_id: int
    row: int
    tab: str
    text: str

    @classmethod
    def of(cls, table: Table, row: int, cells: Row) -> "NamedRow":
        left_out = {"formulaValue", "boolValue"}  # Formulas and check boxes.
        typed = (c for c in cells if left_out.isdisjoint(c.get("userEnteredValue", ())))
        texts = map(shown_text, typed)
        return cls(table.sheet_id, row, table.title, " | ".join(text for text in texts if text))

    @property
    def name(self) -> str:
        """The row as the command line names it: `Open jobs!12`."""
        return row_name(self.tab, self.row)

    @property
    def token(self) -> str:
        """The row and a digest of its text, for a form: rows may move while a list is open."""
        return f"{self.name}#{blake2s(self.text.encode(), digest_size=6).hexdigest()}"


@dataclass(frozen=True)
class ComparedField:
    """What EverBright and a row have in one field."""

    title: str
    everbright: str
    row: str
    agrees: bool | None
    """None if one is blank or can't be compared."""


@dataclass(frozen=True)
class Candidate:
    """A row that may be a job's, compared with it field by field."""

    row: NamedRow
    fields: tuple[ComparedField, ...]
    texts: Texts
    """Its customer's texts, by column ID."""


@dataclass(frozen=True)
class UncertainJob:
    """A job with candidates, and its own row if nobody typed into that.

    It is unsettled until the user answers. At first it may wait for that, for `wait_hours` without
    a row of its own; then it gets one.
    """

    site: str
    customer: Customer
    candidates: Sequence[Candidate]
    own: NamedRow | None
    is_answered: bool
    """Whether the user ruled out every candidate. The answer can be changed."""


@dataclass(frozen=True)
class _Person:
    given: str
    """The first name or initial; "" if none is known."""
    family: frozenset[str]

    def is_same(self, other: "_Person") -> bool:
        short, long = sorted((self.given, other.given), key=len)
        is_alike = short == long or (len(short) == 1 and long.startswith(short))
        return bool(short and is_alike and self.family & other.family)


@dataclass(frozen=True)
class _Party:
    """A row's or a customer's people and address, normalized for comparison."""

    emails: frozenset[str]
    phones: frozenset[str]
    people: tuple[_Person, ...]
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
    def of(cls, texts: Texts) -> "_Party":
        address = texts.get("address", "")
        match = _HOUSE.match(address)
        house, behind = match.groups() if match else ("", address)
        if ZIP.fullmatch(house) and not plain(behind):  # Town and ZIP alone.
            house, behind = "", address
        around = " ".join((behind, *(texts.get(part, "") for part in ("city_zip", "city", "zip"))))
        words = [word for word in plain(behind).split() if word not in _DIRECTIONS]
        return cls(
            frozenset(email.casefold() for email in _EMAIL.findall(texts.get("email", ""))),
            phones(texts.get("phone", "")),
            _people(texts.get("customer", "")),
            house.lstrip("0"),
            words[0] if words else "",
            frozenset(ZIP.findall(around)),
            f" {plain(around)} ",
            plain(texts.get("city", "")),
        )

    @property
    def families(self) -> frozenset[str]:
        return frozenset().union(*(person.family for person in self.people))

    def is_in_town_of(self, other: "_Party") -> bool:
        """Return whether ZIP or town agrees."""
        towns = ((self.town, other.towns), (other.town, self.towns))
        is_town = any(town and f" {town} " in around for town, around in towns)
        return is_town or not self.zips.isdisjoint(other.zips)

    def has_person_of(self, other: "_Party") -> bool:
        return any(mine.is_same(theirs) for mine in self.people for theirs in other.people)

    def is_family_of(self, other: "_Party") -> bool:
        return not self.families.isdisjoint(other.families)

    def is_on_street_of(self, other: "_Party") -> bool:
        """Return whether the street's name agrees, or is unknown."""
        names = self.street, other.street
        return not all(names) or fuzz.ratio(*names) >= _ALIKE_STREETS

    def is_household_of(self, other: "_Party") -> bool:
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

    def looks_like(self, other: "_Party") -> bool:
        """Return whether one thing agrees, which is enough to ask the user.

        If one of them has no place, a full name is enough.
        """
        return (
            not self.emails.isdisjoint(other.emails)
            or not self.phones.isdisjoint(other.phones)
            or self.is_household_of(other)
            or (self.has_person_of(other) and not (self.has_place and other.has_place))
        )


def _traits(texts: Texts) -> Iterator[tuple[str, str]]:
    """Yield the traits of which a job and its row share at least one, to compare few rows."""
    yield from (("email", email.casefold()) for email in _EMAIL.findall(texts.get("email", "")))
    yield from (("phone", phone) for phone in phones(texts.get("phone", "")))
    people = _people(texts.get("customer", ""))
    yield from (("family", family) for person in people for family in person.family)
    numbers = _NUMBER.findall(LAST_ZIP.sub("", texts.get("address", "")))
    yield from (("house", number.lstrip("0")) for number in numbers)


class RowIndex:
    """Rows by traits that are cheap to find, because comparing a row may take a millisecond."""

    def __init__(self, rows: Mapping[Place, Texts]) -> None:
        self._places: dict[tuple[str, str], set[Place]] = defaultdict(set)
        for place, texts in rows.items():
            for trait in _traits(texts):
                self._places[trait].add(place)

    def near(self, texts: Texts) -> set[Place]:
        """Return the rows that share a trait with a customer's texts."""
        return {place for trait in _traits(texts) for place in self._places.get(trait, ())}


class CandidateFinder:
    """Finds the candidates of a job, and the rows that the user chose or ruled out."""

    def __init__(self, rows: Mapping[Place, Texts], answers: Collection[RowAnswer] = ()) -> None:
        self._rows, self._index = rows, RowIndex(rows)
        self._parties: dict[Place, _Party] = {}
        self._chosen = [answer for answer in answers if answer.is_same]
        self._ruled_out = defaultdict[str, list[RowAnswer]](list)
        for answer in answers:
            if not answer.is_same:
                self._ruled_out[answer.site].append(answer)

    def candidates_of(self, customer: Customer) -> list[Place]:
        """Return the candidates of a job, including those that were ruled out."""
        texts = texts_of_customer(customer)
        job = _Party.of(texts)
        near = self._index.near(texts)
        return sorted(place for place in near if job.looks_like(self._party(place)))

    def _party(self, place: Place) -> _Party:
        if place not in self._parties:
            self._parties[place] = _Party.of(self._rows[place])
        return self._parties[place]

    def is_ruled_out(self, site: str, place: Place) -> bool:
        """Return whether the user answered that a row is not the job's."""
        return any(answer.is_about(self._rows[place]) for answer in self._ruled_out.get(site, ()))

    def chosen_rows(self, sites: Container[str]) -> dict[str, Place]:
        """Return the rows that the user chose for jobs, if each is still unambiguous."""
        found: dict[str, list[Place]] = defaultdict(list)
        for answer in self._chosen:
            if answer.site in sites:
                found[answer.site] += (p for p, row in self._rows.items() if answer.is_about(row))
        claims = Counter(place for places in found.values() for place in places)
        return {
            site: places[0]
            for site, places in found.items()
            if len(places) == 1 and claims[places[0]] == 1
        }


def compare_row(customer: Customer, table: Table, row: int, cells: Row) -> Candidate:
    """Return a row of a tab side by side with what EverBright has of a customer."""
    texts = texts_of(cells, table.columns)
    shown = {column: texts[column] for column in IDENTITY_COLUMNS if column in texts}
    return Candidate(NamedRow.of(table, row, cells), compare_fields(customer, texts), shown)


def compare_fields(customer: Customer, row: Texts) -> tuple[ComparedField, ...]:
    """Return what EverBright and a row have of a customer, side by side."""
    texts = texts_of_customer(customer)
    job, there = _Party.of(texts), _Party.of(row)
    where = "address", "city_zip", "city", "zip"
    address = ", ".join(text for part in where if (text := row.get(part, "")))
    is_family = job.is_family_of(there)
    is_house = job.house == there.house != "" and job.is_in_town_of(there)
    return tuple(
        ComparedField(title, ours, theirs, agrees if ours and theirs else None)
        for title, ours, theirs, agrees in (
            (
                "Family name" if is_family and not job.has_person_of(there) else "Name",
                texts["customer"],
                row.get("customer", ""),
                is_family,
            ),
            (
                FIELDS["phone"].header,
                customer.phone,
                row.get("phone", ""),
                # A number without its area code can't be compared.
                not job.phones.isdisjoint(there.phones) if job.phones and there.phones else None,
            ),
            (
                FIELDS["email"].header,
                customer.email,
                row.get("email", ""),
                not job.emails.isdisjoint(there.emails),
            ),
            (FIELDS["address"].header, customer.address, address, is_house),
        )
        if ours or theirs
    )


def texts_of_customer(customer: Customer) -> dict[str, str]:
    """Return what is known of a customer, by the ids of the columns that show it."""
    return {
        "email": customer.email,
        "phone": customer.phone,
        "address": customer.address,
        "city": customer.city,
        "zip": customer.zip,
        "customer": customer.name,
    }


def phones(text: str) -> frozenset[str]:
    """Return the phone numbers in a text, as ten digits."""
    numbers = _PHONE.finditer(_COUNTRY_CODE.sub("", text))
    return frozenset(re.sub(r"\D", "", match[0])[-_PHONE_DIGITS:] for match in numbers)


@lru_cache(maxsize=4096)
def _people(text: str) -> tuple[_Person, ...]:
    """Return the people that a name is of: "Duran, Oscar & Lucia" are two."""
    names: list[tuple[list[str], list[str]]] = []
    for one in _BETWEEN_PEOPLE.split(text):
        parts = [
            words
            for part in one.split(",")
            if (words := [word for word in plain(part).split() if word not in _NOT_A_NAME])
        ]
        if len(parts) > 1:  # "Duran, Oscar", as in a directory.
            names.append((parts[1], parts[0]))
        elif parts:
            words = parts[0]
            names.append((words[:-1], words[-1:]) if len(words) > 1 else (words, []))
    families = [family for _, family in names if family]
    if not families:  # A single word is a family name.
        return tuple(_Person("", _family(given)) for given, _ in names)
    is_first = bool(names[0][1])
    known = families[0] if is_first else families[-1]
    return tuple(_Person(given[0] if given else "", _family(own or known)) for given, own in names)


def _family(words: Sequence[str]) -> frozenset[str]:
    return frozenset([w for w in words if len(w) >= _SHORTEST_FAMILY_NAME] or words[-1:])
