"""Before-images + the whole of the sheet → what is put back, and what goes to Recovered. Pure.

A cell goes back only where that is certain: it still holds exactly what was written into it, and
its row is known: by the job's key, or because exactly one row without a job's key still holds
everything that it held right after the write. (Where that was nothing but what was written, no text
goes back: it is only cleared, and must be all that the row holds now. Of k before-images that are
the same, exactly k rows must hold it.)
Everything else is shown in the tab Recovered: a guess could put a person's text into the wrong row,
and nobody would see it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync.sheets.celldata import Row, at, content, is_formula, note_of, text_of
from sync.sheets.images import (
    NOTE,
    BeforeImage,
    Overwritten,
    has_note,
    holds,
    image_of,
    is_all_of,
    is_identified,
    only,
    written_over,
)
from sync.sheets.snapshot import Table
from sync.sheets.writes import CellWrite, RowWrite

HEADERS = ("When", "Tab", "Column", "Row as it was", "Stood there", "Stands there now")
"""Of the tab Recovered."""


@dataclass
class Restoration:
    """What is put back, and what is not."""

    rows: list[RowWrite] = field(default_factory=list)
    recovered: list[tuple[str, ...]] = field(default_factory=list)
    """Lines for the tab Recovered, as in HEADERS but for the first."""
    given_up: list[int] = field(default_factory=list)
    """Before-images (by id) that are settled without putting anything back."""


def restore(
    tables: Sequence[Table],
    rows: Mapping[int, Mapping[int, Row]],
    images: Mapping[int, BeforeImage],
) -> Restoration:
    """Return where `images` (by id; the newest has the largest) are put back.

    `rows` are all rows of the tabs, by sheet id. What was in a tab that is gone is looked for in
    the first, and not found.
    """
    found, there = Restoration(), {table.sheet_id for table in tables}
    for number, table in enumerate(tables):
        mine = {
            n: one
            for n, one in images.items()
            if one.sheet_id == table.sheet_id or (number == 0 and one.sheet_id not in there)
        }
        here = _restored(table, rows.get(table.sheet_id, {}), mine)
        found.rows += here.rows
        found.recovered += here.recovered
        found.given_up += here.given_up
    return found


def _restored(
    table: Table, rows: Mapping[int, Row], images: Mapping[int, BeforeImage]
) -> Restoration:
    """Return the same of one tab.

    The newest goes first: what it puts back may be what an older one needs to be known by.
    """
    work = _Work(table, rows)
    for number, image in sorted(images.items(), reverse=True):
        if number not in work.settled:
            same = [n for n, o in images.items() if _is_alike(o, image) and n not in work.settled]
            work.settle(number, image, same)
    return work.result()


class _Work:
    def __init__(self, table: Table, rows: Mapping[int, Row]) -> None:
        self._table = table
        self._found = rows
        self._rows = {row: [dict(cell) for cell in cells] for row, cells in rows.items()}
        self._keyed = {row for found in table.keys.values() for row in found}
        self._writes: dict[int, dict[int, CellWrite]] = {}
        self._restores: dict[int, list[int]] = {}
        self._recovered: list[tuple[str, ...]] = []
        self._given_up: list[int] = []
        self.settled: set[int] = set()

    def settle(self, number: int, image: BeforeImage, same: Sequence[int]) -> None:
        """Put an image back, or give it up; `same` are all that are equal to it."""
        found = [] if image.is_lost else list(self._candidates(image))
        if image.site:
            self._settle_by_site(number, image, found)
        elif image.is_bare and not self._may_be_cleared(found, image):
            self._give_up(number, image)
        elif len(found) == 1:
            self._put_back(found[0], [number], image)
        elif found and len(found) == len(same):
            for row, one in zip(found, same, strict=True):
                self._put_back(row, [one], image)
        else:
            self._give_up(number, image)

    def _settle_by_site(self, number: int, image: BeforeImage, found: Sequence[int]) -> None:
        """Put a note back in every row of its job that has the wrong one, or a key in every row
        that is not the job's."""
        for row in found:
            self._put_back(row, [number], image)
        if not found:
            self._give_up(number, image)

    def _candidates(self, image: BeforeImage) -> Iterator[int]:
        known = self._table.keys.get(image.site, ()) if image.site else self._rows.keys()
        return (row for row in known if self._may_be(row, image))

    def _may_be(self, row: int, image: BeforeImage) -> bool:
        """Tell whether a row still holds what was written, and is the image's by all it tells."""
        cells = self._rows.get(row, [])
        if row == self._table.header_row or not self._holds_what_was_written(cells, row, image):
            return False
        if image.identity:
            return not is_identified(cells, self._table.columns, image.identity)
        if image.site:
            return True
        return row not in self._keyed and holds(cells, self._table.columns, image.image)

    def _may_be_cleared(self, found: Sequence[int], image: BeforeImage) -> bool:
        """Tell whether rows of which nothing else is known may go back to being blank.

        A text could go into another one that holds the same; so could one that was typed since.
        """
        is_text = any(content(one.before) for one in image.cells)
        columns = self._table.columns
        return not is_text and all(is_all_of(self._rows[n], columns, image.image) for n in found)

    def _holds_what_was_written(self, cells: Row, row: int, image: BeforeImage) -> bool:
        return all(
            one.column in self._table.columns
            and _agrees(at(cells, self._table.columns[one.column]), one)
            and (row == image.at or not is_formula(one.before))
            for one in image.cells
        )

    def _put_back(self, row: int, numbers: list[int], image: BeforeImage) -> None:
        cells = self._rows[row]
        for one in image.cells:
            index = self._table.columns[one.column]
            data = only(one.fields, one.before)
            cells += [{} for _ in range(index + 1 - len(cells))]
            cells[index] = written_over(cells[index], data, one.fields)
            earlier = self._writes.setdefault(row, {}).get(index)
            fields = _union(earlier.fields, one.fields) if earlier else one.fields
            self._writes[row][index] = CellWrite(
                index=index,
                column=one.column,
                data=only(fields, cells[index]),
                fields=fields,
                expects_note=note_of(at(self._found[row], index)) if has_note(fields) else None,
            )
        self._restores.setdefault(row, []).extend(numbers)
        self.settled.update(numbers)

    def _give_up(self, number: int, image: BeforeImage) -> None:
        self.settled.add(number)
        self._given_up.append(number)
        self._recovered += [
            (
                image.tab,
                image.headers.get(one.column, one.column),
                image.row_text,
                _told(one.before, one.fields),
                _told(one.after, one.fields),
            )
            for one in image.cells
            if image.is_lost or _told(one.before, one.fields) or self._stands(one)
        ]

    def _stands(self, one: Overwritten) -> bool:
        """Tell whether what was written still stands in any row that is no job's."""
        index = self._table.columns.get(one.column)
        return index is None or any(
            _shows(at(cells, index), one)
            for row, cells in self._rows.items()
            if row not in self._keyed and row != self._table.header_row
        )

    def result(self) -> Restoration:
        site_of = {row: site for site, found in self._table.keys.items() for row in found}
        rows = [
            RowWrite(
                sheet_id=self._table.sheet_id,
                row=row,
                cells=tuple(cells[index] for index in sorted(cells)),
                site=site_of.get(row, ""),
                image=None if row in site_of else image_of(self._found[row], self._table.columns),
                restores=tuple(self._restores[row]),
            )
            for row, cells in sorted(self._writes.items())
        ]
        return Restoration(rows, self._recovered, self._given_up)


def _is_alike(one: BeforeImage, other: BeforeImage) -> bool:
    """Tell whether two before-images are the same in all but where their rows were."""
    return one.model_copy(update={"at": other.at}) == other


def _agrees(cell: Mapping[str, Any], one: Overwritten) -> bool:
    """Tell whether a cell still holds what was written into it: all of it, or the note alone."""
    if one.fields == NOTE:
        return note_of(cell) == note_of(one.after)
    return content(cell) == content(one.after)


def _shows(cell: Mapping[str, Any], one: Overwritten) -> bool:
    """Tell whether a cell shows the text that was written into it, or where none was, the note."""
    text = "" if one.fields == NOTE else text_of(one.after)
    return text_of(cell) == text if text else note_of(cell) == note_of(one.after)


def _union(fields: str, more: str) -> str:
    return ",".join(dict.fromkeys([*fields.split(","), *more.split(",")]))


def _told(cell: Mapping[str, Any], fields: str) -> str:
    """Return what a cell held, with its note where that was written over."""
    note = f"Note: {note_of(cell)}" if has_note(fields) and note_of(cell) else ""
    text = "" if fields == NOTE else text_of(cell)
    return "\n".join(part for part in (text, note) if part)
