"""Writes a dump of the newest revision, with data: `python -m tests.core.dump`, once for each.

The databases of earlier revisions stay as they are: a test takes each to the newest.
"""

import base64
import json
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Dialect, Table, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from sync.core import revisions, schema
from sync.core.database import Database
from tests.core.test_situations import Calm
from tests.made_up import document, milestone, task

FOLDER = Path(__file__).parent / "dumps"
_DIALECTS = {
    "sqlite": sqlite.dialect(),
    "postgresql": postgresql.dialect(),  # type: ignore[no-untyped-call]
}
_BODIES = ({"site": "nobody"}, milestone(1, 1, tasks=[task(document(1))]))


def dumped(connection: Connection) -> dict[str, Any]:
    """Return a database as JSON: the columns and rows of its tables."""
    rows = {
        table.name: [
            [_plain(value) for value in row] for row in connection.execute(select(table)).all()
        ]
        for table in schema.metadata.sorted_tables
    }
    names = {
        table.name: [column.name for column in table.columns]
        for table in schema.metadata.sorted_tables
    }
    return {
        "revision": revisions.known()[-1],
        "tables": {kind: _statements(dialect) for kind, dialect in _DIALECTS.items()},
        "columns": names,
        "rows": rows,
    }


def _statements(dialect: Dialect) -> list[str]:
    """Return what creates the tables and their indexes."""
    tables = schema.metadata.sorted_tables
    made: list[Any] = [CreateTable(table) for table in tables]
    indexes = (index for table in tables for index in table.indexes)
    made += [CreateIndex(index) for index in sorted(indexes, key=lambda each: str(each.name))]
    return [str(each.compile(dialect=dialect)).strip() for each in made]


def load(connection: Connection, body: Any) -> None:
    """Create the tables of a dump's revision, with its rows."""
    for statement in body["tables"][connection.dialect.name]:
        connection.exec_driver_sql(statement)
    version = revisions.version
    version.create(connection)
    connection.execute(version.insert().values(version_num=body["revision"]))
    for table, rows in body["rows"].items():
        names = body["columns"][table]
        columns, places = ", ".join(names), ", ".join(f":{name}" for name in names)
        insert = text(f"INSERT INTO {table} ({columns}) VALUES ({places})")  # noqa: S608
        for row in rows:
            values = {name: _value(value) for name, value in zip(names, row, strict=True)}
            connection.execute(insert, values)
        if connection.dialect.name == "postgresql" and names[0] == "id":
            newest = f"(SELECT max(id) FROM {table})"  # noqa: S608
            sequence = f"pg_get_serial_sequence('{table}', 'id')"
            connection.execute(text(f"SELECT setval({sequence}, {newest})"))


def _plain(value: Any) -> Any:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _value(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value


def filled() -> Database:
    """Return the database of a storm at rest, with one of everything else."""
    calm = Calm()
    site = calm.sites[0]
    rows: dict[Table, list[dict[str, Any]]] = {
        schema.delivery: [
            {"digest": str(number), "body": json.dumps(body).encode(), "site": site}
            for number, body in enumerate(_BODIES)
        ],
        schema.document: [{"site": site, "uuid": "d", "name": "Plan.pdf", "state": "copied"}],
        schema.attempt: [{"fence": 999, "expects": 998, "trace": b"\x78\x9c"}],
        schema.row_answer: [{"site": site, "texts": '{"customer": "Ada Birch"}', "is_same": 1}],
        schema.mapping: [{"title": "Active", "body": "{}"}],
        schema.action: [{"kind": "check_now"}],
    }
    with calm.database.begin() as connection:
        for table, values in rows.items():
            connection.execute(table.insert(), values)
    return calm.database


if __name__ == "__main__":
    with filled().begin() as connection:
        body = dumped(connection)
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{body['revision']}.json"
    path.write_text(json.dumps(body, indent=0, sort_keys=True) + "\n", "utf-8")
