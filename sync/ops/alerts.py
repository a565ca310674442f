"""Tells a person that one is needed: a message to a webhook in Slack's format.

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
"""For so long the same reason is said once."""
_TIMEOUT = (3.0, 5.0)
_TRIES = 3
_PAUSE = 2.0
_WAITING = 20
_LONGEST = 600
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})

_log = structlog.get_logger()


class Alerts:
    """Sends to the webhook at `url`, or (None) to nobody. `clock` counts seconds.

    Texts are ours: ids, reasons and mends, never what a webhook brought.
    """

    def __init__(self, url: SecretStr | None, clock: Callable[[], float] = monotonic) -> None:
        self._url = url
        self._clock = clock
        self._said: dict[str, float] = {}
        self._queue: Queue[tuple[str, str]] = Queue(_WAITING)
        self._lock = Lock()
        self._thread: Thread | None = None

    def send(self, reason: str, text: str) -> bool:
        """Say `text` unless `reason` was said within the hour; tell whether it is under way.

        Never raises and never waits: a thread of its own does the sending.
        """
        if self._url is None:
            return False
        with self._lock:
            now = self._clock()
            recent = {r: at for r, at in self._said.items() if now - at < REPEAT_SECONDS}
            self._said = recent
            if reason in recent:
                return False
            try:
                self._queue.put_nowait((reason, text))
            except Full:
                return False
            self._said[reason] = now
            return self._is_running()

    def _is_running(self) -> bool:
        if self._thread is None:
            thread = Thread(target=self._run, name="alerts", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                return False  # The machine has no thread left: with the next alert.
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
                    self._said.pop(reason, None)  # Nobody has heard it: it may be said again.

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
