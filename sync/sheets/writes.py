"""What a batch writes: cells by row, and the trace that its verification needs. Pure values."""

from typing import Any

from pydantic import Field

from sync.sheets.images import RowImage
from sync.types import Value

HEADER_ROW = "header"
"""Stands for a site where the header row is written."""


class CellWrite(Value):
    """A cell to be written: `data` (CellData) with the mask `fields`, at a zero-based `index`."""

    index: int
    column: str
    data: dict[str, Any]
    fields: str
    expects_note: str | None = None
    """The note that the read saw there, where the note is written."""
    expects_blank: bool = False
    ours: str | None = None
    """In a mapped column: what was written there last. Any other text was a person's."""


class RowWrite(Value):
    """Cells of one row: a job's (`site`), the header row, or one that is known by its `image`."""

    sheet_id: int
    row: int
    cells: tuple[CellWrite, ...] = ()
    site: str = ""
    is_new: bool = False
    """A row that the batch inserts: nothing can be written over in it."""
    image: RowImage | None = None
    restores: tuple[int, ...] = ()
    """Ids of the before-images that are put back in it."""
    identity: dict[str, str] = Field(default_factory=dict)
    """Texts by column id, by which a row without a key was taken to be the job's."""


class Trace(Value):
    """What a batch meant: all that its verification needs."""

    fence: int
    columns: dict[int, dict[str, int]]
    """Where each managed column was taken to be, by sheet id and column id."""
    rows: tuple[RowWrite, ...] = ()
    recovered: tuple[int, ...] = ()
    """Ids of the before-images that it settles without putting anything back."""
    recovered_lines: int = 0
    """How many lines it writes into the tab Recovered."""
