"""Retry policies for tenacity: how long to wait and how often to retry.

A call that writes to the sheet isn't repeated alone: the whole pass is, because it reads first, and
learns whether the last write was carried out.
"""

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from requests import Response
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from sync.errors import ENDS_WORK, BrightsheetError, Retryable

_LONGEST_ASKED = 3600.0


def pause(attempt: int, error: BaseException | None, longest: float) -> float:
    """Return the seconds to wait after the failed `attempt` (from 1), with jitter.

    It grows up to `longest`, and is at least what the error asks for.
    """
    ceiling = min(longest, 2.0 ** min(attempt, 20))
    backoff = random.uniform(ceiling / 2, ceiling)  # noqa: S311 - jitter, no secret
    after = error.after if isinstance(error, BrightsheetError) else None
    if after is None:
        return backoff
    jitter = random.uniform(0, min(5.0, 1 + after / 10))  # noqa: S311 - jitter, no secret
    return max(backoff, min(after, _LONGEST_ASKED) + jitter)


def policy(sleep: Callable[[float], Any], attempts: int, longest: float) -> Retrying:
    """Return a retry policy: bounded, with jitter; Retryable errors but ENDS_WORK are retried.

    What `sleep` raises ends it.
    """

    def is_retried(error: BaseException) -> bool:
        return isinstance(error, Retryable) and error.reason not in ENDS_WORK

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return pause(state.attempt_number, error, longest)

    return Retrying(
        retry=retry_if_exception(is_retried),
        wait=wait,
        stop=stop_after_attempt(attempts),
        sleep=sleep,
        reraise=True,
    )


def retry_after(response: Response) -> float | None:
    """Return the seconds to wait from an answer's Retry-After (a number or a date)."""
    text = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
