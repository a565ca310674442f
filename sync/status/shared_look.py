"""The last look at the store, shared by all who ask: `/status` is open to everybody.

A look for each of them would hold up the webhooks: with 300,000 deliveries stored, 32 who ask at
once kept a webhook waiting for two seconds.
"""

from collections.abc import Callable
from threading import Lock
from time import monotonic

from sync.errors import BrightsheetError
from sync.store import Backlog

FRESH_SECONDS = 5.0
"""So old it may be: a monitor asks once a minute."""


class SharedLook:
    """Looks when somebody asks and the last look is too old. `clock` counts seconds."""

    def __init__(self, look: Callable[[], Backlog], clock: Callable[[], float] = monotonic) -> None:
        self._look = look
        self._clock = clock
        self._lock = Lock()
        self._last: Backlog | BrightsheetError | None = None
        self._until = float("-inf")

    def backlog(self) -> Backlog:
        """Return what waits, as of FRESH_SECONDS ago at most.

        Who asks during a look waits for its result. An error is shared as well, since each look
        that fails may take its time-out: raises what the look raised.
        """
        with self._lock:
            if self._last is None or self._clock() >= self._until:
                self._last = self._looked()
                self._until = self._clock() + FRESH_SECONDS
            last = self._last
        if isinstance(last, BrightsheetError):
            raise last
        return last

    def _looked(self) -> Backlog | BrightsheetError:
        try:
            return self._look()
        except BrightsheetError as error:
            return error
