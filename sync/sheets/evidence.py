"""What a batch wrote, and the evidence that it hit what it meant. Pure.

People move rows and columns between our read and our write. The batch itself copies every row that
it is about to write to the hidden tab, and marks every column that it writes. Copies on a tab that
nobody edits, and marks that move with their column, tell afterwards what was there.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field

from sync.jobs.columns import KEY
from sync.sheets.snapshot import Grid, Table, note_of, site_in, text_of
from sync.types import Value

HEADER = "header"
"""The header row, where a row is named by its site."""
NOTE = "note"
"""The mask of a note alone."""

CellData = dict[str, Any]


class Write(Value):
    """One cell that a batch writes, where it takes it to be.

    `row` and `index` are zero-based; `expect` is the site (or HEADER) whose row that is to be; one
    that has no site in its key cell is known by its `looks`. Of what is written over, a note or a
    repaired cell must be what it `held`, too. `column` is a column's id, or a mark
    `{fence}.{index}` on a person's column; `data` is written with the mask `fields`.
    """

    row: int
    index: int
    column: str
    expect: str
    data: CellData
    fields: str
    held: CellData = Field(default_factory=dict)
    looks: tuple[str, ...] = ()
    """All that the row held when its place was found, and what of it was in the key cell."""
    key: str = ""


class Trace(Value):
    """All that the check of a batch needs to know of it."""

    fence: int
    key_index: int
    writes: tuple[Write, ...] = ()
    inserted: tuple[int, ...] = ()
    """Rows that the batch inserts itself: there it can hit nothing but blanks."""
    repairs: tuple[int, ...] = ()
    """Ids of the repairs that it carries out: one for each of its writes, then those given up."""


class Repair(Value):
    """A cell to be put back: `data` with the mask `fields`, where `holds` still stands.

    `row` is a site or HEADER, or "" for a row without a site, as flagged copies are; `column` is as
    in Write. What holds something else by now is somebody's, and stays.
    """

    row: str
    column: str
    data: CellData
    fields: str
    holds: CellData
    keys: tuple[str, ...] = ()
    """What the row's key cell may hold now, beside the site."""
    around: tuple[str, ...] = ()
    """What else the row held after the batch."""
    kept: tuple[str, ...] = ()
    """What of that had stood there before."""
    at: int = 0
    """Where the row was when it was written."""
    stray: bool = False
    """A row of ours that missed its key: all of it goes; `row` is the site that it was made for."""


Copies = Mapping[int, Mapping[int, Grid]]
"""Cells that a batch copied, by row and index."""


def is_clean(trace: Trace, table: Table | None, copies: Copies) -> bool:
    """Tell whether the batch hit what it meant.

    `copies` are those that are asked for when all is well: of the key cells, and of cells whose
    note is written.
    """
    if table is None or not hits(trace, table, trace.key_index, KEY):
        return False
    if trace.repairs and trace.writes:
        return False  # What a repair writes over takes the whole look.
    return all(
        hits(trace, table, write.index, write.column) and _is_right(trace, table, write, copies)
        for write in trace.writes
    )


def _is_right(trace: Trace, table: Table, write: Write, copies: Copies) -> bool:
    if write.row in trace.inserted:
        return write.row > table.header_row
    if write.expect == HEADER:
        return str(trace.fence) in table.header_marks
    if write.column == KEY:
        return False  # A flag: whether the other row still stands takes the whole look.
    row = copies.get(write.row, {})
    is_row = site_in(row.get(trace.key_index, {})) == write.expect
    return is_row and held_note(write, row.get(write.index, {}))


def held_note(write: Write, copy: Grid) -> bool:
    """Tell whether a note that was written over is what it was taken to be."""
    return not writes_note(write.fields) or note_of(copy) == note_of(write.held)


def hits(trace: Trace, table: Table, index: int, column: str) -> bool:
    """Tell whether the column that was written at `index` is `column`."""
    now = table.marks.get(f"{trace.fence}.{index}")
    # A mark that is gone went with its column: there is nothing left to be wrong.
    return now is None or now == table.place(column)


def texts(cells: Iterable[Grid]) -> list[str]:
    """Return what cells hold, without the blanks."""
    return [text for cell in cells if (text := text_of(cell))]


def writes_note(fields: str) -> bool:
    """Tell whether a mask has the note in it."""
    return NOTE in fields.split(",")


def same(cell: Grid, holds: Grid, fields: str) -> bool:
    """Tell whether a cell holds what was written into it with `fields`: a note, or a value."""
    if fields == NOTE:
        return note_of(cell) == note_of(holds)
    return text_of(cell) == text_of(holds)
