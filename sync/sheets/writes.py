"""What a batch writes, into which rows, and what undoes it where it hit another cell. Pure values.

Every write says *who* its row is meant to be and what its cell is *expected* to hold. That is all
that the check needs: it knows no policy.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import Field

from sync.field_table import KEY
from sync.sheets.answer import (
    BLANK,
    CellData,
    Content,
    Row,
    at,
    content,
    is_formula,
    note_of,
    site_in,
    text_of,
)
from sync.types import Value

NOTE = "note"
"""The mask of a note alone."""
_IDENTIFYING = ("email", "phone", "address")
"""Columns of which one that agrees tells one customer's row from another's."""
PATTERN = "pattern"
"""Stands for the mask of what new rows take of the one above."""
PARTS = (*_IDENTIFYING, "zip", "city_zip", "customer")
"""What tells who a row is about: ids of columns."""

Place = tuple[int, int]
"""A row: sheet id and zero-based index."""
Held = tuple[Content, str]
"""The content of a cell, and its note."""


class RowImage(Value):
    """What a row held that was not ours: `managed` by column id, `others` in any order.

    Formulas are left out, for they change with their place; so are the cells that were hit.
    """

    managed: dict[str, Held] = Field(default_factory=dict)
    others: tuple[Held, ...] = ()
    hit: tuple[str, ...] = ()
    """Ids of the columns that were hit, and are left out."""

    @classmethod
    def of(cls, row: Row, columns: Mapping[str, int], hit: Collection[int] = ()) -> "RowImage":
        """Return the image of a row whose managed columns stand at `columns`, without `hit`."""
        ids = {index: column for column, index in columns.items()}
        cells = {
            index: held
            for index, cell in enumerate(row)
            if index not in hit and not is_formula(cell) and (held := _held(cell))
        }
        return cls(
            managed={ids[index]: held for index, held in cells.items() if index in ids},
            others=tuple(sorted(held for index, held in cells.items() if index not in ids)),
            hit=tuple(sorted(ids[index] for index in hit if index in ids)),
        )

    @property
    def texts(self) -> dict[str, str]:
        """The texts by column id that tell who the row is about; else all that it has."""
        texts = {column: held[0].text for column, held in self.managed.items() if held[0].text}
        identity = {column: text for column, text in texts.items() if column in PARTS}
        return identity if not identity.keys().isdisjoint(_IDENTIFYING) else texts

    def is_in(self, other: "RowImage") -> bool:
        """Tell whether another row's image holds all of this one, and this one holds anything."""
        has_all = self.managed.items() <= other.managed.items()
        is_any = bool(self.managed or self.others)
        return is_any and has_all and Counter(self.others) <= Counter(other.others)

    def is_like(self, other: "RowImage", wrote: Mapping[str, str] = MappingProxyType({})) -> bool:
        """Tell whether another row is the same customer's by all that this one tells of him.

        One that tells the name alone shows what we `wrote` beside it, too (texts by column id).
        """
        mine = {column: self.managed[column] for column in PARTS if column in self.managed}
        if not mine.items() <= other.managed.items():
            return False
        if mine.keys().isdisjoint(_IDENTIFYING):
            shows_all = all(other.text(column) == text for column, text in wrote.items())
            return bool(mine) and shows_all and not wrote.keys().isdisjoint(_IDENTIFYING)
        return True

    def text(self, column: str) -> str:
        """Return the text of a managed column, "" where it is blank."""
        return self.managed[column][0].text if column in self.managed else ""


def _held(cell: CellData) -> Held | None:
    held = (content(cell), note_of(cell))
    return None if held == (BLANK, "") else held


class RowIdentity(Value):
    """Which row a write is meant for: all that is given here is true of it."""

    key: str = ""
    """The site that its key cell names; "" where it names none."""
    shows: dict[str, str] = Field(default_factory=dict)
    """Texts by column id, by which a row without a key was taken to be a job's."""
    shows_not: dict[str, str] = Field(default_factory=dict)
    """The same texts, one of which it does not show: it has the key by mistake."""
    holds: RowImage | None = None
    """All that a row without a key holds."""
    wrote: dict[str, str] = Field(default_factory=dict)
    """What it tells of a customer since it was hit: texts by column id."""
    is_header: bool = False

    def is_row(self, row: Row, columns: Mapping[str, int]) -> bool:
        """Tell whether a row whose managed columns stand at `columns` is the one that is meant.

        A header row is told by its guard, not by what it holds.
        """
        if (site_in(at(row, columns[KEY])) or "") != self.key:
            return False
        if not _shows(row, columns, self.shows):
            return False
        if self.shows_not and _shows(row, columns, self.shows_not):
            return False
        return self.holds is None or self.is_exactly(row, columns)

    def is_exactly(self, row: Row, columns: Mapping[str, int]) -> bool:
        """Tell whether a row holds just what the image says, but for the cells that were hit."""
        image = self.holds or RowImage()
        hit = [columns[column] for column in image.hit if column in columns]
        return RowImage.of(row, columns, hit) == image

    def is_like(self, row: RowImage) -> bool:
        """Tell whether a row is the same customer's."""
        return self.holds is not None and self.holds.is_like(row, self.wrote)


def _shows(row: Row, columns: Mapping[str, int], texts: Mapping[str, str]) -> bool:
    return all(
        column in columns and text_of(at(row, columns[column])) == text
        for column, text in texts.items()
    )


class CellWrite(Value):
    """A cell to be written: `data` (CellData) with the mask `fields`, at a zero-based `index`."""

    index: int
    column: str
    data: dict[str, Any]
    fields: str
    expects: Content | None = None
    """What its value is expected to be; None: whatever stands there is replaced."""
    expects_note: str | None = None
    """The same of its note, where that is written."""
    replaces_words: bool = False
    """Whether a person typed what stands there, and it is to be kept."""
    key_row: dict[str, str] = Field(default_factory=dict)
    """Of a key: the texts by column id that its right row shows."""
    undoes: tuple[int, ...] = ()
    """Ids of the undos that it carries out."""


class RowWrite(Value):
    """Cells of one row, the job `site`'s if there is one; `is_new`: the batch inserts it."""

    sheet_id: int
    row: int
    cells: tuple[CellWrite, ...] = ()
    site: str = ""
    identity: RowIdentity = RowIdentity()
    is_new: bool = False
    pattern_of: str = ""
    """The site of the first of the new rows that take its drop-downs and `formulas`."""
    formulas: dict[int, str] = Field(default_factory=dict)
    """Of that pattern, by column index."""


class Undo(Value):
    """A cell that was hit without being meant to: what stood there, and what we wrote.

    It is pending until a read shows no row that is `who` with what we wrote in it, or until it has
    landed twice: a person may have copied the row meanwhile.
    """

    sheet_id: int
    column: str = ""
    """The id of the column that was hit; "" where that is no managed one any more."""
    fields: str
    before: dict[str, Any]
    wrote: dict[str, Any]
    identity: RowIdentity
    image: RowImage = RowImage()
    """Of a key: what the row that has it by mistake showed beside it."""
    has_landed: bool = False
    row: int = 0
    """Where the row was (zero-based)."""
    tab: str = ""
    header: str = ""
    row_text: str = ""
    """What the row held before, for people."""

    @property
    def is_of_key(self) -> bool:
        """Whether a job's key stands in a row that is not its own."""
        return bool(self.identity.shows_not)

    @property
    def is_of_pattern(self) -> bool:
        """Whether new rows took formulas of another row than was meant: a person has to look."""
        return self.fields == PATTERN

    @property
    def is_of_note(self) -> bool:
        """Whether the note was hit, and not the value."""
        return self.fields == NOTE

    def is_of_row(self, row: Row, columns: Mapping[str, int]) -> bool:
        """Tell whether a row is the one that was hit, by its key or by the cells that were not."""
        image = self.image if self.is_of_key else self.identity.holds
        if image is None:
            return self.identity.is_row(row, columns)
        who = self.identity.model_copy(update={"holds": None})
        hit = self.identity.model_copy(update={"holds": image})
        is_same = hit.is_exactly(row, columns) or hit.is_like(RowImage.of(row, columns))
        return who.is_row(row, columns) and is_same

    def holds_wrote(self, cell: CellData) -> bool:
        """Tell whether a cell holds what we wrote into it."""
        if self.is_of_note:
            return note_of(cell) == note_of(self.wrote)
        return content(cell) == content(self.wrote)

    def told(self, cell: CellData) -> str:
        """Return what of a cell was hit, for people."""
        if self.is_of_note:
            return f"Note: {note_of(cell)}" if note_of(cell) else ""
        return text_of(cell)


class Trace(Value):
    """What a batch meant: all that its check needs."""

    fence: int
    columns: dict[int, dict[str, int]]
    """Where each managed column was taken to be, by sheet id and column id."""
    rows: tuple[RowWrite, ...] = ()
    settled: tuple[int, ...] = ()
    """Ids of the undos that it tells of in the tab Recovered."""
    recovered_lines: int = 0
    """How many lines it writes there."""


def has_note(fields: str) -> bool:
    """Tell whether a mask has the note in it."""
    return NOTE in fields.split(",")


def value_fields(fields: str) -> str:
    """Return a mask without the note; "" where it is the note alone."""
    return ",".join(name for name in fields.split(",") if name != NOTE)


def masked(fields: str, cell: CellData) -> dict[str, Any]:
    """Return what of a cell a mask names."""
    names = {name.partition(".")[0] for name in fields.split(",")}
    return {name: cell[name] for name in names if name in cell}
