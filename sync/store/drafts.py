"""Stores drafts of mappings from the console for a day after the last change."""

import json
from dataclasses import dataclass
from secrets import token_urlsafe

from sqlalchemy import delete, insert, select, update

from sync.store.database import Database, now
from sync.store.schema import mapping_draft

_KEPT_SECONDS = 86_400

Pairs = tuple[tuple[str, str], ...]
"""Names of inputs and their values."""


@dataclass(frozen=True)
class MappingDrafts:
    """A draft for each mapping that someone starts, by an ID that can't be guessed."""

    _database: Database

    def begin(self) -> str:
        """Store an empty draft and return its ID; delete expired drafts."""
        number = token_urlsafe(12)
        with self._database.writing() as connection:
            old = mapping_draft.c.saved_at < now() - _KEPT_SECONDS
            connection.execute(delete(mapping_draft).where(old))
            row = {"id": number, "saved_at": now(), "body": "[]"}
            connection.execute(insert(mapping_draft).values(row))
        return number

    def read(self, number: str) -> Pairs | None:
        """Return the choices so far; None if the draft doesn't exist or has expired."""
        is_this = mapping_draft.c.id == number
        is_kept = mapping_draft.c.saved_at >= now() - _KEPT_SECONDS
        body = self._database.scalar(select(mapping_draft.c.body).where(is_this, is_kept))
        return None if body is None else tuple((name, value) for name, value in json.loads(body))

    def save(self, number: str, pairs: Pairs) -> None:
        values = {"body": json.dumps(pairs), "saved_at": now()}
        is_this = mapping_draft.c.id == number
        self._database.execute(update(mapping_draft).where(is_this).values(values))
