"""What a row and EverBright say of a customer, in forms that can be compared. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sync.boards.mapping.vocabulary import plain
from sync.boards.table_end import Lines
from sync.jobs.model import Customer
from sync.sheets.cell_data import Rows, texts_of
from sync.sheets.read import Table
from sync.sheets.row_identity import IDENTITY_COLUMNS, Place

Texts = Mapping[str, str]
"""The texts of a row without formulas, or of a customer, by column ID."""
RowTexts = Mapping[Place, Texts]

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


def identity_texts(texts: Texts) -> dict[str, str]:
    """Return the texts of a row that identify its customer."""
    return {column: texts[column] for column in IDENTITY_COLUMNS if column in texts}


def texts_of_columns(tables: Iterable[Table], columns: Mapping[int, Lines]) -> RowTexts:
    """Return what is entered into the rows below the headers of tabs that were read by column."""
    texts: dict[Place, dict[str, str]] = {}
    for table in tables:
        for column, index in table.columns.items():
            for number, text in enumerate(columns[table.sheet_id].get(index, ())):
                if number > table.header_row and text and not text.startswith("="):
                    texts.setdefault((table.sheet_id, number), {})[column] = text
    return texts


def texts_of_rows(tables: Iterable[Table], rows: Rows) -> RowTexts:
    """Return what is entered into the rows below the headers of tabs that were read by row."""
    return {
        (table.sheet_id, number): entered
        for table in tables
        for number, row in rows[table.sheet_id].items()
        if number > table.header_row and (entered := texts_of(row, table.columns))
    }


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


def emails(text: str) -> frozenset[str]:
    return frozenset(email.casefold() for email in _EMAIL.findall(text))


def phones(text: str) -> frozenset[str]:
    """Return the phone numbers in a text, as ten digits."""
    numbers = _PHONE.finditer(_COUNTRY_CODE.sub("", text))
    return frozenset(re.sub(r"\D", "", match[0])[-_PHONE_DIGITS:] for match in numbers)


@lru_cache(maxsize=4096)
def people(text: str) -> tuple[Person, ...]:
    """Return the people that a name is of: "Duran, Oscar & Lucia" are two."""
    names: list[tuple[list[str], list[str]]] = []  # Given names, and the family name.
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
        return tuple(Person("", _family(given)) for given, _ in names)
    # Of "Duran, Oscar & Lucia" both have the first family name, of "Oscar & Lucia Duran" the last.
    shared = families[0] if names[0][1] else families[-1]
    return tuple(Person(given[0] if given else "", _family(own or shared)) for given, own in names)


def _family(words: Sequence[str]) -> frozenset[str]:
    return frozenset([w for w in words if len(w) >= _SHORTEST_FAMILY_NAME] or words[-1:])


def _traits(texts: Texts) -> Iterator[tuple[str, str]]:
    """Yield the traits of which a job and its row share at least one, to compare few rows."""
    yield from (("email", email) for email in emails(texts.get("email", "")))
    yield from (("phone", phone) for phone in phones(texts.get("phone", "")))
    for person in people(texts.get("customer", "")):
        yield from (("family", family) for family in person.family)
    numbers = _NUMBER.findall(LAST_ZIP.sub("", texts.get("address", "")))
    yield from (("house", number.lstrip("0")) for number in numbers)


class RowIndex:
    """Rows by traits that are cheap to find, because comparing a row may take a millisecond."""

    def __init__(self, rows: RowTexts) -> None:
        self._places: dict[tuple[str, str], set[Place]] = defaultdict(set)
        for place, texts in rows.items():
            for trait in _traits(texts):
                self._places[trait].add(place)

    def near(self, texts: Texts) -> set[Place]:
        """Return the rows that share a trait with a customer's texts."""
        return {place for trait in _traits(texts) for place in self._places.get(trait, ())}
