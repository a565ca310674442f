"""Checks EverBright's API: the token, a job, its events and a document."""

import time

from sync.doctor.check import Check, ok, skipped, warning
from sync.errors import BrightsheetError, Permanent, Retryable
from sync.everbright.answers import read_page
from sync.everbright.document_check import document_problem
from sync.everbright.errors import MISSING
from sync.status.problem import pluralize
from sync.store.deliveries import latest_job, sample_document
from sync.wiring import Wiring

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
    if wiring.settings.everbright_api_token is None:
        return skipped(
            "EVERBRIGHT_API_TOKEN is not set, so there are no customers' names and no documents.",
            "Ask EverBright's support for API access, and set EVERBRIGHT_API_TOKEN.",
        )
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
    site = latest_job(wiring.database) or ""  # The check `job` has read it.
    intake = wiring.intake()
    requested, known = intake.clock(), intake.known_job(site)
    try:
        reading = wiring.reader(time.sleep).read(site, known)
    except Permanent as error:
        fix = "Set the lists under [everbright] in the config. Only a backfill needs them."
        return skipped(f"The job can't be read back ({error.message})", fix)
    missed = intake.count_missed(known, reading.payloads, requested)
    if not missed:
        return ok("We received every event that EverBright has for the newest job.")
    count = pluralize(missed, "event", "events")
    return warning(
        f"EverBright has {count} of job {site} that we didn't receive.",
        "Its webhook was off, or its requests were refused.",
        "Read the job again: on its page of the console (Read again from EverBright), or run: "
        f"brightsheet backfill --site {site}",
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
