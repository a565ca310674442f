"""The receiver's watch: alerts when something is wrong, whatever the cause, and when it is over.

A worker that is gone cannot report that, so this runs in the process that receives the webhooks.
"""

from collections import Counter
from collections.abc import Callable
from functools import partial
from threading import Event, Thread

import structlog

from sync.errors import BrightsheetError
from sync.status.problem import Problem
from sync.status.rules import RULES
from sync.status.verdict import OVER, alarms
from sync.store import Backlog, Database, reported

LOOK_SECONDS = 30.0

_NOTICES = {
    reported.UNKNOWN_STATUS: "The config does not name the status {}: a milestone with it counts "
    "as waiting. What it may mean, and the line for the config: brightsheet statuses"
}
"""What is told once and has no end, by the beginning of its name."""
_EACH_TIME = {rule.code for rule in RULES if rule.is_told_each_time}

_log = structlog.get_logger()


class Watch:
    """Checks what is wrong, and tells people once that it is, and once that it is over.

    `send` is that of `Alerts`: what did not arrive is sent again with the next look. What is told
    only once waits in `database`. `daily` does what is due once a day.
    """

    def __init__(
        self,
        look: Callable[[], Backlog],
        send: Callable[..., bool],
        database: Database | None = None,
        daily: Callable[[], object] = lambda: None,
    ) -> None:
        self._look = look
        self._send = send
        self._database = database
        self._daily = daily
        self._told: set[str] = set()
        self._noticed: set[str] = set()
        self._ends = Counter[str]()
        self._stop = Event()

    def start(self) -> None:
        """Check every LOOK_SECONDS in a thread of its own."""
        Thread(target=self._run, name="watch", daemon=True).start()

    def stop(self) -> None:
        """End the thread, without waiting for it."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            self.step()

    def step(self) -> None:
        """Check once."""
        try:
            self._tell(alarms(self._look(), self._told))
            if self._database is not None:
                self._tell_once(self._database)
            self._daily()
        except BrightsheetError as error:
            # Without the store nothing is known. Senders are answered 503 meanwhile.
            _log.warning("watch_failed", reason=error.reason)
        except Exception:
            _log.exception("fault", thread="watch")

    def _tell(self, wrong: dict[str, Problem | None]) -> None:
        for code, problem in wrong.items():
            if problem is not None and code not in self._told:
                reason = f"{code} {self._ends[code]}" if code in _EACH_TIME else code
                arrived = partial(self._told.add, code)
                self._send(reason, problem.explained, problem.since or 0.0, arrived)
        for code in self._told - wrong.keys():
            # Each end is sent, however soon it follows the last: the number makes it distinct.
            reason = f"{code} over {self._ends[code]}"
            self._send(reason, OVER[code], arrived=partial(self._end, code))

    def _end(self, code: str) -> None:
        self._told.discard(code)
        self._ends[code] += 1

    def _tell_once(self, database: Database) -> None:
        """Tell what is told only once, also after a restart: stored as told once it arrived."""
        told = sorted(self._noticed)
        reported.keep(database, told)
        self._noticed.difference_update(told)
        for name in reported.untold(database):
            kind, _, subject = name.partition(":")
            text = _NOTICES.get(kind, name).format(subject)
            self._send(name, text, arrived=partial(self._noticed.add, name))
