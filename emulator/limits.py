"""Google's limits and latency: calls a minute, and how long an answer takes."""

import math
import random
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable

from emulator.calls import Call
from emulator.errors import ApiError

Latency = float | tuple[float, float] | Callable[[random.Random], float] | None
# The 90th percentile of a normal distribution lies this many deviations above its mean.
P90 = 1.2816


def latency_seconds(latency: Latency, rng: random.Random) -> float:
    """Return a random latency in seconds.

    A number is always that; a pair `(median, p90)` is a log-normal distribution with that median
    and 90th percentile, as answers over a network have; a callable is asked with `rng`.
    """
    if latency is None:
        return 0.0
    if callable(latency):
        return max(0.0, latency(rng))
    if isinstance(latency, tuple):
        median, p90 = latency
        if median <= 0:
            return 0.0
        return median * math.exp(rng.gauss(0, 1) * math.log(max(1.0, p90 / median)) / P90)
    return float(latency)


def parse_latency(text: str) -> Latency:
    """Parse `0.25`, or `0.2,0.8` (median, 90th percentile). ValueError if invalid."""
    numbers = [float(piece) for piece in text.split(",")]
    if len(numbers) > 2 or min(numbers) < 0:
        raise ValueError(f"invalid latency: {text}")
    return numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1])


PROJECT = "123456789012"
READS = {"sheets.spreadsheets.getByDataFilter", "sheets.spreadsheets.developerMetadata.search"}


def is_read(call: Call) -> bool:
    """Return whether Sheets counts a call as a read."""
    return call.http_method == "GET" or call.method_id in READS


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
                    raise sheets_quota(kind, per_user=times is seen[0], value=rate)
            for times in seen:
                times.append(now)


def sheets_quota(kind: str, *, per_user: bool, value: int) -> ApiError:
    """Return Sheets' 429 for a `kind` (read or write) of call, with its details."""
    whose = " per user" if per_user else ""
    limit = f"{kind.title()}RequestsPerMinutePer{'User' if per_user else 'Project'}"
    message = (
        f"Quota exceeded for quota metric '{kind.title()} requests' and limit "
        f"'{kind.title()} requests per minute{whose}' of service 'sheets.googleapis.com' for "
        f"consumer 'project_number:{PROJECT}'."
    )
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
        "metadata": {
            "quota_location": "global",
            "quota_metric": f"sheets.googleapis.com/{kind}_requests",
            "quota_limit": limit,
            "quota_limit_value": str(value),
            "quota_unit": f"1/min/{{project}}{'/{user}' if per_user else ''}",
            "consumer": f"projects/{PROJECT}",
            "service": "sheets.googleapis.com",
        },
    }
    link = {
        "description": "Request a higher quota limit.",
        "url": "https://cloud.google.com/docs/quotas/help/request_increase",
    }
    more = {"@type": "type.googleapis.com/google.rpc.Help", "links": [link]}
    return ApiError(429, message, [info, more])
