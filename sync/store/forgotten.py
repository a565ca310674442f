"""Recognizes jobs whose data was deleted on request by a hash, so that they don't return."""

import hashlib
from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from sync.store.database import Database
from sync.store.schema import forgotten
from sync.webhooks.schema import Delivery, Outcome

ERASED: dict[str, Any] = {
    **dict.fromkeys(("body", "site", "digest", "milestone", "about")),
    "outcome": Outcome.IGNORED.value,
    "reason": "forgotten: the data of this job was deleted on request",
    "projected": True,
}
"""The stored values of a delivery for such a job."""


def digest_of(identifier: str) -> str:
    return hashlib.sha256(identifier.lower().encode()).hexdigest()


def forgotten_of(database: Database, ids: Collection[str]) -> set[str]:
    """Return those of `ids` (of jobs and milestones) whose data was deleted."""
    by_digest = {digest_of(one): one for one in ids}
    query = select(forgotten.c.digest).where(forgotten.c.digest.in_(sorted(by_digest)))
    return {by_digest[one] for one in database.scalars(query)}


def ids_in(delivery: Delivery) -> set[str]:
    """Return the IDs of the job and the milestone that a delivery is about."""
    milestone, other = delivery.milestone, delivery.other_event
    ids = {delivery.site, milestone and milestone.uuid, other and other.milestone_uuid}
    return {one for one in ids if one}
