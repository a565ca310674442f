"""Checks the address at which EverBright reaches the receiver: secret, certificate and proxies."""

from typing import Any

import requests

from sync.checks.check import Check
from sync.core.database import Database
from sync.routes import CHECK, CLAIMED_ADDRESS, SECRET_HEADER
from sync.settings.environment import Settings

_TIMEOUT = (5.0, 15.0)
_SET = "Set PUBLIC_URL to the address that EverBright calls, like https://sheet.example.com"


def check_address(settings: Settings, _database: Database) -> Check:
    """Send the secret through PUBLIC_URL, as a client that claims another address."""
    url = settings.public_url
    if not url:
        return Check("not set", "Nobody knows the address that EverBright calls.", _SET)
    secret = settings.webhook_secrets[0].get_secret_value()
    headers = {SECRET_HEADER: secret, "X-Forwarded-For": CLAIMED_ADDRESS}
    try:
        with requests.Session() as session:
            session.auth = lambda request: request  # A .netrc must not add credentials.
            answer = session.post(
                url + CHECK, headers=headers, timeout=_TIMEOUT, allow_redirects=False
            )
    except requests.exceptions.SSLError:
        fix = "Get a new one for this name with the proxy (Caddy, nginx) or the host."
        return Check("failed", "The certificate of PUBLIC_URL isn't valid.", fix)
    except requests.RequestException as error:
        text = f"Nothing answers at PUBLIC_URL ({type(error).__name__})."
        return Check("failed", text, "Check the address, the firewall and the proxy.")
    if answer.status_code == 401:
        text = "Another secret is set at PUBLIC_URL, or a proxy drops the header with it."
        return Check("failed", text, f"Set the same WEBHOOK_SECRET, or pass {SECRET_HEADER}.")
    try:
        found = _check_proxies(answer.json(), url.startswith("https:"))
    except (ValueError, TypeError, KeyError, AttributeError):
        text = f"Something else answers at PUBLIC_URL (status {answer.status_code})."
        return Check("failed", text, "Check PUBLIC_URL, and where the proxy forwards to.")
    if found is not None:
        return found
    if not url.startswith("https:"):
        text = "It answers, but without encryption, or on this machine only."
        return Check("warning", text, _SET)
    return Check("ok", "It answers over TLS, and accepts the secret.")


def _check_proxies(answer: dict[str, Any], is_encrypted: bool) -> Check | None:
    """Compare TRUSTED_PROXIES with the addresses that proxies have added, or return None.

    Each has added one behind the one that was claimed, or replaced it.
    """
    trusted = int(answer["trusted_proxies"])
    forwarded = [part.strip() for part in answer["forwarded"].split(",") if part.strip()]
    if not forwarded:
        fix = "Have the proxy send the client's address in X-Forwarded-For."
        return Check("failed", "A proxy hides the clients' addresses.", fix)
    is_claimed = CLAIMED_ADDRESS in forwarded
    count = len(forwarded) - (forwarded.index(CLAIMED_ADDRESS) + 1 if is_claimed else 0)
    if trusted != count:
        text = (
            f"TRUSTED_PROXIES is {trusted}, and there are {count}. A stranger can lock everybody "
            "out of the console, or try any number of passwords."
        )
        return Check("failed", text, f"Set TRUSTED_PROXIES to {count}, and restart.")
    if is_encrypted and answer["scheme"] != "https":
        text = "The receiver takes requests for unencrypted."
        return Check("warning", text, "Have the proxy send X-Forwarded-Proto: https.")
    return None
