"""The only user of SQLAlchemy: inbox, jobs, documents and leases, on SQLite or PostgreSQL."""

from sync.store.customers import Customers
from sync.store.database import Database
from sync.store.documents import Claim, Documents, PendingDocument
from sync.store.history import History
from sync.store.inbox import Inbox, KeptDelivery, Receipt
from sync.store.jobs import Attempt, DirtyJob, Jobs, Projected
from sync.store.leases import Lease, Leases

__all__ = [
    "Attempt",
    "Claim",
    "Customers",
    "Database",
    "DirtyJob",
    "Documents",
    "History",
    "Inbox",
    "Jobs",
    "KeptDelivery",
    "Lease",
    "Leases",
    "PendingDocument",
    "Projected",
    "Receipt",
]
