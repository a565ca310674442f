"""When the newest webhook came, also once its delivery is forgotten."""

from dataclasses import dataclass

from sqlalchemy import Connection, case, select

from sync.store.clock import now
from sync.store.database import Database
from sync.store.schema import delivery, heartbeat

BACKFILL = "backfill-"
"""Begins the ids of what was read from EverBright's API: people see it where ids are shown.

It is no sign that the webhook works.
"""
_NAME = "delivery"
"""Among the signs of life: the newest webhook's moment, kept when deliveries are forgotten."""
_NEWEST = (
    select(delivery.c.received_at)
    .where(delivery.c.id.not_like(f"{BACKFILL}%"))
    .order_by(delivery.c.received_at.desc())
    .limit(1)
)


@dataclass(frozen=True)
class Arrival:
    """When the newest webhook came, and what time it is now, by the database's clock."""

    at: float
    now: float


def newest_arrival(database: Database) -> Arrival | None:
    """Return when the newest webhook came, whatever its outcome; None before the first."""
    kept = select(heartbeat.c.at).where(heartbeat.c.name == _NAME)
    query = select(kept.scalar_subquery(), _NEWEST.scalar_subquery(), now())
    with database.reading() as connection:
        remembered, received, moment = connection.execute(query).one()
    found = [one for one in (remembered, received) if one is not None]
    return Arrival(max(found), moment) if found else None


def remember(database: Database, connection: Connection) -> None:
    """Keep when the newest webhook came, before its delivery is forgotten."""
    newest = connection.scalar(_NEWEST)
    if newest is not None:
        later = case((heartbeat.c.at > newest, heartbeat.c.at), else_=newest)
        statement = database.insert(heartbeat).values(name=_NAME, at=newest)
        again = statement.on_conflict_do_update(index_elements=["name"], set_={"at": later})
        connection.execute(again)
