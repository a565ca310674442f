"""The log of calls: what was asked of Google and EverBright, when, and how it was answered."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


BODIES = 1000


@dataclass
class Call:
    """One call, from its arrival on.

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
    body: Any = None
    status: int = 0
    ms: float = 0.0
    time: float = field(default_factory=time.time)

    def matches(self, api: str | None = None, method: str = "*", path: str = "*") -> bool:
        """Whether it is of this `api`, and `method_id` and `path` match these globs."""
        return (
            api in (None, "*", self.api)
            and fnmatchcase(self.method_id, method)
            and fnmatchcase(self.path, path)
        )

    def summary(self) -> dict[str, Any]:
        """The call as JSON, without its body."""
        told = asdict(self)
        del told["body"]
        return told


class CallLog:
    """Calls in the order of their arrival: the newest `limit`, and the bodies of the last few."""

    def __init__(self, limit: int = 100_000) -> None:
        self._limit = limit
        self._calls: list[Call] = []
        self._lock = threading.Lock()

    def add(self, call: Call) -> None:
        """Keep a call; its status and time may still change."""
        with self._lock:
            self._calls.append(call)
            if len(self._calls) > BODIES:
                self._calls[-BODIES - 1].body = None
            if len(self._calls) > self._limit:
                del self._calls[: self._limit // 10]

    def clear(self) -> None:
        """Forget every call so far."""
        with self._lock:
            self._calls.clear()

    def select(
        self,
        api: str | None = None,
        method: str = "*",
        path: str = "*",
        status: int | None = None,
    ) -> list[Call]:
        """The calls of this api, `method_id` glob, path glob and status."""
        return [
            call
            for call in self
            if call.matches(api, method, path) and status in (None, call.status)
        ]

    def count(
        self,
        api: str | None = None,
        method: str = "*",
        path: str = "*",
        status: int | None = None,
    ) -> int:
        """How many `select` would give."""
        return len(self.select(api, method, path, status))

    def __iter__(self) -> Iterator[Call]:
        with self._lock:
            return iter(list(self._calls))

    def __len__(self) -> int:
        return len(self._calls)
