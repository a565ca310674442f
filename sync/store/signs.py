"""Signs of life, and since when something is so, by the database's clock."""

from sqlalchemy import delete

from sync.store.clock import now
from sync.store.database import Database
from sync.store.schema import heartbeat

WORKER = "worker"
"""All workers share this name: one that is alive is enough."""
TOKEN_REFUSED = "everbright_token"  # noqa: S105 - the name of a row
"""Since when EverBright does not accept the token."""


class Heartbeats:
    """One row for each name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def give(self, name: str = WORKER) -> None:
        """Record that `name` is alive now."""
        fresh = {"name": name, "at": now()}
        statement = self._database.insert(heartbeat).values(fresh)
        again = statement.on_conflict_do_update(index_elements=["name"], set_={"at": now()})
        with self._database.writing() as connection:
            connection.execute(again)

    def begin(self, name: str) -> None:
        """Record that something is so since now, unless it was so before."""
        statement = self._database.insert(heartbeat).values(name=name, at=now())
        with self._database.writing() as connection:
            connection.execute(statement.on_conflict_do_nothing())

    def end(self, name: str) -> None:
        """Record that it is not so any more."""
        with self._database.writing() as connection:
            connection.execute(delete(heartbeat).where(heartbeat.c.name == name))
