"""Checks of the receiver as EverBright meets it, and of what came lately."""

from datetime import UTC, datetime

import requests

from sync.doctor.check import Check, failed, ok, warning
from sync.status.problem import lasting
from sync.status.rules import COLUMNS_GONE, SILENCE
from sync.status.verdict import evaluate
from sync.wiring import Wiring

WEBHOOK = "/webhooks/everbright"
_TIMEOUT = (5.0, 15.0)
SET = "Set PUBLIC_URL to the receiver's address, like https://brightsheet.example.com"

_ELSEWHERE = {SILENCE, *COLUMNS_GONE}
"""What other checks tell."""


def reached(wiring: Wiring) -> Check:
    """PUBLIC_URL leads to a receiver, over TLS."""
    url = wiring.settings.public_url
    try:
        answer = _get(url + "/healthz")
    except requests.exceptions.SSLError:
        return failed(
            "The certificate of PUBLIC_URL is not accepted.",
            "It has ended, is for another name, is signed by nobody known, or its chain is short.",
            "Let the proxy (Caddy, nginx) or the host get a new certificate, for this very name.",
        )
    except requests.RequestException as error:
        return failed(
            f"Nothing answers at PUBLIC_URL ({type(error).__name__}).",
            "The address is wrong, the receiver is not running, or a firewall is between.",
            "Start it (brightsheet serve), and open the port or start the proxy before it.",
        )
    if answer.status_code != 200 or answer.headers.get("Content-Type") != "application/json":
        return failed(
            f"Something else answers at PUBLIC_URL (status {answer.status_code}).",
            "The address leads to another program, or a proxy cannot reach the receiver.",
            "Check PUBLIC_URL and where the proxy sends to.",
        )
    if not url.startswith("https:"):
        return warning(
            "The receiver answers, on this machine only.",
            "PUBLIC_URL is an address of this machine, which EverBright cannot reach.",
            SET,
        )
    return ok("The receiver answers, over TLS.")


def secret(wiring: Wiring) -> Check:
    """The receiver takes the secret that is set here."""
    settings = wiring.settings
    header = settings.webhook_secret_header
    value = settings.webhook_secrets[0].get_secret_value()
    try:
        answer = _get(f"{settings.public_url}{WEBHOOK}/check", {header: value})
    except requests.RequestException as error:
        return failed(f"Nothing answers ({type(error).__name__}).", "", SET)
    if answer.status_code == 401:
        return failed(
            "The receiver at PUBLIC_URL does not take the secret.",
            f"It runs with another WEBHOOK_SECRET, or a proxy drops the header {header}.",
            "Set the same WEBHOOK_SECRET there and here and restart it; let the proxy pass the "
            "header.",
        )
    if answer.status_code != 200:
        return failed(
            f"{WEBHOOK}/check at PUBLIC_URL answers {answer.status_code}.",
            "The address leads to another program or an older version, or a proxy is in the way.",
            "Check PUBLIC_URL and where the proxy sends to.",
        )
    return ok("The receiver takes the secret.")


def _get(url: str, headers: dict[str, str] | None = None) -> requests.Response:
    """Ask without following redirects: the secret goes to this one address."""
    with requests.Session() as session:
        session.auth = lambda request: request  # A .netrc must not add credentials.
        return session.get(url, headers=headers or {}, timeout=_TIMEOUT, allow_redirects=False)


def last_delivery(wiring: Wiring) -> Check:
    """Something came lately."""
    now = wiring.backlog()
    if now.turned_away and now.arrival is None:
        return failed(
            f"Nothing was accepted yet, and {now.turned_away} requests were refused since "
            "yesterday.",
            "What is sent has no secret, a wrong one, or is no JSON.",
            "brightsheet deliveries lists why. Copy WEBHOOK_SECRET into EverBright's credential.",
        )
    if now.arrival is None:
        return warning(
            "Nothing has come yet.",
            "The webhook is not set up in EverBright, or nothing happened since.",
            f"In EverBright, set up the webhook with the path {WEBHOOK} and the secret.",
        )
    since = datetime.fromtimestamp(now.arrival.at, UTC)
    age = lasting(now.arrival.now - now.arrival.at)
    text = f"The last delivery came {age} ago ({since:%Y-%m-%d %H:%M} UTC)."
    silence = [problem for problem in evaluate(now) if problem.code == SILENCE]
    return warning(text, silence[0].what, silence[0].remedy) if silence else ok(text)


def in_step(wiring: Wiring) -> Check:
    """The sheet shows what came, and nothing else is wrong now: as the console's overview says."""
    problems = [problem for problem in evaluate(wiring.backlog()) if problem.code not in _ELSEWHERE]
    if not problems:
        return ok("The sheet shows everything that came, and a worker runs.")
    outcome = failed if any(problem.is_behind for problem in problems) else warning
    return outcome(
        " ".join(problem.what for problem in problems),
        " ".join(f"{problem.code}: {problem.cause}" for problem in problems),
        " ".join(problem.remedy for problem in problems),
    )
