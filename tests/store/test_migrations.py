"""A database of version 0.1 is taken over as it stands: nothing of a person's is lost."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
from alembic import command
from sqlalchemy import inspect

from sync.sheets.client import SheetClient
from sync.sheets.images import BeforeImage
from sync.sheets.restore import restore
from sync.sheets.snapshot import Snapshot, Table
from sync.sheets.writer import BatchWriter
from sync.store import Database
from sync.store.database import _alembic
from sync.store.sheet_store import sheet_store
from tests.store.parts import X, attempt, dirty, held, showing, with_jobs

CELL = {"userEnteredValue": {"stringValue": "Call Ada"}, "note": "before noon"}
OURS = {"userEnteredValue": {"stringValue": "Approved"}}
REPAIRS: list[dict[str, Any]] = [
    {
        "row": "7b0a1a5e-0000-4000-8000-000000000001",
        "column": "status",
        "data": CELL,
        "fields": "userEnteredValue,note",
        "holds": OURS,
        "at": 4,
        "around": ["Roof", "East side"],
        "keys": [],
        "kept": ["Roof"],
        "stray": False,
    },
    {"row": "", "column": "1.4", "data": {}, "fields": "note", "holds": {}},
]
"""As version 0.1 wrote them: one with all fields, one with the least."""


@pytest.fixture
def old(database_url: str) -> Iterator[Database]:
    """A database of version 0.1, with repairs that were still to be made."""
    database = Database(database_url.replace("postgres://", "postgresql+psycopg://"))
    with database.writing() as connection:
        config = _alembic()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for repair in REPAIRS:
            body = json.dumps(repair).replace("'", "''")
            row = f"INSERT INTO repair (spreadsheet_id, body) VALUES ('s', '{body}')"  # noqa: S608
            connection.exec_driver_sql(row)
        connection.exec_driver_sql("INSERT INTO told (spreadsheet_id, seq) VALUES ('other', 3)")
    yield database
    database.close()


def test_old_repairs_become_before_images_that_go_to_recovered(old: Database) -> None:
    """Catches a person's text that waited to be put back during the upgrade, and is lost by it."""
    assert not old.is_current()
    old.upgrade()
    assert old.is_current()
    bodies = sheet_store(old, "s").pending.read(9, 9).images
    images = {n: BeforeImage.model_validate_json(body) for n, body in bodies.items()}
    first, second = images.values()
    assert first.is_lost
    assert second.is_lost, "its row was known by likeness, which is not enough to write there"
    assert (first.site, first.at, first.row_text) == (REPAIRS[0]["row"], 4, "Roof | East side")
    (cell,) = first.cells
    assert (cell.column, cell.fields) == ("status", "userEnteredValue,note")
    assert (cell.before, cell.after) == (CELL, OURS)
    # And they are shown, never written into a row.
    table = Table(1, "Jobs", 0, 10, 2, {"site_id": 0, "status": 1}, {REPAIRS[0]["row"]: (4,)})
    found = restore([table], {1: {4: [{}, OURS]}}, images)
    assert found.rows == []
    assert sorted(found.given_up) == sorted(images)
    assert ("", "status", "Roof | East side", "Call Ada\nNote: before noon", "Approved") in (
        found.recovered
    )


def test_an_old_batch_in_doubt_confirms_nothing(old: Database) -> None:
    """Catches rows that count as right though no verification can read what they were meant for.

    Version 0.1 kept another trace; its batch may have landed just before the upgrade.
    """
    old.upgrade()
    store, mine = with_jobs(old, "a"), held(old)
    tried = attempt(3, 2, showing(dirty(store)["a"], X))
    trace = '{"fence": 3, "key_index": 0, "writes": [], "inserted": [], "repairs": []}'
    store.batches.begin(mine, replace(tried, trace=trace))
    client = SheetClient(requests.Session(), "s", "nobody")  # Is not called.
    writer = BatchWriter(store, client, lambda _: None, lambda *_: None)
    assert writer.settle(mine, Snapshot(fences=(3,)))
    assert dirty(store)["a"].written == {}
    assert not store.pending.read(9, 9).in_doubt


def test_what_was_told_elsewhere_stays_told(old: Database) -> None:
    """Catches a history that is written a second time into a spreadsheet that has it."""
    old.upgrade()
    with old.reading() as connection:
        rows = connection.exec_driver_sql("SELECT spreadsheet_id, seq FROM history_written").all()
        tables = set(inspect(connection).get_table_names())
    assert [tuple(row) for row in rows] == [("other", 3)]
    assert not tables & {"told", "repair"}


def test_new_before_images_get_numbers_after_the_old_ones(old: Database) -> None:
    """Catches a renamed table that has lost its sequence: the newest goes back first."""
    old.upgrade()
    with old.writing() as connection:
        row = "INSERT INTO before_image (spreadsheet_id, body) VALUES ('s', '{}')"
        connection.exec_driver_sql(row)
    numbers = [*sheet_store(old, "s").pending.read(9, 9).images]
    assert len(set(numbers)) == 3
    assert max(numbers) == numbers[-1]
