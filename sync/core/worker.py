"""The worker: applies deliveries, runs passes, reads EverBright, and copies documents.

Several processes may run one; the one that holds the lease works, and the others wait for it.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import structlog
from tenacity import RetryCallState, Retrying, retry_if_exception

from sync.core.actions import carry_out, statuses
from sync.core.apply import apply_waiting
from sync.core.client import SheetClient
from sync.core.connected import ConnectedTabs
from sync.core.customers import Customers
from sync.core.database import Database, Lease
from sync.core.documents import THREADS, Documents
from sync.core.drive import Drive
from sync.core.job_rows import JobRows
from sync.core.layout import Layout, Links
from sync.core.passes import Pass, PassResult
from sync.core.readback import Readback
from sync.core.report import Failure, PassReport
from sync.core.store import Store
from sync.errors import LEASE_LOST, STOPPING, BrightsheetError, NotFound, Permanent, Retryable
from sync.everbright.client import EverBright
from sync.google import auth
from sync.ops.retry import pause
from sync.settings.environment import Settings
from sync.types import from_json

PACE_SECONDS = 1.2
"""Between two passes: 50 reads and 50 writes a minute, of Google's 60."""
_SHARE = 3.0
"""A pass takes at most a third of the time: a burst is fewer calls, and people have more of it."""
_POLL_SECONDS = 1.0
_FULL_PASS_SECONDS, _LISTED_SECONDS = 600.0, 60.0
_LISTED_FOR_SECONDS = 3600.0
"""How long there is a pass each minute after something new was listed."""
_LONGEST_WAIT, _PERMANENT_WAIT = 60.0, 300.0
_WAIT_FOR_LEASE = 5.0
_FAULT_SECONDS, _JOIN_SECONDS = 15.0, 2.0

_log = structlog.get_logger()


class Stop(threading.Event):
    """Ends the worker's threads, and any waits in them."""

    def sleep(self, seconds: float) -> None:
        """Wait. Raises Retryable (stopping) if the worker ends first."""
        if self.wait(seconds):
            raise Retryable(STOPPING, "The worker is ending.")


class Worker:
    """The threads of one process. `wake` may be called from any thread."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        connect: Callable[[Settings, Database, Lease], ConnectedTabs],
    ) -> None:
        self._settings, self._store = settings, Store(database)
        self._database, self._connect = database, connect
        self._stop, self._woken, self._over = threading.Event(), threading.Event(), Stop()
        self._threads: list[threading.Thread] = []
        self._applying = threading.Lock()
        """Held while a job is read, changed and stored."""

    def wake(self) -> None:
        self._woken.set()

    def start(self) -> None:
        thread = threading.Thread(target=self.run, name="worker", daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self, seconds: float) -> None:
        """End the threads, waiting for each at most `seconds`."""
        self._stop.set()
        self._over.set()
        self._woken.set()
        for thread in self._threads:
            thread.join(seconds)

    def run(self) -> None:
        """Work until stopped; wait for the lease first, and again if it is lost."""
        while not self._stop.is_set():
            try:
                # A thread that outlives its work has an old one.
                self._lease = Lease(self._database, 3.0 * self._settings.lease_seconds)
                if not self._lease.take():
                    self._stop.wait(_WAIT_FOR_LEASE)
                    continue
                try:
                    self._work()
                finally:
                    self._lease.release()
            except Exception as error:
                self._note(error, "worker")
                self._stop.wait(_POLL_SECONDS)
                with suppress(BrightsheetError):
                    self._store.prepare()  # It may not have answered at the start.

    def _note(self, error: Exception, step: str) -> None:
        if isinstance(error, BrightsheetError):
            _log.warning("step_failed", step=step, reason=error.reason, message=error.message)
        else:
            _log.exception("fault", step=step, error=type(error).__name__)

    def _work(self) -> None:
        """Run the loops while this process holds the lease."""
        over = self._over = Stop()
        if self._stop.is_set():
            return
        self._store.put("working", time.time(), self._lease)
        self._statuses = statuses(self._settings.config, self._store)
        steps: list[tuple[str, Callable[[], object], float]] = [
            ("lease", self._lease.renew, self._settings.lease_seconds),
            ("apply", self._apply, _POLL_SECONDS / 4),
        ]
        if self._settings.everbright_api_token is not None:
            readback = Readback(
                self._store,
                self._lease,
                EverBright(self._settings),
                lambda: self._statuses,
                self._applying,
                over.sleep,
                self._settings.backfill_hours,
                self._settings.backfill_rate,
            )
            customers = Customers(readback, EverBright(self._settings), self.wake)
            steps.append(("customers", customers.step, _POLL_SECONDS))
            steps.append(("readback", readback.step, _POLL_SECONDS))
        if self._settings.copies_documents:
            root = self._settings.drive_folder_id
            documents = Documents(self._store, self._lease, root, over.sleep)
            for _ in range(THREADS):
                step = partial(documents.step, EverBright(self._settings), self._drive())
                steps.append(("documents", step, _POLL_SECONDS))
        threads = [
            threading.Thread(target=self._loop, args=(*step, over), name=step[0]) for step in steps
        ]
        for thread in threads:
            thread.daemon = True
            thread.start()
        try:
            self._loop("sheet", lambda: self._run_passes(over), 0.0, over)
        finally:
            over.set()
            for thread in threads:
                thread.join(_JOIN_SECONDS)

    def _loop(self, name: str, step: Callable[[], object], idle: float, over: Stop) -> None:
        """Repeat a step until the lease is lost; wait while there is nothing to do."""
        while not over.is_set():
            try:
                if not step():
                    over.wait(idle)
            except BrightsheetError as error:
                self._note(error, name)
                if error.reason == LEASE_LOST:
                    over.set()
                over.wait(_POLL_SECONDS)
            except Exception as error:
                self._note(error, name)
                if name == "sheet":
                    self._report_failure("fault", "An internal error.", _FAULT_SECONDS)
                over.wait(_FAULT_SECONDS)

    def _apply(self) -> bool:
        with self._applying:
            if not apply_waiting(self._store, self._lease, self._statuses):
                return False
        self.wake()
        return True

    # The sheet

    def _run_passes(self, over: Stop) -> None:
        """Run passes: when something is due, and every ten minutes.

        After a fault they begin anew, from what is stored.
        """
        passes, at_latest, tidied = self._passes(), 0.0, 0.0
        while not (over.is_set() or passes.is_old):
            is_full = time.time() >= at_latest
            seen = self._store.last_asked()
            asked = carry_out(passes)
            is_due = bool(asked) or is_full or passes.is_due()
            if not is_due or passes.is_old or self._store.get("paused"):
                self._woken.clear()
                self._woken.wait(_POLL_SECONDS)
                continue
            result = self._retrying(over, seen)(passes.run)
            began = result.began
            if asked or began - tidied > _FULL_PASS_SECONDS:
                tidied = began
                self._check_trash()
                days = self._settings.keep_deliveries_days
                self._store.delete_deliveries(began - 86_400 * days)
            report = self._report(result)
            self._store.finish_actions(asked)
            is_new = bool(report.problems) and began - report.since < _LISTED_FOR_SECONDS
            is_soon = is_new or result.has_young_lines
            at_latest = began + (_LISTED_SECONDS if is_soon else _FULL_PASS_SECONDS)
            ended = time.time()
            pace = max(PACE_SECONDS, _SHARE * (ended - began))
            over.wait(max(0.0, began + pace - ended))

    def _report(self, result: PassResult) -> PassReport:
        """Store what a pass found; return it."""
        last = from_json(PassReport, self._store.get("pass", {}))
        since = last.since if last.findings == result.findings else result.began
        report = PassReport(result.began, result.pending, result.findings, since)
        self._store.put("pass", asdict(report))
        return report

    def _report_failure(self, code: str, text: str, seconds: float) -> None:
        """Store why the sheet couldn't be read or written, beside what the last pass found.

        It is tried again after these seconds.
        """
        with suppress(BrightsheetError):
            last = from_json(PassReport, self._store.get("pass", {}))
            failed = Failure(code, text, again=time.time() + seconds)
            self._store.put("pass", asdict(replace(last, failed=failed)))

    def _drive(self) -> Drive:
        """Return a client for one thread."""
        return Drive(auth.session(self._settings), auth.account(self._settings))

    def _check_trash(self) -> None:
        """Ask Drive whether somebody has moved the spreadsheet or the folder to the trash."""
        folder, trashed, drive = self._settings.drive_folder_id, list[str](), self._drive()
        try:
            with suppress(NotFound):  # Some sign-ins don't see every spreadsheet in Drive.
                if drive.rights(self._settings.spreadsheet_id).is_trashed:
                    trashed.append("spreadsheet")
            if folder and not drive.is_there(folder):
                trashed.append("documents' folder")
        except BrightsheetError as error:
            _log.warning("trash_unknown", reason=error.reason)
            return
        self._store.put("trashed", trashed)

    def _passes(self) -> Pass:
        settings = self._settings
        self._statuses = statuses(settings.config, self._store)
        links = Links(
            settings.everbright_url,
            has_copies=settings.copies_documents,
            has_customers=settings.everbright_api_token is not None,
        )
        rows = JobRows(self._store, self._lease, Layout(self._statuses, settings.zone, links))
        session = auth.session(settings)
        client = SheetClient(session, settings.spreadsheet_id, auth.account(settings))
        return Pass(
            rows,
            client,
            settings.spreadsheet_id,
            self._connect(settings, self._database, self._lease),
            may_add_tabs=settings.add_tabs == "yes",
            stuck_days=settings.stuck_days,
        )

    def _retrying(self, over: Stop, seen: float) -> Retrying:
        """Return the policy for a pass, which is its own retry.

        What somebody asks for later than at `seen` ends the wait, which may be long.
        """

        def is_retried(error: BaseException) -> bool:
            return isinstance(error, BrightsheetError) and error.reason != LEASE_LOST

        def wait(state: RetryCallState) -> float:
            error: Any = state.outcome and state.outcome.exception()
            seconds = pause(state, _LONGEST_WAIT)
            if isinstance(error, Permanent):
                seconds = _PERMANENT_WAIT
            _log.warning("pass_failed", reason=error.reason, message=error.message)
            self._report_failure(error.reason, error.message, seconds)
            return seconds

        def sleep(seconds: float) -> None:
            until = time.monotonic() + seconds
            while (left := until - time.monotonic()) > 0:
                over.sleep(min(left, _POLL_SECONDS))
                if self._store.last_asked() > seen:
                    raise Retryable("asked", "Somebody has asked for something.")

        return Retrying(
            retry=retry_if_exception(is_retried),
            wait=wait,
            sleep=sleep,
            reraise=True,
        )
