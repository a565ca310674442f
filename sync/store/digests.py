"""Digests: which process sends one, and the changes that it lists."""

from sqlalchemy import select, update

from sync.jobs.model import Change
from sync.store.database import Database
from sync.store.schema import change, heartbeat

DAILY, WEEKLY, DEADLINES = "digest", "weekly digest", "deadlines"
"""The heartbeats that hold the moment for which each was last sent."""
_LATE_SECONDS = 3 * 86_400.0


class Digests:
    """Moments are Unix seconds."""

    def __init__(self, database: Database, name: str = DAILY) -> None:
        self._database = database
        self._name = name

    def claim(self, slot: float) -> bool:
        """Return whether the digest of `slot` is this caller's to send: once, of any number."""
        statement = self._database.insert(heartbeat).values(name=self._name, at=slot)
        again = statement.on_conflict_do_update(
            index_elements=["name"], set_={"at": slot}, where=heartbeat.c.at < slot
        )
        with self._database.writing() as connection:
            return connection.execute(again.returning(heartbeat.c.at)).first() is not None

    def release(self, slot: float) -> None:
        """Take the claim back: the digest did not arrive."""
        mine = (heartbeat.c.name == self._name) & (heartbeat.c.at == slot)
        self._database.execute(update(heartbeat).where(mine).values(at=slot - 1))

    def changes(self, since: float) -> list[Change]:
        """Return what was learned since a moment, in order; not what happened long before it.

        That is read back from EverBright by the thousand.
        """
        query = select(change.c.body).where(change.c.kept_at >= since)
        query = query.order_by(change.c.seq)
        changes = map(Change.model_validate_json, self._database.scalars(query))
        recent = (one for one in changes if one.stamp.timestamp() >= since - _LATE_SECONDS)
        return sorted(recent, key=lambda one: one.stamp)
