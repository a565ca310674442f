"""What the tests of the store begin with: leases, deliveries, jobs, batches."""

from sync.jobs.cells import Cell
from sync.jobs.model import Job
from sync.jobs.target import Target
from sync.settings.environment import load
from sync.store import (
    Attempt,
    Backlog,
    Database,
    Inbox,
    Jobs,
    KeptDelivery,
    Lease,
    Leases,
    Projected,
    SheetStore,
    ShownVersion,
    backlog,
)
from sync.webhooks.parse import read
from sync.webhooks.schema import Outcome
from tests.made_up import body, milestone
from tests.settings.test_environment import LEAST

SETTINGS = load(LEAST | {"DRIVE_FOLDER_ID": "a-drive-folder", "EVERBRIGHT_API_TOKEN": "a-token"})

X = {"c": Cell(text="x")}
"""The cells of a row that shows something."""


def held(database: Database, seconds: float = 30, name: str = "sheet") -> Lease:
    lease = Leases(database, seconds).acquire(name)
    assert lease is not None
    return lease


def take_in(database: Database, projected: Projected) -> None:
    """Store what was projected, under a lease that is over at once."""
    Jobs(database).take_in(held(database, -1, "projection"), projected)


def backlog_of(database: Database, spreadsheet: str = "s", **settings: object) -> Backlog:
    values = {"spreadsheet_id": spreadsheet, **settings}
    return backlog(database, SETTINGS.model_copy(update=values))


def keep(database: Database, **changes: object) -> Outcome:
    sent = body(milestone(**changes))  # type: ignore[arg-type]
    return Inbox(database).keep(sent, read(sent)).outcome


def with_jobs(database: Database, *sites: str, spreadsheet: str = "s") -> SheetStore:
    """Return the store of a spreadsheet that has yet to show `sites`."""
    store = SheetStore(database, spreadsheet)
    take_in(database, Projected([Job(site=site) for site in sites]))
    return store


def dirty(store: SheetStore) -> dict[str, Target]:
    return {one.job.site: one for one in store.pending.read(99, 99).jobs}


def known(store: SheetStore) -> dict[str, Target]:
    """Return every job as it is stored, by site, whether it waits or not."""
    return {one.job.site: one for one in store.pending.every()}


def showing(one: Target, cells: dict[str, Cell] | None) -> ShownVersion:
    """Return that a job's row shows `cells` (None: what it showed before)."""
    return ShownVersion(one.job.site, one.version, one.events, cells)


def attempt(
    fence: int, before: int | None, *shown: ShownVersion, changes: tuple[int, ...] = ()
) -> Attempt:
    """Return a batch that was made for the fence `before` and sets `fence`."""
    return Attempt(fence, before, shown, ("c",), '{"what": "it meant"}', changes)


def waiting(inbox: Inbox) -> list[KeptDelivery]:
    return [one for batch in inbox.queued() for one in batch]
