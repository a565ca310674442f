"""The parts of the store that writing one spreadsheet needs."""

from dataclasses import dataclass

from sync.store.batches import Batches
from sync.store.database import Database
from sync.store.history import History
from sync.store.jobs import Jobs
from sync.store.pending import PendingWork
from sync.store.quarantine import Quarantine
from sync.store.spreadsheet import Spreadsheet


@dataclass(frozen=True)
class SheetStore:
    """The parts of the store, for one spreadsheet."""

    spreadsheet: Spreadsheet
    pending: PendingWork
    batches: Batches
    quarantine: Quarantine
    history: History
    jobs: Jobs


def sheet_store(
    database: Database, spreadsheet_id: str, *, waits_for_names: bool = False
) -> SheetStore:
    """Return the store of a spreadsheet; see History for `waits_for_names`."""
    spreadsheet = Spreadsheet(database, spreadsheet_id)
    history = History(database, waits_for_names)
    return SheetStore(
        spreadsheet,
        PendingWork(database, spreadsheet, history),
        Batches(database, spreadsheet),
        Quarantine(database, spreadsheet_id),
        history,
        Jobs(database),
    )
