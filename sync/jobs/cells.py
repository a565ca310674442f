"""The content of a cell: text, number or moment, links on parts of the text, a note. Pure."""

from collections.abc import Iterable
from datetime import datetime

from sync.types import Value

CELL_LIMIT = 49_000
"""UTF-16 units; Google's limit is 50,000 characters a cell."""
NOTE_LIMIT = 2_000


class Link(Value):
    """A link on part of a cell's text: `start` and `end` are offsets in UTF-16 units."""

    start: int
    end: int
    uri: str


class Cell(Value):
    """The content of a cell: text, a number or a moment, links on the text, and a note.

    Moments are shown in the sheet's time zone: only the day of `when` if `is_day`, and in its place
    the days since then, which the sheet counts, if `is_age`; `noted` is the first line of the note.
    A cell that `is_stand_in` never replaces what a person wrote. `words` are shorter ones for the
    text, the best first: what a drop-down may have for it.
    """

    text: str = ""
    number: float | None = None
    when: datetime | None = None
    is_day: bool = False
    is_age: bool = False
    links: tuple[Link, ...] = ()
    note: str = ""
    noted: datetime | None = None
    is_stand_in: bool = False
    words: tuple[str, ...] = ()


EMPTY = Cell()


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
