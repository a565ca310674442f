"""Defines the context of one flush."""

from collections.abc import Container
from dataclasses import dataclass, replace

from sync.sheets.job_tabs import JobTabs
from sync.sheets.snapshot import Fence, Snapshot, keyed_sites
from sync.store import Lease, Pending


@dataclass(frozen=True)
class FlushContext:
    """One flush: its lease, what is pending, and what its read showed."""

    lease: Lease
    next_fence: Fence
    """The one that its batch sets; `snapshot.fence` is the one that was read."""
    tabs: JobTabs
    pending: Pending
    snapshot: Snapshot
    is_partial: bool = False
    """Whether tabs that can't be written were left out."""

    def without(self, sheet_ids: Container[int]) -> "FlushContext":
        """Return the context without some of the tabs, and without the jobs with a row there."""
        tables = self.snapshot.tables
        left = tuple(table for table in tables if table.sheet_id not in sheet_ids)
        waiting = keyed_sites(table for table in tables if table.sheet_id in sheet_ids)
        writable = keyed_sites(left) - waiting
        pending = replace(self.pending, sites_with_row=frozenset(writable))
        snapshot = replace(self.snapshot, tables=left)
        return replace(self, pending=pending, snapshot=snapshot, is_partial=True)
