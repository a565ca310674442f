"""Returns the texts of rows and customers by column, and finds rows that may be alike. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

from sync.boards.formulas import is_formula_text
from sync.boards.party import LAST_ZIP, Texts, emails, name_in, people, phones
from sync.boards.table_end import ColumnTexts
from sync.jobs.model import Customer
from sync.sheets.cell_data import Rows, texts_of
from sync.sheets.row_identity import IDENTITY_COLUMNS, Place
from sync.sheets.snapshot import Table

RowTexts = Mapping[Place, Texts]
_K = TypeVar("_K")

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


def texts_of_columns(tables: Iterable[Table], columns: Mapping[int, ColumnTexts]) -> RowTexts:
    """Return what is entered into the rows below the headers of tabs that were read by column."""
    texts: dict[Place, dict[str, str]] = {}
    for table in tables:
        for column, index in table.columns.items():
            for number, text in enumerate(columns[table.sheet_id].get(index, ())):
                if number > table.header_row and text.strip() and not is_formula_text(text):
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


def _traits(texts: Texts) -> Iterator[tuple[str, str]]:
    """Yield the traits of which a job and its row share at least one, to compare few rows."""
    yield from (("email", email) for email in emails(texts.get("email", "")))
    yield from (("phone", phone) for phone in phones(texts.get("phone", "")))
    for person in people(name_in(texts)):
        yield from (("family", family) for family in person.family)
    numbers = _NUMBER.findall(LAST_ZIP.sub("", texts.get("address", "")))
    yield from (("house", number.lstrip("0")) for number in numbers)


class TextIndex(Generic[_K]):
    """Rows or customers by traits that are cheap to find, because comparing two of them may take a
    millisecond."""

    def __init__(self, texts: Mapping[_K, Texts]) -> None:
        self._keys = defaultdict[tuple[str, str], set[_K]](set)
        for key, each in texts.items():
            for trait in _traits(each):
                self._keys[trait].add(key)

    def near(self, texts: Texts) -> set[_K]:
        """Return those that share a trait with a customer's or a row's texts."""
        return {key for trait in _traits(texts) for key in self._keys.get(trait, ())}
