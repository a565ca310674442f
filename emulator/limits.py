"""Google's limits and latency: calls a minute, and how long an answer takes."""

import random
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable

from emulator.calls import Call
from emulator.errors import ApiError
from emulator.sheets.methods import READS

Latency = float | Callable[[random.Random], float] | None
"""Seconds, or a function that draws them."""


PROJECT = "123456789012"


def is_read(call: Call) -> bool:
    """Return whether Sheets counts a call as a read."""
    return call.method_id in READS


class Limits:
    """Counts Sheets' calls in sliding windows of `minute` seconds, without refused ones.

    `per_user` and `per_project` are how many reads, and how many writes, one lets through (None: no
    limit). They, `enabled` and `minute` may be changed while it runs.
    """

    def __init__(
        self,
        minute: float = 60.0,
        *,
        enabled: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.minute = minute
        self.enabled = enabled
        self.per_user: int | None = 60
        self.per_project: int | None = 300
        self._clock = clock
        self._seen: defaultdict[tuple[str, str | None], deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def check(self, call: Call) -> None:
        """Count a call of Sheets', or refuse it with a 429."""
        if not self.enabled or call.api != "sheets":
            return
        kind = "read" if is_read(call) else "write"
        rates = (self.per_user, self.per_project)
        with self._lock:
            now = self._clock()
            seen = [self._seen[kind, user] for user in (call.user, None)]
            for times, rate in zip(seen, rates, strict=True):
                while times and times[0] <= now - self.minute:
                    times.popleft()
                if rate is not None and len(times) >= rate:
                    raise sheets_quota(kind, per_user=times is seen[0])
            for times in seen:
                times.append(now)


def sheets_quota(kind: str, *, per_user: bool) -> ApiError:
    """Return Sheets' 429 for a `kind` (read or write) of call."""
    whose = " per user" if per_user else ""
    message = (
        f"Quota exceeded for quota metric '{kind.title()} requests' and limit "
        f"'{kind.title()} requests per minute{whose}' of service 'sheets.googleapis.com' for "
        f"consumer 'project_number:{PROJECT}'."
    )
    return ApiError(429, message)
