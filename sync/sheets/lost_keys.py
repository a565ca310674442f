"""Restores keys that rows have lost, removes copied ones, or finds that rows were deleted.

What a person did with keys (site IDs) shows in a read of the whole sheet:

| a person | then |
|---|---|
| cut most into another column | That is the key column now (`find_key_column`). |
| deleted their column | Nothing is written until it is back (`must_have_keys`). |
| put some into other cells | Nothing is written until they are back (`must_be_gone`). |
| cleared some | Each is written again into the row that certainly is the job's (`key_repairs`). |
| copied a job's row for another customer | That row loses the key (`key_repairs`). |
| deleted rows, or cleared keys of uncertain rows | Their jobs get new rows with new events. |
| did so with many at once | Nothing is written until they are back, or somebody confirms it. |
"""

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

from sync.errors import Permanent
from sync.field_table import KEY
from sync.jobs.target import Target
from sync.sheets import keys, undo
from sync.sheets.batch import guarding, retag_columns
from sync.sheets.batch_writer import parsed
from sync.sheets.cell_data import Rows
from sync.sheets.context import FlushContext
from sync.sheets.key_writes import key_repairs
from sync.sheets.row_identity import row_text
from sync.sheets.sheet_access import SheetAccess
from sync.store.findings import Finding

KEYS_GONE = "keys_gone"
FEW = 5
FEW_SHARE = 0.1
"""People delete a few rows at once; if more keys are missing, the column was cleared or moved.

If those counted as deleted rows, every job would get a second row.
"""


class LostKeys:
    """The keys that rows have lost, over several reads."""

    def __init__(self, sheet: SheetAccess) -> None:
        self._sheet = sheet
        self._counted_as_deleted = frozenset[str]()
        """Jobs whose rows people seem to have deleted: only a few vanished between two reads."""

    def may_need_repair(self, context: FlushContext, targets: Iterable[Target]) -> bool:
        """Return whether keys may have to be repaired before the jobs `targets` are written."""
        lost = context.lost
        self._counted_as_deleted &= lost
        return bool(lost) or _may_be_copied(context, targets)

    def repair(
        self,
        context: FlushContext,
        rows: Rows,
        targets: Sequence[Target],
        *,
        confirmed_deletions: int = 0,
    ) -> bool:
        """Restore missing keys and remove copied ones, or else record which rows were deleted.

        Return whether a batch was sent, because the sheet has to be read again then. Guards and
        undos, which the caller sends, come before all but a new key column.

        `rows` are all rows of the tabs, `targets` all jobs. Raises Permanent if keys are in other
        cells, or if many are missing at once, and more than somebody confirmed as deleted.
        `first_flush` repeats the repairs for previews.
        """
        tables, lost = context.snapshot.tables, context.lost
        for table in tables:
            index = keys.find_key_column(table, rows[table.sheet_id], lost)
            if index is not None:
                self._sheet.send(context, retag_columns(table, {KEY: index}))
                return True
        keys.must_have_keys(tables)
        keys.must_be_gone(tables, rows, lost)
        # An undo restores the keys that we wrote over.
        missing = lost - undo.sites_written_over(parsed(context.pending.undos))
        self._count_deleted(context, missing)
        if context.pending.undos or guarding(tables):
            return False  # They come first: an overwritten row shows other content, or its key.
        if self._write_keys(context, rows, targets, missing):
            return True
        self._record_deleted(context, missing, confirmed_deletions)
        return False

    def _count_deleted(self, context: FlushContext, missing: frozenset[str]) -> None:
        """Count the jobs whose keys are missing as deleted, if only a few newly are.

        Deletions accumulate over reads while undos wait, so only the newly missing are compared
        with FEW: of 50 rows, 4 and then 4 more may be deleted, but not 8 at once.
        """
        few = max(FEW, FEW_SHARE * len(context.pending.sites_with_row))
        if len(missing - self._counted_as_deleted) <= few:
            self._counted_as_deleted = missing

    def _record_deleted(
        self, context: FlushContext, missing: frozenset[str], confirmed_deletions: int
    ) -> None:
        """Record that jobs have no row. Raises Permanent if they are too many to be sure."""
        if not (missing <= self._counted_as_deleted or len(missing) <= confirmed_deletions):
            raise _keys_gone(len(missing), len(context.pending.sites_with_row))
        self._sheet.store.batches.set_has_row(context.lease, missing, has_row=False)

    def _write_keys(
        self,
        context: FlushContext,
        rows: Rows,
        targets: Sequence[Target],
        lost: Container[str],
    ) -> bool:
        """Write keys into rows that have lost theirs, and remove keys from other customers' rows.

        Return whether there was anything to do.
        """
        tables = context.snapshot.tables
        restored, removals = key_repairs(context.tabs, tables, rows, targets, lost)
        if not (restored or removals):
            return False
        lines, removed = list[tuple[str, ...]](), list[Finding]()
        for one in removals:
            text = row_text(rows[one.table.sheet_id][one.row])
            lines.append((one.table.title, one.table.header(KEY), text, one.site, ""))
            removed.append(keys.removed_key(one.table, one.row, one.site, one.texts))
        if removed:
            self._sheet.store.findings.add(context.lease, removed)
        # The finding sends an alert, so the new lines of Recovered don't.
        parts = replace(self._sheet.recovered_parts(context, lines), recovered_lines=0)
        # The undo of a key finds its row by all other cells, so their columns mustn't move either.
        guarded = {table.sheet_id: frozenset(table.columns) for table in tables}
        writes = [*restored, *(one.write for one in removals)]
        self._sheet.send(context, replace(parts, rows=writes, guarded=guarded))
        return True


def _may_be_copied(context: FlushContext, targets: Iterable[Target]) -> bool:
    """Return whether a row with a key may have been copied for another customer.

    That is checked if a job to write has several rows, or none: it may be that job's.
    """
    tables = context.snapshot.tables
    rows = Counter(site for t in tables for site, found in t.keys.items() for _ in found)
    return rows.total() > len(rows) and any(rows[t.site] != 1 for t in targets)


def _keys_gone(gone: int, known: int) -> Permanent:
    """Return the error for keys that are missing from the whole sheet.

    It begins with the number that a person confirms if the rows were deleted.
    """
    return Permanent(
        KEYS_GONE,
        f"{gone} of {known} site IDs are gone from their column at once.",
        f"By command: brightsheet compare --rows-deleted {gone}",
        fix="Undo that in Google Sheets. If these rows were deleted on purpose, confirm it on the "
        "console.",
    )
