"""The receiver's watch: has a person told when the sheet falls behind, whoever is at fault.

A worker that is gone cannot tell that it is gone; so this runs where the webhooks arrive.
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


def _nothing(_told: Set[str]) -> Mapping[str, str]:
    return {}


class Watch:
    """Looks at what waits, and says once that something is wrong, and once that it is over.

    `say` takes a reason, which is said once an hour at most, and a text; it tells whether the text
    is under way. `others` returns what else is wrong, given the codes that are told, by its code.
    """

    def __init__(
        self,
        look: Callable[[], Backlog],
        say: Callable[[str, str], bool],
        others: Callable[[Set[str]], Mapping[str, str]] = _nothing,
    ) -> None:
        self._look = look
        self._say = say
        self._others = others
        self._told: set[str] = set()
        self._overs = 0
        self._stop = Event()

    def start(self) -> None:
        """Look every LOOK_SECONDS in a thread of its own."""
        Thread(target=self._run, name="watch", daemon=True).start()

    def stop(self) -> None:
        """End the thread, without waiting for it."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            self.step()

    def step(self) -> None:
        """Look once."""
        try:
            wrong = alarms(self._look(), self._told)
            self._note({**wrong, **self._others(self._told)})
        except BrightsheetError as error:
            # Without the store nothing is known. Senders are answered 503 meanwhile.
            _log.warning("watch", reason=error.reason)
        except Exception:
            _log.exception("fault", thread="watch")

    def _note(self, wrong: dict[str, str]) -> None:
        for code, text in wrong.items():
            if code not in self._told and self._say(code, text):
                self._told.add(code)
        for code in self._told - wrong.keys():
            # Each end is said, however soon it follows the last: the number tells them apart.
            if self._say(f"{code} over {self._overs}", _ENDS[code]):
                self._overs += 1
                self._told.discard(code)
