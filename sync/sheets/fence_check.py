"""Checks whether the fence in the sheet is one that this database set."""

from sync.errors import Permanent
from sync.sheets.context import FlushContext
from sync.store import FenceDoubt
from sync.store.spreadsheet import Spreadsheet

DOUBTS = {
    FenceDoubt.OTHER_DATABASE: "Another database has written this spreadsheet, so this one has "
    "stopped writing. If this one is new or from a backup, read the jobs first, or older statuses "
    "are written: brightsheet backfill",
    FenceDoubt.RESTORED: "This database was restored from a backup, and the spreadsheet has newer "
    "changes. Nothing is written until they have been read from EverBright.",
}
_TAKE_OVER = "To write from this database: brightsheet takeover --write"


class FenceCheck:
    """The check of the fence in each read."""

    def __init__(self, spreadsheet: Spreadsheet) -> None:
        self._spreadsheet = spreadsheet
        self.has_passed = False
        """Whether a read of this process has shown no fence, or one that this database set."""

    def must_pass(self, context: FlushContext) -> None:
        """Raise Permanent if a read shows a fence that this database didn't set."""
        doubt = self._doubt(context)
        self.has_passed = self.has_passed or not doubt
        if context.pending.takes_over:
            return
        if doubt or context.pending.doubt:
            self._spreadsheet.set_doubt(context.lease, doubt)
        if doubt:
            raise Permanent(doubt, DOUBTS[FenceDoubt(doubt)], _TAKE_OVER)

    def _doubt(self, context: FlushContext) -> str:
        """Return why a fence isn't one that this database set (a FenceDoubt), or "" if it is.

        If it has this database's ID, the database is a backup that was restored. But if this
        process has read the sheet without that fence, it wasn't restored now: a copy is running.
        """
        seen, pending = context.snapshot.fence, context.pending
        if seen is None or pending.has_set(seen.number, seen.batch):
            return ""
        is_copied = self.has_passed or pending.doubt == FenceDoubt.OTHER_DATABASE
        is_restored = seen.database == context.next_fence.database and not is_copied
        return FenceDoubt.RESTORED if is_restored else FenceDoubt.OTHER_DATABASE
