"""The whole of the sheet against what it should show: once a day, and on command.

People and faults do what nobody planned for. What differs is written by the next flush.
"""

from collections.abc import Iterable, Mapping
from datetime import tzinfo

from sync.jobs.cells import EMPTY, Cell
from sync.jobs.columns import KEY
from sync.sheets import encode, keys
from sync.sheets.batch import Cells
from sync.sheets.celldata import CellData, Row, at, links_of, text_of
from sync.sheets.diff import Target
from sync.sheets.flush import Flusher
from sync.sheets.mapped import fields_of, in_words
from sync.sheets.snapshot import Table
from sync.store import Lease

_SECOND = 1 / 86_400


def drift(
    table: Table, rows: Mapping[int, Row], jobs: Iterable[tuple[str, Cells]], zone: tzinfo
) -> dict[str, frozenset[str]]:
    """Return, by site, the managed columns whose cell is not what it should be in every row.

    A job without a row is left alone: a row that was deleted comes back with an event only.
    """
    found: dict[str, frozenset[str]] = {}
    for site, cells in jobs:
        wrong = frozenset(
            column
            for row in table.keys.get(site, ())
            for column, index in table.columns.items()
            if column != KEY
            and not _agrees(at(rows.get(row, ()), index), cells.get(column, EMPTY), zone)
        )
        if wrong:
            found[site] = wrong
    return found


def blank(
    table: Table, rows: Mapping[int, Row], targets: Iterable[Target]
) -> dict[str, frozenset[str]]:
    """Return, by site, the columns of a mapped tab with a blank cell that should not be.

    What a person typed there stays until the next event.
    """
    found: dict[str, frozenset[str]] = {}
    for target in targets:
        wrong = frozenset(
            column
            for row in table.keys.get(target.site, ())
            for column, index in table.columns.items()
            if column in target.written
            and not text_of(at(rows.get(row, ()), index))
            and in_words(table, column, target.cells.get(column, EMPTY)) not in (None, EMPTY)
        )
        if wrong:
            found[target.site] = wrong
    return found


def _agrees(shown: CellData, cell: Cell, zone: tzinfo) -> bool:
    wanted = encode.number(cell, zone)
    if wanted is not None:
        value = shown.get("userEnteredValue", {}).get("numberValue")
        return isinstance(value, int | float) and abs(value - wanted) < _SECOND
    if cell.is_stand_in and text_of(shown):
        return True  # A person's name for the job says more.
    links = links_of(encode.encoded(cell, zone))
    return text_of(shown) == cell.text and links_of(shown) == links


def reconcile(flusher: Flusher, held: Lease, *, confirms_deleted: bool = False) -> int:
    """Compare the whole sheet with what it should show; return how many jobs differ.

    Rows that are gone count as deleted. Where they are many at once, their column may have been
    emptied: then Permanent (keys_gone) is raised, unless a person confirms that they were deleted.
    Raises Retryable, too.
    """
    store = flusher.store
    store.spreadsheet.must_be_current()
    flusher.writer.take_turn(held)
    store.spreadsheet.set_compared(held)
    return mark_drift(flusher, held, confirms_deleted=confirms_deleted)


def mark_drift(flusher: Flusher, held: Lease, *, confirms_deleted: bool = False) -> int:
    """Have the next flush write what differs; return how many jobs do."""
    store, snapshot = flusher.store, flusher.client.read()
    if not (snapshot.tables and snapshot.has_fence_tab) or flusher.writer.settle(held, snapshot):
        return 0
    everything = flusher.writer.read_everything(held, snapshot)
    tables = everything.snapshot.tables
    if not tables:
        return 0
    pairs = flusher.targets.of(store.pending.every(), fields_of(tables))
    targets = [target for _, target in pairs if target and target.written]
    zone = flusher.planner.clock(snapshot)
    found: dict[str, frozenset[str]] = {}
    for table in tables:
        rows = everything.rows[table.sheet_id]
        if table.mapped_at is None:
            wrong = drift(table, rows, ((one.site, one.cells) for one in targets), zone)
        else:
            wrong = blank(table, rows, targets)
        found |= {site: columns | found.get(site, frozenset()) for site, columns in wrong.items()}
    store.batches.mark_drift(held, found)
    known = store.pending.written_sites()
    gone = known - {site for table in tables for site in table.keys}
    are_elsewhere = any(
        keys.find_key_column(rows, gone) is not None for rows in everything.rows.values()
    )
    if not keys.are_few(gone, known) and (are_elsewhere or not confirms_deleted):
        raise keys.keys_gone(len(gone), len(known))
    store.batches.forget_rows(held, gone)
    return len(found)
