"""Formulas as text: which rows they cover, and how they read in another row. Pure.

Rows count from 0, as in the API; in a formula's text they count from 1.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

_TITLE = r"(?:'(?:[^']|'')*'|[^\W\d][\w.]*)!"
_CELL = r"\$?[A-Za-z]{1,3}\$?[1-9]\d{0,6}"
_REFERENCE = re.compile(
    rf"""(?P<text>"(?:[^"]|"")*")
    | (?<![\w.$])(?P<title>{_TITLE})?
      (?P<cells>{_CELL}(?:\s*:\s*(?:{_CELL}|\$?[A-Za-z]{{1,3}}|\$?[1-9]\d{{0,6}}))?
        | \$?[A-Za-z]{{1,3}}:\$?[A-Za-z]{{1,3}}
        | \$?[1-9]\d{{0,6}}:\$?[1-9]\d{{0,6}})
      (?![\w(!])""",
    re.VERBOSE,
)
_ROW = re.compile(r"(?<!\d)(\$?)([1-9]\d*)(?!\d)")
_COLUMN = re.compile(r"[A-Za-z]{1,3}")
_BLANK_AWARE = re.compile(
    r"\b(?:ISBLANK|COUNTBLANK|COUNTA|LEN)\s*\(|(?:=|<>)\s*\"\"", re.IGNORECASE
)
_SUMMARISES = re.compile(
    r"\b(SUM\w*|SUBTOTAL|AGGREGATE|AVERAGE\w*|COUNT\w*|MIN|MAX|MEDIAN|PRODUCT)\s*\(", re.IGNORECASE
)
_COMPUTED_RANGE = re.compile(r"\b(INDIRECT|OFFSET)\s*\(", re.IGNORECASE)
_FILLS_OTHERS = re.compile(r"\b(ARRAYFORMULA|QUERY|FILTER|IMPORTRANGE|UNIQUE|SORT)\s*\(", re.I)


@dataclass(frozen=True)
class RowSpan:
    """The rows of a reference, the last included; None is the tab's end."""

    first: int
    last: int | None
    is_last_fixed: bool = False
    """Whether the last row is written with a $."""

    @property
    def is_one_row(self) -> bool:
        return self.first == self.last


def is_formula_text(text: str) -> bool:
    return text.startswith("=")


def spans(formula: str, title: str) -> Iterator[RowSpan]:
    """Yield the rows of each reference to the tab `title`, on which the formula stands."""
    for ends in _references(formula, title):
        first, last = _ROW.search(ends[0]), _ROW.search(ends[-1])
        yield RowSpan(
            int(first[2]) - 1 if first else 0,
            int(last[2]) - 1 if last else None,
            bool(last and last[1]),
        )


def _references(formula: str, title: str) -> Iterator[list[str]]:
    """Yield the first and the last cell (or one) of each reference to the tab of the formula."""
    for match in _REFERENCE.finditer(formula):
        if not match["text"] and _is_here(match["title"], title):
            yield re.split(r"\s*:\s*", match["cells"])


def covers_others(formula: str, row: int, title: str) -> bool:
    """Return whether a formula in `row` is about other rows, and not its own: a total, an average.

    One that refers to its own row counts for that row, whatever it looks up elsewhere.
    """
    if not is_formula_text(formula):
        return False
    covered = list(spans(formula, title))
    # In a reference without an end no row is meant.
    if any(span.last is not None and span.first <= row <= span.last for span in covered):
        return False
    if any(not span.is_one_row for span in covered):
        return True
    is_summary = bool(_SUMMARISES.search(formula))
    if is_summary and _COMPUTED_RANGE.search(formula):
        return True
    return len({span.first for span in covered}) > 1 or (is_summary and bool(covered))


def is_total(formula: str, row: int, title: str, neighbors: Iterable[tuple[int, str]]) -> bool:
    """Return whether a cell sums up other rows, and is not what its whole column computes.

    `neighbors` are the cells right above and below, with their rows: in a column that is
    computed row by row one of them has the same formula.
    """
    if not covers_others(formula, row, title):
        return False
    own = relative(formula, row)
    return all(relative(text, number) != own for number, text in neighbors)


def is_blank_aware(formula: str) -> bool:
    """Return whether a formula says what it shows for a blank cell."""
    return bool(_BLANK_AWARE.search(formula))


def sources(formula: str, row: int, title: str) -> set[int]:
    """Return the indexes of the columns of its own row that a formula in `row` refers to."""
    found: set[int] = set()
    for ends in _references(formula, title):
        rows = [int(number[2]) - 1 for end in ends if (number := _ROW.search(end))]
        names = [_COLUMN.search(end) for end in ends]
        if rows and all(names) and min(rows) <= row <= max(rows):
            columns = [_index(name[0]) for name in names if name]
            found.update(range(min(columns), max(columns) + 1))
    return found


def _index(name: str) -> int:
    """Return the zero-based index of a column by its letters."""
    index = 0
    for letter in name.upper():
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def fills_others(formula: str) -> bool:
    """Return whether a formula fills cells below its own, too: a copy of it has no room."""
    return bool(_FILLS_OTHERS.search(formula))


def relative(formula: str, row: int) -> str:
    """Return a formula with its rows as distances: the same for a cell and its copy."""
    return _with_rows(formula, lambda number: f"[{number - 1 - row}]")


def moved(formula: str, down: int) -> str:
    """Return a formula as its copy reads so many rows below."""
    return _with_rows(formula, lambda number: str(number + down))


def _with_rows(formula: str, change: Callable[[int], str]) -> str:
    """Return a formula with each row that is not fixed changed; texts in it stay."""

    def changed(match: re.Match[str]) -> str:
        if match["text"]:
            return match[0]
        cells = _ROW.sub(lambda end: end[0] if end[1] else change(int(end[2])), match["cells"])
        return (match["title"] or "") + cells

    return _REFERENCE.sub(changed, formula)


def _is_here(prefix: str | None, title: str) -> bool:
    if not prefix:
        return True
    name = prefix[:-1]
    if name.startswith("'"):
        name = name[1:-1].replace("''", "'")
    return name.casefold() == title.casefold()
