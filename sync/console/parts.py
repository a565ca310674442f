"""What every page is made with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from threading import Lock
from typing import Any

from sync.errors import Retryable
from sync.store import Actions, Deliveries, JobRecords
from sync.wiring import Wiring

Alert = Callable[[str], bool]
Page = Callable[..., Any]


@dataclass(frozen=True)
class Parts:
    """The parts of the product that pages use."""

    wiring: Wiring
    alert: Alert
    wake: Callable[[], object]
    outside: Lock = field(default_factory=Lock)
    """Held by the one page that calls others: the rest of the threads is for webhooks."""

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let one page at a time call others. Raises Retryable where another does."""
        if not self.outside.acquire(blocking=False):
            raise Retryable("busy", "Another page waits for an answer. Try again in a minute.")
        try:
            yield
        finally:
            self.outside.release()

    @property
    def actions(self) -> Actions:
        """The list of actions."""
        return Actions(self.wiring.database)

    @property
    def deliveries(self) -> Deliveries:
        """What came."""
        return Deliveries(self.wiring.database)

    @property
    def jobs(self) -> JobRecords:
        """What is known of jobs."""
        return JobRecords(self.wiring.database)


def as_view(page: Page, parts: Parts) -> Page:
    """Return a view for Flask: `page` is given the parts first."""

    @wraps(page)
    def view(**values: str) -> Any:
        return page(parts, **values)

    return view
