"""Reads the state that the rules judge: the tables, the settings and the disk."""

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from sync.core.customers import ANSWERED, TOKEN_REFUSED
from sync.core.database import WORKER, Database
from sync.core.documents import SLOW_TRIES
from sync.core.report import PassReport
from sync.core.schema import delivery, document, job, lease
from sync.core.store import Store
from sync.settings.environment import Settings
from sync.settings.validators import sqlite_file
from sync.types import from_json
from sync.webhooks.schema import Outcome

MESSAGES = "messages"
"""The setting with what alerts and the team were told, and what hasn't arrived yet."""
TESTED = "test_arrived"
"""The setting that says when test messages have arrived everywhere."""


@dataclass(frozen=True)
class State:
    """Everything that is known at one time. Times are seconds since 1970, and 0 for never."""

    now: float
    last_pass: PassReport = field(default_factory=PassReport)
    pending: Mapping[str, float] = field(default_factory=dict)
    """How much waits, by kind."""
    is_paused: bool = False
    trashed: Sequence[str] = ()
    """What is in Drive's trash, asked every ten minutes."""
    working: float = 0.0
    """Since when a worker works without a pause."""
    worker_until: float = 0.0
    """Until when a worker holds the lease, unless it renews it; 0 if none ever did."""
    rejected: int = 0
    """Webhooks that weren't understood, and that nobody has dismissed."""
    odd_fields: Sequence[str] = ()
    """Fields of an unexpected type."""
    failed_documents: int = 0
    """Documents that won't be copied."""
    oldest: float = 0.0
    """Since when the oldest webhook or job waits."""
    begun: float = 0.0
    """When Brightsheet ran first with this database."""
    arrived: float = 0.0
    """When the last webhook was accepted."""
    heard: float = 0.0
    """When anything with the right secret arrived last, also what wasn't understood."""
    wrong_secret: float = 0.0
    """When a request had a wrong secret."""
    slow_documents: int = 0
    """Those that nobody could copy for a quarter of an hour, or until a person fixes it."""
    document_error: str = ""
    """Why one of them couldn't be copied."""
    slow_customers: int = 0
    """Those that EverBright hasn't returned for a quarter of an hour."""
    is_token_refused: bool = False
    read_back: float = 0.0
    """When open jobs were read from EverBright last, or that was tried first."""
    read_back_error: str = ""
    read_back_problems: str = ""
    """What wasn't read then."""
    has_order: bool = False
    """Whether the order of the milestones is confirmed, or in the config."""
    silence_days: int = 5
    read_hours: float = 24.0
    """How often open jobs are read from EverBright; 0 if never."""
    disk_free: int | None = None
    """Bytes; None if the database is on a server."""
    disk_size: int = 0
    unanswered: int = 0
    """Jobs of which nobody has said whose row is theirs in the office's tabs."""
    alerts_failing: float = 0.0
    """Since when no alert, or no message to the team, has arrived."""

    @property
    def waits(self) -> float:
        """How many webhooks, jobs and documents wait."""
        return sum(self.pending.get(name, 0) for name in ("deliveries", "jobs", "documents"))


def read(settings: Settings, database: Database) -> State:
    """Return the state as of now. Raises Retryable."""
    store, received = Store(database), delivery.c.received
    is_rejected = delivery.c.outcome == Outcome.REJECTED.value
    is_open = delivery.c.is_dismissed == 0
    is_odd = ~is_rejected & (delivery.c.reason != "")
    is_slow = (document.c.state == "new") & (document.c.tries >= SLOW_TRIES)
    newest = select(received).order_by(delivery.c.id.desc()).limit(1)
    queries = {
        "oldest": select(func.min(received)).where(delivery.c.is_waiting == 1),
        "arrived": newest.where(delivery.c.outcome == Outcome.ACCEPTED.value),
        "heard": newest,
        "worker_until": select(lease.c.expires).where(lease.c.name == WORKER),
        "rejected": select(func.count(delivery.c.id)).where(is_rejected, is_open),
        "failed_documents": select(func.count(document.c.uuid)).where(document.c.state == "failed"),
        "slow_documents": select(func.count(document.c.uuid)).where(is_slow),
        "document_error": select(document.c.error).where(is_slow).limit(1),
        "slow_customers": select(func.count(job.c.site)).where(job.c.customer_tries >= SLOW_TRIES),
    }
    with database.begin() as connection:
        found: dict[str, Any] = {n: connection.scalar(q) or 0 for n, q in queries.items()}
        by_reason = select(delivery.c.reason).where(is_odd).group_by(delivery.c.reason)
        # One that was dismissed is known: it stays so.
        is_new = func.max(delivery.c.is_dismissed) == 0
        odd = connection.scalars(by_reason.having(is_new)).all()
    pending = store.backlog()
    waiting = found.pop("oldest")
    readback = store.get("readback") or {}
    failing = (store.get(MESSAGES) or {}).get("failing", {})
    free, size = _disk(settings.database_url.get_secret_value())
    token = settings.everbright_api_token
    if not token:
        found["slow_customers"] = 0
    if not settings.copies_documents:  # They are only linked.
        pending["documents"] = found["slow_documents"] = 0
    return State(
        time.time(),
        from_json(PassReport, store.get("pass", {})),
        pending,
        is_paused=bool(store.get("paused")),
        is_token_refused=bool(token) and store.get(TOKEN_REFUSED, 0.0) > store.get(ANSWERED, 0.0),
        trashed=store.get("trashed", ()),
        working=store.get("working", 0.0),
        odd_fields=odd,
        oldest=min(filter(None, (pending["dirty_since"], waiting)), default=0.0),
        begun=store.get("begun", 0.0),
        wrong_secret=store.get("wrong_secret", 0.0),
        read_back=readback.get("read") or readback.get("since", 0.0),
        read_back_error=readback.get("error", ""),
        read_back_problems=readback.get("problems", ""),
        has_order=bool(settings.config.milestones or store.get("order")),
        silence_days=settings.silence_days,
        read_hours=settings.backfill_hours if token else 0,
        disk_free=free,
        disk_size=size,
        unanswered=len((store.get("tabs") or {}).get("rows", ())),
        alerts_failing=min(
            (at for name, at in failing.items() if getattr(settings, name.lower())), default=0.0
        ),
        **found,
    )


def _disk(url: str) -> tuple[int | None, int]:
    """Return the free bytes and the size of the disk that a SQLite file is on."""
    file = sqlite_file(url)
    if file is None:
        return None, 0
    usage = shutil.disk_usage(file.parent)
    return usage.free, usage.total
