"""How long to wait and how often to try again: the policies of tenacity.

A call that writes is never repeated alone: the whole flush is retried, which reads first and so
knows whether the last write landed.
"""

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from requests import Response
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
)
from tenacity.wait import wait_base

from sync.errors import Retryable

_LONGEST_WAIT = 300.0
_LONGEST_ASKED = 3600.0


def pause(attempt: int, error: BaseException | None, longest: float = _LONGEST_WAIT) -> float:
    """Return the seconds to wait after the failed `attempt` (from 1), with jitter.

    More each time up to `longest`, and never less than the error asks for.
    """
    ceiling = min(longest, 2.0 ** min(attempt, 20))
    backoff = random.uniform(ceiling / 2, ceiling)  # noqa: S311 - jitter, no secret
    after = error.after if isinstance(error, Retryable) else None
    if after is None:
        return backoff
    jitter = random.uniform(0, min(5.0, 1 + after / 10))  # noqa: S311 - jitter, no secret
    return max(backoff, min(after, _LONGEST_ASKED) + jitter)


class wait_as_asked(wait_base):  # noqa: N801 - named as tenacity's own
    """Wait as long as the server asks, else exponentially with jitter."""

    def __init__(self, longest: float = _LONGEST_WAIT) -> None:
        self._longest = longest

    def __call__(self, retry_state: RetryCallState) -> float:
        """Return the seconds to wait."""
        error = retry_state.outcome.exception() if retry_state.outcome else None
        return pause(retry_state.attempt_number, error, self._longest)


def policy(
    sleep: Callable[[float], Any],
    attempts: int,
    longest: float = _LONGEST_WAIT,
    before_sleep: Callable[[RetryCallState], None] | None = None,
) -> Retrying:
    """Return a retry policy: bounded, with jitter; only Retryable errors are retried."""
    return Retrying(
        retry=retry_if_exception_type(Retryable),
        wait=wait_as_asked(longest),
        stop=stop_after_attempt(attempts),
        sleep=sleep,
        before_sleep=before_sleep,
        reraise=True,
    )


def asked(response: Response) -> float | None:
    """Return the seconds that an answer asks to wait (Retry-After: a number or a date)."""
    text = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
