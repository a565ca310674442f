"""Signed-in HTTP sessions for Google, or for an emulator."""

import json
from collections.abc import Mapping
from typing import Any, Literal

import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2.credentials import Credentials
from google.oauth2.service_account import Credentials as ServiceAccount

from sync.errors import Permanent, Retryable
from sync.google.errors import from_google
from sync.settings.environment import GoogleSettings

_PREFIX = "https://www.googleapis.com/auth/"
FILE = _PREFIX + "drive.file"
"""Access to files and spreadsheets that Brightsheet creates. It needs no review by Google."""
SHEETS = _PREFIX + "spreadsheets"
DRIVE = _PREFIX + "drive"


def required_scopes(*, takes_spreadsheet: bool, takes_folder: bool) -> list[str]:
    """Return the least scopes: more for an existing spreadsheet or folder."""
    if takes_folder:
        return [DRIVE]
    return [FILE, SHEETS] if takes_spreadsheet else [FILE]


TIMEOUT = (10.0, 60.0)
"""Seconds to connect and to wait for an answer."""

SCOPES = (SHEETS, DRIVE)
"""For a service account. A user account granted those that `brightsheet auth google` asked for."""
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
_HOSTS = ("https://sheets.googleapis.com", "https://www.googleapis.com")


class _AtEmulator:
    """Replaces Google's hosts with the emulator's."""

    emulator_url: str

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> Any:
        text = url.decode() if isinstance(url, bytes) else url
        for host in _HOSTS:
            if text.startswith(host + "/"):
                text = self.emulator_url + text.removeprefix(host)
        return super().request(method, text, *args, **options)  # type: ignore[misc]


class EmulatorSession(_AtEmulator, requests.Session):
    """Sends requests for Google to an emulator on this machine, without credentials."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.emulator_url = url
        self.trust_env = False


class _SignedInAtEmulator(_AtEmulator, AuthorizedSession):
    """Signs in at an emulator on this machine, and sends requests for Google there."""

    def __init__(self, url: str, credentials: Any) -> None:
        super().__init__(credentials)  # type: ignore[no-untyped-call]
        self.emulator_url = url
        self.trust_env = False


def session(settings: GoogleSettings) -> requests.Session:
    """Return a session for one thread."""
    url = settings.google_emulator_url
    if kind(settings) == "emulator":
        return EmulatorSession(url)
    if url:
        return _SignedInAtEmulator(url, credentials(settings))
    return AuthorizedSession(credentials(settings), refresh_timeout=TIMEOUT[1])


def credentials(settings: GoogleSettings) -> Any:
    """Return google-auth's credentials for the configured account."""
    key = credentials_json(settings)
    if key.get("type") == "service_account":
        info = {**key, "token_uri": token_url(settings)} if settings.google_emulator_url else key
        return ServiceAccount.from_service_account_info(info, scopes=SCOPES)
    # Without scopes: the user granted them, possibly fewer than SCOPES.
    return Credentials(
        token=None,
        refresh_token=key["refresh_token"],
        token_uri=token_url(settings),
        client_id=key["client_id"],
        client_secret=key["client_secret"],
    )


def token_url(settings: GoogleSettings) -> str:
    """Return the address that exchanges a refresh token for an access token."""
    url = settings.google_emulator_url
    return f"{url}/token" if url else TOKEN_URL


Kind = Literal["emulator", "service_account", "person"]


def kind(settings: GoogleSettings) -> Kind:
    """Return what signs in: "emulator" for nothing, at an emulator without credentials."""
    if settings.google_credentials is None:
        return "emulator"
    return "service_account" if is_service_account(settings) else "person"


def is_service_account(settings: GoogleSettings) -> bool:
    """Return whether a service account signs in. It has no storage of its own."""
    return bool(credentials_json(settings).get("type") == "service_account")


def account(settings: GoogleSettings) -> str:
    """Return the e-mail address that files must be shared with, for messages."""
    if settings.google_credentials is None:
        return "the emulator's user"
    key = credentials_json(settings)
    return str(key.get("client_email") or key.get("account") or "the account that signed in")


def credentials_json(settings: GoogleSettings) -> dict[str, Any]:
    """Return the credentials as JSON: a service account's key or a user account's token."""
    secret = settings.google_credentials
    tree: dict[str, Any] = json.loads(secret.get_secret_value()) if secret else {}
    return tree


def try_credentials(settings: GoogleSettings) -> float | None:
    """Sign in once; return the seconds until Google ends the sign-in, None if it doesn't.

    Raises Retryable, or Permanent (google_credentials) with Google's code.
    """
    if is_service_account(settings):
        _try_service_account(settings)
        return None
    key = credentials_json(settings)
    form = {name: key[name] for name in ("client_id", "client_secret", "refresh_token")}
    try:
        with requests.Session() as session:
            session.auth = lambda request: request  # A .netrc must not add credentials.
            answer = session.post(
                token_url(settings),
                data=form | {"grant_type": "refresh_token"},
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        content = answer.json()
    except (requests.RequestException, ValueError) as error:
        text = f"Google's sign-in did not answer ({type(error).__name__})."
        raise Retryable("google_unreachable", text) from None
    content = content if isinstance(content, dict) else {}
    if answer.status_code >= 500:
        raise Retryable("google_unavailable", f"Google's sign-in answered {answer.status_code}.")
    if answer.status_code != 200:
        raise _sign_in_refusal(str(content.get("error", answer.status_code)))
    return ends_in(content)


def ends_in(answer: Mapping[str, Any]) -> float | None:
    """Return the seconds until Google ends a sign-in, from its token's answer, or None.

    Source: Google's guide "Using OAuth 2.0 to access Google APIs", time-based access.
    """
    seconds = answer.get("refresh_token_expires_in")
    return float(seconds) if isinstance(seconds, int | float) and seconds > 0 else None


def _try_service_account(settings: GoogleSettings) -> None:
    try:
        credentials(settings).refresh(Request())
    except GoogleAuthError as error:
        translated = from_google(error, account(settings))
        if isinstance(translated, Retryable):
            raise translated from None
        reason = str(error.args[0]) if error.args else ""
        raise _sign_in_refusal(reason.partition(":")[0] or "no reason given") from None


def _sign_in_refusal(code: str) -> Permanent:
    return Permanent("google_credentials", f"Google does not accept the sign-in ({code[:60]}).")
