"""The baseline: a database of its revision goes on, one from before is refused with the fix."""

import os
import subprocess
import sys

import pytest
from sqlalchemy import inspect

from sync.errors import SettingsError
from sync.store import Database
from tests.store.parts import keep

LAST = "0012"
"""The revision of the version that had twelve of them: the baseline bears its id."""


def at(database: Database, revision: str) -> None:
    """Have a database say that it is at a revision."""
    with database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")  # noqa: S608


def test_a_database_of_the_last_revision_goes_on(database: Database) -> None:
    """Would catch tables that are made a second time, and another id of the baseline."""
    keep(database)
    at(database, LAST)
    database.upgrade()
    assert database.is_current()
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM delivery").scalar() == 1


@pytest.mark.parametrize(
    ("revision", "fix"),
    [("0001", "brightsheet backfill"), ("0011", "brightsheet backfill"), ("9999", "Install")],
)
def test_another_database_is_refused_as_it_stands(
    database: Database, revision: str, fix: str
) -> None:
    """Would catch half an upgrade, and a message without the fix."""
    keep(database)
    at(database, revision)
    assert not database.is_current()
    with pytest.raises(SettingsError) as refused:
        database.upgrade()
    assert refused.value.name == "DATABASE_URL"
    assert fix in refused.value.message
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM delivery").scalar() == 1
        assert "job" in inspect(connection).get_table_names()


def test_the_command_says_it_in_one_line(database: Database, database_url: str) -> None:
    """Would catch a traceback."""
    at(database, "0005")
    command = [sys.executable, "-m", "brightsheet", "db", "upgrade"]
    environment = {**os.environ, "DATABASE_URL": database_url}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("DATABASE_URL: the database is of an older version")
