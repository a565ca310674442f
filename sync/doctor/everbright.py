"""Checks of EverBright's API: the token, one job, one document."""

from sync.doctor.found import Found, ok, skipped
from sync.errors import BrightsheetError
from sync.everbright.answers import page
from sync.everbright.client import not_a_document
from sync.store.samples import sample_document, sample_job
from sync.wiring import Wiring

_ENOUGH = 64 * 1024
"""Bytes of a document that are read: its beginning shows whether it is one."""
_NO_TOKEN = "EVERBRIGHT_API_TOKEN is not set: no customers' names, no documents."  # noqa: S105
_SET = "Ask EverBright's support for API access, and set EVERBRIGHT_API_TOKEN."
_PASSING = "Try again. If it stays, ask EverBright's support"
_HEADER = (
    "Copy the token again into EVERBRIGHT_API_TOKEN. If it is right, EverBright may want it in "
    "another header: see EVERBRIGHT_AUTH_HEADER."
)


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


def token(wiring: Wiring) -> Found:
    """EverBright accepts the token."""
    if wiring.settings.everbright_api_token is None:
        return skipped(_NO_TOKEN, _SET)
    try:
        page(wiring.everbright().get(wiring.settings.config.everbright.jobs))
    except BrightsheetError as error:
        if error.reason == "everbright_missing":
            return Found(
                "warning",
                "EverBright has no list of jobs at the address in the config.",
                "EverBright publishes no list of its addresses: yours may differ.",
                "Set [everbright] jobs in the config. Only reading jobs back needs it.",
            )
        return _failed(error)
    return ok("EverBright accepts the token, and lists jobs.")


def job(wiring: Wiring) -> Found:
    """One job can be read."""
    if wiring.settings.everbright_api_token is None:
        return skipped(_NO_TOKEN, _SET)
    site = sample_job(wiring.database)
    if site is None:
        return skipped("No job has come yet, so that none can be asked for.")
    try:
        wiring.everbright().site(site)
    except BrightsheetError as error:
        return _failed(error)
    return ok("A job was read, with its customer.")


def download(wiring: Wiring) -> Found:
    """One document can be downloaded."""
    if wiring.settings.everbright_api_token is None:
        return skipped(_NO_TOKEN, _SET)
    document = sample_document(wiring.database)
    if document is None:
        return skipped("No document has come yet, so that none can be asked for.")
    into = _Beginning()
    everbright = wiring.everbright()
    try:
        everbright.download(document.uuid, document.sub_task, document.name, into)  # type: ignore[arg-type]
    except _Enough:
        if reason := not_a_document(document.name, into.head, ""):
            return _not_a_document(reason)
    except BrightsheetError as error:
        if error.reason == "not_a_document":
            return _not_a_document(error.message)
        return _failed(error)
    return ok("The beginning of a document was downloaded.")


def _not_a_document(reason: str) -> Found:
    return Found(
        "failed",
        reason,
        "The address of documents is another one, or the token may not download them.",
        "Set EVERBRIGHT_DOCUMENT_PATH as EverBright's support says.",
    )


def _failed(error: BrightsheetError) -> Found:
    if error.reason == "everbright_token":
        cause = "The token was typed wrong, has ended, or is sent in the wrong header."
        return Found("failed", error.message, cause, _HEADER)
    if error.reason == "everbright_missing":
        return Found(
            "failed",
            error.message,
            "It was deleted, belongs to another account, or the address is another one.",
            "Check EVERBRIGHT_URL and EVERBRIGHT_DOCUMENT_PATH, and whose token it is.",
        )
    return Found("failed", error.message, "EverBright is away, or cannot be reached.", _PASSING)
