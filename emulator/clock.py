"""The clock, which stands still while a journal is replayed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


class Clock:
    """Tells the time to the engines."""

    def __init__(self) -> None:
        self._fixed: float | None = None

    def seconds(self) -> float:
        """Return the time in Unix seconds."""
        return time.time() if self._fixed is None else self._fixed

    def now(self) -> datetime:
        """Return the time as a datetime in UTC."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    @contextmanager
    def at(self, moment: float) -> Iterator[None]:
        """Stop the clock at `moment`, before other threads are started."""
        self._fixed = moment
        try:
            yield
        finally:
            self._fixed = None
