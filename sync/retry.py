"""Which error is which, and how long to wait: the policies of tenacity. Sources: Google's guides.

A call that writes is never repeated by itself: what is retried is the whole flush, which reads
first and so knows whether the last write landed.
"""

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from google.auth.exceptions import GoogleAuthError
from requests import RequestException, Response
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
)
from tenacity.wait import wait_base

from sync.errors import BrightsheetError, Conflict, Permanent, Refused, Retryable

RATE_WINDOW = 60.0
"""Seconds of Google's quota window: the first wait after a per-user 429."""

_LONGEST_WAIT = 300.0
_LONGEST_ASKED = 3600.0
_DRIVE_RATE_LIMITS = {
    "userRateLimitExceeded",
    "rateLimitExceeded",
    "sharingRateLimitExceeded",
    "dailyLimitExceeded",
}
_LIMITS = {
    "teamDriveFileLimitExceeded",
    "numChildrenInNonRootLimitExceeded",
    "activeItemCreationLimitExceeded",
}
_API_OFF = {"SERVICE_DISABLED", "accessNotConfigured"}


def pause(attempt: int, error: BaseException | None, longest: float = _LONGEST_WAIT) -> float:
    """Return the seconds to wait after the failed `attempt` (from 1), with jitter.

    More each time up to `longest`, and never less than was asked.
    """
    ceiling = min(longest, 2.0 ** min(attempt, 20))
    backoff = random.uniform(ceiling / 2, ceiling)  # noqa: S311 - jitter, no secret
    after = error.after if isinstance(error, Retryable) else None
    if after is None:
        return backoff
    jitter = random.uniform(0, min(5.0, 1 + after / 10))  # noqa: S311 - jitter, no secret
    return max(backoff, min(after, _LONGEST_ASKED) + jitter)


class wait_as_asked(wait_base):  # noqa: N801 - named as tenacity's own
    """Wait as long as the other side asks, else exponentially with jitter."""

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
    """Return the policy for whatever may be repeated: bounded, jittered, permanent errors stop."""
    return Retrying(
        retry=retry_if_exception_type(Retryable),
        wait=wait_as_asked(longest),
        stop=stop_after_attempt(attempts),
        sleep=sleep,
        before_sleep=before_sleep,
        reraise=True,
    )


def from_google(error: Exception, account: str) -> BrightsheetError:
    """Return what a call to Google raised as one of ours; `account` is who must be let in.

    Clients' own errors carry the answer (`response`). What is none of Google's is raised again.
    """
    if isinstance(error, BrightsheetError):
        return error
    answer = getattr(error, "response", None)
    if isinstance(answer, Response):
        return refusal(answer, account)
    if isinstance(error, GoogleAuthError):
        if error.retryable or "Transport" in type(error).__name__:
            return Retryable("google_unreachable", "Google's sign-in did not answer.")
        return Permanent(
            "google_credentials",
            "Google does not accept the credentials. Make a new key for the service account "
            "(or sign in again) and set it.",
        )
    if isinstance(error, RequestException):
        return Retryable("google_unreachable", f"Google did not answer ({type(error).__name__}).")
    raise error


def refusal(response: Response, account: str) -> BrightsheetError:
    """Return what an HTTP error of Sheets or Drive means. The body may be HTML."""
    status = response.status_code
    reasons = _reasons(response)
    said = _message(response)
    if status == 429 or (status == 403 and reasons & _DRIVE_RATE_LIMITS):
        per_user = "RATE_LIMIT_EXCEEDED" in reasons
        after = asked(response) or (RATE_WINDOW if per_user else None)
        return Retryable("rate_limited", "Google's limit of calls a minute is reached.", after)
    if status >= 500 or status in (408, 425):
        return Retryable("google_unavailable", f"Google answered {status}.", asked(response))
    if status == 401:
        return Retryable("google_signed_out", "Google wants a fresh sign-in.")
    if status == 400:
        return Refused("google_refused", f"Google refused the request: {said}")
    if status == 409:
        return Conflict("exists", "Drive has a file with this id already.")
    if status == 404:
        return Permanent(
            "not_found", f"Google knows no such file, or it is not shared with {account}."
        )
    if "storageQuotaExceeded" in reasons:
        return Permanent(
            "no_storage",
            "A service account has no storage of its own. Put DRIVE_FOLDER_ID on a shared drive, "
            "or sign in as a person (GOOGLE_OAUTH_TOKEN_JSON).",
        )
    if reasons & _API_OFF:
        return Permanent("api_off", f"Switch the API on in the Google Cloud project: {said}")
    if reasons & _LIMITS:
        return Permanent("drive_limit", f"A limit of Drive is reached: {said}")
    return Permanent(
        "not_shared",
        f"Google does not let us in ({said}). Share the file with {account} as an editor "
        "(on a shared drive: as a content manager).",
    )


def _error(response: Response) -> dict[str, Any]:
    try:
        tree = response.json()
    except ValueError:
        return {}
    error = tree.get("error") if isinstance(tree, dict) else None
    return error if isinstance(error, dict) else {}


def _reasons(response: Response) -> set[str]:
    error = _error(response)
    entries = [*error.get("errors", ()), *error.get("details", ())]
    return {str(entry.get("reason")) for entry in entries if isinstance(entry, dict)}


def _message(response: Response) -> str:
    return str(_error(response).get("message", "no reason given"))[:300]


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
