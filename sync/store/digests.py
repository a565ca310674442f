"""Decides which process sends a digest, and reads the changes for it."""

from dataclasses import dataclass

from sqlalchemy import select, update

from sync.jobs.model import Change
from sync.store.database import Database
from sync.store.schema import change, heartbeat

DAILY, WEEKLY, DEADLINES = "digest", "weekly digest", "deadlines"
"""Names of the heartbeats that record the time slot for which each digest was last sent."""
_LATE_SECONDS = 3 * 86_400.0


@dataclass(frozen=True)
class Digests:
    """Times are Unix seconds."""

    _database: Database
    _name: str = DAILY

    def claim(self, slot: float) -> bool:
        """Claim the digest of `slot`: True for exactly one caller, which then sends it."""
        later = self._database.upsert(heartbeat, {"at": slot}, heartbeat.c.at < slot)
        claimed = later.values(name=self._name, at=slot).returning(heartbeat.c.at)
        with self._database.writing() as connection:
            return connection.execute(claimed).first() is not None

    def release(self, slot: float) -> None:
        """Withdraw the claim, because the digest was not sent."""
        mine = (heartbeat.c.name == self._name) & (heartbeat.c.at == slot)
        self._database.execute(update(heartbeat).where(mine).values(at=slot - 1))

    def changes(self, since: float) -> list[Change]:
        """Return the changes noted since a moment, in order, without those that are much older.

        A backfill reads old changes back by the thousand.
        """
        query = select(change.c.body).where(change.c.kept_at >= since)
        query = query.order_by(change.c.seq)
        changes = map(Change.model_validate_json, self._database.scalars(query))
        recent = (one for one in changes if one.stamp.timestamp() >= since - _LATE_SECONDS)
        return sorted(recent, key=lambda one: one.stamp)
