"""Asks Google for an access token once, to learn whether and for how long it accepts a sign-in."""

from dataclasses import dataclass
from typing import Any

import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request

from sync.errors import Permanent, Retryable
from sync.google import auth
from sync.google.errors import from_google
from sync.settings.environment import GoogleSettings


@dataclass(frozen=True)
class Accepted:
    """A sign-in that Google accepts.

    `scopes` are what it covers, empty where Google does not say. `ends_in` are the seconds until
    Google ends it, None where it does not: `refresh_token_expires_in` in the token's answer
    (source: Google's guide "Using OAuth 2.0 to access Google APIs", time-based access).
    """

    scopes: frozenset[str] = frozenset()
    ends_in: float | None = None


def sign_in(settings: GoogleSettings) -> Accepted:
    """Sign in once. Raises Retryable, or Permanent (google_credentials) with Google's own code."""
    if auth.is_service_account(settings):
        return _service_account(settings)
    key = auth.known(settings)
    form = {name: key[name] for name in ("client_id", "client_secret", "refresh_token")}
    try:
        with requests.Session() as session:
            session.auth = lambda request: request  # A .netrc must not add credentials.
            answer = session.post(
                auth.token_url(settings),
                data=form | {"grant_type": "refresh_token"},
                timeout=auth.TIMEOUT,
                allow_redirects=False,
            )
        said = answer.json()
    except (requests.RequestException, ValueError) as error:
        kind = type(error).__name__
        raise Retryable(
            "google_unreachable", f"Google's sign-in did not answer ({kind})."
        ) from None
    said = said if isinstance(said, dict) else {}
    if answer.status_code >= 500:
        raise Retryable("google_unavailable", f"Google's sign-in answered {answer.status_code}.")
    if answer.status_code != 200:
        raise _refused(str(said.get("error", answer.status_code)))
    return Accepted(frozenset(str(said.get("scope", "")).split()), _seconds(said))


def _service_account(settings: GoogleSettings) -> Accepted:
    try:
        auth.credentials(settings).refresh(Request())
    except GoogleAuthError as error:
        if error.retryable or "Transport" in type(error).__name__:
            raise from_google(error, auth.account(settings)) from None
        said = str(error.args[0]) if error.args else ""
        raise _refused(said.partition(":")[0] or "no reason given") from None
    return Accepted()


def _refused(code: str) -> Permanent:
    return Permanent("google_credentials", f"Google does not accept the sign-in ({code[:60]}).")


def _seconds(answer: dict[str, Any]) -> float | None:
    seconds = answer.get("refresh_token_expires_in")
    return float(seconds) if isinstance(seconds, int | float) and seconds > 0 else None
