"""Alerts for people: once for each reason, to every channel, without holding anything up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Empty, Full, Queue
from threading import Lock, Thread
from time import monotonic, sleep, time

from sync.ops.channels import Channel, Message

REPEAT_SECONDS = 3600.0
"""The same reason is sent once within this time."""
_OVER_SECONDS = 2 * REPEAT_SECONDS
"""A reason that was not given for so long is over: the next time it begins again."""
_TRIES = 3
_PAUSE = 2.0
_WAITING = 20


@dataclass
class _Reason:
    """When a reason was first given (Unix seconds), last given and last sent (by the clock)."""

    began: float
    given: float
    sent: float | None = None
    failed: int = 0
    """How many channels it did not arrive in, of the last time it was sent."""


class Alerts:
    """Sends to `channels`; without any nothing is sent. `clock` counts seconds.

    Texts contain ids, reasons and fixes, never data from a webhook. `link` is the address of the
    pages that say more; "" is none.
    """

    def __init__(
        self,
        channels: Sequence[Channel],
        clock: Callable[[], float] = monotonic,
        link: str = "",
        wall: Callable[[], float] = time,
    ) -> None:
        self._clock, self._wall = clock, wall
        self._link = link
        self._reasons: dict[str, _Reason] = {}
        self._lock = Lock()
        self._outboxes = [_Outbox(one, self._failed) for one in channels]

    def send(self, reason: str, text: str, age: float = 0.0) -> bool:
        """Queue `text` unless `reason` was sent within the hour; return whether it was queued.

        It says since when that is so: since `age` seconds before the reason was first given.

        Never raises and never waits: a thread for each channel sends it.
        """
        if not self._outboxes:
            return False
        with self._lock:
            known = self._given(reason, age)
            if known.sent is not None and known.given - known.sent < REPEAT_SECONDS:
                return False
            message = Message(text, f"Since {_moment(known.began)}.", self._link)
            queued = [one.put(reason, message) for one in self._outboxes]
            if any(queued):
                known.sent, known.failed = known.given, queued.count(False)
            return any(queued)

    def deliver(self, text: str) -> bool:
        """Send `text` to every channel at once; return whether it arrived in one of them.

        Waits, and never raises: for what a person asked for, or what is due once a day.
        """
        message = Message(text, link=self._link)
        arrived = [one.deliver(message) for one in self._outboxes]  # in all, not in the first
        return any(arrived)

    def _given(self, reason: str, age: float) -> _Reason:
        """Return what is known of a reason that is given now, and forget those that are over."""
        now = self._clock()
        found = {r: one for r, one in self._reasons.items() if now - one.given < _OVER_SECONDS}
        known = found.setdefault(reason, _Reason(self._wall() - age, now))
        known.given = now
        self._reasons = found
        return known

    def _failed(self, reason: str) -> None:
        """Note that a channel did not take it; where none did, it may be sent again."""
        with self._lock:
            known = self._reasons.get(reason)
            if known is None:
                return
            known.failed += 1
            if known.failed >= len(self._outboxes):
                known.sent = None


class _Outbox:
    """What waits for one channel; a thread sends it, and ends when nothing waits."""

    def __init__(self, channel: Channel, failed: Callable[[str], None]) -> None:
        self._channel = channel
        self._on_failure = failed
        self._queue: Queue[tuple[str, Message]] = Queue(_WAITING)
        self._lock = Lock()
        self._thread: Thread | None = None

    def put(self, reason: str, message: Message) -> bool:
        """Queue a message; return whether there was room and a thread."""
        with self._lock:
            try:
                self._queue.put_nowait((reason, message))
            except Full:
                return False
            if self._thread is None:
                thread = Thread(target=self._run, name="alerts", daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    return False  # No thread is available: the next alert starts one.
                self._thread = thread
            return True

    def deliver(self, message: Message) -> bool:
        """Send a message, with a few tries."""
        for attempt in range(_TRIES):
            if attempt:
                sleep(_PAUSE)
            if self._channel.deliver(message):
                return True
        return False

    def _run(self) -> None:
        while True:
            with self._lock:
                try:
                    reason, message = self._queue.get_nowait()
                except Empty:
                    self._thread = None
                    return
            if not self.deliver(message):
                self._on_failure(reason)


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
