"""Recognizes jobs whose data was deleted on request by a hash, so that they don't return."""

import hashlib
import re
from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from sync.store.database import Database, now
from sync.store.schema import forgotten
from sync.webhooks.schema import Outcome

ERASED: dict[str, Any] = {
    **dict.fromkeys(("body", "site", "digest", "milestone", "about")),
    "outcome": Outcome.IGNORED.value,
    "reason": "forgotten: the data of this job was deleted on request",
    "projected": True,
}
"""The stored values of a delivery for such a job."""


def hash_id(identifier: str) -> str:
    return hashlib.sha256(identifier.lower().encode()).hexdigest()


def remember_forgotten(database: Database, connection: Connection, ids: Collection[str]) -> None:
    """Store the hashes of a deleted job's IDs."""
    if ids:
        hashes = [{"digest": hash_id(one)} for one in sorted(ids)]
        connection.execute(database.insert_new(forgotten).values(at=now()), hashes)


def forgotten_of(database: Database, ids: Collection[str]) -> set[str]:
    """Return those of `ids` (of jobs and milestones) whose data was deleted."""
    gone = set(database.scalars(select(forgotten.c.digest)))
    return {one for one in ids if hash_id(one) in gone}


_UUID = re.compile(rb"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)


def names_forgotten(database: Database, body: bytes) -> bool:
    """Return whether a body, understood or not, has the ID of such a job or its milestone."""
    return bool(forgotten_of(database, {str(UUID(one.decode())) for one in _UUID.findall(body)}))
