"""Sends alerts: once per reason, to every channel, without blocking the caller."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from queue import Empty, Full, Queue
from threading import Lock, Thread
from time import monotonic, sleep, time
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode

import structlog
from pydantic import SecretStr

_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_CALLS = re.compile(r"(?<!\w)@|@(?=everyone|here|channel|all|team|room)", re.IGNORECASE)
"""Every @ except that of an email address, in which a service may see a name to notify."""
_BRACKETS = str.maketrans({"<": "\u2039", ">": "\u203a"})  # quotation marks that look alike

_log = structlog.get_logger()


@dataclass(frozen=True)
class Message:
    """A message: text with IDs, reasons and fixes, its start time and code, and a link."""

    text: str
    since: str = ""
    link: str = ""
    longest: int = 1500
    """Characters that every service accepts; email takes more."""

    def lines(self) -> str:
        """Return it as lines, cut to the length that its service accepts."""
        plain = _CONTROLS.sub(" ", self.text)
        cut = plain if len(plain) <= self.longest else plain[: self.longest - 1] + "…"
        return "\n".join(line for line in (cut, self.since, self.link) if line)


class Channel(Protocol):
    """A channel that people read."""

    def deliver(self, message: Message) -> bool:
        """Send a message, and return whether it arrived. Never raises."""


@dataclass(frozen=True)
class AppriseChannel:
    """A service, by its apprise address, which is a secret."""

    _url: SecretStr

    @cached_property
    def _service(self) -> Any:
        # Imported here because it takes about 25 MB.
        from apprise import Apprise, AppriseAsset

        asset = AppriseAsset(
            storage_mode="memory",
            async_mode=False,
            http_redirects=False,
            pem_autogen=False,
            pgp_autogen=False,
        )
        service = Apprise(asset=asset)
        service.add(self._url.get_secret_value())
        return service

    def deliver(self, message: Message) -> bool:
        # Services have their own markup: break up text that could notify everybody.
        text = _CALLS.sub("(at)", message.lines().translate(_BRACKETS))
        try:
            did_arrive = bool(self._service.notify(text, title="Brightsheet", body_format="text"))
        except Exception as error:  # A plug-in may raise anything.
            _log.warning("alert_not_sent", reason=type(error).__name__)
            return False
        if not did_arrive:
            _log.warning("alert_not_sent", service=self._url.get_secret_value().partition(":")[0])
        return did_arrive


_MAIL = ("mailto", "mailtos")
_RECIPIENTS = ("to", "cc", "bcc")


def mail_channels(urls: Sequence[SecretStr], recipient: str = "") -> list[Channel]:
    """Return the channels that send email; to `recipient`, if given, instead of the URL's own."""
    found: list[Channel] = []
    for url in urls:
        address, _, query = url.get_secret_value().partition("?")
        if address.partition(":")[0].lower() not in _MAIL:
            continue
        if recipient:
            kept = [pair for pair in parse_qsl(query) if pair[0].lower() not in _RECIPIENTS]
            scheme, _, rest = address.partition("://")
            server = rest.partition("/")[0]  # A path names recipients, too.
            url = SecretStr(f"{scheme}://{server}?{urlencode([*kept, ('to', recipient)])}")
        found.append(AppriseChannel(url))
    return found


REPEAT_SECONDS = 3600.0
"""The same reason is sent at most once in this time."""
_OVER_SECONDS = 2 * REPEAT_SECONDS
"""A reason that isn't reported for this long has ended; the next report begins a new one."""
_TRIES = 3
_PAUSE = 2.0
_WAITING = 20


@dataclass
class _Reason:
    """When a reason began (Unix seconds), and was last reported and last sent (clock)."""

    began: float
    given: float
    sent: float | None = None
    failed: int = 0
    """The number of channels where the last message failed."""
    on_arrival: Callable[[], object] = lambda: None


class Alerts:
    """Sends messages to `channels`. `clock` counts seconds.

    A message may name milestones and statuses, and a job by `placeholder_name`, but nothing of its
    customer, because it may go to a chat. Only the weekly digest names customers; it goes by email.
    `link` is the address of the console, or "". `record` is called with whether a message arrived
    in one of the channels; it must not raise.
    """

    def __init__(
        self,
        channels: Sequence[Channel],
        clock: Callable[[], float] = monotonic,
        link: str = "",
        wall: Callable[[], float] = time,
        record: Callable[[bool], object] = lambda _has_arrived: None,
    ) -> None:
        self._clock, self._wall = clock, wall
        self._link = link
        self._record = record
        self._reasons: dict[str, _Reason] = {}
        self._lock = Lock()
        self._outboxes = [_Outbox(channel, self._note) for channel in channels]

    def send(
        self,
        reason: str,
        text: str,
        age: float | None = None,
        arrived: Callable[[], object] = lambda: None,
    ) -> bool:
        """Queue `text` unless `reason` was sent within the hour; return whether it was queued.

        `reason` is a code; what follows a space tells one outage from the next.
        The message's start time is `age` seconds ago (None: when the reason was first reported).
        `arrived` is called when a channel accepts the message that is on its way; it must not
        block.

        Doesn't raise or block: a thread per channel sends it.
        """
        if not self._outboxes:
            return False
        with self._lock:
            now = self._clock()
            self._reasons = {
                name: known
                for name, known in self._reasons.items()
                if now - known.given < _OVER_SECONDS
            }
            known = self._reasons.setdefault(reason, _Reason(self._wall(), now))
            if age is not None:
                known.began = self._wall() - age
            known.given = now
            known.on_arrival = arrived
            is_due = known.sent is None or known.given - known.sent >= REPEAT_SECONDS
            return is_due and self._queue(reason, known, text)

    def deliver(self, text: str) -> bool:
        """Send `text` to every channel at once; return whether it arrived in one of them.

        Blocks, and doesn't raise: for messages that are sent once, and requests from the console.
        """
        message = Message(text, link=self._link)
        arrived = [outbox.deliver(message) for outbox in self._outboxes]  # To all of them.
        self._record(any(arrived))
        return any(arrived)

    def _queue(self, reason: str, known: _Reason, text: str) -> bool:
        began = datetime.fromtimestamp(known.began, UTC)
        since = f"Since {began:%Y-%m-%d %H:%M} UTC. Code: {reason.partition(' ')[0]}."
        message = Message(text, since, self._link)
        queued = [outbox.put(reason, message) for outbox in self._outboxes]
        if any(queued):
            known.sent, known.failed = known.given, queued.count(False)
        return any(queued)

    def _note(self, reason: str, *, has_arrived: bool) -> None:
        """Record whether a channel accepted it; if none did, it may be sent again."""
        with self._lock:
            known = self._reasons.get(reason)
            if known is None:
                return
            known.failed += not has_arrived
            is_lost = known.failed >= len(self._outboxes)
            if is_lost:
                known.sent = None
        if has_arrived or is_lost:
            self._record(has_arrived)
        if has_arrived:
            known.on_arrival()


class _Outbox:
    """The queue of one channel; a thread sends it, and ends when it is empty."""

    def __init__(self, channel: Channel, note: Callable[..., None]) -> None:
        self._channel = channel
        self._note = note
        self._queue: Queue[tuple[str, Message]] = Queue(_WAITING)
        self._lock = Lock()
        self._thread: Thread | None = None

    def put(self, reason: str, message: Message) -> bool:
        """Queue a message; return whether there was room and a thread."""
        with self._lock:
            if self._thread is None:
                thread = Thread(target=self._run, name="alerts", daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    return False  # No thread is available: the next alert starts one.
                self._thread = thread
            try:
                self._queue.put_nowait((reason, message))
            except Full:
                return False
            return True

    def deliver(self, message: Message) -> bool:
        """Send a message, with a few retries."""
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
            self._note(reason, has_arrived=self.deliver(message))
