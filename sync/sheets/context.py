"""Defines what a batch is composed from: what is pending, and what a read showed."""

from dataclasses import dataclass

from sync.sheets.job_tabs import JobTabs
from sync.sheets.snapshot import Fence, Snapshot, keyed_sites
from sync.store import Lease, Pending


@dataclass(frozen=True)
class FlushContext:
    """What one flush, or a command that writes, knows: its lease, what is pending, and its read."""

    lease: Lease
    next_fence: Fence
    """The one that its batch sets, with a higher number if needed (`compose`); `snapshot.fence` is
    the one that was read."""
    tabs: JobTabs
    pending: Pending
    snapshot: Snapshot
    is_partial: bool = False
    """Whether tabs that can't be written were left out."""

    @property
    def lost(self) -> frozenset[str]:
        """The jobs that had a row, and whose key no row shows: none if it may be in another tab."""
        if self.is_partial:
            return frozenset()
        return self.pending.sites_with_row - keyed_sites(self.snapshot.tables)
