"""Checks of our own side: the database, the receiver as EverBright meets it, EverBright's API."""

import time
from datetime import UTC, datetime
from pathlib import Path

import requests

from sync.backfill.reader import Reader
from sync.doctor.check import Check, failed, filesystem, ok, skipped, warning
from sync.errors import BrightsheetError, Permanent, Retryable
from sync.everbright.answers import page
from sync.everbright.client import not_a_document
from sync.jobs.learned import ending_question
from sync.jobs.milestones import Milestones
from sync.status.problem import counted, lasting
from sync.status.rules import COLUMNS_GONE, SILENCE, TAKEN_IDS, TRASHED
from sync.status.verdict import evaluate
from sync.store.deliveries import latest_job, sample_document, sample_job
from sync.wiring import Wiring

_NONE_ENDS = (
    "The config names no milestones. The console asks once two jobs have everything approved."
)
_SQLITE = "sqlite:///"
_MOUNTS = Path("/proc/self/mountinfo")
_THROW_AWAY = {
    "overlay": "the container's own layer, which goes with the container",
    "aufs": "the container's own layer, which goes with the container",
    "tmpfs": "memory, which goes with a restart",
    "ramfs": "memory, which goes with a restart",
}


def database(wiring: Wiring) -> Check:
    """The database answers and has the schema of this version."""
    if not wiring.database.is_current():
        return failed(
            "The database does not have the schema of this version.",
            "It is new, or Brightsheet was upgraded or downgraded since.",
            "Run: brightsheet db upgrade",
        )
    return ok("It answers, and has the schema of this version.")


def disk(wiring: Wiring) -> Check:
    """A SQLite file is on a disk that outlives the process."""
    url = wiring.settings.database_url.get_secret_value()
    if not url.startswith(_SQLITE):
        return ok("The database is a server's, and needs no disk of this machine.")
    try:
        mounts = _MOUNTS.read_text("utf-8")
    except OSError:
        return skipped("This system does not say which disk the SQLite file is on.")
    file = Path(url.removeprefix(_SQLITE).partition("?")[0]).resolve()
    kind = filesystem(file, mounts)
    if kind not in _THROW_AWAY:
        return ok(f"The SQLite file is on a disk of this machine ({kind}).")
    return failed(
        "What is stored is lost when this machine is restarted or deployed again.",
        f"The SQLite file is in {_THROW_AWAY[kind]} ({kind}).",
        "Mount a volume and put the file of DATABASE_URL on it, or use PostgreSQL.",
    )


_ENOUGH = 64 * 1024
"""Bytes of a document that are read: its beginning shows whether it is one."""


class _Enough(Exception):
    """The beginning of the document is read."""


class _Beginning:
    """Takes the first bytes of a document, and then ends the download."""

    def __init__(self) -> None:
        self.head = b""

    def write(self, chunk: bytes) -> None:
        self.head += chunk
        if len(self.head) >= _ENOUGH:
            raise _Enough


def token(wiring: Wiring) -> Check:
    """EverBright accepts the token."""
    try:
        page(wiring.everbright().get(wiring.settings.config.everbright.jobs))
    except BrightsheetError as error:
        if error.reason != "everbright_missing":
            raise
        return warning(
            "EverBright has no list of jobs at the address in the config.",
            "EverBright publishes no list of its addresses: yours may differ.",
            "Set [everbright] jobs in the config. Only reading jobs back needs it.",
        )
    return ok("EverBright accepts the token, and lists jobs.")


def job(wiring: Wiring) -> Check:
    """One job can be read."""
    site = sample_job(wiring.database)
    if site is None:
        return skipped("No job has come yet, so that none can be asked for.")
    wiring.everbright().site(site)
    return ok("A job was read, with its customer.")


def delivered(wiring: Wiring) -> Check:
    """What EverBright says of the job that came last had all been delivered."""
    site = latest_job(wiring.database)
    if site is None:
        return skipped("No job has come yet, so that none can be compared.")
    intake = wiring.intake()
    requested, known = intake.clock(), intake.known(site)
    reader = Reader(wiring.lists(time.sleep), wiring.settings.config.everbright)
    try:
        reading = reader.read(site, known)
    except Permanent as error:
        fix = "Set the lists under [everbright] in the config. Only reading jobs back needs them."
        return skipped(f"The job cannot be read back ({error.message})", fix)
    events = intake.unknown(known, [*reading.payloads, *reading.contracts], requested)
    if not events:
        return ok("What EverBright says of the job that came last is all known here.")
    count = counted(events, "event", "events")
    return warning(
        f"EverBright knows {count} of job {site} more than it delivered.",
        "Its webhook was off, or what it sent was refused.",
        "Read the job again: on its page of the console (Read again from EverBright), or run: "
        f"brightsheet backfill --site {site}",
    )


def milestones(wiring: Wiring) -> Check:
    """It is known which milestone ends a job: by the config, or because a person confirmed it."""
    store, order = wiring.sheet_store(), Milestones(wiring.config())
    headings = order.headings(waiting.job for waiting in store.pending.every())
    if last := order.last():
        names = {heading.key: heading.header for heading in headings}
        name = order.title(last, names.get(last, "the last milestone"))
        return ok(f"A job is done once {name} is approved.")
    if not headings:
        return skipped("No job has reached a milestone yet, so that none can be named.")
    if question := ending_question(store.confirmations.proposed_order(), ()):
        return warning(question, _NONE_ENDS, "Answer it on the overview of the console.")
    return warning(
        "Nobody has said with which milestone jobs end, so no job is shown as done.",
        _NONE_ENDS,
        "Wait for that question, or list [[milestones]] in the config, in their order: "
        "brightsheet milestones --json shows their definitions.",
    )


def download(wiring: Wiring) -> Check:
    """One document can be downloaded."""
    document = sample_document(wiring.database)
    if document is None:
        return skipped("No document has come yet, so that none can be asked for.")
    into = _Beginning()
    everbright = wiring.everbright()
    try:
        everbright.download(document.uuid, document.sub_task, document.name, into)  # type: ignore[arg-type]
    except _Enough:
        if reason := not_a_document(document.name, into.head, ""):
            raise Retryable("not_a_document", reason) from None
    return ok("The beginning of a document was downloaded.")


WEBHOOK = "/webhooks/everbright"
CLAIMED_ADDRESS = "192.0.2.1"
"""Whom a request of the doctor's claims to come from: no machine has this address. What proxies add
behind it, or put in its place, tells the receiver how many there are."""
_TIMEOUT = (5.0, 15.0)
SET = "Set PUBLIC_URL to the receiver's address, like https://brightsheet.example.com"

_ELSEWHERE = {SILENCE, TRASHED, TAKEN_IDS, *COLUMNS_GONE}
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
    try:
        answer = _asked_with_secret(wiring)
    except requests.RequestException as error:
        return failed(f"Nothing answers ({type(error).__name__}).", "", SET)
    if answer.status_code == 401:
        return failed(
            "The receiver at PUBLIC_URL does not take the secret.",
            "It runs with another WEBHOOK_SECRET, or a proxy drops the header "
            f"{wiring.settings.webhook_secret_header}.",
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


def proxies(wiring: Wiring) -> Check:
    """TRUSTED_PROXIES is the number of proxies before the receiver: who the client is, is known.

    The receiver is asked through PUBLIC_URL, and tells what it was sent of the way.
    """
    try:
        seen = _asked_with_secret(wiring).json()
        number, trusted, scheme = seen["proxies"], seen["trusted_proxies"], seen["scheme"]
    except (requests.RequestException, ValueError, TypeError, KeyError):
        return failed(
            "The receiver does not say what proxies tell it.",
            "An older version runs there.",
            "Deploy the same version there.",
        )
    is_encrypted = wiring.settings.public_url.startswith("https:")
    if number != trusted:
        who = counted(number, "proxy tells", "proxies tell")
        return failed(
            f"{who} the receiver who the client is, and TRUSTED_PROXIES is {trusted}.",
            _TOO_FEW if number > trusted else _TOO_MANY,
            f"Set TRUSTED_PROXIES={number} there, and restart it.",
        )
    if is_encrypted and not (number and scheme == "https"):
        return warning(
            f"The proxy that does TLS does not send X-Forwarded-{'Proto' if number else 'For'}.",
            _TOO_FEW,
            "Let the proxy send X-Forwarded-For and X-Forwarded-Proto; then run this check again.",
        )
    return ok(f"TRUSTED_PROXIES is {trusted}, as many as there are.")


_TOO_FEW = (
    "The receiver takes the proxy for the client: with ten wrong passwords a stranger shuts "
    "everybody out of the console for five minutes, and the console's cookie is not marked Secure."
)
_TOO_MANY = "Whoever calls can claim any address, and so try as many passwords as they like."


def _asked_with_secret(wiring: Wiring) -> requests.Response:
    """Ask the receiver whether it takes the secret, as a client that claims another address."""
    settings = wiring.settings
    secret = settings.webhook_secrets[0].get_secret_value()
    sent = {settings.webhook_secret_header: secret, "X-Forwarded-For": CLAIMED_ADDRESS}
    return _get(f"{settings.public_url}{WEBHOOK}/check", sent)


def _get(url: str, headers: dict[str, str] | None = None) -> requests.Response:
    """Ask without following redirects: the secret goes to this one address."""
    with requests.Session() as session:
        session.auth = lambda request: request  # A .netrc must not add credentials.
        return session.get(url, headers=headers or {}, timeout=_TIMEOUT, allow_redirects=False)


def last_delivery(wiring: Wiring) -> Check:
    """A webhook was accepted lately."""
    now = wiring.backlog()
    silence = next((problem for problem in evaluate(now) if problem.code == SILENCE), None)
    refused = counted(now.turned_away + now.rejected, "request was", "requests were")
    if now.arrival is None and (now.turned_away or now.rejected):
        return failed(
            f"No webhook was accepted yet, and {refused} refused.",
            "What is sent has no secret, a wrong one, or is not understood.",
            "brightsheet deliveries lists why. Copy WEBHOOK_SECRET into EverBright's credential, "
            "and set its content type to JSON.",
        )
    if now.arrival is None:
        return warning(
            silence.what if silence else "Nothing has come yet.",
            "The webhook is not set up in EverBright, or nothing happened since.",
            f"In EverBright, set up the webhook with the path {WEBHOOK} and the secret.",
        )
    since = datetime.fromtimestamp(now.arrival, UTC)
    age = lasting(now.clock - now.arrival)
    text = f"The last webhook was accepted {age} ago ({since:%Y-%m-%d %H:%M} UTC)."
    return warning(text, silence.what, silence.remedy) if silence else ok(text)


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
