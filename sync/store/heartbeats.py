"""The worker's heartbeat, and since when requests to EverBright, its token or alerts fail."""

from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import delete, select

from sync.errors import BrightsheetError
from sync.store.database import Database, now
from sync.store.schema import heartbeat

WORKER = "worker"
"""All workers share this name, because one that is alive is enough."""
TOKEN_REFUSED = "everbright_token"  # noqa: S105 - the name of a row
"""The name of a problem: EverBright doesn't accept the token."""
ALERTS_FAILING = "alerts_failing"
CUSTOMERS_FAILING, DETAILS_FAILING = "customers_failing", "details_failing"


@dataclass(frozen=True)
class Heartbeats:
    """The times of a worker's last heartbeat, and of the first of several failures in a row."""

    _database: Database

    def give(self) -> None:
        """Record that a worker is alive now."""
        again = self._database.upsert(heartbeat, {"at": now()})
        self._database.execute(again.values(name=WORKER, at=now()))

    def record(self, failure: str, is_over: bool) -> None:
        """Record whether a failure (its name) is over; it counts from the first time.

        Ignores errors of its own: a database that is away isn't the failure of who is recorded.
        """
        row = heartbeat.c.name == failure
        with suppress(BrightsheetError):
            is_recorded = self._database.scalar(select(heartbeat.c.at).where(row)) is not None
            if is_over and is_recorded:
                self._database.execute(delete(heartbeat).where(row))
            elif not is_over and not is_recorded:
                new = self._database.insert_new(heartbeat).values(name=failure, at=now())
                self._database.execute(new)
