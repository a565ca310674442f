"""Checks the receiver as EverBright reaches it: address, certificate, secret and proxies."""

import requests

from sync.doctor.check import Check, failed, ok, skipped, warning
from sync.routes import CHECK, CLAIMED_ADDRESS, HEALTH
from sync.status.problem import pluralize
from sync.wiring import Wiring

_TIMEOUT = (5.0, 15.0)
_SET = "Set PUBLIC_URL to the receiver's address, like https://brightsheet.example.com"


def reached(wiring: Wiring) -> Check:
    """Check that PUBLIC_URL leads to a receiver, over TLS."""
    url = wiring.settings.public_url
    if not url:
        return skipped("PUBLIC_URL is not set, so the receiver can't be checked.", _SET)
    try:
        answer = _get(url + HEALTH)
    except requests.exceptions.SSLError:
        return failed(
            "The certificate of PUBLIC_URL is not valid.",
            "It is expired, for another name, not signed by a known authority, or its chain is "
            "incomplete.",
            "Get a new certificate for this name with the proxy (Caddy, nginx) or the host.",
        )
    except requests.RequestException as error:
        return failed(
            f"Nothing answers at PUBLIC_URL ({type(error).__name__}).",
            "The address is wrong, the receiver isn't running, or a firewall blocks it.",
            "Start it (brightsheet serve), and open the port or start the proxy in front of it.",
        )
    if answer.status_code != 200 or answer.headers.get("Content-Type") != "application/json":
        return failed(
            f"Something else answers at PUBLIC_URL (status {answer.status_code}).",
            "The address leads to another program, or a proxy can't reach the receiver.",
            "Check PUBLIC_URL, and where the proxy forwards to.",
        )
    if not url.startswith("https:"):
        return warning(
            "The receiver answers, but on this machine only.",
            "PUBLIC_URL is an address of this machine, which EverBright can't reach.",
            _SET,
        )
    return ok("The receiver answers, over TLS.")


def secret(wiring: Wiring) -> Check:
    """Check that the receiver accepts the secret that is set here."""
    try:
        answer = _asked_with_secret(wiring)
    except requests.RequestException as error:
        return failed(f"Nothing answers ({type(error).__name__}).", "", _SET)
    if answer.status_code == 401:
        return failed(
            "The receiver at PUBLIC_URL doesn't accept the secret.",
            "It runs with another WEBHOOK_SECRET, or a proxy drops the header "
            f"{wiring.settings.webhook_secret_header}.",
            "Set the same WEBHOOK_SECRET there and here, and restart it. Let the proxy pass the "
            "header.",
        )
    if answer.status_code != 200:
        return failed(
            f"{CHECK} at PUBLIC_URL answers {answer.status_code}.",
            "The address leads to another program or an older version, or a proxy blocks it.",
            "Check PUBLIC_URL, and where the proxy forwards to.",
        )
    return ok("The receiver accepts the secret.")


def proxies(wiring: Wiring) -> Check:
    """Check that TRUSTED_PROXIES is the number of proxies in front of the receiver.

    The receiver returns the forwarding headers of a request through PUBLIC_URL.
    """
    try:
        seen = _asked_with_secret(wiring).json()
        number, trusted, scheme = seen["proxies"], seen["trusted_proxies"], seen["scheme"]
    except (requests.RequestException, ValueError, TypeError, KeyError):
        return failed(
            "The receiver doesn't report its proxies.",
            "An older version runs there.",
            "Deploy this version there.",
        )
    is_encrypted = wiring.settings.public_url.startswith("https:")
    if number != trusted:
        reporting = pluralize(number, "proxy reports", "proxies report")
        return failed(
            f"{reporting} the client's address to the receiver, and TRUSTED_PROXIES is {trusted}.",
            _TOO_FEW if number > trusted else _TOO_MANY,
            f"Set TRUSTED_PROXIES={number} there, and restart it.",
        )
    if is_encrypted and not (number and scheme == "https"):
        return warning(
            f"The TLS proxy doesn't send X-Forwarded-{'Proto' if number else 'For'}.",
            _TOO_FEW,
            "Let the proxy send X-Forwarded-For and X-Forwarded-Proto. Then run this check again.",
        )
    return ok(f"TRUSTED_PROXIES is {trusted}, which matches the number of proxies.")


_TOO_FEW = (
    "The receiver takes the proxy for the client. With ten wrong passwords, a stranger locks "
    "everybody out of the console for five minutes. The console's cookie is not marked Secure."
)
_TOO_MANY = "A client can claim any address, and so try any number of passwords."


def _asked_with_secret(wiring: Wiring) -> requests.Response:
    """Send the secret to the receiver's check, as a client that claims another address."""
    settings = wiring.settings
    secret = settings.webhook_secrets[0].get_secret_value()
    sent = {settings.webhook_secret_header: secret, "X-Forwarded-For": CLAIMED_ADDRESS}
    return _get(f"{settings.public_url}{CHECK}", sent)


def _get(url: str, headers: dict[str, str] | None = None) -> requests.Response:
    """Send a GET request without following redirects, so that no other server gets the secret."""
    with requests.Session() as session:
        session.auth = lambda request: request  # A .netrc must not add credentials.
        return session.get(url, headers=headers or {}, timeout=_TIMEOUT, allow_redirects=False)
