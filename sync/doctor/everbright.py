"""Checks of EverBright's API: the token, one job, one document."""

import time

from sync.backfill import Reader
from sync.doctor.check import Check, ok, skipped, warning
from sync.errors import BrightsheetError, Permanent, Retryable
from sync.everbright.answers import page
from sync.everbright.client import not_a_document
from sync.jobs import milestone_list
from sync.status.problem import counted
from sync.store.samples import latest_job, sample_document, sample_job
from sync.wiring import Wiring

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
    known = intake.known(site)
    reader = Reader(wiring.lists(time.sleep), wiring.settings.config.everbright)
    try:
        reading = reader.read(site, known)
    except Permanent as error:
        fix = "Set the lists under [everbright] in the config. Only reading jobs back needs them."
        return skipped(f"The job cannot be read back ({error.message})", fix)
    events = intake.unknown(known, [*reading.payloads, *reading.contracts])
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
    """The config names the milestone that ends a job."""
    config = wiring.settings.config
    named = [step for step in config.milestones if not step.hidden]
    jobs = [waiting.job for waiting in wiring.sheet_store().pending.every()]
    entries = [entry for entry in milestone_list.entries(config, jobs) if not entry.hidden]
    if named:
        last = next(entry for entry in reversed(entries) if entry.configured)
        return ok(f"A job is done once {last.name or 'the last milestone'} is approved.")
    if not entries:
        return skipped("No job has reached a milestone yet, so that none can be named.")
    last = entries[-1]
    reached = f"{last.jobs} of {counted(len(jobs), 'job', 'jobs')}"
    return warning(
        "The config names no milestone, so that no job is ever done, and is followed up for ever.",
        f"The last milestone in [[milestones]] ends a job. Of those that came it seems to be "
        f"{last.name!r}, which {reached} reached.",
        "Put what this prints into the config, in the right order: brightsheet milestones",
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
