"""Identifies rows by their key or their content, wherever they are. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping
from types import MappingProxyType

from pydantic import AliasChoices, Field

from sync.field_table import KEY
from sync.sheets.cell_data import (
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
    with_plain_spaces,
)
from sync.types import Value

IDENTIFYING = ("email", "phone", "address")
"""Columns of which one is enough to identify a customer."""

IDENTITY_COLUMNS = (*IDENTIFYING, "zip", "city_zip", "customer")
"""IDs of the columns that describe the customer."""

Place = tuple[int, int]
"""A row: sheet ID and zero-based index."""

CellState = tuple[Content, str]
"""The content of a cell, and its note."""


class RowImage(Value):
    """The content of a row that we didn't write: `managed` by column ID, `others` in any order.

    Formulas are left out because they change with their place; so are the overwritten cells. A row
    may match in three ways, the surest first: `has_same_content`, `has_same_customer`, and
    `contains` (the row has all of the image and more).
    """

    managed: dict[str, CellState] = Field(default_factory=dict)
    others: tuple[CellState, ...] = ()
    overwritten: tuple[str, ...] = ()
    """IDs of the columns that were overwritten and are left out."""

    @classmethod
    def of(
        cls, row: Row, columns: Mapping[str, int], overwritten: Collection[int] = ()
    ) -> "RowImage":
        """Return the image of a row with managed columns at `columns`, without `overwritten`."""
        ids = {index: column for column, index in columns.items()}
        cells = {
            index: state
            for index, cell in enumerate(row)
            if index not in overwritten and not is_formula(cell) and (state := _state(cell))
        }
        return cls(
            managed={ids[index]: state for index, state in cells.items() if index in ids},
            others=tuple(sorted(state for index, state in cells.items() if index not in ids)),
            overwritten=tuple(sorted(ids[index] for index in overwritten if index in ids)),
        )

    @property
    def is_blank(self) -> bool:
        """Whether there is no other content than the overwritten cells."""
        return not (self.managed or self.others)

    @property
    def texts(self) -> dict[str, str]:
        """The texts, by column ID, that identify the customer; without such texts, all."""
        texts = {column: state[0].text for column, state in self.managed.items() if state[0].text}
        identity = {column: text for column, text in texts.items() if column in IDENTITY_COLUMNS}
        return identity if not identity.keys().isdisjoint(IDENTIFYING) else texts

    def has_same_content(
        self, other: "RowImage", wrote: Mapping[str, str] = MappingProxyType({})
    ) -> bool:
        """Return whether a whole row has exactly this content, without the overwritten cells.

        If that is nothing, the other must also show what we `wrote` (texts by column ID).
        """
        managed = {
            column: state
            for column, state in other.managed.items()
            if column not in self.overwritten
        }
        is_same = managed == self.managed and other.others == self.others
        return is_same and (not self.is_blank or other.shows(wrote))

    def contains(self, other: "RowImage") -> bool:
        """Return whether this image has all of another one's content, which must have some."""
        has_all = other.managed.items() <= self.managed.items()
        return not other.is_blank and has_all and Counter(other.others) <= Counter(self.others)

    def has_most_of(self, other: "RowImage") -> bool:
        """Return whether this image has more than half of another one's cells."""
        mine, theirs = (
            Counter[tuple[object, ...]]([*image.managed.items(), *image.others])
            for image in (self, other)
        )
        return 2 * (mine & theirs).total() > theirs.total()

    def has_same_customer(
        self, other: "RowImage", wrote: Mapping[str, str] = MappingProxyType({})
    ) -> bool:
        """Return whether another row has all the customer's data of this one.

        If this one has only the name, the other must also show what we `wrote` beside it (texts by
        column ID).
        """
        mine = {
            column: self.managed[column] for column in IDENTITY_COLUMNS if column in self.managed
        }
        if not mine.items() <= other.managed.items():
            return False
        if mine.keys().isdisjoint(IDENTIFYING):
            return bool(mine) and other.shows(wrote) and not wrote.keys().isdisjoint(IDENTIFYING)
        return True

    def shows(self, texts: Mapping[str, str]) -> bool:
        """Return whether the managed columns show these texts."""
        return all(
            column in self.managed and self.managed[column][0].text == text
            for column, text in texts.items()
        )


def _state(cell: CellData) -> CellState | None:
    state = (content(cell), note_of(cell))
    return None if state == (BLANK, "") else state


class RowIdentity(Value):
    """The intended row of a write: a row matches if it meets all conditions given here."""

    key: str = ""
    """The site in its key cell; "" if there is none."""
    shows: dict[str, str] = Field(default_factory=dict)
    """The texts by column ID by which a row without a key was matched with a job."""
    shows_not: dict[str, str] = Field(default_factory=dict)
    """Such texts, at least one of which is missing: the row has the key by mistake."""
    has_no_right_row: bool = False
    """Whether every row that has the key has it by mistake."""
    holds: RowImage | None = None
    """The content of a row without a key."""
    wrote_customer: dict[str, str] = Field(
        default_factory=dict, validation_alias=AliasChoices("wrote_customer", "wrote")
    )
    """The customer's data that a misplaced write put there: texts by column ID."""
    is_header: bool = False

    def matches(self, row: Row, columns: Mapping[str, int]) -> bool:
        """Return whether a row with its managed columns at `columns` is the intended one.

        A header row is identified by its guard instead.
        """
        if (site_in(at(row, columns[KEY])) or "") != self.key:
            return False
        if not _shows(row, columns, self.shows):
            return False
        if self.shows_not and _shows(row, columns, self.shows_not):
            return False
        return self.holds is None or self.holds.has_same_content(RowImage.of(row, columns))

    def is_partly_shown(self, row: Row, columns: Mapping[str, int]) -> bool:
        """Return whether a row shows any text of `shows_not` that identifies a customer."""
        return any(
            _shows(row, columns, {column: self.shows_not[column]})
            for column in IDENTIFYING
            if column in self.shows_not
        )


def row_text(row: Row) -> str:
    """Return the texts of a row in one line, for people."""
    return " | ".join(text for cell in row if (text := text_of(cell)))


def _shows(row: Row, columns: Mapping[str, int], texts: Mapping[str, str]) -> bool:
    return all(
        column in columns and content(at(row, columns[column])).text == with_plain_spaces(text)
        for column, text in texts.items()
    )
