"""The worker's heartbeat, and since when EverBright refuses the token."""

from dataclasses import dataclass

from sqlalchemy import delete, select

from sync.store.database import Database, now
from sync.store.schema import heartbeat

WORKER = "worker"
"""All workers share this name, because one that is alive is enough."""
TOKEN_REFUSED = "everbright_token"  # noqa: S105 - the name of a row
"""The name of a problem: EverBright doesn't accept the token."""


@dataclass(frozen=True)
class Heartbeats:
    """The times of a worker's last heartbeat, and of the token's first refusal."""

    _database: Database

    def give(self) -> None:
        """Record that a worker is alive now."""
        again = self._database.upsert(heartbeat, {"at": now()})
        self._database.execute(again.values(name=WORKER, at=now()))

    def record_token(self, is_accepted: bool) -> None:
        """Record whether EverBright accepts the token; a refusal counts from the first one."""
        row = heartbeat.c.name == TOKEN_REFUSED
        is_recorded = self._database.scalar(select(heartbeat.c.at).where(row)) is not None
        if is_accepted and is_recorded:
            self._database.execute(delete(heartbeat).where(row))
        elif not is_accepted and not is_recorded:
            new = self._database.insert_new(heartbeat).values(name=TOKEN_REFUSED, at=now())
            self._database.execute(new)
