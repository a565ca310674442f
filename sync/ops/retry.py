"""Retry policies for tenacity: how long to wait and how often to retry.

A call that writes to the sheet isn't repeated alone: the whole pass is, because it reads first, and
learns whether the last write was carried out.
"""

import random
import re
from collections.abc import Callable
from typing import Any

from requests import Response
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from sync.errors import BrightsheetError, Retryable

_LONGEST_ASKED = 3600.0


def pause(state: RetryCallState, longest: float) -> float:
    """Return the seconds to wait after a try, with jitter.

    They grow up to `longest`, and are at least what the error asks for.
    """
    error = state.outcome.exception() if state.outcome else None
    after = error.after if isinstance(error, BrightsheetError) else None
    asked = min(after or 0.0, _LONGEST_ASKED) * random.uniform(1, 1.1)  # noqa: S311 - jitter
    return max(asked, wait_random_exponential(multiplier=2, max=longest)(state))


def policy(sleep: Callable[[float], Any], attempts: int, longest: float) -> Retrying:
    """Return a retry policy: bounded, with jitter, for Retryable errors.

    What `sleep` raises ends it.
    """
    return Retrying(
        retry=retry_if_exception_type(Retryable),
        wait=lambda state: pause(state, longest),
        stop=stop_after_attempt(attempts),
        sleep=sleep,
        reraise=True,
    )


def retry_after(response: Response) -> float | None:
    """Return the seconds to wait from an answer's Retry-After; None if it has a date."""
    text = response.headers.get("Retry-After", "").strip()
    return float(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
