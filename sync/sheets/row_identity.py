"""Identifies rows by their key or their content, wherever they are. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Set
from enum import IntEnum, auto

from pydantic import ConfigDict, Field

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

NAMES = ("customer", "first_name", "last_name")
"""Columns that have the customer's name."""

IDENTITY_COLUMNS = (*IDENTIFYING, "zip", "city_zip", *NAMES)
"""IDs of the columns that describe the customer."""

Place = tuple[int, int]
"""A row: sheet ID and zero-based index."""

CellState = tuple[Content, str]
"""The content of a cell, and its note."""


class RowImage(Value):
    """The content of a row that we didn't write: `managed` by column ID, `others` in any order.

    Formulas are left out because they change with their place; so are the overwritten cells.
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

    def has_same_content(self, other: "RowImage") -> bool:
        """Return whether a whole row has exactly this content, without the overwritten cells."""
        managed = {
            column: state
            for column, state in other.managed.items()
            if column not in self.overwritten
        }
        return managed == self.managed and other.others == self.others

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

    def text(self, column: str) -> str:
        """Return the text of a managed column; "" if it is blank."""
        return self.managed[column][0].text if column in self.managed else ""

    def shows(self, texts: Mapping[str, str]) -> bool:
        """Return whether the managed columns show these texts."""
        return all(self.text(column) == text for column, text in texts.items())


def _state(cell: CellData) -> CellState | None:
    state = (content(cell), note_of(cell))
    return None if state == (BLANK, "") else state


class Likeness(IntEnum):
    """How a row without a key is like the overwritten one: the surest first.

    What we wrote doesn't count. The examples are for a row that held "Ann | 555-0100 | red".
    """

    SAME_CONTENT = auto()
    """ "Ann | 555-0100 | red"; if all of it was overwritten, the customer that we wrote."""
    SAME_CUSTOMER = auto()
    """ "Ann | 555-0100 | green"."""
    MORE = auto()
    """All of it, and more: if it held only "red", then "red | urgent"."""
    PARTLY_RESTORED = auto()
    """All of it was overwritten, and the customer that we wrote isn't in the row anymore."""
    EDITED_HEADER = auto()
    """Most of it, in a header row that was sorted in with the rows: no other row is like it."""


class _Identity(Value):
    """With unknown keys, it is invalid: it was stored by an earlier version, in another form."""

    model_config = ConfigDict(extra="forbid")


class ByKey(_Identity):
    """The row with this key ("": without one), which also shows these texts, by column ID."""

    key: str
    shows: dict[str, str] = Field(default_factory=dict)

    @property
    def compared_columns(self) -> Set[str]:
        """IDs of the columns that `matches` compares."""
        return {KEY, *self.shows}

    def matches(self, row: Row, columns: Mapping[str, int]) -> bool:
        """Return whether this is a row, with its managed columns at `columns`."""
        return _key(row, columns) == self.key and _shows(row, columns, self.shows)


class ByWrongKey(_Identity):
    """Each row that has this key by mistake: all but the one that shows `right_texts`."""

    key: str
    right_texts: dict[str, str]
    """By column ID; {}: no row has the key rightly."""

    @property
    def compared_columns(self) -> Set[str]:
        return {KEY, *self.right_texts}

    def matches(self, row: Row, columns: Mapping[str, int]) -> bool:
        """Return whether a row, with its managed columns at `columns`, is one of these."""
        is_right = bool(self.right_texts) and _shows(row, columns, self.right_texts)
        return _key(row, columns) == self.key and not is_right

    def is_partly_right(self, row: Row, columns: Mapping[str, int]) -> bool:
        """Return whether a row shows one of the right texts that identify a customer."""
        return any(
            _shows(row, columns, {column: self.right_texts[column]})
            for column in IDENTIFYING
            if column in self.right_texts
        )


class ByContent(_Identity):
    """A row without a key, by the content that we didn't write over."""

    image: RowImage
    wrote_customer: dict[str, str] = Field(default_factory=dict)
    """The customer's data that we wrote there by mistake: texts by column ID."""

    @property
    def compared_columns(self) -> None:
        """All cells are compared."""
        return None

    def matches(self, row: Row, columns: Mapping[str, int]) -> bool:
        """Return whether this is a row, with its managed columns at `columns`, unchanged."""
        is_same = self.image.has_same_content(RowImage.of(row, columns))
        return is_same and not _key(row, columns)

    def likeness(self, row: RowImage) -> Likeness | None:
        """Return how a whole row without a key is like this one; None: it is another."""
        before, wrote = self.image, self.wrote_customer
        if before.has_same_content(row):
            is_certain = row.shows(wrote) or not before.is_blank
            return Likeness.SAME_CONTENT if is_certain else Likeness.PARTLY_RESTORED
        own = {c: text for c in IDENTITY_COLUMNS if (text := before.text(c))}
        # A name isn't enough, unless the row also shows the email that we wrote beside it, say.
        known = own | (wrote if row.shows(wrote) else {})
        if own and row.shows(own) and not known.keys().isdisjoint(IDENTIFYING):
            return Likeness.SAME_CUSTOMER
        return Likeness.MORE if row.contains(before) else None


class ByHeaderGuard(_Identity):
    """The header row of a tab: its guard is on it, wherever people move it."""

    @property
    def compared_columns(self) -> Set[str]:
        """Its key cell must have a header."""
        return {KEY}


RowIdentity = ByKey | ByWrongKey | ByContent | ByHeaderGuard
"""How the intended row of a write is recognized in a later read."""


def row_text(row: Row) -> str:
    """Return the texts of a row in one line, for people."""
    return " | ".join(text for cell in row if (text := text_of(cell)))


def _shows(row: Row, columns: Mapping[str, int], texts: Mapping[str, str]) -> bool:
    return all(
        column in columns and content(at(row, columns[column])).text == with_plain_spaces(text)
        for column, text in texts.items()
    )


def _key(row: Row, columns: Mapping[str, int]) -> str:
    return site_in(at(row, columns[KEY])) or ""
