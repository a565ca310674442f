"""Signed-in HTTP sessions for Google, or for an emulator."""

import json
from typing import Any

import requests
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2.credentials import Credentials
from google.oauth2.service_account import Credentials as ServiceAccount
from requests.adapters import HTTPAdapter

from sync.settings.environment import GoogleSettings

_PREFIX = "https://www.googleapis.com/auth/"
FILE = _PREFIX + "drive.file"
"""Access to files and spreadsheets that Brightsheet creates. It needs no review by Google."""
SHEETS = _PREFIX + "spreadsheets"
DRIVE = _PREFIX + "drive"
TIMEOUT = (10.0, 60.0)
"""Seconds to connect and to wait for an answer."""

SCOPES = (SHEETS, DRIVE)
"""For a service account. A user account granted those that `brightsheet auth google` asked for."""
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
_HOSTS = (
    "https://sheets.googleapis.com",
    "https://www.googleapis.com",
    "https://oauth2.googleapis.com",
)


class _ToEmulator(HTTPAdapter):
    """Sends requests for Google to an emulator on this machine."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> Any:
        request.url = self._url + (request.url or "").partition("googleapis.com")[2]
        return super().send(request, *args, **options)


def session(settings: GoogleSettings, *, signs_in: bool = True) -> requests.Session:
    """Return a session for one thread; an emulator needs no sign-in."""
    made = requests.Session()
    if settings.google_emulator_url:
        made.trust_env = False
        for host in _HOSTS:
            made.mount(host, _ToEmulator(settings.google_emulator_url))
    if not signs_in or settings.google_credentials is None:
        return made
    signed_in = AuthorizedSession(
        _credentials(settings), refresh_timeout=TIMEOUT[1], auth_request=Request(made)
    )
    signed_in.trust_env, signed_in.adapters = made.trust_env, made.adapters
    return signed_in


def _credentials(settings: GoogleSettings) -> Any:
    key = credentials_json(settings)
    if is_person(settings):  # Without scopes: the user granted them, possibly fewer than SCOPES.
        return Credentials.from_authorized_user_info(key)
    return ServiceAccount.from_service_account_info(key, scopes=SCOPES)


def is_person(settings: GoogleSettings) -> bool:
    """Return whether a user account signs in: a service account has no storage of its own."""
    key = credentials_json(settings)
    return bool(key) and key.get("type") != "service_account"


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
