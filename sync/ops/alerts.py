"""Alerts for people: messages to a webhook in Slack's format.

Slack's rules for a text (source: its page on incoming webhooks): `&`, `<` and `>` are escaped, so
that nothing in it becomes a link or calls the whole channel.
"""

import re
from collections.abc import Callable
from queue import Empty, Full, Queue
from threading import Lock, Thread
from time import monotonic, sleep

import requests
import structlog
from pydantic import SecretStr

REPEAT_SECONDS = 3600.0
"""The same reason is sent once within this time."""
_TIMEOUT = (3.0, 5.0)
_TRIES = 3
_PAUSE = 2.0
_WAITING = 20
_LONGEST = 600
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})

_log = structlog.get_logger()


class Alerts:
    """Sends to the webhook at `url`; with None nothing is sent. `clock` counts seconds.

    Texts contain ids, reasons and fixes, never data from a webhook.
    """

    def __init__(self, url: SecretStr | None, clock: Callable[[], float] = monotonic) -> None:
        self._url = url
        self._clock = clock
        self._sent: dict[str, float] = {}
        self._queue: Queue[tuple[str, str]] = Queue(_WAITING)
        self._lock = Lock()
        self._thread: Thread | None = None

    def send(self, reason: str, text: str) -> bool:
        """Queue `text` unless `reason` was sent within the hour; return whether it was queued.

        Never raises and never waits: a thread sends it.
        """
        if self._url is None:
            return False
        with self._lock:
            now = self._clock()
            recent = {r: at for r, at in self._sent.items() if now - at < REPEAT_SECONDS}
            self._sent = recent
            if reason in recent:
                return False
            try:
                self._queue.put_nowait((reason, text))
            except Full:
                return False
            self._sent[reason] = now
            return self._is_running()

    def _is_running(self) -> bool:
        if self._thread is None:
            thread = Thread(target=self._run, name="alerts", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                return False  # No thread is available: the next alert starts one.
            self._thread = thread
        return True

    def _run(self) -> None:
        while True:
            with self._lock:
                try:
                    reason, text = self._queue.get_nowait()
                except Empty:
                    self._thread = None
                    return
            if not self._posted(text):
                with self._lock:
                    self._sent.pop(reason, None)  # It did not arrive: it may be sent again.

    def _posted(self, text: str) -> bool:
        for attempt in range(_TRIES):
            if attempt:
                sleep(_PAUSE)
            if self._post(text):
                return True
        return False

    def _post(self, text: str) -> bool:
        url = self._url.get_secret_value() if self._url else ""
        body = {"text": f"Brightsheet: {_readable(text)}"}
        try:
            with requests.Session() as session:
                session.auth = lambda request: request  # A .netrc must not add credentials.
                answer = session.post(
                    url, json=body, timeout=_TIMEOUT, allow_redirects=False, stream=True
                )
        except (requests.RequestException, ValueError) as error:
            # The error's text holds the address, which is a secret.
            _log.warning("alert_not_sent", reason=type(error).__name__)
            return False
        if not 200 <= answer.status_code < 300:
            _log.warning("alert_not_sent", status=answer.status_code)
            return False
        return True


def _readable(text: str) -> str:
    plain = _CONTROLS.sub(" ", text)
    cut = plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"
    return cut.translate(_ESCAPES)
