"""Retry policies for tenacity: how long to wait and how often to retry.

A call that writes to the sheet isn't repeated alone. The whole flush is retried, because it reads
first and learns whether the last write was carried out.
"""

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any

from requests import Response
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
)

from sync.errors import ENDS_WORK, BrightsheetError, Refused, Retryable

TOO_LONG = "too_many"
"""The reason for giving up a long wait: somebody is waiting for the page."""

_LONGEST_ASKED = 3600.0
_TRIES_IN_PLACE = 4
"""If one call in three fails, one in eighty fails four times in a row."""
_LONGEST_IN_PLACE = 10.0


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


def _pause_after(state: RetryCallState, longest: float) -> float:
    error = state.outcome.exception() if state.outcome else None
    return pause(state.attempt_number, error, longest)


def policy(
    sleep: Callable[[float], Any],
    attempts: int = 5,
    longest: float = 60.0,  # Seconds: Google counts its quota by the minute.
    before_sleep: Callable[[RetryCallState], None] | None = None,
) -> Retrying:
    """Return a retry policy: bounded, with jitter; Retryable errors but ENDS_WORK are retried.

    If `sleep` raises because the wait is too long, the original failure is raised.
    """

    def is_retried(error: BaseException) -> bool:
        return isinstance(error, Retryable) and error.reason not in ENDS_WORK

    def wait(state: RetryCallState) -> None:
        if before_sleep:
            before_sleep(state)
        try:
            sleep(state.upcoming_sleep)
        except Retryable as error:
            failure = state.outcome.exception() if state.outcome else None
            if failure and error.reason == TOO_LONG:
                raise failure from None
            raise

    return Retrying(
        retry=retry_if_exception(is_retried),
        wait=lambda state: _pause_after(state, longest),
        stop=stop_after_attempt(attempts),
        before_sleep=wait,  # tenacity's own `sleep` isn't given the failure
        sleep=lambda _: None,
        reraise=True,
    )


def in_place(sleep: Callable[[float], Any], deadline: float) -> Retrying:
    """Return the policy for one call that may be repeated: few tries.

    A failure after `deadline` (monotonic clock) is the last; the wait before a try isn't counted.
    Refusals, and waits of more than a few seconds, aren't retried here, so that they don't occupy a
    thread.
    """
    return Retrying(
        retry=retry_if_exception(_may_pass_soon),
        wait=lambda state: _pause_after(state, _LONGEST_IN_PLACE),
        stop=lambda state: state.attempt_number >= _TRIES_IN_PLACE or monotonic() > deadline,
        sleep=sleep,
        reraise=True,
    )


def _may_pass_soon(error: BaseException) -> bool:
    if not isinstance(error, Retryable) or isinstance(error, Refused):
        return False
    return (error.after or 0.0) <= _LONGEST_IN_PLACE


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
