"""Defines columns, and cells with their links and notes. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, tzinfo

from pydantic import AliasChoices, Field, TypeAdapter

from sync.types import Value

CELL_LIMIT = 49_000
"""UTF-16 units; Google's limit is 50,000 characters a cell."""
NOTE_LIMIT = 2_000


class Tint(Value):
    """A background color (#rrggbb) for some cells of a column.

    It applies to cells with exactly `text`, those that begin (`is_prefix`) or end (`is_suffix`)
    with it, those whose day is at most `due_in` days from today, or those with a number larger
    than `above`.
    """

    color: str = ""
    text: str = ""
    above: int | None = None
    due_in: int | None = None
    is_prefix: bool = False
    is_suffix: bool = False


class Column(Value):
    """A managed column: `id` is its key in the sheet's metadata, `header` only its first title."""

    id: str
    header: str
    width: int = 120
    """In pixels. Like the next three, it is set only when the column is created."""
    is_wrapped: bool = False
    """Whether long text wraps."""
    is_clipped: bool = False
    """Whether long text is cut off at the column's edge instead of overflowing into blank cells."""
    is_hidden: bool = False
    is_typed: bool = False
    """Whether people type here, too: then Google does not ask before they do."""
    header_note: str = ""
    """The note on the header cell, which explains the column."""
    tints: tuple[Tint, ...] = ()


class Link(Value):
    """A link on part of a cell's text: `start` and `end` are offsets in UTF-16 units."""

    start: int
    end: int
    uri: str


class Cell(Value):
    """The content of a cell: text, a number or a moment, links on the text, and a note.

    All moments are shown in the sheet's time zone.
    """

    text: str = ""
    number: float | None = None
    when: datetime | None = None
    is_day: bool = False
    """Whether only the day of `when` is shown, or a day after it; see `day_of`."""
    pattern: str = ""
    """The format of a day that is written as text; "" for a real date."""
    days_later: int = 0
    workdays_later: int = 0
    is_age: bool = False
    """Whether the sheet counts the days since `when`."""
    links: tuple[Link, ...] = ()
    note: str = ""
    noted: datetime | None = None
    """The moment with which the note begins."""
    dated: datetime | None = None
    """A moment whose day follows the text, with its year if `has_year`."""
    has_year: bool = False
    is_stand_in: bool = False
    """Whether it never replaces typed text."""
    other_texts: tuple[str, ...] = Field(
        default=(),
        validation_alias=AliasChoices("other_texts", "words"),
        serialization_alias="words",  # As it is stored.
    )
    """Other texts for the same value, the best first: a board may have a word for one of them."""
    shown_as: str = ""
    """Of a written cell: the board's own word for it then. Equal cells may differ in it."""

    @property
    def rules(self) -> tuple[str, ...]:
        """In a progress column: the rules that apply to the job, the furthest first."""
        return self.other_texts

    # A flush compares every cell of its jobs with the last written one. Pydantic's comparison took
    # a sixth of a flush's time.
    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Cell):
            return False
        mine, theirs = vars(self), vars(other)
        if mine == theirs or self.shown_as == other.shown_as:
            return mine == theirs
        return mine == {**theirs, "shown_as": self.shown_as}

    def __hash__(self) -> int:
        """Return the hash of the values that differ most often."""
        return hash((self.text, self.number, self.when))


_DAY, _SATURDAY = timedelta(days=1), 5


def day_of(cell: Cell, zone: tzinfo | None) -> date:
    """Return the day that a cell with `is_day` shows: that of `when`, or so many days later.

    Which days are workdays depends on the zone: a Friday evening in Denver is Saturday in UTC.
    """
    assert cell.when  # noqa: S101 - a day has one
    day = cell.when.astimezone(zone).date() + timedelta(days=cell.days_later)
    for _ in range(cell.workdays_later):
        day += _DAY
        while day.weekday() >= _SATURDAY:
            day += _DAY
    return day


EMPTY = Cell()
Cells = Mapping[str, Cell]
"""The cells of a job's row, by column ID."""


def units(text: str) -> int:
    """Return the length in UTF-16 code units, the unit of Google's offsets."""
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, limit: int = CELL_LIMIT) -> str:
    """Return `text`; if it is longer than `limit` units, truncated with … at its end."""
    if units(text) <= limit:
        return text
    return text.encode("utf-16-le")[: (limit - 1) * 2].decode("utf-16-le", "ignore") + "…"


def joined(parts: Iterable[tuple[str, str]]) -> Cell:
    """Return a cell of `parts`: texts, each with the URL of its link or ""."""
    texts: list[str] = []
    links: list[Link] = []
    position = 0
    for text, uri in parts:
        end = position + units(text)
        if uri:
            links.append(Link(start=position, end=end, uri=uri))
        texts.append(text)
        position = end
    return Cell(text="".join(texts), links=tuple(links))


_JSON = TypeAdapter(dict[str, Cell])


def cells_in(text: str) -> dict[str, Cell]:
    return _JSON.validate_json(text)


def cells_out(cells: Cells) -> str:
    return _JSON.dump_json(dict(cells), exclude_defaults=True).decode()
