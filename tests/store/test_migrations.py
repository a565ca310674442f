"""Both ways to a database's tables lead to the same ones; another version's database is refused."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.schema import CreateIndex, CreateTable

from sync.errors import SettingsError
from sync.store import Database, revisions, schema
from tests import databases
from tests.store.parts import keep

LAST = {"0018": "c346638dd8cb"}


def opened(url: str) -> Database:
    return Database(url.replace("postgres://", "postgresql+psycopg://"))


def at(database: Database, revision: str) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")  # noqa: S608


def tables(database: Database) -> list[str]:
    with database.reading() as connection:
        found = inspect(connection)
        parts = [
            (name, part)
            for name in found.get_table_names()
            for part in (
                *found.get_columns(name),
                found.get_pk_constraint(name),
                *found.get_indexes(name),
                *found.get_unique_constraints(name),
            )
        ]
    return sorted(json.dumps(part, default=str) for part in parts)


def test_a_revision_is_named_as_its_file() -> None:
    scripts = ScriptDirectory(str(revisions.MIGRATIONS))
    found = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(found)) == revisions.known()


def test_changed_tables_have_a_new_revision() -> None:
    created = [CreateTable(table) for table in schema.metadata.sorted_tables]
    indexes = [CreateIndex(index) for one in created for index in one.element.indexes]
    statements = sorted(str(one) for one in (*created, *indexes))
    digest = hashlib.sha256("".join(statements).encode()).hexdigest()[:12]
    assert {revisions.known()[-1]: digest} == LAST, "Raise the revision, and the version's .dev"


@pytest.mark.parametrize("kind", databases.KINDS)
def test_migrated_tables_are_as_created_ones(kind: str, tmp_path: Path) -> None:
    (tmp_path / "created").mkdir()
    created = opened(databases.migrated(kind, tmp_path / "created"))
    migrated = opened(databases.fresh(kind, tmp_path))
    with migrated.writing() as connection:
        revisions.upgrade(connection)
    assert migrated.is_current()
    assert created.is_current()
    assert tables(migrated) == tables(created)
    with migrated.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


def test_a_current_database_keeps_what_it_has(database: Database) -> None:
    keep(database)
    database.upgrade()
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM delivery").scalar() == 1


@pytest.mark.parametrize(
    ("revision", "fix"),
    [("0001", "brightsheet backfill"), ("0017", "brightsheet backfill"), ("9999", "Install")],
)
def test_another_database_is_refused_unchanged(database: Database, revision: str, fix: str) -> None:
    keep(database)
    at(database, revision)
    assert not database.is_current()
    with pytest.raises(SettingsError) as refused:
        database.upgrade()
    assert refused.value.name == "DATABASE_URL"
    assert fix in refused.value.message
    with database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM delivery")) == 1


KILLED = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from brightsheet import cli

def count(*_):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(Engine, "after_cursor_execute", count)
for line in sys.stdin:
    left = int(line)
    if not (child := os.fork()):
        cli(["db", "upgrade"])
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Reads at which statement to be killed, in a process of its own, and prints how that ended."""


@pytest.mark.long
@pytest.mark.parametrize("kind", databases.KINDS)
def test_an_upgrade_that_is_killed_at_any_statement_is_repeated(kind: str, tmp_path: Path) -> None:
    (tmp_path / "created").mkdir()
    whole = tables(opened(databases.migrated(kind, tmp_path / "created")))
    url, kills = databases.fresh(kind, tmp_path), 0
    upgrades = subprocess.Popen(
        [sys.executable, "-c", KILLED],
        env={**os.environ, "DATABASE_URL": url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert upgrades.stdin and upgrades.stdout
    for statement in count(1, 12):
        print(statement, file=upgrades.stdin, flush=True)
        lines = iter(upgrades.stdout.readline, "")
        ended = next(line.strip() for line in lines if line.strip().lstrip("-").isdigit())
        if ended == "0":
            break
        assert ended == str(-signal.SIGKILL)
        kills += 1
        database = opened(url)
        assert not database.is_current()
        assert tables(database) == []
        database.close()
    upgrades.stdin.close()
    assert upgrades.wait() == 0
    assert opened(url).is_current()
    assert tables(opened(url)) == whole
    print(f"killed {kills} times")
    assert kills > 5
