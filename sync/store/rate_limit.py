"""Limits the rate of flushes with a token bucket, below Google's quota."""

from dataclasses import dataclass

SPACING = 1.0
"""Seconds between two flushes: events that arrive in between go into the next one."""
BURST = 8.0
REFILL = 50 / 60
"""Flushes per second."""


@dataclass
class TokenBucket:
    """Tokens for flushes; `now` is any clock in seconds that only goes forward."""

    left: float = BURST
    last: float = float("-inf")

    def take(self, now: float, spacing: float = SPACING) -> float:
        """Count the next flush; return the seconds to wait before it."""
        spaced = self.last + spacing - now
        refilled = (1 - self._left(now)) / REFILL
        wait = max(0.0, spaced, refilled)
        self.left = self._left(now + wait) - 1
        self.last = now + wait
        return wait

    def _left(self, now: float) -> float:
        return min(BURST, self.left + (now - self.last) * REFILL)
