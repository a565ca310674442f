"""Finds where an installer's table ends, where new rows go, and what they copy. Pure.

People put totals, dividers and blank rows between and below their jobs. None of these is a job's
row: nothing is added below them, and nothing is copied from them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sync.boards import formulas
from sync.boards.mapping.vocabulary import is_divider, plain, sets_aside
from sync.boards.party import name_in
from sync.field_table import KEY, FieldKind, entry_of
from sync.sheets.cell_data import Row, at, is_formula, text_of
from sync.sheets.job_tabs import Pattern
from sync.sheets.row_identity import IDENTITY_COLUMNS
from sync.sheets.snapshot import Table

ColumnTexts = Mapping[int, Sequence[str]]
"""The bare values of a tab's columns, by index and from its first row on; formulas as such."""
_CERTAIN = frozenset(("email", "phone"))
"""Columns that tell a customer for certain; a name or an address may be a divider's text."""
_ANY = re.compile("")
_PLAUSIBLE = {
    "email": re.compile("@"),
    "phone": re.compile(r"\d{3}.*\d{4}"),
    "zip": re.compile(r"\d{5}"),
    "city_zip": re.compile(r"\d{5}"),
}
"""What the text of a customer has in a column. Below the jobs, there may be counts, too."""
_STREET = re.compile(r"\d+\S*\s+\S+\s+\S")
_OFTEN_BLANK = (FieldKind.DATE, FieldKind.NUMBER)
"""Kinds of fields that a new job seldom has."""
_CHECK_BOXES = ("True", "False")


@dataclass(frozen=True)
class TableEnd:
    """The last row that is a job's or looks like one (the header row where there is none)."""

    last_row: int
    copied: frozenset[int] = frozenset()
    """The indexes of the columns whose formula a new row copies from it."""
    is_covered: bool = False
    """Whether a total's range ends at that row, so that a new row must be inserted inside it."""


def column_texts(rows: Mapping[int, Row]) -> dict[int, list[str]]:
    """Return the bare values of rows that were read whole, by column."""
    width = max(map(len, rows.values()), default=0)
    depth = max(rows, default=-1) + 1
    texts = {index: [""] * depth for index in range(width)}
    for number, row in rows.items():
        for index, cell in enumerate(row):
            texts[index][number] = text_of(cell)
    return texts


def find(table: Table, texts: ColumnTexts) -> TableEnd:
    """Return where a table ends; `texts` are all columns of its tab."""
    finder = _EndFinder(table, texts)
    if (last := finder.last_job()) is None:
        return TableEnd(table.header_row)
    return TableEnd(last, finder.copied_from(last), finder.is_covered_to(last))


def new_row_pattern(table: Table, end: TableEnd, above: Row) -> Pattern:
    """Return where new rows go: below the last job's row, whose cells are `above`."""
    if end.last_row <= table.header_row:
        return Pattern(end.last_row + 1)
    if table.native_end is not None:
        return Pattern(end.last_row + 1, above)  # A new row takes its column's drop-downs.
    # As they are now, and as copies of that row are read: the check compares them.
    cells = {index: at(above, index) for index in sorted(end.copied)}
    copied = {index: text_of(cell) for index, cell in cells.items() if is_formula(cell)}
    return Pattern(end.last_row + 1, above, copied, end.is_covered)


class _EndFinder:
    """Finds the last job among the rows of a tab."""

    def __init__(self, table: Table, texts: ColumnTexts) -> None:
        self._table, self._texts = table, texts
        depth = max(map(len, texts.values()), default=0)
        self._depth = depth if table.native_end is None else min(depth, table.native_end)
        self._knows_people = not table.columns.keys().isdisjoint(IDENTITY_COLUMNS)

    def last_job(self) -> int | None:
        """Return the last row that is a job's; a remark's only where no other looks like one.

        Jobs that are set aside below a divider ("ON HOLD") count only where there are no others.
        """
        first, end = self._table.header_row + 1, self._depth
        divider = next((row for row in range(first, end) if self._begins_aside(row)), end)
        active, set_aside = range(first, divider), range(divider + 1, end)
        remark: int | None = None
        for row in (*reversed(active), *reversed(set_aside)):
            if not self.is_job(row):
                continue
            if not self._is_remark(row):
                return row
            if remark is None:
                remark = row
        return remark

    def _begins_aside(self, row: int) -> bool:
        filled = self._filled(row)
        return bool(filled) and sets_aside(filled[0]) and not self.is_job(row)

    def _is_remark(self, row: int) -> bool:
        """Return whether a row has one text alone, and a total is nearest above it: a legend."""
        has_key = KEY in self._table.columns and self._entered(KEY, row)
        if has_key or len(self._filled(row)) > 1:
            return False
        above = row - 1
        while above > self._table.header_row and not self._has_total(above):
            if len(self._filled(above)) > 1:
                return False
            above -= 1
        return above > self._table.header_row

    def _text(self, index: int, row: int) -> str:
        column = self._texts.get(index, ())
        return column[row] if 0 <= row < len(column) else ""

    def _typed(self, index: int, row: int) -> str:
        """Return the typed text of a cell; formulas and check boxes have none."""
        text = self._text(index, row).strip()
        return "" if text in _CHECK_BOXES or formulas.is_formula_text(text) else text

    def _entered(self, column: str, row: int) -> str:
        """Return what is entered in a managed column."""
        return self._typed(self._table.columns[column], row)

    def is_job(self, row: int) -> bool:
        """Return whether a row is a job's or looks like one."""
        columns, headers = self._table.columns, self._table.headers
        entered = {c: text for c in columns if (text := self._entered(c, row))}
        # A row without a text, or with the headers once more, is no job's.
        if all(plain(text) == plain(headers.get(columns[c], "")) for c, text in entered.items()):
            return False
        people = {
            column
            for column, text in entered.items()
            if column in IDENTITY_COLUMNS and _PLAUSIBLE.get(column, _ANY).search(text)
        }
        is_street = bool(_STREET.match(entered.get("address", "")))
        if KEY in entered or is_street or not people.isdisjoint(_CERTAIN):
            return True
        if is_divider(name_in(entered) or self._filled(row)[0]):
            return False
        return bool(people or not self._knows_people) and not self._has_total(row)

    def _filled(self, row: int) -> list[str]:
        """Return the typed texts of a row, from the left."""
        return [text for index in sorted(self._texts) if (text := self._typed(index, row))]

    def _has_total(self, row: int) -> bool:
        return any(self._is_total(index, row) for index in self._texts)

    def _is_total(self, index: int, row: int) -> bool:
        around = ((n, self._text(index, n)) for n in (row - 1, row + 1))
        return formulas.is_total(self._text(index, row), row, self._table.title, around)

    def copied_from(self, row: int) -> frozenset[int]:
        """Return the columns, none of them managed, whose formula a row below copies from this one.

        What a formula refers to in its own row must be filled in a new one, too, or the formula
        must be aware of blank cells: else it would show an amount of $0, or a date of 1899.
        """
        columns = self._table.columns
        kinds = {index: entry_of(column).kind for column, index in columns.items()}
        present = {index for index, kind in kinds.items() if kind not in _OFTEN_BLANK}
        copyable = {
            index: text
            for index in sorted(self._texts.keys() - kinds.keys())
            if formulas.is_formula_text(text := self._text(index, row))
            and not formulas.fills_others(text)
            and not self._is_total(index, row)
        }
        for _ in range(len(copyable)):  # One may count what another computes.
            present |= {
                index
                for index, text in copyable.items()
                if formulas.is_blank_aware(text)
                or formulas.sources(text, row, self._table.title) <= present
            }
        return frozenset(present & copyable.keys())

    def is_covered_to(self, row: int) -> bool:
        """Return whether a total ends at a row, and that row has no running total of its own."""
        is_covered, row_number = False, str(row + 1)
        for column in self._texts.values():
            for number, text in enumerate(column):
                if row_number not in text or not formulas.is_formula_text(text):
                    continue
                spans = formulas.spans(text, self._table.title)
                ending = [span for span in spans if span.last == row and not span.is_one_row]
                if number == row and any(not span.is_last_fixed for span in ending):
                    return False
                is_covered = is_covered or bool(ending)
        return is_covered
