"""A pause by the monotonic clock."""

from collections.abc import Callable
from time import monotonic


class Pause:
    """A pause that is over until it begins. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._ends_at: float | None = None

    @property
    def is_over(self) -> bool:
        return self._ends_at is None or self._clock() >= self._ends_at

    def begin(self, seconds: float) -> None:
        """Begin the pause, or begin it again."""
        self._ends_at = self._clock() + seconds
