"""A database of the baseline goes on with all that it knew, one from before is refused."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from sync.errors import SettingsError
from sync.jobs.cells import Cell
from sync.jobs.model import Job
from sync.sheets.undo import place
from sync.sheets.writer import parsed
from sync.store import Database, revisions, schema, sheet_store
from sync.types import Mode
from tests.own_sheet import MAPPED_AT
from tests.sheets.grids import cell, table
from tests.store.parts import keep, known

BASELINE = "0012"
"""The revision of the version that had twelve of them: the baseline bears its id."""


def at(database: Database, revision: str) -> None:
    """Have a database say that it is at a revision."""
    with database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")  # noqa: S608


def test_a_revision_is_named_as_its_file() -> None:
    """Catches a start that takes a database of yesterday for one of today: it goes by the names."""
    scripts = ScriptDirectory(str(revisions.MIGRATIONS))
    found = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(found)) == revisions.known()


@pytest.fixture
def baseline(empty_url: str) -> Iterator[Database]:
    """A database as the version before left it."""
    opened = Database(empty_url.replace("postgres://", "postgresql+psycopg://"))
    with opened.writing() as connection:
        revisions.upgrade(connection, BASELINE)
    yield opened
    opened.close()


def insert(database: Database, table: str, **values: object) -> None:
    """Insert a row as it was in the baseline: the code's tables are those of today."""
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join(f":{name}" for name in values)
    with database.writing() as connection:
        statement = text(f"INSERT INTO {table} ({names}) VALUES ({marks})")  # noqa: S608
        connection.execute(statement, values)


def with_job(database: Database, site: str, written: dict[str, Cell]) -> None:
    cells = {column: cell.model_dump(mode="json") for column, cell in written.items()}
    numbers = dict.fromkeys(("version", "shown_version", "events", "shown_events"), 1)
    state = Job(site=site).model_dump_json()
    insert(database, "job", site=site, state=state, written=json.dumps(cells), **numbers)


def with_sheet(database: Database, name: str, *columns: str) -> None:
    values = {"fence": 41, "columns": json.dumps(columns), "reason": "", "message": ""}
    insert(database, "sheet", spreadsheet_id=name, is_current=1, **values)


def with_image(database: Database, name: str, *cells: Mapping[str, object], **more: object) -> None:
    """Store a before-image of cells of a row, as the version before did."""
    image = {"sheet_id": 5, "tab": "Open jobs", "row_text": "Ada | mine", "cells": cells, **more}
    insert(database, "before_image", spreadsheet_id=name, body=json.dumps(image))


def test_a_database_of_the_baseline_goes_on(baseline: Database) -> None:
    """Would catch tables that are made a second time, and another id of the baseline."""
    insert(baseline, "delivery", id="a", received_at=1.0, outcome="ignored", projected=True)
    assert not baseline.is_current()
    baseline.upgrade()
    baseline.upgrade()
    assert baseline.is_current()
    with baseline.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM delivery").scalar() == 1


def test_an_upgraded_database_is_as_a_new_one(baseline: Database) -> None:
    """Would catch a column, a table or an index that only new databases have."""
    baseline.upgrade()
    with baseline.reading() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, schema.metadata)
        inspected = inspect(connection)
        indexes = {i["name"] for t in inspected.get_table_names() for i in inspected.get_indexes(t)}
    assert differences == []
    assert {"job_has_row", "job_dirty", "ix_undo_spreadsheet_id"} <= indexes
    assert "job_written" not in indexes


def test_what_was_written_tells_which_jobs_have_a_row(baseline: Database) -> None:
    """Would catch all jobs of a sheet that get a second row, or deleted ones that come back."""
    with_job(baseline, "a", {"c": Cell(text="x", note="n")})
    with_job(baseline, "b", {})
    baseline.upgrade()
    jobs = known(sheet_store(baseline, "s"))
    assert {site: (one.has_row, one.recheck) for site, one in jobs.items()} == {
        "a": (True, frozenset()),
        "b": (False, frozenset()),
    }
    assert jobs["a"].written == {"c": Cell(text="x", note="n")}


def test_a_spreadsheet_with_mapped_tabs_stays_one(baseline: Database) -> None:
    """Would catch tabs of ours in a sheet of theirs, and one that is taken over without a word."""
    with_sheet(baseline, "theirs", "c", "tabs:adopted", "tab:history")
    with_sheet(baseline, "ours", "c", "site_id")
    baseline.upgrade()
    theirs = sheet_store(baseline, "theirs").pending.read(9, 9)
    assert (theirs.mode, theirs.tabs) == (Mode.ADOPTED, frozenset())
    assert theirs.known_columns == {"c", "tab:history"}
    ours = sheet_store(baseline, "ours").pending.read(9, 9)
    assert (ours.mode, ours.known_columns) == (Mode.UNSET, frozenset({"c", "site_id"}))


VALUE = "userEnteredValue,textFormatRuns"


def test_what_was_not_put_back_yet_is_told_in_recovered(baseline: Database) -> None:
    """Would catch a text, or a note, of a person's that is gone with the upgrade."""
    with_sheet(baseline, "s", "c", "tabs:adopted")
    both = {
        "column": "status:x",
        "fields": f"{VALUE},note",
        "before": cell("on hold", "Call first."),
        "after": cell("Approved", "2026-03-03 10:00"),
    }
    note = {"column": "phone", "fields": "note", "before": {"note": "his wife's"}, "after": {}}
    with_image(baseline, "s", both, note, headers={"status:x": "Permit"}, site="a")
    with_image(
        baseline, "s", {**both, "before": cell("wait")}, headers={"status:x": "Permit"}, at=9
    )
    with_image(baseline, "other", both)
    baseline.upgrade()
    undos = parsed(sheet_store(baseline, "s").batches.undos())
    placement = place([table(sheet_id=5, mapped_at=MAPPED_AT)], {}, undos)
    assert (placement.rows, placement.settled) == ([], set(undos))
    permit, wait = ("Open jobs", "Permit", "Ada | mine"), ("Open jobs", "phone", "Ada | mine")
    assert sorted(placement.told) == sorted(
        [
            (*permit, "on hold\nNote: Call first.", "Approved\nNote: 2026-03-03 10:00"),
            (*wait, "Note: his wife's", ""),
            (*permit, "wait", "Approved\nNote: 2026-03-03 10:00"),
        ]
    )
    assert len(sheet_store(baseline, "other").batches.undos()) > 0
    with baseline.reading() as connection:
        assert "before_image" not in inspect(connection).get_table_names()


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


def test_the_command_says_it_in_one_line(sqlite_url: str) -> None:
    """Would catch a traceback."""
    at(Database(sqlite_url), "0005")
    command = [sys.executable, "-m", "brightsheet", "db", "upgrade"]
    environment = {**os.environ, "DATABASE_URL": sqlite_url}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("DATABASE_URL: the database is of an older version")
