"""Creates the tables of a database, or upgrades them.

Each revision must let the code before it work: it receives while the tables are upgraded, and may
be started again. So a database of a later revision isn't refused.
"""

from functools import cache
from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select

from sync.core.schema import metadata
from sync.errors import SettingsError

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "core_version"
"""A name of its own: databases of before 1.0 have Alembic's."""
version = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True))


@cache
def known() -> tuple[str, ...]:
    """Return the revisions, the oldest first: each file is named after one."""
    files = (MIGRATIONS / "versions").glob("*_*.py")
    return tuple(sorted(file.name.partition("_")[0] for file in files))


def upgrade(connection: Connection) -> None:
    """Create the tables of an empty database, or upgrade those that are there.

    Raises SettingsError for a database of a development version.
    """
    tables = {*inspect(connection).get_table_names()}
    if VERSION_TABLE not in tables:
        if tables & {*metadata.tables, "alembic_version"}:
            text = "is a database of a version before 1.0, which can't be upgraded. Set a new one."
            raise SettingsError(f"DATABASE_URL: {text}")
        metadata.create_all(connection)
        version.create(connection)
        connection.execute(insert(version).values(version_num=known()[-1]))
        return
    found = connection.scalar(select(version.c.version_num))
    if found in known()[:-1]:
        migrate(connection)


def migrate(connection: Connection) -> None:
    """Run the migrations up to the newest revision."""
    # Loading Alembic takes a tenth of a second, which a start on a current database saves.
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    command.upgrade(config, "head")
