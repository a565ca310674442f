"""Finds the rows that may be a job's (`Party.looks_like`), although they don't match. Pure."""

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
