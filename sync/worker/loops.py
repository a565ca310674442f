"""The loops: one keeps the sheet, some copy documents. What they do is found in the store."""

from collections.abc import Callable
from functools import partial
from threading import Event, Thread, current_thread
from time import monotonic

import structlog
from tenacity import RetryCallState

from sync.customers import Asker
from sync.documents import Copier
from sync.errors import BrightsheetError, Permanent, Retryable, Unfit
from sync.everbright.client import EverBright
from sync.google import auth
from sync.google.drive import Drive
from sync.jobs.row import Addresses, Layout
from sync.ops import retry
from sync.ops.alerts import Alerts, Trouble
from sync.ops.heartbeat import beating
from sync.projector import Intake
from sync.settings.environment import Settings
from sync.sheets.caretaker import Caretaker
from sync.sheets.client import Sheet
from sync.sheets.flush import Flusher
from sync.store import (
    Claim,
    Customers,
    Database,
    Documents,
    History,
    Inbox,
    Jobs,
    Lease,
    Leases,
    PendingDocument,
)
from sync.store.leases import holder

COPIERS = 3
"""Documents on their way at once; each of another job."""
POLL = 0.5
"""Seconds between looks into the store, where nothing wakes the worker."""

_FLUSH_TRIES = 6
_LONGEST_BACKOFF = 60.0
_PERMANENT_PAUSE = 30.0
_LOST_PAUSE = 15.0
_DOCUMENT_TRIES = 400
"""With waits of up to an hour between them: some two weeks."""
_LONGEST_DOCUMENT_WAIT = 3600.0
_PRUNE_EVERY = 3600.0
_COMPARE_EVERY = 86_400.0
_LEASE_TRIES = 8
_CUSTOMER_SPACING = 0.2
_FOR_A_PERSON = frozenset({"everbright_token"})
"""Reasons of retryable errors that hardly pass by themselves."""

_log = structlog.get_logger()


class Worker:
    """Everything that happens behind the receiver. Several may run; leases keep them apart."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._inbox = Inbox(database)
        self._jobs = Jobs(database, settings.spreadsheet_id)
        self._history = History(database, waits_for_names=settings.everbright_api_token is not None)
        self._customers = Customers(database)
        self._documents = Documents(database, self._jobs, settings.lease_seconds)
        self._leases = Leases(database, holder(), settings.lease_seconds)
        self._lease_name = f"sheet:{settings.spreadsheet_id}"
        self._alerts = Alerts(settings.alert_webhook_url)
        self._trouble = Trouble(self._alerts)
        self._beat = settings.lease_seconds / 3
        self._stop = Event()
        self._work = Event()
        self._threads: list[Thread] = []

    def start(self) -> None:
        """Start the loops in threads of their own. What they need is made here, not in them."""
        copiers = COPIERS if self._settings.drive_folder_id else 0
        loops = [("sheet", partial(self._keep_sheet, self._flusher()))]
        loops += [
            (f"documents-{n}", partial(self._copy_documents, self._copier()))
            for n in range(copiers)
        ]
        if self._settings.everbright_api_token:
            loops.append(("customers", partial(self._ask_for_customers, self._asker())))
        for name, target in loops:
            thread = Thread(target=target, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def wake(self) -> None:
        """Have the loops look at once."""
        self._work.set()

    def stop(self, seconds: float) -> None:
        """End the loops; what is under way after `seconds` is left as a kill would leave it."""
        self._stop.set()
        self._work.set()
        deadline = monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()))

    def _sleep(self, seconds: float) -> None:
        """Wait, unless the worker is to stop."""
        if self._stop.wait(seconds):
            raise Retryable("stopping", "The worker is ending.")

    def _loop(self, step: Callable[[], bool], idle: Callable[[], object]) -> None:
        """Run `step` until the end; where it tells that nothing is left to do, `idle`."""
        while not self._stop.is_set():
            try:
                if not step():
                    idle()
            except BrightsheetError as error:
                if error.reason != "stopping":
                    _log.warning("loop", thread=current_thread().name, reason=error.reason)
                    self._stop.wait(POLL)
            except Exception:
                # A fault of ours must not end the loop: what is kept will be looked at again.
                _log.exception("fault", thread=current_thread().name)
                self._stop.wait(_LOST_PAUSE)

    def _idle(self) -> None:
        self._work.wait(POLL)
        self._work.clear()

    def _flusher(self) -> Flusher:
        settings = self._settings
        account = auth.account(settings)
        sheet = Sheet(auth.session(settings), settings.spreadsheet_id, account)
        addresses = Addresses(settings.everbright_url, settings.everbright_preview_path)
        return Flusher(
            Intake(self._inbox, self._jobs, settings),
            self._jobs,
            self._history,
            sheet,
            Layout(settings.config, addresses, settings.stuck_days),
            self._sleep,
            settings.time_zone,
            self._alerts.send,
        )

    def _keep_sheet(self, flusher: Flusher) -> None:
        settings = self._settings
        pruned = float("-inf")

        def look() -> bool:
            nonlocal pruned
            if monotonic() - pruned > _PRUNE_EVERY:
                pruned = monotonic()
                self._inbox.prune(settings.keep_deliveries_days)
            if self._jobs.is_comparison_due(_COMPARE_EVERY):
                _log.info("compared", differing=self.compare())
            return flusher.has_work() and self._flush(flusher)

        self._loop(lambda: self._watched(look), self._idle)

    def _watched(self, look: Callable[[], bool]) -> bool:
        """Look after the sheet, and note where that fails, whatever the fault is."""
        try:
            did_something = look()
            # Another worker may have mended it.
            if self._trouble.is_on and not self._jobs.trouble()[0]:
                self._trouble.mended()
        except Exception as error:
            self._note(error)
            raise
        return did_something

    def _note(self, error: Exception) -> None:
        reason = error.reason if isinstance(error, BrightsheetError) else "fault"
        if reason not in ("stopping", "lease_lost"):
            self._trouble.failed(reason)

    def compare(self) -> int:
        """Compare the whole sheet with what it should show; return how many jobs differ.

        Raises Retryable where another worker holds the sheet for longer than a lease.
        """
        wait = retry.policy(self._sleep, _LEASE_TRIES, longest=self._settings.lease_seconds)
        held = wait(self._acquired)
        try:
            with beating(partial(self._leases.acquire, self._lease_name), self._beat):
                return Caretaker(self._flusher()).compare(held)
        finally:
            self._leases.release(held)

    def _acquired(self) -> Lease:
        held = self._leases.acquire(self._lease_name)
        if held is None:
            raise Retryable("lease_taken", "Another worker is writing the sheet. Try again.")
        return held

    def _flush(self, flusher: Flusher) -> bool:
        """Flush until nothing is left; False where another worker does it."""
        held = self._leases.acquire(self._lease_name)
        if held is None:
            return False
        try:
            self._flush_while_held(flusher, held)
        except BrightsheetError as error:
            trouble: BrightsheetError | None = error
        else:
            trouble = None
        finally:
            self._leases.release(held)
        if trouble is not None:
            self._pause_after(trouble)
        return True

    def _flush_while_held(self, flusher: Flusher, held: Lease) -> None:
        lost = Event()

        def renew() -> None:
            if self._leases.acquire(self._lease_name) != held:
                lost.set()

        with beating(renew, self._beat):
            while flusher.has_work() and not (self._stop.is_set() or lost.is_set()):
                again = retry.policy(self._sleep, _FLUSH_TRIES, _LONGEST_BACKOFF, self._say_retry)
                again(flusher.flush, held)
                self._jobs.set_trouble()
                self._trouble.mended()

    def _say_retry(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, Retryable):
            _log.info("flush_again", reason=error.reason, wait=state.upcoming_sleep)
            self._note(error)
            self._jobs.set_trouble(error.reason, error.message)

    def _pause_after(self, error: BrightsheetError) -> None:
        if error.reason in ("stopping", "lease_lost"):
            return
        _log.error("sheet_not_written", reason=error.reason, message=error.message)
        self._note(error)
        if isinstance(error, Permanent):
            self._alerts.send(error.reason, f"The sheet is not written. {error.message}")
        self._jobs.set_trouble(error.reason, error.message)
        self._stop.wait(_PERMANENT_PAUSE if isinstance(error, Permanent) else _LOST_PAUSE)

    def _everbright(self) -> EverBright:
        settings = self._settings
        token = settings.everbright_api_token
        return EverBright(
            settings.everbright_url,
            token.get_secret_value() if token else "",
            settings.everbright_auth_header,
            settings.everbright_document_path,
        )

    def _asker(self) -> Asker:
        return Asker(self._customers, self._everbright())

    def _ask_for_customers(self, asker: Asker) -> None:
        def step() -> bool:
            asked = asker.ask()
            if asked is None:
                return False
            site, error, is_new = asked
            if error is not None:
                _log.info("customer_not_told", site=site, reason=error.reason)
            if is_new:
                self.wake()
            # How many calls EverBright takes is not known: a few a second are modest.
            self._stop.wait(_CUSTOMER_SPACING)
            return True

        self._loop(step, lambda: self._stop.wait(POLL))

    def _copier(self) -> Copier:
        settings = self._settings
        return Copier(
            self._documents,
            Drive(auth.session(settings), settings.drive_folder_id, auth.account(settings)),
            self._everbright(),
            self._sleep,
        )

    def _copy_documents(self, copier: Copier) -> None:
        def step() -> bool:
            claimed = self._documents.claim()
            if claimed is not None:
                self._copy(copier, *claimed)
            return claimed is not None

        self._loop(step, lambda: self._stop.wait(POLL))

    def _copy(self, copier: Copier, claim: Claim, document: PendingDocument) -> None:
        try:
            with beating(lambda: self._documents.renew(claim), self._beat):
                copier.copy(claim, document)
            _log.info("document_copied", document=document.uuid, site=document.site)
            self.wake()
        except OSError as error:
            self._postpone(claim, document, Retryable("disk", f"No room: {error.strerror}."))
        except BrightsheetError as error:
            self._postpone(claim, document, error)
        except Exception:
            # A fault of ours with this document must not keep the others waiting.
            _log.exception("fault", document=document.uuid)
            self._postpone(claim, document, Retryable("fault", "A fault of ours: see the log."))
        finally:
            self._documents.release(claim)

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
        if attempt >= _DOCUMENT_TRIES or isinstance(error, Unfit):
            self._documents.give_up(claim, document.uuid, error)
            text = f"Document {document.uuid} of job {document.site} was given up"
            self._alerts.send("document_given_up", f"{text} ({error.reason}).")
            return
        if isinstance(error, Permanent) or error.reason in _FOR_A_PERSON:
            self._alerts.send(error.reason, f"A document is not copied. {error.message}")
        wait = retry.pause(attempt, error, _LONGEST_DOCUMENT_WAIT)
        self._documents.postpone(claim, document.uuid, error, wait)
