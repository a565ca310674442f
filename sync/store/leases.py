"""Leases: one holder at a time, with a token that grows, which exposes a late holder."""

import os
import socket
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import Connection, or_, select, update

from sync.errors import Retryable
from sync.store.clock import now
from sync.store.database import Database
from sync.store.schema import lease


@dataclass(frozen=True)
class Lease:
    """Proof of holding a lease: its token is larger than that of every holder before."""

    name: str
    token: int


def holder() -> str:
    """Return a name that no other holder has."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"


class Leases:
    """Leases by name. `holder` names this process and thread."""

    def __init__(self, database: Database, holder: str, seconds: float) -> None:
        self._database = database
        self._holder = holder
        self._seconds = seconds

    def acquire(self, name: str) -> Lease | None:
        """Take the lease, or renew it if this holder has it; None while another has it."""
        fresh = {"name": name, "holder": "", "token": 0, "expires_at": 0.0}
        # A clock that was put back: what would last twice as long as a lease counts as over.
        longest = now() + 2 * self._seconds
        is_over = (lease.c.expires_at < now()) | (lease.c.expires_at > longest)
        free = or_(is_over, lease.c.holder == self._holder)
        with self._database.writing() as connection:
            connection.execute(self._database.insert(lease).values(fresh).on_conflict_do_nothing())
            token = connection.scalar(
                update(lease)
                .where(lease.c.name == name, free)
                .values(
                    holder=self._holder,
                    token=lease.c.token + (lease.c.holder != self._holder).cast(lease.c.token.type),
                    expires_at=now() + self._seconds,
                )
                .returning(lease.c.token)
            )
        return None if token is None else Lease(name, token)

    def release(self, held: Lease) -> None:
        """Release the lease at once; the token stays, so that a late holder is still refused."""
        with self._database.writing() as connection:
            connection.execute(
                update(lease)
                .where(lease.c.name == held.name, lease.c.token == held.token)
                .values(holder="", expires_at=0.0)
            )


def hold(connection: Connection, held: Lease) -> None:
    """Make the transaction fail unless `held` is still held, and lock it until the end.

    Raises Retryable (lease_lost).
    """
    found = connection.scalar(
        select(lease.c.token)
        .where(lease.c.name == held.name, lease.c.token == held.token, lease.c.holder != "")
        .with_for_update()
    )
    if found is None:
        raise Retryable("lease_lost", "Another worker has taken over.")
