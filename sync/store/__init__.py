"""The database, SQLite or PostgreSQL: the only user of SQLAlchemy."""

from sync.store import reported
from sync.store.actions import Action, ActionLog, ActionState
from sync.store.activity import HourFigures, latest_hours
from sync.store.backfills import BackfillRun, Backfills, JobState
from sync.store.backlog import Backlog, backlog
from sync.store.batches import Attempt, Batches, Conclusion, Shown
from sync.store.database import Database
from sync.store.deliveries import Deliveries
from sync.store.documents import Claim, Documents, PendingDocument
from sync.store.folders import DueFolder, Folders
from sync.store.history import History
from sync.store.inbox import Arrival, Inbox, KeptDelivery, Receipt, newest_arrival
from sync.store.job_records import JobRecord, JobRecords, KeptChange, KeptDocument
from sync.store.jobs import Jobs, Projected, Wanted
from sync.store.leases import Lease, Leases
from sync.store.lookups import Customers, DetailStore, DueLookup, Lookups
from sync.store.pending import DirtyJob, Pending, PendingWork
from sync.store.quarantine import Quarantine
from sync.store.read_columns import ReadColumn, ReadColumns
from sync.store.refusals import Refusals, RefusedDay, RefusedRequests
from sync.store.signs import Heartbeats
from sync.store.spreadsheet import Glance, Spreadsheet, Turn

__all__ = [
    "Action",
    "ActionLog",
    "ActionState",
    "Arrival",
    "Attempt",
    "BackfillRun",
    "Backfills",
    "Backlog",
    "Batches",
    "Claim",
    "Conclusion",
    "Customers",
    "Database",
    "Deliveries",
    "DetailStore",
    "DirtyJob",
    "Documents",
    "DueFolder",
    "DueLookup",
    "Folders",
    "Glance",
    "Heartbeats",
    "History",
    "HourFigures",
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
    "Lookups",
    "Pending",
    "PendingDocument",
    "PendingWork",
    "Projected",
    "Quarantine",
    "ReadColumn",
    "ReadColumns",
    "Receipt",
    "Refusals",
    "RefusedDay",
    "RefusedRequests",
    "Shown",
    "Spreadsheet",
    "Turn",
    "Wanted",
    "backlog",
    "latest_hours",
    "newest_arrival",
    "reported",
]
