"""Reads the state that the rules judge: the core's tables, the settings and the disk."""

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from sqlalchemy import func, select

from sync.core.database import Database
from sync.core.report import CoreState, PassReport, read_state
from sync.core.schema import delivery, document, job
from sync.core.store import Store
from sync.settings.environment import Settings
from sync.settings.validators import sqlite_file
from sync.webhooks.schema import Outcome

SLOW_TRIES = 9
"""Failed tries of a document or a customer that take a quarter of an hour."""
GUESSED = "wrong_passwords"
"""The setting with the time at which an address was refused, because it guessed."""
MESSAGES = "messages"
"""The setting with what alerts and the team were told, and what hasn't arrived yet."""


@dataclass(frozen=True)
class Setup:
    """What the settings say."""

    zone: tzinfo = UTC
    silence_days: int = 3
    read_hours: float = 24.0
    """How often open jobs are read from EverBright; 0 if never."""
    asks_order: bool = True
    """Whether somebody has to confirm the order of the milestones: the config has none."""


@dataclass(frozen=True)
class State:
    """Everything that is known at one time. Times are seconds since 1970, and 0 for never."""

    now: float
    core: CoreState
    setup: Setup = Setup()
    pending: Mapping[str, float] = field(default_factory=dict)
    """How much waits, by kind."""
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
    guessed: float = 0.0
    """When an address had sent so many wrong passwords that it was refused."""
    slow_documents: int = 0
    slow_customers: int = 0
    """Those that EverBright hasn't returned for a quarter of an hour."""
    read_back: float = 0.0
    """When open jobs were read from EverBright last."""
    read_back_error: str = ""
    has_order: bool = False
    """Whether a person has confirmed the order of the milestones."""
    disk_free: int | None = None
    """Bytes; None if the database is on a server."""
    disk_size: int = 0
    unanswered: int = 0
    """Jobs of which nobody has said whose row is theirs in the office's tabs."""
    alerts_failing: float = 0.0
    """Since when no alert, or no message to the team, has arrived."""

    @property
    def last_pass(self) -> PassReport:
        return self.core.last_pass

    @property
    def waits(self) -> int:
        """How many webhooks, jobs and documents wait."""
        return int(sum(self.pending.get(name, 0) for name in ("deliveries", "jobs", "documents")))


def read(settings: Settings, database: Database) -> State:
    """Return the state as of now. Raises Retryable."""
    store, core = Store(database), read_state(database)
    accepted = delivery.c.outcome == Outcome.ACCEPTED.value
    is_waiting = delivery.c.is_waiting == 1
    is_slow = (document.c.state == "new") & (document.c.tries >= SLOW_TRIES)
    newest = select(delivery.c.received).where(accepted).order_by(delivery.c.id.desc()).limit(1)
    queries = {
        "waiting": select(func.min(delivery.c.received)).where(is_waiting),
        "arrived": newest,
        "heard": select(delivery.c.received).order_by(delivery.c.id.desc()).limit(1),
        "documents": select(func.count()).select_from(document).where(is_slow),
        "customers": select(func.count()).where(job.c.customer_tries >= SLOW_TRIES),
    }
    with database.begin() as connection:
        found = {name: connection.scalar(query) or 0.0 for name, query in queries.items()}
    pending = store.backlog()
    ages = [age for age in (pending["dirty_since"], found["waiting"]) if age]
    readback = store.get("readback") or {}
    asked = (store.get("tabs") or {}).get("rows", ())
    failing = (store.get(MESSAGES) or {}).get("failing", {})
    free, size = _disk(settings.database_url.get_secret_value())
    token = settings.everbright_api_token
    return State(
        time.time(),
        core,
        Setup(
            settings.zone,
            settings.silence_days,
            read_hours=settings.backfill_hours if token else 0,
            asks_order=not settings.config.milestones,
        ),
        pending,
        min(ages, default=0.0),
        store.get("begun", 0.0),
        found["arrived"],
        found["heard"],
        store.get("wrong_secret", 0.0),
        store.get(GUESSED, 0.0),
        int(found["documents"]),
        int(found["customers"]) if token else 0,
        readback.get("read", 0.0),
        readback.get("error", ""),
        bool(store.get("order")),
        free,
        size,
        len(asked),
        min((at for name, at in failing.items() if getattr(settings, name.lower())), default=0.0),
    )


def _disk(url: str) -> tuple[int | None, int]:
    """Return the free bytes and the size of the disk that a SQLite file is on."""
    file = sqlite_file(url)
    if file is None:
        return None, 0
    try:
        usage = shutil.disk_usage(file.parent)
    except OSError:
        return None, 0
    return usage.free, usage.total
