"""Remembers what was already reported, by name, so that it is reported once."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from sync.store.database import Database
from sync.store.schema import reported


@dataclass(frozen=True)
class Reported:
    """The names of everything that was reported."""

    _database: Database

    def new(self, names: Sequence[str]) -> list[str]:
        """Return those of `names` that haven't been reported yet, each once."""
        if not names:
            return []
        query = select(reported.c.name).where(reported.c.name.in_(names))
        known = set(self._database.scalars(query))
        return [name for name in dict.fromkeys(names) if name not in known]

    def keep(self, names: Sequence[str]) -> None:
        """Store that `names` were reported; called afterward, so that no report is lost."""
        rows = [{"name": name} for name in names]
        if rows:
            with self._database.writing() as connection:
                connection.execute(self._database.insert_new(reported), rows)
