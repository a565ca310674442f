"""Appends deliveries: one statement for a group, in one transaction."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam

from sync.store.clock import now
from sync.store.database import Database
from sync.store.schema import delivery
from sync.webhooks.schema import Outcome

_COLUMNS = ("id", "outcome", "kind", "reason", "site", "digest", "body", "projected", "milestone")
_STATEMENTS = 64
"""So many sizes of groups keep their statement; there are no more threads."""
_COPY = {"outcome": Outcome.DUPLICATE.value, "body": None, "projected": True}


class Appender:
    """Inserts rows of the table `delivery`, given by their columns but `received_at`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._statement = lru_cache(_STATEMENTS)(self._compiled)

    def append(self, rows: Sequence[Mapping[str, Any]]) -> set[str]:
        """Insert all rows or none; return the ids of those whose digest is new.

        The others are stored as duplicates, without their bodies.
        """
        # In one order everywhere: two processes that insert the same digests must not wait for
        # each other.
        ordered = sorted(rows, key=lambda row: row["digest"] or "")
        with self._database.appending() as cursor:
            new = self._insert(cursor, ordered)
            copies = [{**row, **_COPY} for row in ordered if row["id"] not in new]
            if copies:
                self._insert(cursor, copies)
        return new

    def _insert(self, cursor: Any, rows: Sequence[Mapping[str, Any]]) -> set[str]:
        sql, names = self._statement(len(rows))
        values = {f"{name}_{n}": row[name] for n, row in enumerate(rows) for name in _COLUMNS}
        cursor.execute(sql, [values[name] for name in names] if self._is_sqlite else values)
        return {found[0] for found in cursor.fetchall()}

    @property
    def _is_sqlite(self) -> bool:
        return self._database.is_sqlite

    def _compiled(self, count: int) -> tuple[str, Sequence[str]]:
        rows = [
            {name: bindparam(f"{name}_{n}", type_=delivery.c[name].type) for name in _COLUMNS}
            for n in range(count)
        ]
        statement = self._database.insert(delivery).values(
            [{**row, "received_at": now()} for row in rows]
        )
        return self._database.compiled(statement.on_conflict_do_nothing().returning(delivery.c.id))
