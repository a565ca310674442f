"""Checks the database, EverBright's API, and the receiver as EverBright reaches it."""

import time
from datetime import UTC, datetime
from pathlib import Path

import requests

from sync.backfill.reader import Reader
from sync.doctor.check import Check, failed, filesystem, ok, skipped, warning
from sync.errors import BrightsheetError, Permanent, Retryable
from sync.everbright.answers import read_page
from sync.everbright.document_check import document_problem
from sync.everbright.errors import MISSING
from sync.jobs.learned import ending_question
from sync.jobs.milestones import Milestones
from sync.routes import CHECK, CLAIMED_ADDRESS, HEALTH, WEBHOOK
from sync.status.problem import lasting, pluralize
from sync.status.rules import SILENCE, TAKEN_IDS, TRASHED, remedy
from sync.status.verdict import evaluate
from sync.store.deliveries import latest_job, sample_document
from sync.wiring import Wiring

_NONE_ENDS = (
    "The config has no milestones. The console asks once two jobs have everything approved."
)
_SQLITE = "sqlite:///"
_MOUNTS = Path("/proc/self/mountinfo")
_THROW_AWAY = {
    "overlay": "the container's file system, which is deleted with the container",
    "aufs": "the container's file system, which is deleted with the container",
    "tmpfs": "memory, which a restart clears",
    "ramfs": "memory, which a restart clears",
}


def database(wiring: Wiring) -> Check:
    """Check that the database answers and has the schema of this version."""
    if not wiring.database.is_current():
        return failed(
            "The database doesn't have the schema of this version.",
            "It is new, or Brightsheet was upgraded or downgraded.",
            "Run: brightsheet db upgrade",
        )
    return ok("It answers, and has the schema of this version.")


def disk(wiring: Wiring) -> Check:
    """Check that a SQLite file is on a disk that survives a restart."""
    url = wiring.settings.database_url.get_secret_value()
    if not url.startswith(_SQLITE):
        return ok("The database is on a server, so no disk of this machine is needed.")
    try:
        mounts = _MOUNTS.read_text("utf-8")
    except OSError:
        return skipped("This system doesn't show which disk the SQLite file is on.")
    file = Path(url.removeprefix(_SQLITE).partition("?")[0]).resolve()
    kind = filesystem(file, mounts)
    if kind not in _THROW_AWAY:
        return ok(f"The SQLite file is on a disk of this machine ({kind}).")
    return failed(
        "All data will be lost when this machine is restarted or deployed again.",
        f"The SQLite file is in {_THROW_AWAY[kind]} ({kind}).",
        "Mount a volume and put the file of DATABASE_URL on it, or use PostgreSQL.",
    )


_ENOUGH = 64 * 1024
"""In bytes. The beginning of a document shows whether it is one."""


class _Enough(Exception):
    """The beginning of the document was read."""


class _Beginning:
    """Keeps the first bytes of a document, and then ends the download."""

    def __init__(self) -> None:
        self.head = b""

    def write(self, chunk: bytes) -> None:
        self.head += chunk
        if len(self.head) >= _ENOUGH:
            raise _Enough


def token(wiring: Wiring) -> Check:
    """Check that EverBright accepts the token."""
    try:
        read_page(wiring.everbright().get(wiring.settings.config.everbright.jobs))
    except BrightsheetError as error:
        if error.reason != MISSING:
            raise
        return warning(
            "EverBright has no list of jobs at the address in the config.",
            "EverBright publishes no list of its addresses, so yours may differ; or the token is "
            "for another account.",
            "Set [everbright] jobs in the config. Only a backfill needs it.",
        )
    return ok("EverBright accepts the token, and lists jobs.")


def job(wiring: Wiring) -> Check:
    """Check that a job can be read from EverBright."""
    site = latest_job(wiring.database)
    if site is None:
        return skipped("No job has arrived yet, so there is none to read.")
    wiring.everbright().site(site)
    return ok("A job was read, with its customer.")


def delivered(wiring: Wiring) -> Check:
    """Check that we received every event that EverBright has for the newest job."""
    site = latest_job(wiring.database)
    if site is None:
        return skipped("No job has arrived yet, so there is none to compare.")
    intake = wiring.intake()
    requested, known = intake.clock(), intake.known_job(site)
    reader = Reader(wiring.lists(time.sleep), wiring.settings.config.everbright)
    try:
        reading = reader.read(site, known)
    except Permanent as error:
        fix = "Set the lists under [everbright] in the config. Only a backfill needs them."
        return skipped(f"The job can't be read back ({error.message})", fix)
    events = intake.count_news(known, reading.payloads, requested)
    if not events:
        return ok("We received every event that EverBright has for the newest job.")
    count = pluralize(events, "event", "events")
    return warning(
        f"EverBright has {count} of job {site} that we didn't receive.",
        "Its webhook was off, or its requests were refused.",
        "Read the job again: on its page of the console (Read again from EverBright), or run: "
        f"brightsheet backfill --site {site}",
    )


def milestones(wiring: Wiring) -> Check:
    """Check that the last milestone of a job is in the config, or was confirmed on the console."""
    store, order = wiring.sheet_store(), Milestones(wiring.config())
    headings = order.headings(wiring.jobs())
    if last := order.last:
        names = {heading.key: heading.header for heading in headings}
        name = order.title(last, names.get(last, "the last milestone"))
        return ok(f"A job is done once {name} is approved.")
    if not headings:
        return skipped("No job has reached a milestone yet.")
    if question := ending_question(store.confirmations.proposed_order(), ()):
        return warning(question, _NONE_ENDS, "Answer it on the overview of the console.")
    return warning(
        "The last milestone of a job is unknown, so no job is shown as done.",
        _NONE_ENDS,
        "Wait for that question, or list [[milestones]] in the config, in their order. "
        "brightsheet milestones --json shows their definitions.",
    )


def download(wiring: Wiring) -> Check:
    """Check that a document can be downloaded."""
    document = sample_document(wiring.database)
    if document is None:
        return skipped("No document has arrived yet, so there is none to download.")
    into = _Beginning()
    everbright = wiring.everbright()
    try:
        everbright.download(document.uuid, document.sub_task, document.name, into)  # type: ignore[arg-type]
    except _Enough:
        if reason := document_problem(document.name, into.head, ""):
            raise Retryable("not_a_document", reason) from None
    return ok("The beginning of a document was downloaded.")


_TIMEOUT = (5.0, 15.0)
SET = "Set PUBLIC_URL to the receiver's address, like https://brightsheet.example.com"

_ELSEWHERE = {SILENCE, TRASHED, TAKEN_IDS}
"""The problems that other checks report."""


def reached(wiring: Wiring) -> Check:
    """Check that PUBLIC_URL leads to a receiver, over TLS."""
    url = wiring.settings.public_url
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
            SET,
        )
    return ok("The receiver answers, over TLS.")


def secret(wiring: Wiring) -> Check:
    """Check that the receiver accepts the secret that is set here."""
    try:
        answer = _asked_with_secret(wiring)
    except requests.RequestException as error:
        return failed(f"Nothing answers ({type(error).__name__}).", "", SET)
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


def last_delivery(wiring: Wiring) -> Check:
    """Check that a webhook was accepted recently."""
    now = wiring.backlog()
    silence = next((problem for problem in evaluate(now) if problem.code == SILENCE), None)
    refused = pluralize(now.refused_requests + now.rejected, "request was", "requests were")
    if now.arrived_at is None and (now.refused_requests or now.rejected):
        return failed(
            f"No webhook was accepted yet, and {refused} refused.",
            "The requests have no secret or a wrong one, or they could not be parsed.",
            "brightsheet deliveries shows why. Copy WEBHOOK_SECRET into EverBright's credential, "
            "and set its content type to JSON.",
        )
    if now.arrived_at is None:
        return warning(
            silence.what if silence else "No webhook has arrived yet.",
            "The webhook isn't set up in EverBright, or nothing has changed since.",
            f"In EverBright, set up the webhook with the path {WEBHOOK} and the secret.",
        )
    since = datetime.fromtimestamp(now.arrived_at, UTC)
    age = lasting(now.clock - now.arrived_at)
    text = f"The last webhook was accepted {age} ago ({since:%Y-%m-%d %H:%M} UTC)."
    return warning(text, silence.what, remedy(SILENCE)) if silence else ok(text)


def is_up_to_date(wiring: Wiring) -> Check:
    """Check that the sheet is up to date, by the same rules as the console's overview."""
    problems = [problem for problem in evaluate(wiring.backlog()) if problem.code not in _ELSEWHERE]
    if not problems:
        return ok("The sheet is up to date, and a worker is running.")
    outcome = failed if any(problem.is_behind for problem in problems) else warning
    return outcome(
        " ".join(problem.what for problem in problems),
        " ".join(f"{problem.code}: {problem.cause}" for problem in problems),
        "; ".join(remedy(problem.code).rstrip(".") for problem in problems),
    )
