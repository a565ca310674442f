"""Has each message sent or logged once, by any process, also after a restart."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import delete, select

from sync.store.database import Database
from sync.store.schema import reported

_log = structlog.get_logger()


@dataclass(frozen=True)
class Reported:
    """The names of everything that was reported."""

    _database: Database

    def claim(self, name: str) -> bool:
        """Store a name; return whether it was new. One caller gets each, and reports it."""
        known = select(reported.c.name).where(reported.c.name == name)
        if self._database.scalar(known):
            return False  # Callers ask again and again: only a new name needs a write.
        new = self._database.insert_new(reported).values(name=name).returning(reported.c.name)
        with self._database.writing() as connection:
            return connection.scalar(new) is not None

    def once(self, name: str, send: Callable[[], bool]) -> bool:
        """Have the first caller for `name` send a message; return whether it arrived now.

        `send` is like `Alerts.deliver`: if it returns False or raises, the next call sends it.
        Names outlast `brightsheet forget`, so they must not have a job's ID.
        """
        if not self.claim(name):
            return False
        did_arrive = False
        try:
            did_arrive = send()
        finally:
            if not did_arrive:
                self._database.execute(delete(reported).where(reported.c.name == name))
        _log.info("message_sent", message=name, arrived=did_arrive)
        return did_arrive
