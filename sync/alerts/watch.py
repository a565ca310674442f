"""Compares what is wrong with what was sent, and sends the difference.

It runs in every process, so that somebody says so if the worker has ended; the one that holds the
lease sends. What was sent is stored after it has arrived, so a process that is killed in between
has it sent once more, and a restart repeats nothing.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import structlog

from sync.alerts.channels import send
from sync.alerts.team import Team
from sync.core.database import Database, Lease
from sync.core.store import Store
from sync.errors import BrightsheetError
from sync.settings.environment import Settings
from sync.status.rules import HIDDEN_BY_OTHERS, Entry, Level
from sync.status.state import State, read
from sync.status.verdict import judge

_POLL_SECONDS = 5.0
_LEASE_SECONDS = 45.0
_REPEAT_SECONDS = 3600.0
"""What ends and begins again within this time is sent once."""
_RETRY_SECONDS = 30.0
"""Until what hasn't arrived is sent again."""
_LINES = 3
"""In one message: services cut long ones."""
_SENT = "alerts"

Sent = Mapping[str, Mapping[str, Any]]
"""By code: when it was sent (at), when it ended (0 while it lasts), and what is said then."""

_log = structlog.get_logger()


@dataclass(frozen=True)
class News:
    """What to send, and what is sent then."""

    lines: tuple[str, ...]
    sent: Sent


def news(entries: Iterable[Entry], sent: Sent, now: float) -> News:
    """Return what has begun, and which problems have ended, since what was sent. Pure."""
    wrong = {entry.code: entry for entry in entries if entry.is_sent}
    is_wrong = any(entry.level is Level.PROBLEM for entry in wrong.values())
    lines, after = list[str](), dict[str, Mapping[str, Any]]()
    for code, entry in wrong.items():
        known = sent.get(code)
        if known and (not known["ended"] or now - known["at"] < _REPEAT_SECONDS):
            after[code] = known
            continue
        lines.append(entry.text)
        text = entry.text if entry.level is Level.PROBLEM else ""
        after[code] = {"at": now, "ended": 0.0, "text": text}
    for code in sent.keys() - wrong.keys():
        known = sent[code]
        if code in HIDDEN_BY_OTHERS and is_wrong and not known["ended"]:
            after[code] = known
            continue
        if known["text"] and not known["ended"]:
            lines.append(f"Fixed: {known['text']}")
        if now - known["at"] < _REPEAT_SECONDS:
            after[code] = {**known, "ended": known["ended"] or now}
    return News(tuple(lines), after)


class Watch:
    """The thread. `deliver` sends a text, and returns whether it has arrived."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        deliver: Callable[[str], bool] | None = None,
    ) -> None:
        self._settings, self._database = settings, database
        self._store = Store(database)
        self._lease = Lease(database, uuid4().hex, _LEASE_SECONDS, "alerts")
        self._deliver = deliver or self._send
        self._stop, self._unread = threading.Event(), 0
        self._not_before = 0.0
        urls = settings.notify_urls
        self._team = Team(settings, database, lambda text: send(urls, text))

    def start(self) -> None:
        """Look now and then, if there is anybody to tell."""
        if self._settings.alert_urls or self._settings.notify_urls:
            threading.Thread(target=self._run, name="alerts", daemon=True).start()

    def stop(self) -> None:
        """End the thread, and let another process send."""
        self._stop.set()
        with suppress(BrightsheetError):
            self._lease.release()

    def _run(self) -> None:
        while not self._stop.wait(_POLL_SECONDS):
            try:
                self.step()
            except BrightsheetError as error:
                _log.warning("watch_failed", reason=error.reason)
                self._note_unread(error)
            except Exception:
                _log.exception("fault", thread="alerts")

    def step(self) -> None:
        """Send what is new, if this process is the one that sends. Raises Retryable."""
        if not self._lease.take():
            return
        state = read(self._settings, self._database)
        self._unread = 0
        if self._settings.notify_urls:
            self._team.tell(state, self._lease)
        if self._settings.alert_urls:
            self._send_news(state)

    def _send_news(self, state: State) -> None:
        found = news(judge(state).entries, self._store.get(_SENT, {}), state.now)
        if found.lines:
            if time.monotonic() < self._not_before:
                return
            starts = range(0, len(found.lines), _LINES)
            texts = ["\n".join(found.lines[start : start + _LINES]) for start in starts]
            has_arrived = all(map(self._deliver, texts))
            self._not_before = 0.0 if has_arrived else time.monotonic() + _RETRY_SECONDS
            failing = 0.0 if has_arrived else state.alerts_failing or time.time()
            self._store.put("alerts_failing", failing, self._lease)
            if not has_arrived:
                return
        self._store.put(_SENT, found.sent, self._lease)

    def _note_unread(self, error: BrightsheetError) -> None:
        """Send that the database is away, once: nobody can store that it was sent."""
        self._unread += error.reason == "database"
        if self._unread == 2 and error.reason == "database":  # Once may be a restart.
            self._deliver(f"{error.what} Nothing that EverBright sends is accepted meanwhile.")

    def _send(self, text: str) -> bool:
        return send(self._settings.alert_urls, text, self._settings.public_url)
