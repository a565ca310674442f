"""Creates the tables of a database, or upgrades them, and reports which revision they have.

Loading Alembic takes a tenth of a second, and a start on a current database doesn't need it: a
revision's ID is the prefix of its file's name.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from sync.store.schema import metadata

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"


@cache
def known() -> tuple[str, ...]:
    """Return the known revisions, oldest first."""
    files = (MIGRATIONS / "versions").glob("*_*.py")
    return tuple(sorted(file.name.partition("_")[0] for file in files))


def current(connection: Connection) -> str | None:
    """Return the revision of a database, None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def create(connection: Connection) -> None:
    """Create all tables in an empty database, at the newest revision."""
    from alembic import command

    metadata.create_all(connection)
    command.stamp(_alembic_config(connection), "head")


def upgrade(connection: Connection) -> None:
    """Run the pending migrations of a database."""
    from alembic import command

    command.upgrade(_alembic_config(connection), "head")


def _alembic_config(connection: Connection) -> "Config":
    """Configure Alembic to work inside the caller's transaction."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
