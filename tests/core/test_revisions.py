"""Databases of every revision lead to the tables of the newest, with all of their data."""

import json
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, inspect, select, text

from sync.core import revisions, schema
from sync.core.database import Database, Lease
from sync.core.store import Store
from sync.errors import SettingsError
from sync.webhooks import parse
from tests import databases
from tests.core.dump import FOLDER, load
from tests.made_up import milestone


@pytest.fixture(params=databases.KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    return Database(databases.fresh(request.param, tmp_path))


def tables(database: Database) -> list[str]:
    """Return every column, key and index, as text."""
    with database.begin() as connection:
        found = inspect(connection)
        return sorted(
            f"{name} {json.dumps(part, default=str, sort_keys=True)}"
            for name in schema.metadata.tables
            for part in (
                *found.get_columns(name),
                found.get_pk_constraint(name),
                *found.get_indexes(name),
                *found.get_unique_constraints(name),
            )
        )


def differences(database: Database) -> list[Any]:
    with database.begin() as connection:
        options = {"version_table": revisions.VERSION_TABLE}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, schema.metadata))


def test_each_revision_has_a_dump() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == {*revisions.known()}


@pytest.mark.parametrize("revision", revisions.known())
def test_a_dump_is_taken_to_the_newest_revision(
    database: Database, revision: str, tmp_path: Path
) -> None:
    body = json.loads((FOLDER / f"{revision}.json").read_text("utf-8"))
    with database.begin() as connection:
        load(connection, body)
    database.create()
    (tmp_path / "created").mkdir()
    kind = "sqlite" if database.is_sqlite else "postgresql"
    created = Database(databases.fresh(kind, tmp_path / "created"))
    created.create()
    assert tables(database) == tables(created)
    assert differences(database) == differences(created) == []
    with database.begin() as connection:
        for table, rows in body["rows"].items():
            query = select(func.count()).select_from(schema.metadata.tables[table])
            assert connection.scalar(query) == len(rows) > 0, table
        version = text(f"SELECT version_num FROM {revisions.VERSION_TABLE}")  # noqa: S608
        assert connection.scalar(version) == revisions.known()[-1]
    store = Store(database)
    jobs = store.changed_jobs({})
    assert len(jobs) == len(body["rows"]["job"])
    assert any(each.documents for each in jobs)
    assert any(each.state.milestones for each in jobs)
    assert store.row_answers()
    assert store.open_actions(["check_now"])
    assert store.attempts()
    raw = json.dumps(milestone(9, 1)).encode()
    assert store.keep(raw, parse.read(raw))[0] > len(body["rows"]["delivery"])
    lease = Lease(database)
    with database.begin() as connection:
        connection.execute(schema.lease.update().values(expires=0.0))
    assert lease.take()


def test_a_database_of_a_later_revision_is_used(database: Database) -> None:
    """Each revision lets the code before it work, which may be started again meanwhile."""
    database.create()
    with database.begin() as connection:
        connection.execute(text(f"UPDATE {revisions.VERSION_TABLE} SET version_num = '9999'"))  # noqa: S608
    database.create()
    Store(database).put("name", 1)


def test_every_migration_runs(database: Database) -> None:
    body = json.loads((FOLDER / f"{revisions.known()[0]}.json").read_text("utf-8"))
    with database.begin() as connection:
        load(connection, body)
        connection.execute(revisions.version.delete())
        revisions.migrate(connection)
        assert connection.scalar(select(revisions.version)) == revisions.known()[-1]
    assert differences(database) == []


@pytest.mark.parametrize("table", ["alembic_version", "job"])
def test_a_database_of_a_development_version_is_refused(database: Database, table: str) -> None:
    with database.begin() as connection:
        connection.execute(text(f"CREATE TABLE {table} (name TEXT)"))
    with pytest.raises(SettingsError, match="database of a version before 1"):
        database.create()
    with database.begin() as connection:
        assert inspect(connection).get_table_names() == [table]
