"""Checks of our own side: the database, the receiver as EverBright meets it, EverBright's API."""

from datetime import UTC, datetime
from pathlib import Path, PurePath

import requests

from sync.doctor.check import Check, failed, ok, skipped, warning
from sync.errors import BrightsheetError, Retryable
from sync.everbright.answers import page
from sync.everbright.client import not_a_document
from sync.status.problem import lasting
from sync.status.rules import SILENCE
from sync.status.verdict import evaluate
from sync.store.deliveries import sample_document, sample_job
from sync.wiring import Wiring

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


def filesystem(file: PurePath, mounts: str) -> str:
    """Return the type of the file system that `file` is on, as Linux's mountinfo names it.

    Source: proc_pid_mountinfo(5): the mount point is the fifth field, the type follows " - ".
    The last of several on one mount point is in effect.
    """
    depth, kind = 0, "unknown"
    for line in mounts.splitlines():
        mount, _, source = line.partition(" - ")
        fields = mount.split()
        if len(fields) < 5 or not source:
            continue
        point = PurePath(fields[4].replace("\\040", " "))
        if file.is_relative_to(point) and len(point.parts) >= depth:
            depth, kind = len(point.parts), source.split()[0]
    return kind


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
_TIMEOUT = (5.0, 15.0)
SET = "Set PUBLIC_URL to the receiver's address, like https://brightsheet.example.com"


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
    problems = [problem for problem in evaluate(wiring.backlog()) if problem.code != SILENCE]
    if not problems:
        return ok("The sheet shows everything that came, and a worker runs.")
    outcome = failed if any(problem.is_behind for problem in problems) else warning
    return outcome(
        " ".join(problem.what for problem in problems),
        " ".join(f"{problem.code}: {problem.cause}" for problem in problems),
        " ".join(problem.remedy for problem in problems),
    )
