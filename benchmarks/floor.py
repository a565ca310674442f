"""The least that a receiver which loses nothing does: a view that commits the raw body.

    gunicorn --threads 8 "benchmarks.floor:app('DATABASE_URL')"

A connection for each thread, one INSERT, committed before the answer; SQLite in WAL mode with
synchronous=FULL. It does not authenticate, parse, tell duplicates or log.
"""

import sqlite3
import threading
from collections.abc import Callable
from typing import Any

import psycopg
from flask import Flask, request

_TABLE = "CREATE TABLE IF NOT EXISTS body (body {} NOT NULL)"


def app(url: str) -> Flask:
    """Return the receiver."""
    made, mine = Flask(__name__), threading.local()
    keep = _sqlite(url) if url.startswith("sqlite") else _postgresql(url)
    connect, insert = keep

    @made.post("/webhooks/everbright")
    def receive() -> tuple[str, int]:
        if not hasattr(mine, "connection"):
            mine.connection = connect()
        insert(mine.connection, request.get_data(cache=False))
        return "{}", 202

    return made


def _sqlite(url: str) -> tuple[Callable[[], Any], Callable[[Any, bytes], None]]:
    def connect() -> sqlite3.Connection:
        made = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30)
        made.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            made.execute(f"PRAGMA {pragma}")
        return made

    def insert(connection: sqlite3.Connection, body: bytes) -> None:
        connection.execute("INSERT INTO body VALUES (?)", (body,))

    connect().execute(_TABLE.format("BLOB"))
    return connect, insert


def _postgresql(url: str) -> tuple[Callable[[], Any], Callable[[Any, bytes], None]]:
    address = url.replace("postgres://", "postgresql://")

    def connect() -> Any:
        return psycopg.connect(address, autocommit=True)

    def insert(connection: Any, body: bytes) -> None:
        connection.execute("INSERT INTO body VALUES (%s)", (body,))

    connect().execute(_TABLE.format("BYTEA"))
    return connect, insert
