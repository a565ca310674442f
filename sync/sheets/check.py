"""Checks where a batch's writes went, and creates undos for the misplaced ones. Pure.

People sort and move rows between a read and the write that follows it. Guards can't see that: they
stop a batch only if its columns or header row have moved. So each batch first copies the rows that
it is about to write. If a copied row is the intended one, and the copied cell held the expected
value, the write is confirmed. If not, it is misplaced, and an undo puts back the copied content.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from sync.field_table import KEY
from sync.sheets.batch import Trace
from sync.sheets.cell_data import (
    CellData,
    Row,
    Rows,
    at,
    content,
    note_of,
    site_in,
    site_in_text,
    text_of,
)
from sync.sheets.encode import is_same_note
from sync.sheets.read import Table
from sync.sheets.row_identity import IDENTITY_COLUMNS, RowIdentity, RowImage, row_text
from sync.sheets.sheet_requests import CellWrite, RowWrite
from sync.types import ReplacedWords, Value

NOTE = "note"
"""The field mask of a write that sets only a note."""
PATTERN = "pattern"
"""In place of a field mask: the formulas that new rows copy from the row above."""

_ANY_ROW = {KEY: "none"}
"""For `shows_not`: no key cell shows this, so the key is removed from every row that has it."""


class Undo(Value):
    """A cell that a misplaced write changed: its content before, and what we wrote.

    Its states:

    - Pending: `check` made it (`CheckResult.undos`), and it is stored.
    - Written: a flush found rows with its `identity` that show what we wrote (`undo.place`), and
      wrote into them (`CellWrite.undoes`). If that is misplaced (`missed_undos`), it stays pending.
    - Confirmed (`confirmed_undos`): the check confirmed that write, or a new undo has taken over
      its content. It is pending once more (`was_confirmed`), because a person may have copied the
      row in between.
    - Finished, and deleted (`finished_undos`): it was confirmed again, or a flush found no certain
      row. In the second case it is reported in the tab Recovered, unless nothing is lost.
    """

    sheet_id: int
    column: str = ""
    """The ID of the column that was overwritten; "" if it is no longer a managed one."""
    fields: str
    before: dict[str, Any]
    wrote: dict[str, Any]
    identity: RowIdentity
    image: RowImage = RowImage()
    """For a key: the other cells of the row that has it by mistake."""
    was_confirmed: bool = False
    """Whether it was confirmed once."""
    row: int = 0
    """The row's index (zero-based) at the time of the write."""
    tab: str = ""
    header: str = ""
    row_text: str = ""
    """The row's text before the write, shown to people."""

    @property
    def removes_key(self) -> bool:
        """Whether a job's key is in a row of another job or of no job."""
        return bool(self.identity.shows_not)

    @property
    def ends_when_confirmed(self) -> bool:
        """Whether the next confirmation finishes it; a key's ends only when no row has the key."""
        return self.was_confirmed and not self.removes_key

    @property
    def is_of_pattern(self) -> bool:
        """Whether new rows copied the wrong cells: a person has to fix that."""
        return self.fields == PATTERN

    @property
    def is_of_note(self) -> bool:
        """Whether the note was overwritten, not the value."""
        return self.fields == NOTE

    def overwrote(self, row: Row, columns: Mapping[str, int]) -> bool:
        """Return whether a row was overwritten, by its key or its unchanged cells."""
        image = self.image if self.removes_key else self.identity.holds
        if image is None:
            return self.identity.matches(row, columns)
        without_image = self.identity.model_copy(update={"holds": None})
        now = RowImage.of(row, columns)
        is_same = (
            image.has_same_content(now, self.identity.wrote)
            or image.has_same_customer(now, self.identity.wrote)
            # The key that is there by mistake identifies the row, whatever was typed into it.
            or (self.removes_key and now.has_most_of(image))
        )
        return is_same and without_image.matches(row, columns)

    def holds_wrote(self, cell: CellData) -> bool:
        """Return whether a cell still holds what we wrote into it."""
        if self.is_of_note:
            return note_of(cell) == note_of(self.wrote)
        return content(cell) == content(self.wrote)

    def described(self, cell: CellData) -> str:
        """Return the overwritten part of a cell (its note or its value) as shown to people."""
        if self.is_of_note:
            return f"Note: {note_of(cell)}" if note_of(cell) else ""
        return text_of(cell)


def masked(fields: str, cell: CellData) -> dict[str, Any]:
    """Return the parts of a cell that a field mask names."""
    names = {name.partition(".")[0] for name in fields.split(",")}
    return {name: cell[name] for name in names if name in cell}


@dataclass
class CheckResult:
    """What became of a batch's writes."""

    misplaced_columns: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The columns with a misplaced write, by site."""
    confirmed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The columns that were confirmed in every row of a job, by site."""
    typed_notes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The columns in which a job's row had a note that isn't ours, by site; undos restore them."""
    keyed: set[str] = field(default_factory=set)
    """Sites whose key was confirmed in an existing row of the installer's."""
    undos: list[Undo] = field(default_factory=list)
    confirmed_undos: set[int] = field(default_factory=set)
    """IDs of pending undos that were confirmed or that a new undo replaces."""
    missed_undos: set[int] = field(default_factory=set)
    """IDs of pending undos with a misplaced write: they aren't confirmed by another row."""
    replaced: list[ReplacedWords] = field(default_factory=list)

    @property
    def misplaced(self) -> Set[str]:
        """Sites with at least one misplaced write."""
        return self.misplaced_columns.keys()

    @property
    def is_as_intended(self) -> bool:
        """Whether every write is confirmed."""
        return not (self.misplaced_columns or self.undos)


def check(
    trace: Trace, tables: Sequence[Table], copies: Rows, pending: Mapping[int, Undo]
) -> CheckResult:
    """Return which writes of a batch are confirmed or misplaced, and the undos of the latter.

    `copies` are the copied rows, by the sheet ID of the tab they were copied from.
    `tables` are the tabs of jobs in any read since; `pending` are the undos, by ID, that were
    pending when the batch was composed.
    """
    result, by_id = CheckResult(), {table.sheet_id: table for table in tables}
    new_sites = [row.site for row in trace.rows if row.is_new]
    for row in trace.rows:
        table = by_id.get(row.sheet_id)
        if table is None:  # The tab was deleted, with everything that was written into it.
            if row.site:
                result.misplaced_columns.setdefault(row.site, set())
            continue
        columns = trace.columns.get(row.sheet_id, {})
        copy = () if row.is_new else copies.get(row.sheet_id, {}).get(row.row, ())
        _RowCheck(table, columns, row, copy, pending, result).run(new_sites)
    for site, misplaced in result.misplaced_columns.items():
        result.confirmed[site] -= misplaced
    result.confirmed_undos -= result.missed_undos
    return result


@dataclass(frozen=True)
class _RowCheck:
    """The check of the writes into one row, which adds to `result`.

    `columns` are the indexes that the batch used.
    """

    table: Table
    columns: Mapping[str, int]
    row: RowWrite
    copy: Row
    pending: Mapping[int, Undo]
    result: CheckResult

    def run(self, new_sites: Sequence[str]) -> None:
        """Check the row; `new_sites` are the sites of all rows that the batch inserted."""
        result, site, is_intended = self.result, self.row.site, self._is_intended_row()
        result.undos += self._other_pattern(new_sites)
        for cell in self.row.cells:
            is_right = is_intended and is_in_place(self.table, cell.column, cell.index)
            names = cell.fields.split(",")
            value = ",".join(name for name in names if name != NOTE)
            parts = [value, NOTE if NOTE in names else ""]
            failed_parts = [
                part for part in parts if part and not (is_right and self._expected(cell, part))
            ]
            if not failed_parts:
                self._confirm(cell)
                continue
            replaced = self._undo_parts(cell, failed_parts)
            if failed_parts == [NOTE] and is_right and site:
                # A note that someone typed was overwritten in the right cell.
                result.typed_notes[site].add(cell.column)
                self._confirm(cell)
                continue
            result.missed_undos |= set(cell.undoes) - replaced
            if site:
                result.misplaced_columns[site].add(cell.column)

    def _undo_parts(self, cell: CellWrite, failed_parts: Sequence[str]) -> set[int]:
        """Add undos of a cell's misplaced parts; return the pending undos that they replace."""
        result, every_replaced = self.result, set[int]()
        for part in failed_parts:
            undo, replaced = self._undo(cell, part)
            every_replaced |= replaced
            result.undos += [] if undo is None else [undo]
            if self.row.identity.is_header and not (self._is_header or cell.undoes):
                result.undos.append(self._missing_header(cell, part))
        result.confirmed_undos |= every_replaced
        return every_replaced

    def _confirm(self, cell: CellWrite) -> None:
        """Add what a confirmed write was: undos, the key of a matched row, or a job's column."""
        self.result.confirmed_undos.update(cell.undoes)
        if cell.undoes or not self.row.site:
            return
        if cell.column == KEY and self.row.identity.shows:
            self.result.keyed.add(self.row.site)
            return
        self.result.confirmed[self.row.site].add(cell.column)
        if cell.replaces_words:
            words = ReplacedWords(
                site=self.row.site,
                column=cell.column,
                header=self.table.headers.get(cell.index, cell.column),
                before=text_of(at(self.copy, cell.index)),
                after=text_of(cell.data),
            )
            self.result.replaced.append(words)

    def _is_intended_row(self) -> bool:
        if self.row.is_new:
            return True
        if self.row.identity.is_header:
            return self._is_header
        return self._knows_keys and self.row.identity.matches(self.copy, self.columns)

    @property
    def _is_header(self) -> bool:
        """Whether the copied row is the header row: a sort may have put another in its place."""
        key = text_of(at(self.copy, self.columns[KEY])) if self._knows_keys else ""
        return self.table.has_header_guard and bool(key) and not site_in_text(key)

    @property
    def _knows_keys(self) -> bool:
        return KEY in self.columns and is_in_place(self.table, KEY, self.columns[KEY])

    def _other_pattern(self, new_sites: Sequence[str]) -> Iterator[Undo]:
        """Yield the report of new rows that copied other cells than the pattern's formulas.

        Another row was in its place, or its columns have moved. They aren't corrected: the columns
        aren't ours, so nothing would guard a second write.
        """
        copied = {index: text_of(at(self.copy, index)) for index in self.row.formulas}
        if copied != self.row.formulas:
            jobs = " and ".join(new_sites or [self.row.pattern_of])
            text = f"taken as the pattern of the new row of job {jobs}"
            yield Undo(
                sheet_id=self.row.sheet_id,
                fields=PATTERN,
                before={},
                wrote={"userEnteredValue": {"stringValue": text}},
                identity=RowIdentity(key=self.row.pattern_of),
                row=self.row.row,
                tab=self.table.title,
                row_text=row_text(self.copy),
            )

    def _expected(self, cell: CellWrite, part: str) -> bool:
        before = at(self.copy, cell.index)
        if part == NOTE:
            note = note_of(before)
            if cell.undoes:  # In another row, a blank note may be as we write it.
                return note == cell.expects_note
            is_ours = note == note_of(cell.data) or is_same_note(cell.expects_note or "", note)
            return cell.expects_note is None or is_ours
        return cell.expects is None or content(before) == cell.expects

    def _undo(self, cell: CellWrite, part: str) -> tuple[Undo | None, set[int]]:
        """Return the undo of a misplaced `part`, and the pending ones of the cell that it replaces.

        It has the cell's first content, and what we wrote last: None if they are the same.
        """
        before, wrote = (masked(part, data) for data in (at(self.copy, cell.index), cell.data))
        index = index_now(self.table, cell.column, cell.index)
        undo = Undo(
            sheet_id=self.row.sheet_id,
            column=self._column_written(cell),
            fields=part,
            before=before,
            wrote=wrote,
            identity=self._identity_written_over(cell),
            image=RowImage.of(self.copy, self.columns, [cell.index]),
            row=self.row.row,
            tab=self.table.title,
            header=self.table.headers.get(index, cell.column),
            row_text=row_text(self.copy),
        )
        replaced = set[int]()
        if undo.holds_wrote(before):
            return None, replaced
        for number, old in self.pending.items():
            is_cell = old.column == undo.column and old.is_of_note == undo.is_of_note
            is_cell = is_cell and old.identity.is_header == undo.identity.is_header
            if not (is_cell and self._knows_keys and old.holds_wrote(undo.before)):
                continue
            holds = old.identity.holds
            # The row of the undo that this write was for: more was typed there since the read.
            is_edited = (
                number in cell.undoes
                and holds is not None
                and not self._key()
                and RowImage.of(self.copy, self.columns).contains(holds)
            )
            if is_edited or old.overwrote(self.copy, self.columns):
                replaced.add(number)
                undo = undo.model_copy(update={"before": old.before})
        return (None if undo.holds_wrote(undo.before) else undo), replaced

    def _missing_header(self, cell: CellWrite, part: str) -> Undo:
        """Return what is still to be written into the blank header, as an undo."""
        return Undo(
            sheet_id=self.row.sheet_id,
            column=self._column_written(cell),
            fields=part,
            before=masked(part, cell.data),
            wrote={},
            identity=RowIdentity(is_header=True),
            row=self.table.header_row,
            tab=self.table.title,
            header=cell.column,
        )

    def _identity_written_over(self, cell: CellWrite) -> RowIdentity:
        if cell.column == KEY and (site := site_in(cell.data)):
            # The key itself finds the row again, even if it moves.
            return RowIdentity(key=site, shows_not=cell.key_row or _ANY_ROW)
        if self.row.identity.is_header and self._is_header:
            return RowIdentity(is_header=True)
        if cell.column != KEY and (key := self._key()):
            return RowIdentity(key=key)  # If the key was overwritten, too, it is restored first.
        overwritten = [one.index for one in self.row.cells]
        texts = {
            each.column: content(each.data).text
            for each in self.row.cells
            if each.fields != NOTE and self._column_written(each) == each.column
        }
        wrote = {
            column: text for column, text in texts.items() if column in IDENTITY_COLUMNS and text
        }
        return RowIdentity(holds=RowImage.of(self.copy, self.columns, overwritten), wrote=wrote)

    def _key(self) -> str:
        """Return the site of the overwritten row; "" if it has none or that isn't known."""
        if self.row.is_new:
            return self.row.site
        return (site_in(at(self.copy, self.columns[KEY])) or "") if self._knows_keys else ""

    def _column_written(self, cell: CellWrite) -> str:
        if is_in_place(self.table, cell.column, cell.index):
            return cell.column
        index = index_now(self.table, cell.column, cell.index)
        return next((c for c, now in self.table.columns.items() if now == index), "")


def is_in_place(table: Table, column: str, index: int) -> bool:
    """Return whether a write at `index` went into `column`.

    The guard that the batch created at `index` has moved with that column since.
    """
    return table.columns.get(column) == index_now(table, column, index)


def index_now(table: Table, column: str, index: int) -> int:
    """Return the present index of the column that was at `index` when it was written."""
    return table.guards.get(column, index)
