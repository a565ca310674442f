"""Copies documents into Drive, one after another; several of these loops work side by side."""

import structlog

from sync.documents.queue import ClaimedJob, DocumentQueue
from sync.errors import BrightsheetError, Permanent, Retryable, UnprocessableDocument
from sync.ops import retry
from sync.ops.alerts import Alerts
from sync.store import Claim, PendingDocument
from sync.wiring import Wiring
from sync.worker.loop import Stop

TRIES = 400
"""With waits of up to an hour between them: some two weeks."""
LONGEST_WAIT_SECONDS = 3600.0

_FOR_A_PERSON = frozenset({"everbright_token"})
"""Reasons of retryable errors that probably need a person."""

_log = structlog.get_logger()


class DocumentLoop:
    """One of several copiers, which share a queue.

    The sheet's loop is not woken: it finds new links by itself, so those of many documents that
    come at once are written together.
    """

    def __init__(self, wiring: Wiring, alerts: Alerts, stop: Stop, queue: DocumentQueue) -> None:
        self._documents = wiring.documents
        self._copier = wiring.copier(stop.sleep)
        self._queue = queue
        self._alerts = alerts

    def step(self) -> bool:
        """Copy the document that is due longest; False if none is."""
        taken = self._queue.take()
        if taken is not None:
            self._copy(*taken)
        return taken is not None

    def _copy(self, job: ClaimedJob, document: PendingDocument) -> None:
        claim = job.claim
        try:
            self._copier.copy(claim, document)
            _log.info("document_copied", document=document.uuid, site=document.site)
        except OSError as error:
            self._postpone(claim, document, Retryable("disk", f"No room: {error.strerror}."))
        except BrightsheetError as error:
            self._postpone(claim, document, error)
        except Exception:
            # A bug with this document must not delay the others.
            _log.exception("fault", document=document.uuid)
            self._postpone(claim, document, Retryable("fault", "An internal error: see the log."))
        finally:
            self._queue.done(job)

    def _postpone(self, claim: Claim, document: PendingDocument, error: BrightsheetError) -> None:
        if error.reason in ("stopping", "claim_lost"):
            return
        attempt = document.attempts + 1
        _log.warning(
            "document_not_copied",
            document=document.uuid,
            reason=error.reason,
            message=error.message,
            attempt=attempt,
        )
        if attempt >= TRIES or isinstance(error, UnprocessableDocument):
            self._documents.give_up(claim, document.uuid, error)
            text = f"Document {document.uuid} of job {document.site} was given up"
            again = "See why: brightsheet deliveries; again: brightsheet retry --all"
            self._alerts.send("document_given_up", f"{text} ({error.reason}). {again}")
            return
        if isinstance(error, Permanent) or error.reason in _FOR_A_PERSON:
            self._alerts.send(error.reason, f"A document is not copied. {error.message}")
        wait = retry.pause(attempt, error, LONGEST_WAIT_SECONDS)
        self._documents.postpone(claim, document.uuid, error, wait)
