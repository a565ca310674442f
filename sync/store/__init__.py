"""The database, SQLite or PostgreSQL: the only user of SQLAlchemy."""

from sync.store import reported
from sync.store.actions import Action, Actions, ActionState
from sync.store.activity import HourFigures, latest_hours
from sync.store.arrivals import Arrival, newest_arrival
from sync.store.backfills import Backfills, JobState, Progress
from sync.store.backlog import Backlog, backlog
from sync.store.batches import Attempt, Batches, Conclusion, Shown
from sync.store.customers import Customers
from sync.store.database import Database
from sync.store.deliveries import Deliveries
from sync.store.details import DetailStore, DueDetails
from sync.store.documents import Claim, Documents, PendingDocument
from sync.store.folders import DueFolder, Folders
from sync.store.history import History
from sync.store.inbox import Inbox, KeptDelivery, Receipt
from sync.store.job_records import JobRecord, JobRecords, KeptChange, KeptDocument
from sync.store.jobs import Jobs, Projected, Wanted
from sync.store.leases import Lease, Leases
from sync.store.pending import DirtyJob, Pending, PendingWork
from sync.store.quarantine import Quarantine
from sync.store.refusals import Refusals, RefusedDay, RefusedRequests
from sync.store.signs import Heartbeats
from sync.store.spreadsheet import Glance, Spreadsheet, Turn

__all__ = [
    "Action",
    "ActionState",
    "Actions",
    "Arrival",
    "Attempt",
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
    "DueDetails",
    "DueFolder",
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
    "Pending",
    "PendingDocument",
    "PendingWork",
    "Progress",
    "Projected",
    "Quarantine",
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
