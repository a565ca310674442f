"""Sends alerts, has due messages sent, and caches the backlog for `/status`."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from threading import Event, Lock, Thread
from time import monotonic

import structlog

from sync.errors import BrightsheetError
from sync.ops.pause import Pause
from sync.status.rules import TROUBLE, rule_of
from sync.status.verdict import alarms
from sync.store import Backlog

FRESH_SECONDS = 5.0
"""How old the cached backlog may be; a monitor requests it once a minute."""


class CachedBacklog:
    """Caches the backlog for a few seconds. `clock` counts seconds."""

    def __init__(
        self, read_backlog: Callable[[], Backlog], clock: Callable[[], float] = monotonic
    ) -> None:
        self._read_backlog = read_backlog
        self._lock = Lock()
        self._last: Backlog | BrightsheetError = Backlog()
        """What the last read returned or raised; the first call reads."""
        self._fresh = Pause(clock)

    def backlog(self) -> Backlog:
        """Return the backlog as of FRESH_SECONDS ago at most. Raises as reading it does.

        A caller during a read waits for its result. An error is cached, too, since each failing
        read may take its whole time-out.
        """
        with self._lock:
            if self._fresh.is_over:
                try:
                    self._last = self._read_backlog()
                except BrightsheetError as error:
                    self._last = error
                self._fresh.begin(FRESH_SECONDS)
            last = self._last
        if isinstance(last, BrightsheetError):
            raise last
        return last


POLL_SECONDS = 30.0
_MISSED = "Webhooks are lost meanwhile. Then read what was missed: brightsheet backfill"

_log = structlog.get_logger()


class Watch:
    """Sends an alert when a problem begins, and one when it is resolved.

    `send` is that of `Alerts`; an alert that did not arrive is sent again at the next check.
    `messages` are called each time, and send what is due.
    """

    def __init__(
        self,
        read_backlog: Callable[[], Backlog],
        send: Callable[..., bool],
        messages: Sequence[Callable[[], object]] = (),
    ) -> None:
        self._read_backlog = read_backlog
        self._send = send
        self._messages = messages
        self._reported: set[str] = set()
        self._ends = Counter[str]()
        self._unread = 0
        """How often in a row the backlog couldn't be read."""
        self._stop = Event()

    def start(self) -> None:
        """Check every POLL_SECONDS in a separate thread."""
        Thread(target=self._run, name="watch", daemon=True).start()

    def stop(self) -> None:
        """End the thread, without waiting for it."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            self.step()

    def step(self) -> None:
        for send_due in (self._report, *self._messages):
            try:
                send_due()
            except BrightsheetError as error:
                _log.warning("watch_failed", reason=error.reason)
            except Exception:
                _log.exception("fault", thread="watch")

    def _report(self) -> None:
        try:
            backlog = self._read_backlog()
        except BrightsheetError as error:
            self._unread += 1
            if self._unread > 1:  # Once may be a restart of PostgreSQL.
                self._send(error.reason, f"{error.message} {_MISSED}")
            raise
        self._unread = 0
        wrong = alarms(backlog, self._reported)
        for code, problem in wrong.items():
            if problem is not None and code not in self._reported:
                # `Alerts` sends a reason once an hour, also if the problem comes and goes. TROUBLE
                # alerts only once it has lasted for minutes, so each is an outage of its own.
                reason = f"{code} {self._ends[code]}" if code == TROUBLE else code
                arrived = partial(self._reported.add, code)
                self._send(reason, problem.explained, problem.age, arrived)
        for code in self._reported - wrong.keys():
            reason = f"{code} over {self._ends[code]}"
            self._send(reason, rule_of(code).resolved, arrived=partial(self._end, code))

    def _end(self, code: str) -> None:
        self._reported.discard(code)
        self._ends[code] += 1
