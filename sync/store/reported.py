"""Has each message sent or logged once by all processes, or twice if one is killed meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import select

from sync.store.database import Database, Leases
from sync.store.schema import reported

_SENDING_SECONDS = 600.0
"""Longer than a message takes. If a process is killed meanwhile, another one sends it then."""

_log = structlog.get_logger()


@dataclass(frozen=True)
class Reported:
    """The names of everything that was reported."""

    _database: Database

    def is_known(self, name: str) -> bool:
        query = select(reported.c.name).where(reported.c.name == name)
        return self._database.scalar(query) is not None

    def claim(self, name: str) -> bool:
        """Store a name; return whether it was new. One caller gets each, and reports it."""
        if self.is_known(name):
            return False  # Callers ask again and again: only a new name needs a write.
        new = self._database.insert_new(reported).values(name=name).returning(reported.c.name)
        with self._database.writing() as connection:
            return connection.scalar(new) is not None

    def once(self, name: str, send: Callable[[], bool]) -> bool:
        """Send a message unless it arrived before; return whether it arrived now.

        One process at a time sends. `send` is like `Alerts.deliver`: if it returns False or raises,
        the next call sends the message. Names outlast `brightsheet forget`, so they must not have a
        job's ID.
        """
        leases = Leases(self._database, _SENDING_SECONDS)
        if self.is_known(name) or not (lease := leases.acquire("messages")):
            return False
        try:
            if self.is_known(name):
                return False  # Another process has just sent it.
            did_arrive = send() and self.claim(name)
        finally:
            leases.release(lease)
        _log.info("message_sent", message=name, arrived=did_arrive)
        return did_arrive
