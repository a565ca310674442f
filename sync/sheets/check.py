"""Checks where a batch's writes went, and creates undos for the misplaced ones. Pure.

People sort and move rows between a read and the write that follows it. Guards can't see that: they
stop a batch only if its columns or header row have moved. So each batch first copies the rows that
it is about to write. If a copied row is the intended one, and the copied cell held the expected
value, the write is confirmed. If not, it is misplaced, and an undo puts back the copied content.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property
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


class Undo(Value):
    """A cell that a misplaced write changed: its content before, and what we wrote.

    Its kinds, by how the cell is found again:

    - A job's key in a row of another job or of no job (`removes_key`): by that key.
    - A cell of the header row (`identity.is_header`): by the guard of that row.
    - Any other cell: by the key of its row, or if that has none, by the row's other cells
      (`identity.holds`).
    - Formulas that new rows copied from the wrong row (`is_of_pattern`): only a person can fix
      them, so it is just reported.

    Its states:

    - Pending: `check` made it (`CheckResult.undos`), and it is stored.
    - Written: a flush found rows with its `identity` that show what we wrote, and wrote into them
      (`undo.place_undos`, `CellWrite.undoes`). If that is misplaced (`missed_undos`), it stays
      pending.
    - Confirmed (`confirmed_undos`): the check confirmed that write, or merged the undo into a new
      one. It is pending once more (`was_confirmed`), because a person may have copied the row in
      between.
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
        return bool(self.identity.shows_not) or self.identity.has_no_right_row

    @property
    def ends_when_confirmed(self) -> bool:
        """Whether the next confirmation finishes it; a key's ends only when no row has the key."""
        return self.was_confirmed and not self.removes_key

    @property
    def is_of_pattern(self) -> bool:
        """Whether new rows copied the wrong cells."""
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
            image.has_same_content(now, self.identity.wrote_customer)
            or image.has_same_customer(now, self.identity.wrote_customer)
            # The key that is there by mistake identifies the row, whatever was typed into it.
            or (self.removes_key and now.has_most_of(image))
        )
        return is_same and without_image.matches(row, columns)

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
    """IDs of pending undos that were confirmed or merged into new ones."""
    missed_undos: set[int] = field(default_factory=set)
    """IDs of pending undos with a misplaced write: they aren't confirmed by another row."""
    replaced: list[ReplacedWords] = field(default_factory=list)

    @property
    def misplaced(self) -> Set[str]:
        """Sites with at least one misplaced write."""
        return self.misplaced_columns.keys()

    @property
    def is_as_intended(self) -> bool:
        """Whether nothing has to be undone, and no job has a misplaced write."""
        return not (self.misplaced_columns or self.undos)

    def add(self, row: RowWrite, cell: CellWrite, finding: "_Finding") -> None:
        """Add what became of the write of a cell."""
        site, column = row.site, cell.column
        self.undos += finding.undos
        self.confirmed_undos |= finding.merged_undos
        if finding.outcome is _Outcome.MISPLACED:
            self.missed_undos |= set(cell.undoes) - finding.merged_undos
            if site:
                self.misplaced_columns[site].add(column)
            return
        self.confirmed_undos.update(cell.undoes)
        if cell.undoes or not site:
            return
        if finding.outcome is _Outcome.TYPED_NOTE:
            self.typed_notes[site].add(column)
        if column == KEY and row.identity.shows:  # Its values are written next.
            self.keyed.add(site)
            return
        self.confirmed[site].add(column)
        self.replaced += finding.replaced_words


class _Outcome(Enum):
    CONFIRMED = auto()
    TYPED_NOTE = auto()
    """The right cell was written, but over a typed note, which an undo restores."""
    MISPLACED = auto()


@dataclass(frozen=True)
class _Finding:
    """What became of the write of one cell."""

    outcome: _Outcome
    replaced_words: Sequence[ReplacedWords]
    undos: Sequence[Undo] = ()
    merged_undos: Set[int] = frozenset()
    """IDs of the pending undos that `undos` replace."""


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
        row_check = _RowCheck(table, columns, row, copy)
        if row.pattern_of:
            result.undos += row_check.wrong_pattern(new_sites)
        for cell in row.cells:
            result.add(row, cell, row_check.check(cell, pending))
    for site, misplaced in result.misplaced_columns.items():
        result.confirmed[site] -= misplaced
    result.confirmed_undos -= result.missed_undos
    return result


@dataclass(frozen=True)
class _RowCheck:
    """The check of the writes into one row; `columns` are the indexes that the batch used."""

    table: Table
    columns: Mapping[str, int]
    row: RowWrite
    copy: Row

    def check(self, cell: CellWrite, pending: Mapping[int, Undo]) -> _Finding:
        """Return what became of the write of a cell: of its value, and of its note."""
        is_right = self._is_intended_row and is_in_place(self.table, cell.column, cell.index)
        names = cell.fields.split(",")
        value = ",".join(name for name in names if name != NOTE)
        parts = [value, NOTE if NOTE in names else ""]
        failed_parts = [
            part for part in parts if part and not (is_right and self._was_expected(cell, part))
        ]
        words = [self._replaced_words(cell)] if cell.replaces_words else []
        if not failed_parts:
            return _Finding(_Outcome.CONFIRMED, words)
        undos, merged = self._undos(cell, failed_parts, pending)
        outcome = _Outcome.MISPLACED
        if failed_parts == [NOTE] and is_right and self.row.site:
            # Without an undo, no typed note is lost.
            outcome = _Outcome.TYPED_NOTE if undos else _Outcome.CONFIRMED
        return _Finding(outcome, words, undos, merged)

    def _undos(
        self, cell: CellWrite, failed_parts: Sequence[str], pending: Mapping[int, Undo]
    ) -> tuple[list[Undo], set[int]]:
        """Return the undos of a cell's misplaced parts, and the pending ones merged into them.

        If X became Y by a pending undo's write, and Y becomes Z by this one, the new undo is X→Z.
        It isn't needed if X is Z.
        """
        undos, merged = list[Undo](), set[int]()
        for part in failed_parts:
            undo = self._undo(cell, part)
            if not undo.is_needed:
                continue
            for number, old in pending.items():
                if self._is_of_same_cell(old, undo, may_have_more=number in cell.undoes):
                    merged.add(number)
                    undo = undo.model_copy(update={"before": old.before})
            if undo.is_needed:
                undos.append(undo)
        if self.row.identity.is_header and not (self._is_copy_of_header or cell.undoes):
            undos += [self._missing_header(cell, part) for part in failed_parts]
        return undos, merged

    @cached_property
    def _is_intended_row(self) -> bool:
        if self.row.is_new:
            return True
        if self.row.identity.is_header:
            return self._is_copy_of_header
        return self._knows_keys and self.row.identity.matches(self.copy, self.columns)

    @property
    def _is_copy_of_header(self) -> bool:
        """Whether the copied row is the header row: a sort may have put another in its place."""
        key = self._key_cell
        return self.table.has_header_guard and bool(text_of(key)) and not site_in(key)

    @property
    def _key_cell(self) -> CellData:
        """The key cell of the copied row; {} if it isn't known which one that is."""
        return at(self.copy, self.columns[KEY]) if self._knows_keys else {}

    @property
    def _knows_keys(self) -> bool:
        return KEY in self.columns and is_in_place(self.table, KEY, self.columns[KEY])

    def _was_expected(self, cell: CellWrite, part: str) -> bool:
        before = at(self.copy, cell.index)
        if part == NOTE:
            note = note_of(before)
            if cell.undoes:  # It may restore a blank, and another row's note may be blank, too.
                return note == cell.expects_note
            is_ours = note == note_of(cell.data) or is_same_note(cell.expects_note or "", note)
            return cell.expects_note is None or is_ours
        return cell.expects is None or content(before) == cell.expects

    def _replaced_words(self, cell: CellWrite) -> ReplacedWords:
        return ReplacedWords(
            site=self.row.site,
            column=cell.column,
            header=self.table.headers.get(cell.index, cell.column),
            before=text_of(at(self.copy, cell.index)),
            after=text_of(cell.data),
        )

    def wrong_pattern(self, new_sites: Sequence[str]) -> Iterator[Undo]:
        """Yield the report of new rows that copied other cells than the pattern's formulas.

        Another row was in its place, or its columns have moved. They aren't corrected: the columns
        aren't ours, so nothing would guard a second write. `new_sites` are the sites of all rows
        that the batch inserted.
        """
        copied = {index: text_of(at(self.copy, index)) for index in self.row.formulas}
        if copied != self.row.formulas:
            text = f"taken as the pattern of the new row of job {' and '.join(new_sites)}"
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

    def _undo(self, cell: CellWrite, part: str) -> Undo:
        before, wrote = (masked(part, data) for data in (at(self.copy, cell.index), cell.data))
        index = index_now(self.table, cell.column, cell.index)
        return Undo(
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

    def _is_of_same_cell(self, old: Undo, undo: Undo, *, may_have_more: bool) -> bool:
        """Return whether a pending undo is of the cell of a new one, which held what `old` undoes.

        If the cell was written for `old`, more may have been typed into its row since the read.
        """
        cell, old_cell = (
            (each.column, each.is_of_note, each.identity.is_header) for each in (undo, old)
        )
        if not (cell == old_cell and self._knows_keys and old.holds_wrote(undo.before)):
            return False
        if old.overwrote(self.copy, self.columns):
            return True
        holds = old.identity.holds if may_have_more and not self._key() else None
        return holds is not None and RowImage.of(self.copy, self.columns).contains(holds)

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
            return RowIdentity(key=site, shows_not=cell.key_row, has_no_right_row=not cell.key_row)
        if self.row.identity.is_header and self._is_copy_of_header:
            return RowIdentity(is_header=True)
        if cell.column != KEY and (key := self._key()):
            return RowIdentity(key=key)  # If the key was overwritten, too, it is restored first.
        # The row has no key: the cells that we didn't write identify it, and the customer we wrote.
        overwritten = [one.index for one in self.row.cells]
        wrote = {
            each.column: text
            for each in self.row.cells
            if each.column in IDENTITY_COLUMNS
            and each.fields != NOTE
            and is_in_place(self.table, each.column, each.index)
            and (text := content(each.data).text)
        }
        holds = RowImage.of(self.copy, self.columns, overwritten)
        return RowIdentity(holds=holds, wrote_customer=wrote)

    def _key(self) -> str:
        """Return the site of the overwritten row; "" if it has none or that isn't known."""
        if self.row.is_new:
            return self.row.site
        return site_in(self._key_cell) or ""

    def _column_written(self, cell: CellWrite) -> str:
        if is_in_place(self.table, cell.column, cell.index):
            return cell.column
        index = index_now(self.table, cell.column, cell.index)
        return next((c for c, now in self.table.columns.items() if now == index), "")


def masked(fields: str, cell: CellData) -> dict[str, Any]:
    """Return the parts of a cell that a field mask names."""
    names = {name.partition(".")[0] for name in fields.split(",")}
    return {name: cell[name] for name in names if name in cell}


def is_in_place(table: Table, column: str, index: int) -> bool:
    """Return whether a write at `index` went into `column`.

    The guard that the batch created at `index` has moved with that column since.
    """
    return table.columns.get(column) == index_now(table, column, index)


def index_now(table: Table, column: str, index: int) -> int:
    """Return the present index of the column that was at `index` when it was written."""
    return table.guards.get(column, index)
