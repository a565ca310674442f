"""Composes the messages about what has begun and ended, and sends them.

It runs in every process, so that somebody says so if the worker has ended; the one that holds the
lease sends. A message is stored together with what it is about, and taken out once it has arrived:
so a kill repeats none but the one that was on its way, and an outage delays them.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import structlog
from pydantic import SecretStr

from sync.alerts.channels import send
from sync.alerts.team import OLD_SECONDS, Team
from sync.core.database import Database, Lease
from sync.core.store import Store
from sync.errors import BrightsheetError
from sync.settings.environment import Settings
from sync.status.rules import RULES, Entry, Level, counted
from sync.status.state import MESSAGES, TESTED, State, read
from sync.status.verdict import judge

_POLL_SECONDS = 5.0
_LEASE_SECONDS = 20.0
"""Longer than one address takes to answer; a rejection is told 90 s after it, kills included."""
_REPEAT_SECONDS = 600.0
"""What ends and begins again within this time is sent once."""
_HOUR, _WORKDAYS = 8, 5
ALERTS, TEAM = "ALERT_URLS", "NOTIFY_URLS"
FIXED = "fixed"

_YIELDING = {rule.code for rule in RULES if rule.yields}

Sent = Mapping[str, Mapping[str, Any]]
"""By code: when it was sent (at), when it ended (0 while it lasts), and what is said then."""

_log = structlog.get_logger()


@dataclass
class Messages:
    """What was composed, and what hasn't arrived yet: a setting, as JSON."""

    sent: Sent = field(default_factory=dict)
    last: int | None = None
    """The last line of *History* of which the team knows."""
    asked: str = ""
    """The day on which the team was told last how many jobs wait for an answer."""
    waiting: list[tuple[str, str, str, float]] = field(default_factory=list)
    """Each with its addresses' setting, its title, its text, and when it was composed."""
    failing: dict[str, float] = field(default_factory=dict)
    """By the addresses' setting: since when nothing has arrived."""


def news(entries: Iterable[Entry], sent: Sent, now: float) -> tuple[list[tuple[str, str]], Sent]:
    """Return the titles and texts of what has begun or ended, and what is sent then. Pure."""
    wrong = {entry.rule.code: entry for entry in entries if entry.rule.is_sent}
    is_wrong = any(entry.rule.level is Level.PROBLEM for entry in wrong.values())
    found, after = list[tuple[str, str]](), dict[str, Mapping[str, Any]]()
    for code, entry in wrong.items():
        known = sent.get(code)
        if known and (not known["ended"] or now - known["at"] < _REPEAT_SECONDS):
            after[code] = known
            continue
        found.append((entry.rule.level.value, entry.text))
        text = entry.text if entry.rule.level is Level.PROBLEM else ""
        after[code] = {"at": now, "ended": 0.0, "text": text}
    for code in sent.keys() - wrong.keys():
        known = sent[code]
        if code in _YIELDING and is_wrong and not known["ended"]:
            after[code] = known
            continue
        if known["text"] and not known["ended"]:
            found.append((FIXED, f"Fixed: {known['text']}"))
        if now - known["at"] < _REPEAT_SECONDS:
            after[code] = {**known, "ended": known["ended"] or now}
    return found, after


class Watch:
    """The thread. `deliver` sends an address a title and a text, and returns if it has arrived."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        deliver: Callable[[SecretStr, str, str], bool] = send,
    ) -> None:
        self._settings, self._database, self._store = settings, database, Store(database)
        self._urls = {ALERTS: settings.alert_urls, TEAM: settings.notify_urls}
        self._lease = Lease(database, _LEASE_SECONDS, "alerts")
        self._deliver = deliver
        self._team = Team(settings, database)
        # Until the database says who sends, each process does.
        self._stop, self._is_sender, self._unread = threading.Event(), True, 0

    def start(self) -> None:
        """Look now and then, if there is anybody to tell."""
        if any(self._urls.values()):
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
                self.note_unread(error)
            except Exception:
                _log.exception("fault", thread="alerts")

    def step(self) -> None:
        """Compose and send what is new, if this process is the one that sends. Raises Retryable."""
        self._is_sender = self._lease.take()
        if self._unread > 1:
            self._tell_at_once(FIXED, "Fixed: The database answers again.")
        self._unread = 0
        if not self._is_sender:
            return
        state = read(self._settings, self._database)
        messages = Messages(**(self._store.get(MESSAGES) or {}))
        if self._urls[ALERTS]:
            self._add_alerts(messages, state)
        if self._urls[TEAM]:
            self.add_team_news(messages, state)
        messages.waiting = [
            (to, title, text, at)
            for to, title, text, at in messages.waiting
            if self._urls[to] and (to == ALERTS or state.now - at < OLD_SECONDS)
        ]
        tested = self._store.get(TESTED, 0.0)
        messages.failing = {to: at for to, at in messages.failing.items() if at > tested}
        self._store.put(MESSAGES, asdict(messages), self._lease)
        lost = set[str]()
        for message in tuple(messages.waiting):
            if message[0] not in lost and not self._has_sent(messages, message):
                lost.add(message[0])  # The others wait for the next look.

    def _add_alerts(self, messages: Messages, state: State) -> None:
        found, messages.sent = news(judge(state).entries, messages.sent, state.now)
        link = self._settings.public_url
        for title, text in found:
            whole = f"{text}\n{link}" if link else text
            messages.waiting.append((ALERTS, title, whole, state.now))

    def add_team_news(self, messages: Messages, state: State) -> None:
        """Add the news of jobs, and at 8 on workdays how many wait for an answer."""
        if messages.last is None:  # The first look only remembers: nothing is news then.
            messages.last = self._team.newest()
        # SQLite uses the numbers of lines again that were forgotten.
        last = min(messages.last, self._team.newest())
        messages.last, texts = self._team.messages(last, state.now)
        messages.waiting += [(TEAM, "news", text, state.now) for text in texts]
        now = datetime.fromtimestamp(state.now, self._settings.zone)
        is_time = now.hour >= _HOUR and now.weekday() < _WORKDAYS
        if state.unanswered and is_time and messages.asked != f"{now:%Y-%m-%d}":
            messages.asked = f"{now:%Y-%m-%d}"
            jobs = counted(state.unanswered, "job waits", "jobs wait")
            page = f"\n{self._settings.public_url}/tabs/rows" if self._settings.public_url else ""
            text = f"{jobs} for your answer: Whose row is it?{page}"
            messages.waiting.append((TEAM, "question", text, state.now))

    def _has_sent(self, messages: Messages, message: tuple[str, str, str, float]) -> bool:
        """Send a message, to all of its addresses, of which one is enough; store what is left."""
        to, title, text, _ = message
        has_arrived = False
        for url in self._urls[to]:
            self._lease.renew()
            has_arrived |= self._deliver(url, title, text)
        if has_arrived:
            messages.waiting.remove(message)
            messages.failing.pop(to, None)
        else:
            messages.failing.setdefault(to, time.time())
        self._store.put(MESSAGES, asdict(messages), self._lease)
        return has_arrived

    def note_unread(self, error: BrightsheetError) -> None:
        """Send that the database is away, once: nobody can store that it was sent."""
        if error.reason != "database" or not self._is_sender:
            return
        self._unread += 1
        if self._unread == 2:  # Once may be a restart.
            text = f"{error.what} Nothing that EverBright sends is accepted meanwhile."
            self._tell_at_once(Level.PROBLEM, text)

    def _tell_at_once(self, title: str, text: str) -> None:
        for url in self._urls[ALERTS]:
            self._deliver(url, title, text)
