"""The log of calls to Google and EverBright, with their answers' status."""

import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

CALLS = 100_000
BODIES = 32 << 20


@dataclass
class Call:
    """One call.

    `api` is sheets, drive, everbright or oauth2; `method_id` as Google's discovery documents name
    it (`sheets.spreadsheets.batchUpdate`, `drive.files.create`; a piece of a resumable upload is
    `drive.upload`); `path` is the raw path; `time` is Unix seconds at arrival, `ms` how long the
    answer took; `status` is 0 while there is none, or where the connection was cut instead.
    """

    api: str
    method_id: str
    http_method: str
    path: str
    query: dict[str, Any] = field(default_factory=dict)
    user: str = ""
    raw: bytes = b""
    status: int = 0
    ms: float = 0.0
    time: float = field(default_factory=time.time)

    @property
    def body(self) -> Any:
        """The request's JSON, None if there is none or it was dropped."""
        try:
            return json.loads(self.raw) if self.raw else None
        except ValueError:
            return None

    def matches(self, api: str | None = None, method: str = "*", path: str = "*") -> bool:
        """Return whether it is of this `api`, and `method_id` and `path` match these globs."""
        return (
            api in (None, "*", self.api)
            and fnmatchcase(self.method_id, method)
            and fnmatchcase(self.path, path)
        )

    def summary(self) -> dict[str, Any]:
        """Return the call as JSON, without its body."""
        return {name: value for name, value in vars(self).items() if name != "raw"}


class CallLog:
    """Calls in the order of arrival: the newest `CALLS`, and `BODIES` bytes of bodies."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=CALLS)
        self._bodies: deque[Call] = deque()
        self._body_bytes = 0
        self._lock = threading.Lock()

    def add(self, call: Call) -> None:
        """Add a call; its status and duration may still change."""
        with self._lock:
            self._calls.append(call)

    def keep_body(self, call: Call, raw: bytes) -> None:
        """Keep a request's body, and drop the oldest bodies when they become too large."""
        with self._lock:
            call.raw = raw
            self._bodies.append(call)
            self._body_bytes += len(raw)
            while self._body_bytes > BODIES and len(self._bodies) > 1:
                oldest = self._bodies.popleft()
                self._body_bytes -= len(oldest.raw)
                oldest.raw = b""

    def clear(self) -> None:
        """Remove every call."""
        with self._lock:
            self._calls.clear()
            self._bodies.clear()
            self._body_bytes = 0

    def select(
        self, api: str | None = None, method: str = "*", path: str = "*", status: int | None = None
    ) -> list[Call]:
        """Return the calls of this api, `method_id` glob, path glob and status."""
        found = (call for call in self if call.matches(api, method, path))
        return [call for call in found if status in (None, call.status)]

    def count(
        self, api: str | None = None, method: str = "*", path: str = "*", status: int | None = None
    ) -> int:
        """Return how many calls `select` would return."""
        return len(self.select(api, method, path, status))

    def __iter__(self) -> Iterator[Call]:
        with self._lock:
            return iter(list(self._calls))

    def __len__(self) -> int:
        return len(self._calls)
