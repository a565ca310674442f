"""The log of calls to Google and EverBright, with their answers' status."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

CALLS = 100_000


@dataclass
class Call:
    """One call.

    `api` is sheets, drive, everbright or oauth2; `method_id` as Google's discovery documents name
    it (`sheets.spreadsheets.batchUpdate`, `drive.files.create`; the bytes of a session's file are
    `drive.upload`); `path` is the raw path; `time` is Unix seconds at arrival; `status` is 0 while
    there is none, or where the connection was cut instead.
    """

    api: str
    method_id: str
    path: str
    user: str = ""
    status: int = 0
    time: float = field(default_factory=time.time)

    def matches(self, api: str | None = None, method: str = "*", path: str = "*") -> bool:
        """Return whether it is of this `api`, and `method_id` and `path` match these globs."""
        return (
            api in (None, self.api)
            and fnmatchcase(self.method_id, method)
            and fnmatchcase(self.path, path)
        )


class CallLog:
    """The newest calls, in the order of arrival."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=CALLS)
        self._lock = threading.Lock()

    def add(self, call: Call) -> None:
        """Add a call; its status may still change."""
        with self._lock:
            self._calls.append(call)

    def clear(self) -> None:
        """Remove every call."""
        with self._lock:
            self._calls.clear()

    def count(
        self, api: str | None = None, method: str = "*", path: str = "*", status: int | None = None
    ) -> int:
        """Return how many calls are of this api, `method_id` glob, path glob and status."""
        found = [call for call in self if call.matches(api, method, path)]
        return sum(status in (None, call.status) for call in found)

    def __iter__(self) -> Iterator[Call]:
        with self._lock:
            return iter(list(self._calls))
