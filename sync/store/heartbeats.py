"""Heartbeats of the worker and other parts, and since when a problem exists, by name."""

from dataclasses import dataclass

from sqlalchemy import delete

from sync.store.database import Database, now
from sync.store.schema import heartbeat

WORKER = "worker"
"""All workers share this name, because one that is alive is enough."""
TOKEN_REFUSED = "everbright_token"  # noqa: S105 - the name of a row
"""The name of a problem: EverBright doesn't accept the token."""


@dataclass(frozen=True)
class Heartbeats:
    """Times by name: a process's last heartbeat, or when a problem began."""

    _database: Database

    def give(self, name: str = WORKER) -> None:
        """Record that the process `name` is alive now."""
        again = self._database.upsert(heartbeat, {"at": now()})
        self._database.execute(again.values(name=name, at=now()))

    def begin(self, name: str) -> None:
        """Record that a problem began now, unless it is already recorded."""
        self._database.execute(self._database.insert_new(heartbeat).values(name=name, at=now()))

    def end(self, name: str) -> None:
        """Record that a problem no longer exists."""
        self._database.execute(delete(heartbeat).where(heartbeat.c.name == name))
