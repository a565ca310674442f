"""When the newest delivery came, also once it is forgotten."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from sync.store.database import Database
from sync.store.schema import delivery, heartbeat, now

_NAME = "delivery"
"""Among the signs of life: the newest delivery's moment, kept when deliveries are forgotten."""


@dataclass(frozen=True)
class Arrival:
    """When the newest delivery came, and what time it is now, by the database's clock."""

    at: float
    now: float


def newest_arrival(database: Database) -> Arrival | None:
    """Return when the newest delivery came, whatever its outcome; None before the first."""
    kept = select(heartbeat.c.at).where(heartbeat.c.name == _NAME)
    newest = select(func.max(delivery.c.received_at))
    query = select(kept.scalar_subquery(), newest.scalar_subquery(), now())
    with database.reading() as connection:
        remembered, received, moment = connection.execute(query).one()
    found = [one for one in (remembered, received) if one is not None]
    return Arrival(max(found), moment) if found else None


def remember(database: Database, connection: Connection) -> None:
    """Keep when the newest delivery came, before it is forgotten itself."""
    newest = connection.scalar(select(func.max(delivery.c.received_at)))
    if newest is not None:
        statement = database.insert(heartbeat).values(name=_NAME, at=newest)
        again = statement.on_conflict_do_update(index_elements=["name"], set_={"at": newest})
        connection.execute(again)
