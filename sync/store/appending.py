"""Appends deliveries: one statement, and so one transaction, for a group."""

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
        """Insert rows; return the ids of those whose digest is new.

        The others are stored as duplicates, without their bodies, in a second transaction: if that
        fails, so does the call, and when it is repeated the first rows are duplicates themselves.
        """
        new = self._insert(rows)
        if copies := [{**row, **_COPY} for row in rows if row["id"] not in new]:
            self._insert(copies)
        return new

    def _insert(self, rows: Sequence[Mapping[str, Any]]) -> set[str]:
        sql, names = self._statement(len(rows))
        values = {f"{name}_{n}": row[name] for n, row in enumerate(rows) for name in _COLUMNS}
        in_order = [values[name] for name in names]
        found = self._database.append(sql, in_order if self._database.is_sqlite else values)
        return {row[0] for row in found}

    def _compiled(self, count: int) -> tuple[str, Sequence[str]]:
        rows = [
            {name: bindparam(f"{name}_{n}", type_=delivery.c[name].type) for name in _COLUMNS}
            for n in range(count)
        ]
        statement = self._database.insert(delivery).values(
            [{**row, "received_at": now()} for row in rows]
        )
        return self._database.compiled(statement.on_conflict_do_nothing().returning(delivery.c.id))
