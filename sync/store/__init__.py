"""The database, SQLite or PostgreSQL: the only user of SQLAlchemy.

- The database itself: `database` (transactions, leases), `schema` (all tables), `revisions`
- Webhooks: `inbox` stores them, `deliveries` searches them, `refusals` counts those that weren't
  stored, `forgotten` recognizes those of jobs that `erase` deleted
- Jobs: `jobs` (as projected), `history` (their changes), `lookups` (customers and details),
  `documents` (the queue), `backfills`, `job_records` (all of that for a page)
- A spreadsheet: `spreadsheet` (its row, with `sheet_state` and `rate_limit`), `pending` (the work
  of a flush), `batches` (its results), `boards`, `findings` (of the last comparison)
- People: `actions`, `confirmed`, `drafts`, `reported`
- Figures: `backlog` (what is pending or has failed now, for `/status`), `heartbeats`,
  `hourly_counts` (for the console), `metrics` (for `/metrics`)
"""

from sync.store.actions import ActionLog, ActionState
from sync.store.backfills import Backfills, JobState
from sync.store.backlog import Backlog, backlog
from sync.store.batches import Attempt, Batches, Conclusion, ShownVersion
from sync.store.boards import Boards, RowAnswer
from sync.store.confirmed import Confirmations
from sync.store.database import Database, Lease, Leases
from sync.store.deliveries import Deliveries
from sync.store.documents import Claim, Documents, PendingDocument, StoredFolder
from sync.store.findings import Findings
from sync.store.heartbeats import Heartbeats
from sync.store.history import History
from sync.store.inbox import Inbox, KeptDelivery
from sync.store.job_records import JobRecord, JobRecords, KeptChange, KeptDocument
from sync.store.jobs import DocumentToCopy, Jobs, Projected
from sync.store.lookups import Customers, DetailStore
from sync.store.metrics import Metrics
from sync.store.pending import Pending, PendingWork
from sync.store.refusals import Refusals, RefusedDay, RefusedRequests
from sync.store.sheet_state import FenceDoubt, ReadColumn
from sync.store.spreadsheet import Spreadsheet

__all__ = [
    "ActionLog",
    "ActionState",
    "Attempt",
    "Backfills",
    "Backlog",
    "Claim",
    "Conclusion",
    "Confirmations",
    "Customers",
    "Database",
    "Deliveries",
    "DetailStore",
    "DocumentToCopy",
    "Documents",
    "FenceDoubt",
    "Heartbeats",
    "Inbox",
    "JobRecord",
    "JobRecords",
    "JobState",
    "Jobs",
    "KeptChange",
    "KeptDelivery",
    "KeptDocument",
    "Lease",
    "Leases",
    "Metrics",
    "Pending",
    "PendingDocument",
    "Projected",
    "ReadColumn",
    "Refusals",
    "RefusedDay",
    "RefusedRequests",
    "RowAnswer",
    "SheetStore",
    "ShownVersion",
    "Spreadsheet",
    "StoredFolder",
    "backlog",
]


class SheetStore:
    """The parts of the store, for one spreadsheet; see History for what its lines wait for."""

    def __init__(
        self,
        database: Database,
        spreadsheet_id: str,
        *,
        waits_for_names: bool = False,
        waits_for_reps: bool = False,
    ) -> None:
        self.spreadsheet = Spreadsheet(database, spreadsheet_id)
        self.history = History(database, waits_for_names, waits_for_reps)
        self.pending = PendingWork(database, self.spreadsheet, self.history)
        self.batches = Batches(database, self.spreadsheet)
        self.confirmations = Confirmations(database)
        self.boards = Boards(database, spreadsheet_id)
        self.findings = Findings(database, spreadsheet_id)

    def is_first_flush_due(self) -> bool:
        """Return whether a flush is due, and the sheet wasn't compared yet, or since a mapping.

        After a mapping, rows get their site IDs by that flush.
        """
        return self.pending.is_due() and not self.spreadsheet.glance().compared_at
