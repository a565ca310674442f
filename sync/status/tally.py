"""Counts the requests that are refused, and tells a person that a secret is wrong.

Whoever sends them may send as many as they like: a request costs a step in memory. A thread of its
own writes what came to the store, once a second at most, in a row for each day and reason.
"""

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Lock, Thread
from time import monotonic

import structlog

from sync.errors import BrightsheetError
from sync.store import Refused

WRONG_SECRET, NO_SECRET = "wrong_secret", "no_secret"
REASONS = {400: "bad_request", 401: WRONG_SECRET, 413: "too_large", 415: "other_type"}
"""Why a request was refused, by the status of its answer."""
ALL_REASONS = (*REASONS.values(), NO_SECRET)

WITHIN_SECONDS = 3600.0
MANY_WRONG = 3
"""Requests with a wrong secret within an hour: one may be anybody's, three are a mistyped one."""
WRITE_SECONDS = 1.0
AWAY_SECONDS = 30.0
"""So long is waited after a write that failed."""

_TEXT = (
    f"{MANY_WRONG} requests or more came to /webhooks/everbright with a wrong secret or none "
    "within an hour. Nothing of them is kept. If EverBright sent them, set the same secret "
    "there (in the webhook's credential) as in WEBHOOK_SECRET here, in the header that "
    "WEBHOOK_SECRET_HEADER names. How many, when and from where: brightsheet deliveries"
)

_log = structlog.get_logger()


@dataclass(frozen=True)
class _Seen:
    count: int
    at: float
    source: str


class Tally:
    """Counts in memory, and has `keep` write it down; `say` takes a reason and a text.

    `say` must not wait, and says the same reason once an hour. `clock` counts seconds.
    """

    def __init__(
        self,
        keep: Callable[[Mapping[str, Refused]], None],
        say: Callable[[str, str], object],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._keep = keep
        self._say = say
        self._clock = clock
        self._lock = Lock()
        self._waiting: dict[str, _Seen] = {}
        self._wrong: deque[float] = deque(maxlen=MANY_WRONG)
        self._thread: Thread | None = None
        self._stop = Event()

    def note(self, status: int, source: str | None, *, has_secret: bool = True) -> None:
        """Count an answer where it is a refusal. Never waits for the store and never raises.

        `source` is the sender's address, `has_secret` false where a 401 had no secret at all.
        """
        reason = REASONS.get(status)
        if reason is None:
            return
        if reason == WRONG_SECRET and not has_secret:
            reason = NO_SECRET
        with self._lock:
            now = self._clock()
            self._put(reason, _Seen(1, now, source or ""))
            is_mistyped = reason in (WRONG_SECRET, NO_SECRET) and self._is_one_too_many(now)
            self._start()
        if is_mistyped:
            self._say(WRONG_SECRET, _TEXT)

    def stop(self, seconds: float) -> None:
        """Write what is left, waiting so long for it at most."""
        self._stop.set()
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _put(self, reason: str, seen: _Seen) -> None:
        before = self._waiting.get(reason)
        if before is not None:
            last = max(before, seen, key=lambda one: one.at)
            seen = _Seen(before.count + seen.count, last.at, last.source)
        self._waiting[reason] = seen

    def _is_one_too_many(self, now: float) -> bool:
        self._wrong.append(now)
        return len(self._wrong) == MANY_WRONG and now - self._wrong[0] < WITHIN_SECONDS

    def _start(self) -> None:
        if self._thread is None:
            thread = Thread(target=self._run, name="refusals", daemon=True)
            with suppress(RuntimeError):  # The machine has no thread left: with the next one.
                thread.start()
                self._thread = thread

    def _run(self) -> None:
        while taken := self._taken():
            is_written = self._write(taken)
            if not is_written and self._stop.is_set():
                return
            self._stop.wait(WRITE_SECONDS if is_written else AWAY_SECONDS)

    def _taken(self) -> dict[str, _Seen]:
        with self._lock:
            taken, self._waiting = self._waiting, {}
            if not taken:
                self._thread = None
            return taken

    def _write(self, taken: Mapping[str, _Seen]) -> bool:
        now = self._clock()
        try:
            self._keep(
                {
                    reason: Refused(one.count, max(0.0, now - one.at), one.source)
                    for reason, one in taken.items()
                }
            )
        except Exception as error:
            why = error.reason if isinstance(error, BrightsheetError) else type(error).__name__
            _log.warning("refusals_not_kept", reason=why)
            with self._lock:
                for reason, one in taken.items():
                    self._put(reason, one)
            return False
        _log.warning("refused", **{reason: one.count for reason, one in taken.items()})
        return True
