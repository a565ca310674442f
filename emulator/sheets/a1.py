"""A1 notation: `B2`, `A1:C`, `2:5`, `Sheet1`, `'It''s a title'!B:B`."""

import re
from typing import NamedTuple

CELL = re.compile(r"\$?([A-Za-z]{1,3})?(?:\$?([1-9]\d*))?")
PLAIN_TITLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LOOKS_LIKE_CELL = re.compile(r"[A-Za-z]{1,3}\d+|[Rr]\d*[Cc]\d*")


class Reference(NamedTuple):
    """What A1 notation says: a title, and zero-based half-open bounds, each of them or None."""

    title: str | None
    top: int | None
    bottom: int | None
    left: int | None
    right: int | None


def column_name(index: int) -> str:
    """Return `A` for 0, `AA` for 26."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def column_index(name: str) -> int:
    """Return 0 for `A`."""
    index = 0
    for letter in name.upper():
        index = index * 26 + ord(letter) - 64
    return index - 1


def quote(title: str) -> str:
    """Return the title as it stands before the `!`."""
    if PLAIN_TITLE.fullmatch(title) and not LOOKS_LIKE_CELL.fullmatch(title):
        return title
    return "'" + title.replace("'", "''") + "'"


def split(text: str) -> tuple[str | None, str | None]:
    """Return (title, cells), each or None. ValueError where a quote is not closed."""
    if text.startswith("'"):
        found = re.fullmatch(r"'((?:[^']|'')*)'(?:!(.*))?", text, re.DOTALL)
        if not found:
            raise ValueError(text)
        return found[1].replace("''", "'"), found[2]
    if "!" in text:
        title, _, cells = text.rpartition("!")
        return title, cells
    return None, text


def parse_cells(cells: str) -> Reference | None:
    """Return the bounds of A1 notation without a title, None if it is invalid."""
    first, colon, second = cells.partition(":")
    one, other = CELL.fullmatch(first), CELL.fullmatch(second if colon else first)
    if not one or not other or not first or (colon and not second):
        return None
    if not colon and not (one[1] and one[2]):
        return None
    columns = sorted(column_index(name) for name in (one[1], other[1]) if name)
    rows = sorted(int(number) - 1 for number in (one[2], other[2]) if number)
    left, right = _bounds(columns, starts=bool(one[1]))
    top, bottom = _bounds(rows, starts=bool(one[2]))
    return Reference(None, top, bottom, left, right)


def _bounds(found: list[int], *, starts: bool) -> tuple[int | None, int | None]:
    if len(found) == 2:
        return found[0], found[1] + 1
    if not found:
        return None, None
    return (found[0], None) if starts else (None, found[0] + 1)


def format_box(title: str, top: int, bottom: int, left: int, right: int) -> str:
    """Return the full A1 notation of a bounded box, one cell without a colon."""
    first = f"{column_name(left)}{top + 1}"
    last = f"{column_name(right - 1)}{bottom}"
    return f"{quote(title)}!{first if first == last else f'{first}:{last}'}"
