"""Checks of EverBright's API: the token, one job, one document."""

from sync.doctor.check import Check, ok, skipped, warning
from sync.errors import BrightsheetError, Retryable
from sync.everbright.answers import page
from sync.everbright.client import not_a_document
from sync.store.samples import sample_document, sample_job
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
