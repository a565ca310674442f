"""Upgrading takes private comments out of what earlier versions stored of jobs."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import command

from sync.store.database import Database, _alembic
from tests.made_up import body, comment, milestone

PUBLIC, SECRET = "The roof plan is missing a page.", "The customer cannot pay."


def insert(connection: sa.Connection, table: str, **values: object) -> None:
    """Insert a row by names alone: the tables of that version are not the code's any more."""
    columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in values]
    connection.execute(sa.insert(sa.table(table, *columns)).values(values))


def store_as_before(connection: sa.Connection, sent: dict[str, Any]) -> None:
    """Store a delivery, its job and a line of the history as version 0.1 did: without the mark."""
    site = sent["site"]
    comments = [{k: v for k, v in one.items() if k != "private"} for one in sent["comments"]]
    state = {"site": site, "events": {"d": {"milestone": {**sent, "comments": comments}}}}
    line = json.dumps({"site": site, "subject": "d", "comment": f"Ben: {SECRET}"})
    got = {"id": site, "received_at": 0.0, "outcome": "accepted", "projected": True}
    insert(connection, "delivery", **got, body=body(sent))
    counts = {"version": 1, "shown_version": 1, "events": 1, "shown_events": 1}
    insert(connection, "job", site=site, state=json.dumps(state), written="{}", **counts)
    key = {"site": site, "subject": "d", "digest": site}
    insert(connection, "change", **key, body=line, at=0.0, kept_at=0.0, shown=False)


def test_a_private_comment_leaves_states_and_waiting_lines(database_url: str) -> None:
    """Catches a private remark that an upgrade goes on showing, and a public one that goes too."""
    database = Database(database_url.replace("postgres://", "postgresql+psycopg://"))
    remarks = [comment(PUBLIC, "2026-03-01T10:00:00Z")]
    remarks.append({**comment(SECRET, "2026-03-02T10:00:00Z"), "private": True})
    with database.writing() as connection:
        config = _alembic()
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        store_as_before(connection, milestone(1, comments=remarks))
        store_as_before(connection, milestone(2, comments=remarks[:1]))
    database.upgrade()
    with database.reading() as connection:
        jobs = connection.exec_driver_sql("SELECT state, version FROM job ORDER BY site").all()
        lines = connection.exec_driver_sql("SELECT body FROM change").scalars().all()
    assert SECRET not in str(jobs) + str(lines)
    assert [PUBLIC in state for state, _ in jobs] == [True, True]
    assert [version for _, version in jobs] == [2, 1]
    database.close()
