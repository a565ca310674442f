"""Checks of the receiver as EverBright meets it, and of what came lately."""

from datetime import UTC, datetime

import requests

from sync.doctor.found import Found, ok, skipped
from sync.status.silence import SILENCE, silence
from sync.status.verdict import judge, lasting
from sync.store import newest_arrival
from sync.wiring import Wiring

WEBHOOK = "/webhooks/everbright"
_TIMEOUT = (5.0, 15.0)
_NOT_SET = "PUBLIC_URL is not set, so that nobody knows where EverBright sends to."
_SET = "Set PUBLIC_URL to the receiver's address, like https://brightsheet.example.com"


def reached(wiring: Wiring) -> Found:
    """PUBLIC_URL leads to a receiver, over TLS."""
    url = wiring.settings.public_url
    if not url:
        return skipped(_NOT_SET, _SET)
    try:
        answer = _get(url + "/healthz")
    except requests.exceptions.SSLError:
        return Found(
            "failed",
            "The certificate of PUBLIC_URL is not accepted.",
            "It has ended, is for another name, is signed by nobody known, or its chain is short.",
            "Let the proxy (Caddy, nginx) or the host get a new certificate, for this very name.",
        )
    except requests.RequestException as error:
        return Found(
            "failed",
            f"Nothing answers at PUBLIC_URL ({type(error).__name__}).",
            "The address is wrong, the receiver is not running, or a firewall is between.",
            "Start it (brightsheet serve), and open the port or start the proxy before it.",
        )
    if answer.status_code != 200 or answer.headers.get("Content-Type") != "application/json":
        return Found(
            "failed",
            f"Something else answers at PUBLIC_URL (status {answer.status_code}).",
            "The address leads to another program, or a proxy cannot reach the receiver.",
            "Check PUBLIC_URL and where the proxy sends to.",
        )
    if not url.startswith("https:"):
        return Found(
            "warning",
            "The receiver answers, on this machine only.",
            "PUBLIC_URL is an address of this machine, which EverBright cannot reach.",
            _SET,
        )
    return ok("The receiver answers, over TLS.")


def secret(wiring: Wiring) -> Found:
    """The receiver takes the secret that is set here."""
    settings = wiring.settings
    if not settings.public_url:
        return skipped(_NOT_SET, _SET)
    header = settings.webhook_secret_header
    value = settings.webhook_secrets[0].get_secret_value()
    try:
        answer = _get(f"{settings.public_url}{WEBHOOK}/check", {header: value})
    except requests.RequestException as error:
        return Found("failed", f"Nothing answers ({type(error).__name__}).", "", _SET)
    if answer.status_code == 401:
        return Found(
            "failed",
            "The receiver at PUBLIC_URL does not take the secret.",
            f"It runs with another WEBHOOK_SECRET, or a proxy drops the header {header}.",
            "Set the same WEBHOOK_SECRET there and here and restart it; let the proxy pass the "
            "header.",
        )
    if answer.status_code != 200:
        return Found(
            "failed",
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


def last_delivery(wiring: Wiring) -> Found:
    """Something came lately."""
    settings = wiring.settings
    newest = newest_arrival(wiring.database)
    turned_away = wiring.backlog().turned_away
    if turned_away and newest is None:
        return Found(
            "failed",
            f"Nothing was accepted yet, and {turned_away} requests were refused since yesterday.",
            "What is sent has no secret, a wrong one, or is no JSON.",
            "brightsheet deliveries lists why. Copy WEBHOOK_SECRET into EverBright's credential.",
        )
    if newest is None:
        return Found(
            "warning",
            "Nothing has come yet.",
            "The webhook is not set up in EverBright, or nothing happened since.",
            f"In EverBright, set up the webhook with the path {WEBHOOK} and the secret.",
        )
    since = datetime.fromtimestamp(newest.at, UTC)
    text = f"The last delivery came {lasting(newest.now - newest.at)} ago ({since:%Y-%m-%d %H:%M}"
    if SILENCE in silence(newest, settings.silence_days, settings.time_zone, set()):
        return Found(
            "warning",
            f"{text} UTC).",
            f"Nothing came for {settings.silence_days} working days (SILENCE_DAYS).",
            "Where you expect more, look at the webhook in EverBright, its address and its secret.",
        )
    return ok(f"{text} UTC).")


def in_step(wiring: Wiring) -> Found:
    """The sheet shows what came."""
    found = wiring.backlog()
    reasons = judge(found)
    if not reasons:
        return ok("The sheet shows everything that came, and a worker runs.")
    texts = " ".join(one.text for one in reasons)
    codes = ", ".join(one.code for one in reasons)
    fix = "The sentences above say what to do; docs/operations.md explains each reason."
    return Found("failed", texts, f"Reasons: {codes}.", fix)
