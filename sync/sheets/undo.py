"""Pending undos + the whole of the sheet → where they are written, and what is told: pure.

An undo is an ordinary write: its row is *who* was hit, its cell is *expected* to hold what we
wrote. So it is checked like any other. Undos of keys go first, for all other rows are found by the
keys. What has no certain place is told in the tab Recovered: a guess could put a person's text into
the wrong row, and nobody would see it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sync.field_table import KEY
from sync.sheets.batch import CellWrite, Place, RowIdentity, RowImage, RowWrite
from sync.sheets.cell_data import Row, at, content, depends_on_place, note_of, site_in, text_of
from sync.sheets.check import Undo
from sync.sheets.read import Table

HEADERS = ("When", "Tab", "Column", "Row as it was", "Stood there", "Stands there now")
"""Of the tab Recovered."""


@dataclass
class Placement:
    """What is undone now, and what is settled."""

    rows: list[RowWrite] = field(default_factory=list)
    told: list[tuple[str, ...]] = field(default_factory=list)
    """Lines for the tab Recovered, as in HEADERS but for the first."""
    settled: set[int] = field(default_factory=set)
    """Ids of the undos that are done with."""


def sites_written_over(undos: Mapping[int, Undo]) -> set[str]:
    """Return the sites whose key was written over and does not stand in its row yet."""
    keys = (undo.before for undo in undos.values() if undo.column == KEY)
    return {site for cell in keys if (site := site_in(cell))}


def place(
    tables: Sequence[Table], rows: Mapping[int, Mapping[int, Row]], undos: Mapping[int, Undo]
) -> Placement:
    """Return where `undos` (by id; the newest has the largest) are written.

    `rows` are all rows of the tabs, by sheet id.
    """
    work = _Placing(tables, rows)
    keys = {number: undo for number, undo in undos.items() if undo.column == KEY}
    for number, undo in sorted((keys or undos).items(), reverse=True):
        if undo.is_of_pattern:
            work.tell(number, undo)
        elif undo.is_of_key:
            work.place_key(number, undo, keys)
        else:
            work.place(number, undo)
    return work.placement()


class _Placing:
    def __init__(self, tables: Sequence[Table], rows: Mapping[int, Mapping[int, Row]]) -> None:
        self._tables = {table.sheet_id: table for table in tables}
        self._rows = rows
        self._cells: dict[Place, dict[tuple[str, bool], CellWrite]] = {}
        self._who: dict[Place, RowIdentity] = {}
        self._told: dict[tuple[str, str, str, int, int], list[Undo]] = {}
        self._result = Placement()

    def tell(self, number: int, undo: Undo) -> None:
        """Tell a person, who has to look."""
        self._settle(number, undo, is_told=True)

    def place_key(self, number: int, undo: Undo, keys: Mapping[int, Undo]) -> None:
        """Take a key out of every row that has it by mistake; what stood there goes back."""
        same = [
            one for one in keys.values() if one.is_of_key and one.identity.key == undo.identity.key
        ]
        newest = max(n for n, one in keys.items() if one in same)
        who = keys[newest].identity
        places = [place for place in self._keyed(who.key) if who.is_row(*self._row(place))]
        for place in places:
            row, columns = self._row(place)
            was_here = (old for old in reversed(same) if old.is_of_row(row, columns))
            old = next(was_here, undo.model_copy(update={"before": {}}))
            again = undo.model_copy(update={"before": old.before, "image": old.image})
            self._write(place, number, again, who)
        if not places:
            is_back = self._is_anywhere(undo)
            self._settle(number, undo, is_told=bool(text_of(undo.before)) and not is_back)

    def place(self, number: int, undo: Undo) -> None:
        """Put back what stood in a cell, in every row that is the one that was hit."""
        places = self._places(undo)
        if places is None or not places:
            is_told = places is None or self._is_worth_telling(undo)
            if is_told or not self._may_come_back(undo):
                self._settle(number, undo, is_told=is_told)
            return
        for place in places:
            who = undo.identity if undo.identity.holds is None else None
            self._write(place, number, undo, who)

    def _places(self, undo: Undo) -> list[Place] | None:
        """Return the rows that are the one that was hit; None where several unlike ones may be."""
        if undo.identity.is_header:
            table = self._tables.get(undo.sheet_id)
            places = [(table.sheet_id, table.header_row)] if table else []
            return [place for place in places if self._holds_wrote(place, undo)]
        if undo.identity.holds is None:
            return [p for p in self._keyed(undo.identity.key) if self._holds_wrote(p, undo)]
        return self._like(undo, undo.identity.holds)

    def _like(self, undo: Undo, image: RowImage) -> list[Place] | None:
        """Return the rows without a key that hold just what the image says; else those of the
        same customer; else those that hold all of it, and more."""
        is_alone = not (image.managed or image.others)
        if undo.has_landed and is_alone:
            return []  # What we wrote may stand by right in another row that holds nothing else.
        places = [place for place in self._unkeyed() if self._holds_wrote(place, undo)]
        now = {place: RowImage.of(*self._row(place)) for place in places}
        tiers: list[Callable[[Place], bool]] = [
            lambda place: undo.identity.is_exactly(*self._row(place)),
            lambda place: undo.identity.is_like(now[place]),
            lambda place: image.is_in(now[place]),
        ]
        for tier in tiers:
            if matching := [place for place in places if tier(place)]:
                is_alike = all(now[place] == now[matching[0]] for place in matching)
                if is_alone and undo.told(undo.before) and len(matching) > 1:
                    return None  # A word that stood alone would go into all rows that hold ours.
                # Of rows that hold nothing at all, none is known to be the one.
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

    def _keyed(self, site: str) -> Iterator[Place]:
        for table in self._tables.values():
            yield from ((table.sheet_id, row) for row in table.keys.get(site, ()))

    def _unkeyed(self) -> Iterator[Place]:
        for table in self._tables.values():
            keyed = {row for found in table.keys.values() for row in found}
            for number in self._rows.get(table.sheet_id, {}):
                if number not in keyed and number != table.header_row:
                    yield (table.sheet_id, number)

    def _is_anywhere(self, undo: Undo) -> bool:
        """Tell whether what stood in a key cell stands in any."""
        return any(
            content(at(row, table.columns[KEY])) == content(undo.before)
            for table in self._tables.values()
            for row in self._rows.get(table.sheet_id, {}).values()
        )

    def _is_worth_telling(self, undo: Undo) -> bool:
        """Tell whether anything is lost, or stands where it should not.

        What our policy overwrites anyway is dropped: the next comparison sees to it.
        """
        table = self._tables.get(undo.sheet_id)
        is_ours = table is not None and table.policy.overwrites and not undo.is_of_note
        if undo.has_landed or (is_ours and undo.identity.key and undo.column):
            return False
        if not undo.column or undo.told(undo.before):
            return True
        return any(self._holds_wrote(place, undo) for place in self._unkeyed())

    def _may_come_back(self, undo: Undo) -> bool:
        """Tell whether what we wrote is about to be put back where it stood: then that is told."""
        part = (undo.column, undo.is_of_note)
        return any(
            part in cells and undo.holds_wrote(cells[part].data) for cells in self._cells.values()
        )

    def _write(self, place: Place, number: int, undo: Undo, who: RowIdentity | None) -> None:
        row, columns = self._row(place)
        part = (undo.column, undo.is_of_note)
        cells = self._cells.setdefault(place, {})
        if who is not None:
            self._who[place] = who
        if part in cells:
            return  # Of several for one cell the newest counts.
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

    def _settle(self, number: int, undo: Undo, *, is_told: bool) -> None:
        self._result.settled.add(number)
        if is_told:
            cell = (undo.tab, undo.header, undo.row_text, undo.sheet_id, undo.row)
            self._told.setdefault(cell, []).append(undo)

    def placement(self) -> Placement:
        """Return all of it: a row without a key is known by all that it holds beside our cells.

        A cell has one line, of its value and its note.
        """
        for (tab, header, row_text, *_), undos in self._told.items():
            undos.sort(key=lambda undo: undo.is_of_note)
            before = "\n".join(text for undo in undos if (text := undo.told(undo.before)))
            wrote = "\n".join(text for undo in undos if (text := undo.told(undo.wrote)))
            self._result.told.append((tab, header, row_text, before, wrote))
        for (sheet_id, number), cells in sorted(self._cells.items()):
            row, columns = self._row((sheet_id, number))
            hit = [cell.index for cell in cells.values()]
            who = self._who.get((sheet_id, number))
            if who is None:
                who = RowIdentity(holds=RowImage.of(row, columns, hit))
            self._result.rows.append(
                RowWrite(sheet_id=sheet_id, row=number, cells=tuple(cells.values()), identity=who)
            )
        return self._result
