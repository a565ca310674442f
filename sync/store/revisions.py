"""Which revision a database's schema is of, and how it is brought to the newest.

Alembic carries the migrations out. To load it takes a tenth of a second, and what starts on a
database of today's schema has no need of it: a revision's id is how its file's name begins.
"""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

MIGRATIONS = Path(__file__).parent / "migrations"


@cache
def known() -> tuple[str, ...]:
    """Return the revisions that there are, the newest last."""
    files = (MIGRATIONS / "versions").glob("*_*.py")
    return tuple(sorted(file.name.partition("_")[0] for file in files))


def current(connection: Connection) -> str | None:
    """Return the revision of a database, None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Carry out the migrations up to a revision, inside the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    command.upgrade(config, revision)
