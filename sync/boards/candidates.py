"""Finds the rows that may be a job's, although they don't match, so that the user is asked. Pure.

A row is a candidate if any one of these agrees: phone, email, house number with ZIP or town, or
family name with ZIP or town. If one side has neither ZIP nor town, a full name is enough. Other
fields may disagree; the user decides. A house number or a family name isn't enough if everything
else that is known of both differs.
"""

from functools import cache

from sync.boards.customer_texts import RowTexts, TextIndex, texts_of_customer
from sync.boards.party import Party
from sync.jobs.model import Customer
from sync.sheets.row_identity import Place


class CandidateFinder:
    """Finds the candidates of jobs among rows."""

    def __init__(self, rows: RowTexts) -> None:
        self._index = TextIndex(rows)
        self._party_at = cache(lambda place: Party.of(rows[place]))

    def candidates_of(self, customer: Customer) -> list[Place]:
        """Return the rows that look like a customer, in the order of the sheet."""
        texts = texts_of_customer(customer)
        job = Party.of(texts)
        near = self._index.near(texts)
        return sorted(place for place in near if job.looks_like(self._party_at(place)))
