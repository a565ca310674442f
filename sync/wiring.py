"""Creates the parts of a process (store, clients, loops' work) from the settings.

Nothing is opened or called before it is used.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from sync.backfill.intake import Intake
from sync.backfill.reader import Lists, ProgressCallback, Reader, no_progress
from sync.backfill.run import Backfill, Summary
from sync.documents.copier import Copier
from sync.documents.folders import JobFolders
from sync.errors import LEASE_TAKEN, Permanent, Retryable, SettingsError
from sync.everbright.client import EverBright
from sync.google import auth
from sync.google.drive import Drive
from sync.jobs.details import DetailColumns
from sync.jobs.files import Addresses
from sync.jobs.model import Customer, Details, Job
from sync.jobs.row import Layout
from sync.lookups import DetailLookup, Fetcher, request_customer
from sync.ops import retry
from sync.ops.alerts import Alerts, AppriseChannel
from sync.ops.heartbeat import beating
from sync.projector import Projector
from sync.settings.config_file import Config
from sync.settings.environment import Settings, load
from sync.sheets.client import SheetClient
from sync.sheets.flush import Flusher
from sync.sheets.job_tabs import JobTabs, OwnTab
from sync.sheets.sheet_access import SheetAccess
from sync.sheets.targets import USUAL, Sizes, Targets
from sync.store import (
    Backfills,
    Backlog,
    Confirmations,
    Customers,
    Database,
    DetailStore,
    Documents,
    Heartbeats,
    Inbox,
    Jobs,
    Lease,
    Leases,
    Metrics,
    Refusals,
    SheetStore,
    backlog,
)
from sync.store.backfills import Scope, scope_since
from sync.store.heartbeats import ALERTS_FAILING, CUSTOMERS_FAILING, DETAILS_FAILING, TOKEN_REFUSED
from sync.types import Mode

Sleep = Callable[[float], Any]
_TABS: dict[Mode, Callable[[SheetAccess], JobTabs]] = {}
"""Factories for job tabs other than our own; see `register_tabs`."""


def register_tabs(mode: Mode, make: Callable[[SheetAccess], JobTabs]) -> None:
    """Use `make` for the job tabs of spreadsheets in this mode."""
    _TABS[mode] = make


def tabs_of(mode: Mode, sheet: SheetAccess) -> JobTabs:
    """Return the job tabs for a mode. Raises Permanent if no installed part serves it."""
    if mode is not Mode.MAPPED:
        return OwnTab()
    if mode not in _TABS:
        raise Permanent(
            "boards_missing",
            "The spreadsheet's own tabs are mapped, and this installation can't write those.",
            fix="Install all of Brightsheet, "
            "or use a database and a spreadsheet without a mapping.",
        )
    return _TABS[mode](sheet)


Alert = Callable[[str, str], object]

_LEASE_TRIES = 8
"""Waiting for another worker's lease, which is renewed while that one works."""
PROJECTION, BACKFILL = "projection", "backfill"
"""Names of leases."""
_DOING = {PROJECTION: "is applying deliveries", BACKFILL: "reads EverBright's jobs already"}


class Wiring:
    """The parts of one process."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self.inbox = Inbox(database)
        self.documents = Documents(
            database,
            settings.lease_seconds,
            waits_for_names=settings.everbright_api_token is not None,
        )
        self._folders = JobFolders(self.documents)
        self.refusals = Refusals(database, settings.keep_deliveries_days)
        self.customers = Customers(database)
        self.heartbeats = Heartbeats(database)
        self.metrics = Metrics(database)
        self.leases = Leases(database, settings.lease_seconds)
        self._detail_columns = DetailColumns(settings.config)

    def sheet_store(self, spreadsheet: str = "") -> SheetStore:
        """Return the store of the configured spreadsheet, or of another one.

        A spreadsheet that is given is filled at once: nothing waits for customers' names and reps.
        """
        waits = self.settings.everbright_api_token is not None and not spreadsheet
        return SheetStore(
            self.database,
            spreadsheet or self.settings.spreadsheet_id,
            waits_for_names=waits,
            waits_for_reps=waits and bool(self._detail_columns.metrics),
        )

    def jobs(self) -> Iterator[Job]:
        return Jobs(self.database).every()

    def mode(self) -> Mode:
        return self.sheet_store().spreadsheet.mode()

    def tabs(self) -> JobTabs:
        """Return the job tabs of the configured spreadsheet. Raises Permanent without them."""
        return self.flusher(lambda _: None).tabs(self.mode())

    def backlog(self) -> Backlog:
        return backlog(self.database, self.settings)

    def config(self) -> Config:
        """Return the config with the answers that were confirmed on the console.

        For what depends on statuses or on the order of milestones, and only briefly, because the
        answers may change. `settings.config` is the file alone: for its other parts, to see which
        statuses it explains, and for `Projector` and `Targets`, which add the answers themselves.
        """
        return self.settings.config.with_answers(Confirmations(self.database).read())

    def layout(self, config: Config | None = None) -> Layout:
        """Return how jobs are shown; without `config`, with the answers that were confirmed."""
        settings = self.settings
        addresses = Addresses(settings.everbright_url, settings.everbright_preview_path)
        return Layout(config or self.config(), addresses, settings.stuck_days)

    def flusher(
        self,
        sleep: Sleep,
        alert: Alert = lambda _reason, _text: None,
        spreadsheet: str = "",
        sizes: Sizes = USUAL,
    ) -> Flusher:
        settings = self.settings
        return Flusher(
            self.sheet_store(spreadsheet),
            self.sheet_client(spreadsheet),
            Targets(self.layout(settings.config), sizes),
            tabs_of,
            sleep,
            settings.time_zone,
            alert,
        )

    def projector(self) -> Projector:
        return Projector(self.inbox, Jobs(self.database), self.settings)

    def project(self, sleep: Sleep) -> None:
        """Apply all waiting deliveries to their jobs, before a command reads these.

        Raises Retryable if the lease is held elsewhere too long.
        """
        with self.hold_lease(sleep, PROJECTION) as lease:
            projector = self.projector()
            while projector.run(lease):
                pass

    def sheet_client(self, spreadsheet: str = "") -> SheetClient:
        settings = self.settings
        wanted = spreadsheet or settings.spreadsheet_id
        return SheetClient(auth.session(settings), wanted, auth.account(settings))

    def alerts(self) -> Alerts:
        """Return a sender of alerts; each instance counts its own."""
        settings = self.settings
        channels = [AppriseChannel(url) for url in settings.alert_urls]
        link = f"{settings.public_url}/" if settings.public_url else ""
        record = partial(self.heartbeats.record, ALERTS_FAILING)
        return Alerts(channels, link=link, record=record)

    def check_trash(self) -> None:
        """Store whether the spreadsheet is in the trash, if Drive shows it to the account."""
        try:
            access = self.drive("").access(self.settings.spreadsheet_id)
        except Permanent:
            return  # A person may have granted access to the spreadsheet, but not to Drive.
        self.sheet_store().spreadsheet.set_trashed(trashed=access.is_trashed)

    def drive(self, root: str) -> Drive:
        return Drive(auth.session(self.settings), root, auth.account(self.settings))

    def everbright(self) -> EverBright:
        settings = self.settings
        token = settings.everbright_api_token
        return EverBright(
            settings.everbright_url,
            token.get_secret_value() if token else "",
            settings.everbright_auth_header,
            settings.everbright_document_path,
            record_token=partial(self.heartbeats.record, TOKEN_REFUSED),
        )

    def copier(self, sleep: Sleep) -> Copier:
        drive = self.drive(self.settings.drive_folder_id)
        return Copier(self.documents, drive, self.everbright(), sleep, self._folders)

    def customer_fetcher(self) -> Fetcher[Customer]:
        request = partial(request_customer, self.everbright())
        rate = self.settings.backfill_rate
        record = partial(self.heartbeats.record, CUSTOMERS_FAILING)
        return Fetcher(self.customers, "customer_unknown", request, rate, record)

    def detail_fetcher(self) -> Fetcher[Details] | None:
        """Return the reader of jobs' details, or None if no column shows any.

        Without one, details that couldn't be read before are no longer a problem.
        """
        columns, settings = self._detail_columns, self.settings
        record = partial(self.heartbeats.record, DETAILS_FAILING)
        if not columns.metrics:
            record(is_over=True)
            return None
        store = DetailStore(self.database, columns.question)
        lookup = DetailLookup(
            store,
            self.everbright(),
            lambda: DetailColumns(self.config()),
            settings.config.everbright,
        )
        rate = settings.backfill_rate
        return Fetcher(store, "details_unknown", lookup.request, rate, record, pauses=True)

    def intake(self) -> Intake:
        return Intake(self.inbox, Jobs(self.database), self.settings)

    def reader(self, sleep: Sleep) -> Reader:
        lists = Lists(self.everbright(), self.settings.backfill_rate, sleep)
        return Reader(lists, self.settings.config.everbright)

    def backfill(self, scope: str, sleep: Sleep) -> Backfill:
        """Return a backfill run; `scope` names the stored run to continue."""
        store = Backfills(self.database, scope)
        return Backfill(self.reader(sleep), self.intake(), store, self.customers)

    def must_have_token(self) -> None:
        """Raise SettingsError if there is no token for EverBright's API."""
        if self.settings.everbright_api_token is None:
            fix = "is not set. Set it to EverBright's API token, or give a report: --csv FILE."
            raise SettingsError("EVERBRIGHT_API_TOKEN", fix)

    def read_job(self, site: str, sleep: Sleep) -> Summary:
        """Read one job from EverBright, outside of any run. Raises Permanent or Retryable."""
        self.must_have_token()
        return self.backfill(Scope.ONE_JOB, sleep).read_job(site)

    def read_back(
        self, since: datetime | None, sleep: Sleep, progress: ProgressCallback = no_progress
    ) -> Summary:
        """Read all jobs from EverBright, or those that changed `since` (UTC).

        Raises Permanent or Retryable if EverBright can't be read; the next call continues.
        """
        self.must_have_token()
        backfill = self.backfill(scope_since(since) if since else Scope.ALL, sleep)
        with self.hold_lease(sleep, BACKFILL) as lease:
            return backfill.run(lease, since, progress=progress)

    def lease_name(self, spreadsheet: str = "") -> str:
        return f"sheet:{spreadsheet or self.settings.spreadsheet_id}"

    def hold(self, sleep: Sleep, spreadsheet: str = "") -> AbstractContextManager[Lease]:
        """Hold a spreadsheet's lease; waits and raises as `hold_lease` does."""
        return self.hold_lease(sleep, self.lease_name(spreadsheet))

    @contextmanager
    def hold_lease(self, sleep: Sleep, name: str) -> Iterator[Lease]:
        """Hold a lease, after waiting for it for a few lease periods at most.

        Raises Retryable if it is still held elsewhere.
        """

        def acquired() -> Lease:
            lease = self.leases.acquire(name)
            if lease is None:
                doing = _DOING.get(name, "is writing the sheet")
                raise Retryable(LEASE_TAKEN, f"A worker {doing}. Try again.")
            return lease

        longest = self.settings.lease_seconds
        lease: Lease = retry.policy(sleep, _LEASE_TRIES, longest=longest)(acquired)
        with self.renewed(lease):
            yield lease

    @contextmanager
    def renewed(self, lease: Lease) -> Iterator[None]:
        """Renew a lease until the end of the block, and release it then."""
        try:
            with beating(partial(self.leases.renew, lease), self.settings.lease_seconds / 3):
                yield
        finally:
            self.leases.release(lease)


def opened(*, needs_spreadsheet: bool = True) -> Wiring:
    """Return the wiring of a command, whose database has the current schema.

    Raises SettingsError with the fix.
    """
    settings = load(os.environ, needs_spreadsheet=needs_spreadsheet)
    database = Database(settings.database_url.get_secret_value())
    database.prepare()
    return Wiring(settings, database)
