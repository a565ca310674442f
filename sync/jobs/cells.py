"""What a sheet shows, as values: columns, and cells with their links and notes. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sync.types import Value

CELL_LIMIT = 49_000
"""UTF-16 units; Google's limit is 50,000 characters a cell."""
NOTE_LIMIT = 2_000
KEPT_NOTE = "\n\nFilled in automatically. Your edits here are overwritten."
"""Short: the notes on all headers are read with every flush, and again with its answer."""


class Tint(Value):
    """A background color (#rrggbb) for some cells of a column.

    For those with exactly `text`, those that begin (`is_prefix`) or end (`is_suffix`) with it,
    those whose day is at most `due_in` days from today, or those whose number is `above` another.
    """

    color: str
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
    """In pixels, set once when the column is made."""
    is_wrapped: bool = False
    """Whether long text is broken into lines, set once, too."""
    is_clipped: bool = False
    """Whether it is cut off at the column's edge, set once: else it runs on over blank cells."""
    is_hidden: bool = False
    """Whether the column is hidden when it is made."""
    is_typed: bool = False
    """Whether people type here, too: then Google does not ask before they do."""
    about: str = ""
    """The note on the header cell, which explains the column."""
    tints: tuple[Tint, ...] = ()


class Link(Value):
    """A link on part of a cell's text: `start` and `end` are offsets in UTF-16 units."""

    start: int
    end: int
    uri: str


class Cell(Value):
    """The content of a cell: text, a number or a moment, links on the text, and a note.

    Moments are shown in the sheet's time zone: only the day of `when` if `is_day` (or the one that
    is `days_later`: calendar days, whatever daylight-saving time does), and in its place
    the days since then, which the sheet counts, if `is_age`; `noted` is the first line of the note.
    The day of `dated` follows the text, with its year if `has_year`. A cell that `is_stand_in`
    never replaces what a person wrote. `words` are shorter ones for the text, the best first: what
    a drop-down may have for it.
    """

    text: str = ""
    number: float | None = None
    when: datetime | None = None
    is_day: bool = False
    pattern: str = ""
    """How a date is written as text: a format of the day; "" for a real date."""
    days_later: int = 0
    is_age: bool = False
    links: tuple[Link, ...] = ()
    note: str = ""
    noted: datetime | None = None
    dated: datetime | None = None
    has_year: bool = False
    is_stand_in: bool = False
    words: tuple[str, ...] = ()

    # A flush compares every cell of its jobs with what was written: pydantic's own way of comparing
    # was a sixth of its time.
    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Cell) and vars(self) == vars(other))

    def __hash__(self) -> int:
        """Return the hash of what differs most."""
        return hash((self.text, self.number, self.when))


EMPTY = Cell()
Cells = Mapping[str, Cell]
"""What a job's row shows, by column id."""


def units(text: str) -> int:
    """Return the length in UTF-16 code units, the unit of Google's offsets."""
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, limit: int = CELL_LIMIT) -> str:
    """Return `text`, truncated to `limit` units with … at its end."""
    if units(text) <= limit:
        return text
    return text.encode("utf-16-le")[: (limit - 1) * 2].decode("utf-16-le", "ignore") + "…"


def linked(text: str, uri: str) -> Cell:
    """Return a cell whose whole text is one link."""
    return joined([(text, uri)])


def joined(parts: Iterable[tuple[str, str]]) -> Cell:
    """Return a cell of `parts`: texts, each with the address of its link or ""."""
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


def cells_in(tree: Mapping[str, object]) -> dict[str, Cell]:
    """Return cells from their JSON values."""
    return {column: Cell.model_validate(cell) for column, cell in tree.items()}
