"""Google's latency: a number of seconds, or a distribution."""

import math
import random
from collections.abc import Callable

Latency = float | tuple[float, float] | Callable[[random.Random], float] | None
# The 90th percentile of a normal distribution lies this many deviations above its mean.
P90 = 1.2816


def seconds(latency: Latency, rng: random.Random) -> float:
    """Return a random latency in seconds.

    A number is always that; a pair `(median, p90)` is a log-normal distribution with that median
    and 90th percentile, as answers over a network have; a callable is asked with `rng`.
    """
    if latency is None:
        return 0.0
    if callable(latency):
        return max(0.0, latency(rng))
    if isinstance(latency, tuple):
        median, p90 = latency
        if median <= 0:
            return 0.0
        return median * math.exp(rng.gauss(0, 1) * math.log(max(1.0, p90 / median)) / P90)
    return float(latency)


def parse(text: str) -> Latency:
    """Parse `0.25`, or `0.2,0.8` (median, 90th percentile). ValueError if invalid."""
    numbers = [float(piece) for piece in text.split(",")]
    if len(numbers) > 2 or min(numbers) < 0:
        raise ValueError(f"invalid latency: {text}")
    return numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1])
