"""What an undo is, and where it is written: in the whole sheet, or in the tab Recovered. Pure.

An undo is an ordinary write: it has the identity of the overwritten row, and expects its cell to
hold what we wrote. So it is checked like any other. Undos of keys go first, because all other rows
are found by their keys. An undo without a certain place is reported in the tab Recovered: a guess
could put typed text into the wrong row, and nobody would notice.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from sync.field_table import KEY, PLACEHOLDER, TYPED_IDS
from sync.sheets.cell_data import (
    CellData,
    Content,
    Row,
    Rows,
    at,
    content,
    depends_on_place,
    note_of,
    site_in,
    text_of,
)
from sync.sheets.row_identity import (
    ByContent,
    ByHeaderGuard,
    ByKey,
    ByWrongKey,
    Likeness,
    Place,
    RowIdentity,
    RowImage,
)
from sync.sheets.sheet_requests import NOTE, CellWrite, RowWrite
from sync.sheets.snapshot import Table
from sync.types import Value

HEADERS = ("When", "Tab", "Column", "Row as it was", "What was there", "What is there now")
"""The headers of the tab Recovered."""


def _none_if_unknown(value: Any, validated: ValidatorFunctionWrapHandler) -> Any:
    try:
        return validated(value)
    except ValidationError:
        return None  # An earlier version stored it: the undo is reported.


class Undo(Value):
    """A cell that a mismatched write changed: its content before, and what we wrote.

    Its `identity` says how its row is found again:

    - `ByWrongKey`: the cell got a job's key, and the row is another job's or no job's. It has that
      key wherever it is.
    - `ByHeaderGuard`: the cell is in the header row.
    - `ByKey`, or if the row has none, `ByContent`: any other cell.
    - None: formulas that new rows copied from the wrong row. Only a person can fix them.

    Its states:

    - Pending: `check` made it (`CheckResult.undos`), and it is stored.
    - Written: a flush found rows with its `identity` that show what we wrote, and wrote into them
      (`place_undos`, `CellWrite.undoes`). If that is mismatched (`missed_undos`), it stays pending.
    - Confirmed (`confirmed_undos`): the check confirmed that write, or a new undo continues this
      one. It is pending once more (`was_confirmed`), because a person may have copied the row.
    - Finished, and deleted (`finished_undos`): it was confirmed again, or a flush found no certain
      row. In the second case it is reported in the tab Recovered, unless nothing is lost.

    While undos are pending, nothing else is written. So only the write of an undo can hit a cell
    that has one: if we wrote Y over X there, and now Z over Y, the new undo continues the pending
    one, and puts X back.
    """

    sheet_id: int
    column: str = ""
    """The ID of the column that was overwritten; "" if it is no longer a managed one."""
    fields: str
    before: dict[str, Any]
    wrote: dict[str, Any]
    identity: Annotated[RowIdentity | None, WrapValidator(_none_if_unknown)]
    image: RowImage = RowImage()
    """The row's other cells before the write: for a key, they tell which row it went into."""
    is_own_note: bool = False
    """Whether what we wrote is the job's own note, over one that was typed meanwhile."""
    was_confirmed: bool = False
    """Whether it was confirmed once."""
    row: int = 0
    """The row's index (zero-based) at the time of the write."""
    tab: str = ""
    header: str = ""
    row_text: str = ""
    """The row's text before the write, shown to people."""

    @property
    def ends_when_confirmed(self) -> bool:
        """Whether the next confirmation finishes it; a key's ends only when no row has the key."""
        return self.was_confirmed and not isinstance(self.identity, ByWrongKey)

    @property
    def is_of_note(self) -> bool:
        """Whether the note was overwritten, not the value."""
        return self.fields == NOTE

    def gave_key_to(self, row: RowImage) -> bool:
        """Return whether a row is the one that got the key, though people may have edited it."""
        is_like = ByContent(image=self.image).likeness(row) is not None
        return is_like or row.has_most_of(self.image)

    def holds_wrote(self, cell: CellData) -> bool:
        """Return whether a cell still holds what we wrote into it."""
        if self.is_of_note:
            return note_of(cell) == note_of(self.wrote)
        return content(cell) == content(self.wrote)

    @property
    def is_needed(self) -> bool:
        """Whether the cell's content before differs from what we wrote."""
        return not self.holds_wrote(self.before)

    def described(self, cell: CellData) -> str:
        """Return the overwritten part of a cell (its note or its value) as shown to people."""
        if self.is_of_note:
            return f"Note: {note_of(cell)}" if note_of(cell) else ""
        return text_of(cell)


@dataclass(frozen=True)
class Placement:
    """Either the undos to write now, or those that are finished (states: `Undo`).

    While any undo is written, those that no row needs wait: it may restore what identifies theirs.
    """

    rows: list[RowWrite] = field(default_factory=list)
    finished: Set[int] = frozenset()
    """IDs of the undos that no row needs."""
    recovered: list[tuple[str, ...]] = field(default_factory=list)
    """Lines in the tab Recovered, as in HEADERS without the first: about finished undos, and about
    notes that nobody can put back into the right one of a job's rows."""


def sites_written_over(undos: Mapping[int, Undo]) -> set[str]:
    """Return the sites whose key was overwritten and isn't back in its row yet."""
    keys = (undo.before for undo in undos.values() if undo.column == KEY)
    return {site for cell in keys if (site := site_in(cell))}


def restores_header(table: Table, undos: Mapping[int, Undo]) -> bool:
    """Return whether an undo restores the key cell of the header row, which is in its place.

    The header row was sorted in with the rows when a key was written there, or removed.
    """
    return any(
        undo.sheet_id == table.sheet_id
        and undo.column == KEY
        and bool(text_of(undo.before))
        and not site_in(undo.before)
        and _is_header_row_of(table, undo)
        for undo in undos.values()
    )


def _is_header_row_of(table: Table, undo: Undo) -> bool:
    match undo.identity:
        case ByWrongKey(key=key):
            return table.site_in_header == key
        case ByContent(image=image):
            headers = {
                column: Content(text)
                for column, index in table.columns.items()
                if (text := table.headers.get(index))
            }
            same = [c for c, (value, _) in image.managed.items() if headers.get(c) == value]
            # A person may have renamed some of them.
            return KEY not in headers and 2 * len(same) > len(image.managed)
        case _:
            return False


def place_undos(tables: Sequence[Table], rows: Rows, undos: Mapping[int, Undo]) -> Placement:
    """Return the cells for `undos` (by ID; the newest has the largest).

    `rows` are all rows of the tabs, by sheet ID.
    """
    placing = _Placing(tables, rows, undos)
    keys = {number: undo for number, undo in undos.items() if undo.column == KEY}
    same_key: dict[str, tuple[ByWrongKey, dict[int, Undo]]] = {}
    for number, undo in sorted((keys or undos).items(), reverse=True):
        match undo.identity:
            case None:
                placing.finish(number, undo, is_reported=True)
            case ByWrongKey() as newest:
                same_key.setdefault(newest.key, (newest, {}))[1][number] = undo
            case identity:
                placing.restore_cell(number, undo, identity)
    for newest, group in same_key.values():
        placing.restore_key_cells(newest, group)
    return placing.result()


class _Placing:
    """Collects the writes of undos, and the undos that no row needs."""

    def __init__(self, tables: Sequence[Table], rows: Rows, undos: Mapping[int, Undo]) -> None:
        self._tables = {table.sheet_id: table for table in tables}
        self._rows = rows
        self._undos = undos
        self._images = dict[Place, RowImage]()
        self._cells = defaultdict[Place, dict[tuple[str, bool], CellWrite]](dict)
        self._identities: dict[Place, RowIdentity] = {}
        self._finished = set[int]()
        self._reported: list[Undo] = []
        self._uncertain: list[Undo] = []
        """Those that are written, and reported, because nobody knows which row held what."""

    def restore_key_cells(self, identity: ByWrongKey, undos: Mapping[int, Undo]) -> None:
        """Restore the key cell of every row that has one key by mistake.

        If the key was misplaced several times, the newest undo (the first of `undos`) knows the
        right row (`identity`), but what a row held is in the undo of the write that hit it.
        """
        newest, is_anywhere = next(iter(undos)), False
        for place in self._keyed(identity.key):
            row, columns = self._row(place)
            hit = next((u for u in undos.values() if u.gave_key_to(self._image(place))), None)
            is_copy_of_right = hit is None and identity.is_partly_right(row, columns)
            if is_copy_of_right or not identity.matches(row, columns):
                continue  # One of the copy's texts was typed over, or one of the right row's.
            # A row that was copied from one that was hit had no key before.
            undo = hit or undos[newest].model_copy(update={"before": {}})
            # The newest carries out all; they finish once no row has the key by mistake.
            self._write(place, newest, undo, identity)
            is_anywhere = True
        if is_anywhere:
            return
        for number, undo in undos.items():
            is_back = any(
                content(at(row, table.columns[KEY])) == content(undo.before)
                for table in self._tables.values()
                for row in self._rows.get(table.sheet_id, {}).values()
            )
            self.finish(number, undo, is_reported=bool(text_of(undo.before)) and not is_back)

    def restore_cell(self, number: int, undo: Undo, identity: RowIdentity) -> None:
        """Restore the overwritten cell in every row that is the overwritten one."""
        places, is_reported = self._places(undo, identity), self._is_worth_reporting(undo)
        if len(places) > 1 and self._rows_differed(undo):
            if undo.is_of_note and not undo.is_own_note:  # Another job's note doesn't stay.
                if is_reported:
                    self._uncertain.append(undo)
                undo = undo.model_copy(update={"before": {}})
            elif is_reported or undo.is_own_note:
                places = []
        for place in places:
            self._write(place, number, undo, identity, len(places))
        if not places:
            self.finish(number, undo, is_reported=is_reported)

    def _rows_differed(self, undo: Undo) -> bool:
        """Return whether the cell may be in several rows of its job, and they held other content.

        If we wrote another text into the other row, the places are this row and its copies.
        """
        return isinstance(undo.identity, ByKey) and any(
            (other.identity, other.column, other.fields)
            == (undo.identity, undo.column, undo.fields)
            and undo.holds_wrote(other.wrote)
            and other.before != undo.before
            for other in self._undos.values()
        )

    def _places(self, undo: Undo, identity: RowIdentity) -> list[Place]:
        """Return the rows that are the overwritten one, and still show what we wrote."""
        places: Iterator[Place]
        match identity:
            case ByContent():
                return self._most_alike(undo, identity)
            case ByHeaderGuard():  # Of our own tab, in whose place a duplicate may be by now.
                tables = self._tables.values()
                places = ((table.sheet_id, table.header_row) for table in tables if table.is_ours)
            case _:
                places = self._keyed(identity.key)
        return [place for place in places if self._holds_wrote(place, undo)]

    def _most_alike(self, undo: Undo, identity: ByContent) -> list[Place]:
        """Return the rows without a key that are most like the overwritten one, if that is certain.

        They must still show what we wrote.
        """
        alike = {
            place: likeness
            for place in self._unkeyed()
            if self._holds_wrote(place, undo) and (likeness := self._likeness(place, identity))
        }
        best = min(alike.values(), default=None)
        places = [place for place, likeness in alike.items() if likeness is best]
        return places if self._are_certain(places, best, undo, identity) else []

    def _are_certain(
        self, places: Sequence[Place], best: Likeness | None, undo: Undo, identity: ByContent
    ) -> bool:
        """Return whether equally alike rows certainly are the overwritten one and copies of it.

        For example, we wrote "Approved" over "call" in the row "Ann | 555-0100 | call":

        - Two rows "Ann | 555-0100 | Approved" are certain: one is a copy, and both get "call".
        - "Ann | 555-0100 | Approved | new roof" and "Ann | 555-0100 | Approved | old roof" aren't:
          only one of them can be it, so "call" is listed in the tab Recovered.
        """
        images = [self._image(place) for place in places]
        held_nothing = identity.image.is_blank
        if undo.was_confirmed and (held_nothing or best is not Likeness.SAME_CONTENT):
            # It was restored: only a copy is sought, and others may rightly hold ours.
            return False
        if any(image != images[0] for image in images):
            return False  # Only one of them can be it.
        if any(image.is_blank for image in images):
            return False  # We cleared a cell: any blank row could be its row.
        if held_nothing and undo.described(undo.before) and len(places) > 1:
            return False  # It was the row's only text, and would go into all rows that hold ours.
        # They may be like it only by a write that a newer undo takes back.
        restored = {column for place in places for column, _ in self._cells.get(place, ())}
        return restored <= {*identity.image.overwritten}

    def _likeness(self, place: Place, identity: ByContent) -> Likeness | None:
        image, (sheet_id, number) = self._image(place), place
        if likeness := identity.likeness(image):
            return likeness
        is_header = number == self._tables[sheet_id].header_row
        return Likeness.EDITED_HEADER if is_header and image.has_most_of(identity.image) else None

    def _holds_wrote(self, place: Place, undo: Undo) -> bool:
        row, columns = self._row(place)
        if undo.column not in columns or not undo.holds_wrote(at(row, columns[undo.column])):
            return False
        return not depends_on_place(undo.before) or place == (undo.sheet_id, undo.row)

    def _row(self, place: Place) -> tuple[Row, Mapping[str, int]]:
        sheet_id, number = place
        return self._rows.get(sheet_id, {}).get(number, ()), self._tables[sheet_id].columns

    def _image(self, place: Place) -> RowImage:
        """Return the image of a whole row, with what we wrote."""
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

        Cells of our own tab aren't reported: the next comparison fixes them, unless people type
        there, too, as a customer's name in place of our stand-in.
        """
        table = self._tables.get(undo.sheet_id)
        is_unmanaged = not undo.column
        is_typed_in = undo.is_of_note or undo.column in (*TYPED_IDS, PLACEHOLDER)
        is_compared = table is not None and table.is_ours and not (is_unmanaged or is_typed_in)
        if undo.was_confirmed or (is_compared and isinstance(undo.identity, ByKey)):
            return False
        if is_unmanaged or undo.described(undo.before):
            return True
        return any(self._holds_wrote(place, undo) for place in self._unkeyed())

    def _write(
        self, place: Place, number: int, undo: Undo, identity: RowIdentity, row_count: int = 1
    ) -> None:
        """Add the write of an undo into a row: one of `row_count` identical ones that get it.

        `number` is the ID of the undo that its confirmation ends.

        Of several undos of one cell, the newest counts: if we wrote C over A, somebody typed B, and
        we wrote C again (undos A→C and B→C), B is restored.

        Identical rows that held A have an undo A→C each, and nobody knows whose is which, so each
        is written into all. If we wrote over three, and somebody has typed into one of them since,
        two are still identical: two of the undos are written into both. The third is that row's,
        and waits until these rows no longer hold C.
        """
        row, columns = self._row(place)
        part, cells = (undo.column, undo.is_of_note), self._cells[place]
        if not isinstance(identity, ByContent):
            self._identities[place] = identity
        if newer := cells.get(part):
            is_of_these_rows = len(newer.undoes) < row_count  # They have one each.
            if newer.data == undo.before and is_of_these_rows:
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
            key_row=undo.image.texts if undo.column == KEY else {},
            undoes=(number,),
        )

    def finish(self, number: int, undo: Undo, *, is_reported: bool) -> None:
        """Finish an undo that no row needs, and list it in the tab Recovered if `is_reported`."""
        self._finished.add(number)
        if is_reported:
            self._reported.append(undo)

    def result(self) -> Placement:
        if self._cells:
            lines = _recovered_lines(self._uncertain)
            return Placement(rows=[*self._row_writes()], recovered=[*lines])
        lines = _recovered_lines(self._reported)
        return Placement(finished=self._finished, recovered=[*lines])

    def _row_writes(self) -> Iterator[RowWrite]:
        """Yield the writes by row. A row without a key is identified by its other cells."""
        for place, cells in sorted(self._cells.items()):
            sheet_id, number = place
            image = RowImage.of(*self._row(place), [cell.index for cell in cells.values()])
            identity = self._identities.get(place) or ByContent(image=image)
            yield RowWrite(
                sheet_id=sheet_id, row=number, cells=tuple(cells.values()), identity=identity
            )


def _recovered_lines(reported: Iterable[Undo]) -> Iterator[tuple[str, ...]]:
    """Yield a line for each reported cell: its value and its note share one."""
    cells = defaultdict[tuple[str, str, str, int, int], list[Undo]](list)
    for undo in reported:
        cells[undo.tab, undo.header, undo.row_text, undo.sheet_id, undo.row].append(undo)
    for (tab, header, row_text, *_), undos in cells.items():
        undos.sort(key=lambda undo: undo.is_of_note)
        before = "\n".join(text for undo in undos if (text := undo.described(undo.before)))
        wrote = "\n".join(text for undo in undos if (text := undo.described(undo.wrote)))
        yield (tab, header, row_text, before, wrote)
