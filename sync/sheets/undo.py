"""Finds the cells for pending undos in the whole sheet, and reports those without one. Pure.

An undo is an ordinary write: it has the identity of the overwritten row, and expects its cell to
hold what we wrote. So it is checked like any other. Undos of keys go first, because all other rows
are found by their keys. An undo without a certain place is reported in the tab Recovered: a guess
could put typed text into the wrong row, and nobody would notice.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

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


def place(tables: Sequence[Table], rows: Rows, undos: Mapping[int, Undo]) -> Placement:
    """Return the cells for `undos` (by ID; the newest has the largest).

    `rows` are all rows of the tabs, by sheet ID.
    """
    work = _Placing(tables, rows)
    keys = {number: undo for number, undo in undos.items() if undo.column == KEY}
    for number, undo in sorted((keys or undos).items(), reverse=True):
        if undo.is_of_pattern:  # Only a person can fix that.
            work.finish(number, undo, is_reported=True)
        elif undo.removes_key:
            work.place_key(number, undo, keys)
        else:
            work.place(number, undo)
    return work.placement()


class _Placing:
    def __init__(self, tables: Sequence[Table], rows: Rows) -> None:
        self._tables = {table.sheet_id: table for table in tables}
        self._rows = rows
        self._images = dict[Place, RowImage]()
        self._cells: dict[Place, dict[tuple[str, bool], CellWrite]] = {}
        self._identities: dict[Place, RowIdentity] = {}
        self._reported: dict[tuple[str, str, str, int, int], list[Undo]] = {}
        self._result = Placement()

    def place_key(self, number: int, undo: Undo, keys: Mapping[int, Undo]) -> None:
        """Restore the key cell of every row that has this key by mistake."""
        same = [
            one
            for one in keys.values()
            if one.removes_key and one.identity.key == undo.identity.key
        ]
        newest = max(n for n, one in keys.items() if one in same)
        identity = keys[newest].identity
        is_anywhere = False
        for place in self._keyed(identity.key):
            row, columns = self._row(place)
            if not identity.matches(row, columns):
                continue
            old = next((one for one in reversed(same) if one.overwrote(row, columns)), None)
            if old is None and identity.is_partly_shown(row, columns):
                continue  # It is a copy of the right row: one text was typed over in one of them.
            before, image = (old.before, old.image) if old else ({}, undo.image)
            again = undo.model_copy(update={"before": before, "image": image})
            self._write(place, number, again, identity)
            is_anywhere = True
        if not is_anywhere:
            is_back = any(
                content(at(row, table.columns[KEY])) == content(undo.before)
                for table in self._tables.values()
                for row in self._rows.get(table.sheet_id, {}).values()
            )
            self.finish(number, undo, is_reported=bool(text_of(undo.before)) and not is_back)

    def place(self, number: int, undo: Undo) -> None:
        """Restore the overwritten cell in every row that is the overwritten one."""
        places = self._places(undo)
        if not places:
            is_reported = places is None or self._is_worth_reporting(undo)
            self.finish(number, undo, is_reported=is_reported)
            return
        for place in places:
            identity = undo.identity if undo.identity.holds is None else None
            self._write(place, number, undo, identity, alike=len(places))

    def _places(self, undo: Undo) -> list[Place] | None:
        """Return the rows that are the overwritten one; None if several different ones may be."""
        if undo.identity.is_header:  # Of our own tab, in whose place a duplicate may be by now.
            tables = [table for table in self._tables.values() if table.is_ours]
            places = [(table.sheet_id, table.header_row) for table in tables]
            return [place for place in places if self._holds_wrote(place, undo)]
        if undo.identity.holds is None:
            return [p for p in self._keyed(undo.identity.key) if self._holds_wrote(p, undo)]
        return self._like(undo, undo.identity.holds)

    def _like(self, undo: Undo, image: RowImage) -> list[Place] | None:
        """Return the rows without a key that match the image.

        Rows that hold exactly the same are preferred, then those of the same customer, then those
        that hold all of it and more, then a header row that holds most of it: no other row is like
        it, and a person may have edited it since.
        """
        is_alone = not (image.managed or image.others)
        if undo.was_confirmed and is_alone:
            return []  # Another row that holds nothing else may have this value rightly.
        places = [place for place in self._unkeyed() if self._holds_wrote(place, undo)]
        now = {place: self._image(place) for place in places}
        tiers: list[Callable[[Place], bool]] = [
            lambda place: image.has_same_content(now[place], undo.identity.wrote),
            lambda place: image.has_same_content(now[place]),
        ]
        headers = {(table.sheet_id, table.header_row) for table in self._tables.values()}
        if not undo.was_confirmed:  # Else it is restored, and only a copy of the row is sought.
            tiers += [
                lambda place: image.has_same_customer(now[place], undo.identity.wrote),
                lambda place: now[place].contains(image),
                lambda place: place in headers and now[place].has_most_of(image),
            ]
        for tier in tiers:
            if matching := [place for place in places if tier(place)]:
                is_alike = all(now[place] == now[matching[0]] for place in matching)
                if is_alone and undo.described(undo.before) and len(matching) > 1:
                    return None  # A row's only text would go into all rows that hold ours.
                # Among rows that hold nothing else, the right one isn't known.
                return matching if is_alike and now[matching[0]] != RowImage() else None
        return []

    def _holds_wrote(self, place: Place, undo: Undo) -> bool:
        row, columns = self._row(place)
        if undo.column not in columns or not undo.holds_wrote(at(row, columns[undo.column])):
            return False
        return not depends_on_place(undo.before) or place == (undo.sheet_id, undo.row)

    def _row(self, place: Place) -> tuple[Row, Mapping[str, int]]:
        sheet_id, number = place
        return self._rows.get(sheet_id, {}).get(number, ()), self._tables[sheet_id].columns

    def _image(self, place: Place) -> RowImage:
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

    def _write(
        self,
        place: Place,
        number: int,
        undo: Undo,
        identity: RowIdentity | None,
        *,
        alike: int = 1,
    ) -> None:
        row, columns = self._row(place)
        part = (undo.column, undo.is_of_note)
        cells = self._cells.setdefault(place, {})
        if identity is not None:
            self._identities[place] = identity
        if known := cells.get(part):  # Among several undos of one cell, the newest counts.
            # Each of as many rows alike was overwritten; one undo more is another row's.
            if known.data == undo.before and len(known.undoes) < alike:
                cells[part] = known.model_copy(update={"undoes": (*known.undoes, number)})
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
        for (sheet_id, number), cells in sorted(self._cells.items()):
            row, columns = self._row((sheet_id, number))
            written = [cell.index for cell in cells.values()]
            identity = self._identities.get((sheet_id, number))
            if identity is None:
                identity = RowIdentity(holds=RowImage.of(row, columns, written))
            self._result.rows.append(
                RowWrite(
                    sheet_id=sheet_id, row=number, cells=tuple(cells.values()), identity=identity
                )
            )
        return self._result
