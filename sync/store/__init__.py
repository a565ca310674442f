"""The only user of SQLAlchemy: inbox, jobs, documents and leases, on SQLite or PostgreSQL."""

from sync.store.database import Database
from sync.store.documents import Claim, Documents, PendingDocument
from sync.store.inbox import Inbox, KeptDelivery, Receipt
from sync.store.jobs import Attempt, DirtyJob, Jobs
from sync.store.leases import Lease, Leases

__all__ = [
    "Attempt",
    "Claim",
    "Database",
    "DirtyJob",
    "Documents",
    "Inbox",
    "Jobs",
    "KeptDelivery",
    "Lease",
    "Leases",
    "PendingDocument",
    "Receipt",
]
