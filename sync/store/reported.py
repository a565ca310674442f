"""What people are told once and not again, also after a restart."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from sync.store.database import Database
from sync.store.schema import reported

UNKNOWN_STATUS = "unknown_status"
"""Begins the names of statuses that the config does not name: `unknown_status:ODD`."""
_UNTOLD = "untold:"
"""Begins a name as long as nobody was told."""


def new(database: Database, names: Sequence[str]) -> list[str]:
    """Return those of `names` that were not reported yet, each once."""
    if not names:
        return []
    with database.reading() as connection:
        known = set(connection.scalars(select(reported.c.name).where(reported.c.name.in_(names))))
    return [name for name in dict.fromkeys(names) if name not in known]


def to_tell(name: str) -> str:
    """Return under which name is stored that people are still to be told."""
    return f"{_UNTOLD}{name}"


def untold(database: Database) -> list[str]:
    """Return what people are still to be told."""
    query = select(reported.c.name).where(reported.c.name.startswith(_UNTOLD, autoescape=True))
    with database.reading() as connection:
        return [name.removeprefix(_UNTOLD) for name in connection.scalars(query)]


def keep(database: Database, names: Sequence[str]) -> None:
    """Store that `names` were reported: afterwards, since a report twice is better than none."""
    rows = [{"name": name} for name in names]
    if rows:
        waited = reported.c.name.in_([to_tell(name) for name in names])
        with database.writing() as connection:
            connection.execute(database.insert(reported).on_conflict_do_nothing(), rows)
            connection.execute(delete(reported).where(waited))
