"""Sessions for Google: one that signs in, or one for an emulator. No calls in here."""

import json
from typing import Any

import requests
from google.auth.transport.requests import AuthorizedSession
from google.oauth2.credentials import Credentials
from google.oauth2.service_account import Credentials as ServiceAccount

from sync.settings.environment import Settings

TIMEOUT = (10.0, 60.0)
"""Seconds to connect and to wait for an answer."""

SCOPES = (
    "https://www.googleapis.com/auth/spreadsheets",
    "https://www.googleapis.com/auth/drive",
)
_HOSTS = ("https://sheets.googleapis.com", "https://www.googleapis.com")


class EmulatorSession(requests.Session):
    """Sends requests for Google to an emulator on this machine, without credentials."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self.trust_env = False

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> Any:
        """Send a request; Google's hosts are replaced by the emulator's."""
        text = url.decode() if isinstance(url, bytes) else url
        for host in _HOSTS:
            if text.startswith(host + "/"):
                text = self._url + text.removeprefix(host)
        return super().request(method, text, *args, **options)


def session(settings: Settings) -> requests.Session:
    """Return a session for one thread."""
    if settings.google_emulator_url:
        return EmulatorSession(settings.google_emulator_url)
    key = _key(settings)
    make: Any = (
        ServiceAccount.from_service_account_info
        if is_service_account(settings)
        else Credentials.from_authorized_user_info
    )
    return AuthorizedSession(make(key, scopes=SCOPES), refresh_timeout=TIMEOUT[1])


def is_service_account(settings: Settings) -> bool:
    """Return whether a service account signs in: it has no storage of its own."""
    if settings.google_emulator_url:
        return False
    return bool(_key(settings).get("type") == "service_account")


def account(settings: Settings) -> str:
    """Return the e-mail address that files must be shared with, for messages."""
    if settings.google_emulator_url:
        return "the emulator's user"
    key = _key(settings)
    return str(key.get("client_email") or key.get("account") or "the account that signed in")


def _key(settings: Settings) -> dict[str, Any]:
    secret = settings.google_credentials
    tree: dict[str, Any] = json.loads(secret.get_secret_value()) if secret else {}
    return tree
