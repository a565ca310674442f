"""Signs of life, by the database's clock."""

from sync.store.clock import now
from sync.store.database import Database
from sync.store.schema import heartbeat

WORKER = "worker"
"""All workers share this name: one that is alive is enough."""


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
