"""Sets a spreadsheet and a folder up, and fills another spreadsheet anew from the store."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

from sync.errors import Retryable, SettingsError
from sync.google import auth
from sync.google.drive import Drive
from sync.jobs.row import Addresses, Layout
from sync.ops import retry
from sync.ops.heartbeat import beating
from sync.projector import Intake
from sync.settings.environment import Settings
from sync.sheets.caretaker import Caretaker
from sync.sheets.client import Sheet
from sync.sheets.flush import Flusher
from sync.sheets.pending import LARGE
from sync.store import Database, History, Inbox, Jobs, Lease, Leases
from sync.store.leases import holder

_TAG = "brightsheetRole"
_TITLE = "Solar jobs"
_FOLDER = "Job documents"
_TRIES = 8
_ROUNDS = 3
_PATIENCE = 60.0
_SHARED_DRIVE = (
    "A service account has no storage of its own. Make a folder in a shared drive, make {account} "
    "a content manager there, and set {setting} to its address."
)

Told = Callable[[int, int], Any]
"""Is told how many jobs stand in the sheet, and of how many."""


class Setup:
    """What the commands `init` and `rebuild` do; `sleep` waits."""

    def __init__(
        self, settings: Settings, database: Database, sleep: Callable[[float], Any]
    ) -> None:
        self._settings = settings
        self._database = database
        self._sleep = sleep
        self._session = auth.session(settings)
        self._account = auth.account(settings)

    def folder(self) -> tuple[str, bool]:
        """Return the id of the folder for documents, and whether it was made now.

        "" where a spreadsheet is set and no folder: there are to be no copies. Raises Permanent or
        SettingsError that names the mend.
        """
        configured = self._settings.drive_folder_id
        if configured:
            if not self._drive(configured).is_folder_for_us():
                mend = (
                    f"is not a folder that {self._account} may put files into. Share it with that."
                )
                raise SettingsError("DRIVE_FOLDER_ID", mend)
            return configured, False
        if self._settings.spreadsheet_id:
            return "", False
        if auth.is_service_account(self._settings):
            where = _SHARED_DRIVE.format(account=self._account, setting="DRIVE_FOLDER_ID")
            raise SettingsError("DRIVE_FOLDER_ID", f"is not set. {where}")
        drive, tag = self._drive(""), {_TAG: "folder"}
        found = drive.find(tag)
        made = found or drive.make_folder("", _FOLDER, tag)
        return made.id, found is None

    def spreadsheet(self, folder: str) -> tuple[str, bool]:
        """Return the id of the spreadsheet, and whether it was made now, in `folder`."""
        configured = self._settings.spreadsheet_id
        if configured:
            return configured, False
        drive, tag = self._drive(folder), {_TAG: "spreadsheet"}
        found = drive.find(tag)
        made = found or drive.make_spreadsheet(_TITLE, tag)
        return made.id, found is None

    def new_spreadsheet(self, folder: str) -> str:
        """Make another, empty spreadsheet, and return its id."""
        return self._drive(folder).make_spreadsheet(_TITLE, {}).id

    def furnish(self, spreadsheet: str) -> list[str]:
        """Bring what is missing of our tabs; return a line for each thing that was done."""
        with ExitStack() as stack:
            held = self._hold(stack, spreadsheet)
            caretaker = Caretaker(self._flusher(spreadsheet))
            again = retry.policy(self._sleep, _TRIES, longest=_PATIENCE)
            lines: list[str] = []
            # Until nothing is missing: people may have moved columns while it was written.
            for _ in range(_ROUNDS):
                done = again(caretaker.furnish, held)
                lines += done
                if not done:
                    break
            return lines

    def fill(self, spreadsheet: str, told: Told) -> int:
        """Fill a spreadsheet with every job there is; return how many.

        Whoever writes another spreadsheet from this store is kept from it meanwhile, and told
        afterwards that the sheet is elsewhere.
        """
        jobs = Jobs(self._database, spreadsheet)
        with ExitStack() as stack:
            if self._settings.spreadsheet_id and self._settings.spreadsheet_id != spreadsheet:
                self._hold(stack, self._settings.spreadsheet_id)
            held = self._hold(stack, spreadsheet)
            jobs.adopt_spreadsheet(held)
            flusher = self._flusher(spreadsheet)
            again = retry.policy(self._sleep, _TRIES, longest=_PATIENCE)
            flusher.intake.run(held)
            total = jobs.count_dirty()
            told(0, total)
            while flusher.has_work():
                again(flusher.flush, held)
                told(total - min(total, jobs.count_dirty()), total)
            return total

    def _flusher(self, spreadsheet: str) -> Flusher:
        settings = self._settings
        jobs = Jobs(self._database, spreadsheet)
        addresses = Addresses(settings.everbright_url, settings.everbright_preview_path)
        return Flusher(
            Intake(Inbox(self._database), jobs, settings),
            jobs,
            History(self._database),
            Sheet(self._session, spreadsheet, self._account),
            Layout(settings.config, addresses, settings.stuck_days),
            self._sleep,
            settings.time_zone,
            sizes=LARGE,
        )

    def _drive(self, root: str) -> Drive:
        return Drive(self._session, root, self._account)

    def _hold(self, stack: ExitStack, spreadsheet: str) -> Lease:
        """Hold a spreadsheet's lease until the stack ends. Raises Retryable."""
        seconds = self._settings.lease_seconds
        leases = Leases(self._database, holder(), seconds)
        name = f"sheet:{spreadsheet}"

        def acquired() -> Lease:
            held = leases.acquire(name)
            if held is None:
                raise Retryable("lease_taken", "A worker is writing the sheet. Try again.")
            return held

        lease: Lease = retry.policy(self._sleep, _TRIES, longest=seconds)(acquired)
        stack.callback(leases.release, lease)
        stack.enter_context(beating(partial(leases.acquire, name), seconds / 3))
        return lease
