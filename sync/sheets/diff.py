"""Jobs + what was read of the sheet → the cells to be written. Pure.

What the store knows nothing of is never touched. A row is found by its key in this read, never by a
remembered number; every row with a job's key is that job's row.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from sync.errors import Permanent
from sync.jobs.cells import EMPTY, Cell
from sync.jobs.columns import KEY, PLACEHOLDER, is_noted
from sync.jobs.model import Customer
from sync.sheets import encode
from sync.sheets.batch import Cells
from sync.sheets.celldata import note_of, text_of
from sync.sheets.snapshot import Table
from sync.sheets.writes import CellWrite, RowWrite

_CELL_BYTES = 150
"""Of JSON around a cell's own text: measured on the published sample."""
_ROW_BYTES = 400
"""Of JSON around a row: its copy to the hidden tab, and the ranges of its runs."""


_UNKNOWN = Customer()


@dataclass(frozen=True)
class Target:
    """A job as it should stand and as it was last confirmed; `fresh`: an event is not yet shown."""

    site: str
    cells: Cells
    written: Cells
    fresh: bool = True
    customer: Customer = _UNKNOWN
    received_at: float | None = None
    """When its newest webhook was received (seconds since 1970)."""

    def differences(self) -> dict[str, Cell]:
        """Return what is to be written, by column id; a cell that went blank is EMPTY."""
        columns = dict.fromkeys([*self.cells, *self.written])
        wanted = {column: self.cells.get(column, EMPTY) for column in columns}
        return {c: cell for c, cell in wanted.items() if cell != self.written.get(c, EMPTY)}

    def differs(self) -> bool:
        """Tell whether anything is to be written: a job that was never written always is."""
        return not self.written or bool(self.differences())


@dataclass
class Diff:
    """What is to be written of jobs: `shown` is what that makes true, by site."""

    rows: list[RowWrite] = field(default_factory=list)
    new_rows: list[RowWrite] = field(default_factory=list)
    shown: dict[str, Cells] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    """Sites whose row a person deleted: it comes back only with the next event."""


def key_column_gone() -> Permanent:
    """Return the error for a tab whose rows cannot be told apart any more."""
    return Permanent(
        "key_column_gone",
        "The column of site IDs was deleted. Bring it back with the version history.",
    )


def compared_columns(targets: Sequence[Target]) -> tuple[str, ...]:
    """Return the columns of which the read is to bring notes and values.

    Those where a note may be due, and where a person may have filled in a name.
    """
    changed = {column for target in targets for column in target.differences()}
    noted = {column for column in changed if is_noted(column)}
    stands_in = any(t.cells.get(PLACEHOLDER, EMPTY).is_stand_in for t in targets)
    return tuple(sorted(noted | ({PLACEHOLDER} if stands_in else set())))


def fitting(targets: Sequence[Target], max_bytes: int) -> Sequence[Target]:
    """Return as many of `targets` as make no batch over `max_bytes`; one at least."""
    size = 0
    for number, target in enumerate(targets):
        cells = target.differences().values()
        size += sum(len(json.dumps(one.model_dump(mode="json"))) + _CELL_BYTES for one in cells)
        size += _ROW_BYTES
        if size > max_bytes and number:
            return targets[:number]
    return targets


def diff(table: Table, targets: Sequence[Target], zone: tzinfo) -> Diff:
    """Return what makes `targets` stand in `table`; dates are shown in `zone`.

    Raises Permanent where the key column is gone.
    """
    if KEY not in table.columns:
        raise key_column_gone()
    found = Diff()
    for target in targets:
        rows = table.keys.get(target.site, ())
        if not rows and not target.fresh:
            found.absent.append(target.site)
            continue
        found.shown[target.site] = {c: o for c, o in target.cells.items() if c in table.columns}
        if rows:
            found.rows += [_changes(table, row, target, zone) for row in rows]
        else:
            row = table.last_row + 1 + len(found.new_rows)
            found.new_rows.append(_new_row(table, row, target, zone))
    found.rows = [one for one in found.rows if one.cells]
    return found


def _changes(table: Table, row: int, target: Target, zone: tzinfo) -> RowWrite:
    changed = target.differences()
    wanted: Mapping[str, Cell] = changed
    if len(table.keys[target.site]) > 1:
        # A person copied the row, perhaps before its last change: each gets all that there is.
        wanted = {**target.cells, **changed}
    cells = []
    for column, cell in wanted.items():
        if column == KEY or column not in table.columns:
            continue
        there = table.cell(column, row)
        if cell.is_stand_in and text_of(there):
            continue  # A person's name for the job says more.
        note = note_of(there) if column in changed else None
        cells.append(_change(table.columns[column], column, cell, note, target, zone))
    return RowWrite(sheet_id=table.sheet_id, row=row, cells=tuple(cells), site=target.site)


def _change(
    index: int, column: str, cell: Cell, note: str | None, target: Target, zone: tzinfo
) -> CellWrite:
    """Return the write of a cell; `note` is what the read saw there (None: not asked for)."""
    writes_note = note is not None and is_noted(column) and _is_managed_note(target, column, note)
    bare = cell.model_copy(update={"note": "", "noted": None})
    return CellWrite(
        index=index,
        column=column,
        data=encode.encoded(cell if writes_note else bare, zone),
        fields=encode.fields_of(cell, writes_note),
        expects_note=note if writes_note else None,
        expects_blank=cell.is_stand_in,
    )


def _is_managed_note(target: Target, column: str, note: str) -> bool:
    """Tell whether a note is one that was written by Brightsheet, or blank."""
    if column in target.written:
        return encode.is_note_of(target.written[column], note)
    return encode.is_note_of(target.cells.get(column, EMPTY), note)


def _new_row(table: Table, row: int, target: Target, zone: tzinfo) -> RowWrite:
    """Return a new row: it goes under the last keyed one, and overwrites nothing."""
    cells = [
        CellWrite(
            index=table.columns[column],
            column=column,
            data=encode.encoded(cell, zone),
            fields=f"{encode.FRESH},note",
        )
        for column, cell in target.cells.items()
        if column in table.columns
    ]
    return RowWrite(
        sheet_id=table.sheet_id, row=row, cells=tuple(cells), site=target.site, is_new=True
    )
