"""The receiver's watch: alerts when the sheet falls behind, whatever the cause.

A worker that is gone cannot report that, so this runs in the process that receives the webhooks.
"""

from collections.abc import Callable, Mapping, Set
from threading import Event, Thread

import structlog

from sync.errors import BrightsheetError
from sync.status.silence import SILENCE, SILENCE_OVER
from sync.status.verdict import OVER, alarms
from sync.store import Backlog

LOOK_SECONDS = 30.0

_ENDS = {**OVER, SILENCE: SILENCE_OVER}

_log = structlog.get_logger()


def _nothing(_sent: Set[str]) -> Mapping[str, str]:
    return {}


class Watch:
    """Checks what waits, and alerts once that something is wrong, and once that it is over.

    `send` takes a reason, which is sent once an hour at most, and a text; it returns whether the
    text was queued. `others` returns what else is wrong, by code, given the codes that were sent.
    `daily` does what is due once a day.
    """

    def __init__(
        self,
        look: Callable[[], Backlog],
        send: Callable[[str, str], bool],
        others: Callable[[Set[str]], Mapping[str, str]] = _nothing,
        daily: Callable[[], object] = lambda: None,
    ) -> None:
        self._look = look
        self._send = send
        self._others = others
        self._daily = daily
        self._sent: set[str] = set()
        self._overs = 0
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
            wrong = alarms(self._look(), self._sent)
            self._note({**wrong, **self._others(self._sent)})
            self._daily()
        except BrightsheetError as error:
            # Without the store nothing is known. Senders are answered 503 meanwhile.
            _log.warning("watch_failed", reason=error.reason)
        except Exception:
            _log.exception("fault", thread="watch")

    def _note(self, wrong: dict[str, str]) -> None:
        for code, text in wrong.items():
            if code not in self._sent and self._send(code, text):
                self._sent.add(code)
        for code in self._sent - wrong.keys():
            # Each end is sent, however soon it follows the last: the number makes it distinct.
            if self._send(f"{code} over {self._overs}", _ENDS[code]):
                self._overs += 1
                self._sent.discard(code)
