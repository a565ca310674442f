"""Connections that are kept open for what senders wait for."""

from threading import BoundedSemaphore
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import TimeoutError as PoolTimeout


class KeptConnections:
    """Executes statements straight through the driver, each as a transaction of its own.

    Asking the pool, asking whether a connection is alive, BEGIN and COMMIT would take most of the
    time: each is a wait for the database, and another for Python's lock.
    """

    def __init__(self, engine: Engine, most: int, wait_seconds: float) -> None:
        """Keep at most so many, and wait so long for one of them."""
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._turns = BoundedSemaphore(most)
        self._wait_seconds = wait_seconds
        self._idle: list[Connection] = []

    def execute(self, sql: str, parameters: Any) -> list[Any]:
        """Execute a statement and return its rows.

        Where the connection turns out to be lost, it is executed again on a new one: the database
        may have been restarted. (It may have been carried out before.) Raises errors of the driver
        and of SQLAlchemy.
        """
        if not self._turns.acquire(timeout=self._wait_seconds):
            raise PoolTimeout("No connection is free.")
        try:
            return self._executed(sql, parameters, is_repeated=False)
        finally:
            self._turns.release()

    def _executed(self, sql: str, parameters: Any, *, is_repeated: bool) -> list[Any]:
        # A restart ends all that are idle: the second try needs a new one.
        kept = self._engine.connect() if is_repeated else self._taken()
        connection: Any = kept.connection.driver_connection
        dialect = self._engine.dialect
        try:
            cursor = connection.cursor()
            cursor.execute(sql, parameters)
            rows = list(cursor.fetchall())
        except dialect.loaded_dbapi.Error as error:
            is_lost = dialect.is_disconnect(error, connection, None)
            kept.invalidate()
            kept.close()
            if is_repeated or not is_lost:
                raise
            return self._executed(sql, parameters, is_repeated=True)
        self._idle.append(kept)
        return rows

    def _taken(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:  # Asked first, another thread might take the last one meanwhile.
            return self._engine.connect()

    def close(self) -> None:
        """Close those that are idle."""
        while self._idle:
            self._idle.pop().close()
