"""Counts refused requests in memory, and stores the counts.

A refused request costs only a step in memory. A thread writes the counts to the database at most
once a second, in one row for each day and reason.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Event, Lock, Thread
from time import monotonic

import structlog

from sync.errors import BrightsheetError
from sync.store import RefusedRequests
from sync.store.refusals import NO_SECRET, WRONG_SECRET

REASONS = {400: "bad_request", 401: WRONG_SECRET, 413: "too_large"}
"""Why a request was refused, by the status of its response."""
ALL_REASONS = (*REASONS.values(), NO_SECRET)

WRITE_SECONDS = 1.0
AWAY_SECONDS = 30.0
"""The wait after a failed write."""

_log = structlog.get_logger()


class RefusalCounter:
    """Counts refused requests in memory; `keep` stores the counts, `clock` counts seconds."""

    def __init__(
        self,
        keep: Callable[[Mapping[str, RefusedRequests]], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._keep = keep
        self._clock = clock
        self._lock = Lock()
        self._counts = Counter[str]()
        self._last: dict[str, tuple[float, str]] = {}  # When and from where, by reason.
        self._thread: Thread | None = None
        self._stop = Event()

    def note(self, status: int, source: str | None, *, has_secret: bool = True) -> None:
        """Count a response with this status, if it is a refusal. Never waits and never raises.

        `source` is the sender's address; `has_secret` is false if the request had no secret.
        """
        reason = REASONS.get(status)
        if reason is None:
            return
        if reason == WRONG_SECRET and not has_secret:
            reason = NO_SECRET
        with self._lock:
            self._counts[reason] += 1
            self._last[reason] = self._clock(), source or ""
            self._start()

    def stop(self, seconds: float) -> None:
        """Write the remaining counts, and wait at most so many seconds for it."""
        self._stop.set()
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _start(self) -> None:
        if self._thread is None:
            thread = Thread(target=self._run, name="refusals", daemon=True)
            with suppress(RuntimeError):  # No thread is available; the next refusal tries again.
                thread.start()
                self._thread = thread

    def _run(self) -> None:
        while counts := self._unwritten():
            is_written = self._write(counts)
            if not is_written and self._stop.is_set():
                return
            self._stop.wait(WRITE_SECONDS if is_written else AWAY_SECONDS)

    def _unwritten(self) -> Counter[str]:
        with self._lock:
            if not self._counts:
                self._thread = None
            return self._counts.copy()

    def _write(self, counts: Counter[str]) -> bool:
        now, refused = self._clock(), dict[str, RefusedRequests]()
        for reason, count in counts.items():
            at, source = self._last[reason]
            refused[reason] = RefusedRequests(count, max(0.0, now - at), source)
        try:
            self._keep(refused)
        except Exception as error:
            why = error.reason if isinstance(error, BrightsheetError) else type(error).__name__
            _log.warning("refusals_not_kept", reason=why)
            return False
        with self._lock:
            self._counts -= counts
        _log.warning("refused", **counts)
        return True
