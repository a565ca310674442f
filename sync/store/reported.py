"""What people were told once and are not told again, also after a restart."""

from collections.abc import Sequence

from sqlalchemy import select

from sync.store.database import Database
from sync.store.schema import reported


def new(database: Database, names: Sequence[str]) -> list[str]:
    """Return those of `names` that were not reported yet, each once."""
    if not names:
        return []
    with database.reading() as connection:
        known = set(connection.scalars(select(reported.c.name).where(reported.c.name.in_(names))))
    return [name for name in dict.fromkeys(names) if name not in known]


def keep(database: Database, names: Sequence[str]) -> None:
    """Store that `names` were reported: afterwards, since a report twice is better than none."""
    rows = [{"name": name} for name in names]
    if rows:
        with database.writing() as connection:
            connection.execute(database.insert(reported).on_conflict_do_nothing(), rows)
