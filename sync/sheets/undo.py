"""Finds the cells for pending undos in the whole sheet, and reports those without one. Pure.

An undo is an ordinary write: it has the identity of the overwritten row, and expects its cell to
hold what we wrote. So it is checked like any other. Undos of keys go first, because all other rows
are found by their keys. An undo without a certain place is reported in the tab Recovered: a guess
could put typed text into the wrong row, and nobody would notice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, auto

from sync.field_table import KEY
from sync.sheets.cell_data import (
    Row,
    Rows,
    at,
    content,
    depends_on_place,
    note_of,
    site_in,
    text_of,
)
from sync.sheets.check import Undo
from sync.sheets.read import Table
from sync.sheets.row_identity import Place, RowIdentity, RowImage
from sync.sheets.sheet_requests import CellWrite, RowWrite

HEADERS = ("When", "Tab", "Column", "Row as it was", "What was there", "What is there now")
"""The headers of the tab Recovered."""


@dataclass
class Placement:
    """The undos to write now, those to report, and those that are finished (states: `Undo`)."""

    rows: list[RowWrite] = field(default_factory=list)
    recovered: list[tuple[str, ...]] = field(default_factory=list)
    """Lines for the tab Recovered, as in HEADERS without the first."""
    finished: set[int] = field(default_factory=set)
    """IDs of the undos that no row needs, those in `recovered` among them."""


def sites_written_over(undos: Mapping[int, Undo]) -> set[str]:
    """Return the sites whose key was overwritten and isn't back in its row yet."""
    keys = (undo.before for undo in undos.values() if undo.column == KEY)
    return {site for cell in keys if (site := site_in(cell))}


def restores_header(table: Table, undos: Mapping[int, Undo]) -> bool:
    """Return whether a key was written into the header row, which is back in its place.

    The header row was sorted in with the rows at the time of the write.
    """
    return any(
        undo.removes_key
        and (undo.sheet_id, undo.identity.key) == (table.sheet_id, table.site_in_header)
        and bool(text_of(undo.before))
        and not site_in(undo.before)
        for undo in undos.values()
    )


def place_undos(tables: Sequence[Table], rows: Rows, undos: Mapping[int, Undo]) -> Placement:
    """Return the cells for `undos` (by ID; the newest has the largest).

    `rows` are all rows of the tabs, by sheet ID.
    """
    work = _Placing(tables, rows)
    keys = {number: undo for number, undo in undos.items() if undo.column == KEY}
    newest_first = sorted((keys or undos).items(), reverse=True)
    for number, undo in newest_first:
        if undo.is_of_pattern:  # Only a person can fix that.
            work.finish(number, undo, is_reported=True)
        elif undo.removes_key:
            key = undo.identity.key
            same_key = [
                one for _, one in newest_first if one.removes_key and one.identity.key == key
            ]
            work.restore_key(number, undo, same_key)
        else:
            work.restore_cell(number, undo)
    return work.placement()


class _Likeness(IntEnum):
    """How a row without a key is like the overwritten one: the surest first.

    What we wrote doesn't count. The examples are for a row that held "Ann | 555-0100 | red".
    """

    SAME_CONTENT = auto()
    """ "Ann | 555-0100 | red"; if it held nothing, the row shows the customer that we wrote."""
    BLANK = auto()
    """Both hold nothing."""
    SAME_CUSTOMER = auto()
    """ "Ann | 555-0100 | green"."""
    MORE = auto()
    """All of it, and more: if it held only "red", then "red | urgent"."""
    EDITED_HEADER = auto()
    """Most of it, in a header row: no other row is like it."""


class _Placing:
    def __init__(self, tables: Sequence[Table], rows: Rows) -> None:
        self._tables = {table.sheet_id: table for table in tables}
        self._rows = rows
        self._images = dict[Place, RowImage]()
        self._cells: dict[Place, dict[tuple[str, bool], CellWrite]] = {}
        self._identities: dict[Place, RowIdentity] = {}
        self._reported: dict[tuple[str, str, str, int, int], list[Undo]] = {}
        self._result = Placement()

    def restore_key(self, number: int, undo: Undo, same_key: Sequence[Undo]) -> None:
        """Restore the key cell of every row that has this key by mistake.

        If the key was misplaced several times (`same_key`, the newest first), the newest undo knows
        the right row (`identity`), but what a row held is in the undo of the write that hit it. The
        newest writes all rows; the others finish once no row has the key by mistake.
        """
        identity, is_anywhere = same_key[0].identity, False
        for place in self._keyed(identity.key):
            row, columns = self._row(place)
            if not identity.matches(row, columns):
                continue
            hit = next((one for one in same_key if one.overwrote(row, columns)), None)
            if hit is None and identity.is_partly_shown(row, columns):
                continue  # It is a copy of the right row: one text was typed over in one of them.
            before, image = (hit.before, hit.image) if hit else ({}, undo.image)
            of_row = {"before": before, "image": image, "identity": identity}
            self._write(place, number, undo.model_copy(update=of_row))
            is_anywhere = True
        if not is_anywhere:
            is_back = any(
                content(at(row, table.columns[KEY])) == content(undo.before)
                for table in self._tables.values()
                for row in self._rows.get(table.sheet_id, {}).values()
            )
            self.finish(number, undo, is_reported=bool(text_of(undo.before)) and not is_back)

    def restore_cell(self, number: int, undo: Undo) -> None:
        """Restore the overwritten cell in every row that is the overwritten one."""
        places = self._places(undo)
        is_doubtful = self._are_doubtful(places, undo)
        if is_doubtful or not places:
            is_reported = is_doubtful or self._is_worth_reporting(undo)
            self.finish(number, undo, is_reported=is_reported)
            return
        for place in places:
            self._write(place, number, undo, row_count=len(places))

    def _places(self, undo: Undo) -> list[Place]:
        """Return the rows that are or may be the overwritten one, and still show what we wrote.

        Of rows without a key, only those that are most like it.
        """
        image, places = undo.identity.holds, self._unkeyed()
        if undo.identity.is_header:  # Of our own tab, in whose place a duplicate may be by now.
            tables = self._tables.values()
            places = ((table.sheet_id, table.header_row) for table in tables if table.is_ours)
        elif image is None:
            places = self._keyed(undo.identity.key)
        found = [place for place in places if self._holds_wrote(place, undo)]
        if image is None:
            return found
        if undo.was_confirmed and image.is_blank:
            return []  # Another row that holds nothing else may have this value rightly.
        alike = {place: one for place in found if (one := self._likeness(place, undo, image))}
        best = min(alike.values(), default=None)
        return [place for place, one in alike.items() if one is best]

    def _likeness(self, place: Place, undo: Undo, image: RowImage) -> _Likeness | None:
        now, wrote = self._whole_image(place), undo.identity.wrote_customer
        if image.has_same_content(now, wrote):
            return _Likeness.SAME_CONTENT
        if image.is_blank and image.has_same_content(now):
            return _Likeness.BLANK
        if undo.was_confirmed:
            return None  # It is restored, and only a copy of the row is sought.
        if image.has_same_customer(now, wrote):
            return _Likeness.SAME_CUSTOMER
        if now.contains(image):
            return _Likeness.MORE
        is_header = place[1] == self._tables[place[0]].header_row
        return _Likeness.EDITED_HEADER if is_header and now.has_most_of(image) else None

    def _are_doubtful(self, places: Sequence[Place], undo: Undo) -> bool:
        """Return whether some of the rows may be others than the overwritten one."""
        image = undo.identity.holds
        if image is None or not places:
            return False
        first, *others = map(self._whole_image, places)
        if first.is_blank or any(other != first for other in others):
            return True
        # If it was the row's only text, it would go into all rows that hold ours.
        return image.is_blank and bool(undo.described(undo.before)) and bool(others)

    def _holds_wrote(self, place: Place, undo: Undo) -> bool:
        row, columns = self._row(place)
        if undo.column not in columns or not undo.holds_wrote(at(row, columns[undo.column])):
            return False
        return not depends_on_place(undo.before) or place == (undo.sheet_id, undo.row)

    def _row(self, place: Place) -> tuple[Row, Mapping[str, int]]:
        sheet_id, number = place
        return self._rows.get(sheet_id, {}).get(number, ()), self._tables[sheet_id].columns

    def _whole_image(self, place: Place) -> RowImage:
        """Return the image of a row with what we wrote, unlike that in an undo's identity."""
        if place not in self._images:
            self._images[place] = RowImage.of(*self._row(place))
        return self._images[place]

    def _keyed(self, site: str) -> Iterator[Place]:
        for table in self._tables.values():
            yield from ((table.sheet_id, row) for row in table.keys.get(site, ()))
            if table.site_in_header == site:
                yield (table.sheet_id, table.header_row)

    def _unkeyed(self) -> Iterator[Place]:
        for table in self._tables.values():
            keyed = {row for found in table.keys.values() for row in found}
            for number in self._rows.get(table.sheet_id, {}):
                if number not in keyed:
                    yield (table.sheet_id, number)

    def _is_worth_reporting(self, undo: Undo) -> bool:
        """Return whether anything is lost, or misplaced text remains.

        Cells of our own tab aren't reported: the next comparison fixes them.
        """
        table = self._tables.get(undo.sheet_id)
        is_ours = table is not None and table.is_ours and not undo.is_of_note
        if undo.was_confirmed or (is_ours and undo.identity.key and undo.column):
            return False
        if not undo.column or undo.described(undo.before):
            return True
        return any(self._holds_wrote(place, undo) for place in self._unkeyed())

    def _write(self, place: Place, number: int, undo: Undo, *, row_count: int = 1) -> None:
        """Add the write of one of the `row_count` rows that an undo is written into.

        Of several undos of one cell, the newest counts: if we wrote C over A, somebody typed B, and
        we wrote C again (undos A→C and B→C), B is restored. Two identical rows that both held A
        have two undos A→C; each is written into both. A third one is another row's, and waits.
        """
        row, columns = self._row(place)
        part = (undo.column, undo.is_of_note)
        cells = self._cells.setdefault(place, {})
        if undo.identity.holds is None:
            self._identities[place] = undo.identity
        if newer := cells.get(part):
            if newer.data == undo.before and len(newer.undoes) < row_count:
                cells[part] = newer.model_copy(update={"undoes": (*newer.undoes, number)})
            return
        cell = at(row, columns[undo.column])
        cells[part] = CellWrite(
            index=columns[undo.column],
            column=undo.column,
            data=undo.before,
            fields=undo.fields,
            expects=None if undo.is_of_note else content(cell),
            expects_note=note_of(cell) if undo.is_of_note else None,
            key_row=(undo.identity.holds or undo.image).texts if undo.column == KEY else {},
            undoes=(number,),
        )

    def finish(self, number: int, undo: Undo, *, is_reported: bool) -> None:
        """Finish an undo, which is listed in the tab Recovered if `is_reported`."""
        self._result.finished.add(number)
        if is_reported:
            cell = (undo.tab, undo.header, undo.row_text, undo.sheet_id, undo.row)
            self._reported.setdefault(cell, []).append(undo)

    def placement(self) -> Placement:
        """Return the result. A row without a key is identified by its other cells.

        While any undo is written, those without a place wait: it may restore what their row is
        identified by. The value and the note of a cell share a line of the report.
        """
        if self._cells:
            self._result.finished.clear()
            self._reported.clear()
        for (tab, header, row_text, *_), undos in self._reported.items():
            undos.sort(key=lambda undo: undo.is_of_note)
            before = "\n".join(text for undo in undos if (text := undo.described(undo.before)))
            wrote = "\n".join(text for undo in undos if (text := undo.described(undo.wrote)))
            self._result.recovered.append((tab, header, row_text, before, wrote))
        for place, cells in sorted(self._cells.items()):
            row, columns = self._row(place)
            image = RowImage.of(row, columns, [cell.index for cell in cells.values()])
            identity = self._identities.get(place) or RowIdentity(holds=image)
            sheet_id, number = place
            write = RowWrite(
                sheet_id=sheet_id, row=number, cells=tuple(cells.values()), identity=identity
            )
            self._result.rows.append(write)
        return self._result
