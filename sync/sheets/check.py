"""Checks where a batch's writes went, and creates undos for the mismatched ones. Pure.

People sort and move rows between a read and the write that follows it. Guards can't see that: they
stop a batch only if its columns or header row have moved. So each batch first copies the rows that
it is about to write. If a copied row is the intended one, and the copied cell held the expected
value, the write is confirmed. If not, it is mismatched, and an undo puts back the copied content.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
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
    site_in,
    text_of,
)
from sync.sheets.encode import shown_text
from sync.sheets.row_identity import (
    IDENTITY_COLUMNS,
    ByContent,
    ByHeaderGuard,
    ByKey,
    ByWrongKey,
    Likeness,
    RowIdentity,
    RowImage,
    row_text,
)
from sync.sheets.sheet_requests import NOTE, CellWrite, RowWrite
from sync.sheets.snapshot import Table
from sync.sheets.undo import Undo
from sync.types import ReplacedWords


@dataclass
class CheckResult:
    """What became of a batch's writes."""

    mismatched_columns: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The columns with a mismatched write, by site."""
    confirmed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The columns that were confirmed in every row of a job, by site."""
    typed_notes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The columns with the outcome TYPED_NOTE, by site."""
    keyed: set[str] = field(default_factory=set)
    """Sites whose key was confirmed in an existing row: an installer's, or one that had lost it."""
    added: set[str] = field(default_factory=set)
    """Sites whose key was confirmed in a new row."""
    undos: list[Undo] = field(default_factory=list)
    confirmed_undos: set[int] = field(default_factory=set)
    """IDs of pending undos that were confirmed, or that new ones continue."""
    missed_undos: set[int] = field(default_factory=set)
    """IDs of pending undos with a mismatched write: they aren't confirmed by another row."""
    replaced: list[ReplacedWords] = field(default_factory=list)

    @property
    def mismatched(self) -> Set[str]:
        """Sites with at least one mismatched write."""
        return self.mismatched_columns.keys()

    @property
    def is_as_intended(self) -> bool:
        """Whether nothing has to be undone, and no job has a mismatched write."""
        return not (self.mismatched_columns or self.undos)

    def add(self, row: RowWrite, cell: CellWrite, finding: "_Finding") -> None:
        """Add what became of the write of a cell."""
        site, column = row.site, cell.column
        self.undos += finding.undos
        self.confirmed_undos |= finding.continued_undos
        if finding.outcome is _Outcome.MISMATCHED:
            self.missed_undos |= set(cell.undoes) - finding.continued_undos
            if site:
                self.mismatched_columns[site].add(column)
            return
        self.confirmed_undos.update(cell.undoes)
        if cell.undoes or not site:
            return
        if finding.outcome is _Outcome.TYPED_NOTE:
            self.typed_notes[site].add(column)
        if cell.key_row:  # It is a key alone: the row's values are written next.
            self.keyed.add(site)
            return
        if row.is_new and column == KEY:
            self.added.add(site)
        self.confirmed[site].add(column)


class _Outcome(Enum):
    CONFIRMED = auto()
    TYPED_NOTE = auto()
    """The right cell was written, but over a typed note (the story: `typed_notes`)."""
    MISMATCHED = auto()
    """It went into another cell, or over other content than was expected."""


@dataclass(frozen=True)
class _Finding:
    """What became of the write of one cell."""

    outcome: _Outcome
    undos: Sequence[Undo] = ()
    continued_undos: Set[int] = frozenset()
    """IDs of the pending undos that `undos` continue."""


def check(
    trace: Trace, tables: Sequence[Table], copies: Rows, pending: Mapping[int, Undo]
) -> CheckResult:
    """Return which writes of a batch are confirmed or mismatched, and the undos of the latter.

    `copies` are the copied rows, by the sheet ID of the tab they were copied from; `tables` are the
    tabs of jobs in any read after the batch; `pending` are the undos, by ID, pending before it.
    """
    result, by_id = CheckResult(), {table.sheet_id: table for table in tables}
    new_sites = [row.site for row in trace.rows if row.is_new]
    for row in trace.rows:
        table = by_id.get(row.sheet_id)
        if table is None:  # It was deleted, with everything that was written there, or unmapped.
            if row.site:
                result.mismatched_columns.setdefault(row.site, set())
            continue
        columns = trace.columns.get(row.sheet_id, {})
        copy = () if row.is_new else copies.get(row.sheet_id, {}).get(row.row, ())
        row_check = _RowCheck(table, columns, row, copy)
        if row.formulas:
            result.undos += row_check.wrong_formulas(new_sites)
        for cell in row.cells:
            finding = row_check.check(cell, pending)
            result.add(row, cell, finding)
            if cell.replaces_words and finding.outcome is _Outcome.CONFIRMED:
                result.replaced.append(row_check.replaced_words(cell))
    for site, mismatched in result.mismatched_columns.items():
        result.confirmed[site] -= mismatched
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
        before = at(self.copy, cell.index)
        failed_parts = [
            part for part in cell.parts if not (is_right and cell.accepts(before, part))
        ]
        if not failed_parts:
            return _Finding(_Outcome.CONFIRMED)
        undos, continued = list[Undo](), set[int]()
        for part in failed_parts:
            undo = self._undo(cell, part)
            if not undo.is_needed:
                continue  # The cell had what we wrote.
            for number, old in pending.items():
                if self._continues(undo, old):
                    continued.add(number)
                    undo = undo.model_copy(update={"before": old.before})
            undos += [undo] if undo.is_needed else []
        undos += self._missing_header(cell, failed_parts)
        is_typed_note = failed_parts == [NOTE] and is_right and self.row.site
        outcome = _Outcome.TYPED_NOTE if is_typed_note else _Outcome.MISMATCHED
        return _Finding(outcome, undos, continued)

    def _continues(self, undo: Undo, old: Undo) -> bool:
        """Return whether this write hit a cell in which a pending undo has its content to restore.

        For example, we wrote Y over X (`old`), and now Z over Y (`undo`): X is put back, not Y. If
        Z is X, because somebody had only typed into the row, the new undo isn't needed.
        """
        is_same_cell = (undo.column, undo.is_of_note) == (old.column, old.is_of_note)
        return is_same_cell and old.holds_wrote(undo.before) and self._is_row_of(old, undo)

    def _is_row_of(self, old: Undo, undo: Undo) -> bool:
        """Return whether the row that was hit, to which `undo` belongs, is a pending one's."""
        match old.identity:
            case ByContent() as row:
                likeness = row.likeness(RowImage.of(self.copy, self.columns))
                is_like = likeness not in (None, Likeness.PARTLY_RESTORED)
                return is_like and self._knows_keys and not self._key()
            case ByKey(key=key):
                return self._key() == key
            case ByWrongKey() as wrong:
                is_hit = old.gave_key_to(RowImage.of(self.copy, self.columns))
                return self._knows_keys and is_hit and wrong.matches(self.copy, self.columns)
            case ByHeaderGuard():
                return isinstance(undo.identity, ByHeaderGuard)
            case None:
                return False

    @cached_property
    def _is_intended_row(self) -> bool:
        identity = self.row.identity
        if self.row.is_new or identity is None:
            return True
        if isinstance(identity, ByHeaderGuard):
            return self._is_copy_of_header
        return self._knows_keys and identity.matches(self.copy, self.columns)

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

    def _key(self) -> str:
        """Return the site of the overwritten row; "" if it has none or that isn't known."""
        if self.row.is_new:
            return self.row.site
        return site_in(self._key_cell) or ""

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
            is_own_note=part == NOTE and self.row.site == self._key() != "",
            row=self.row.row,
            tab=self.table.title,
            header=self.table.headers.get(index, cell.column),
            row_text=row_text(self.copy),
        )

    def _identity_written_over(self, cell: CellWrite) -> RowIdentity:
        """Return how the overwritten row is found again: `Undo` has the kinds."""
        if cell.column == KEY and (site := site_in(cell.data)):
            return ByWrongKey(key=site, right_texts=cell.key_row)
        if isinstance(self.row.identity, ByHeaderGuard) and self._is_copy_of_header:
            return ByHeaderGuard()
        if cell.column != KEY and (key := self._key()):
            return ByKey(key=key)  # If the key was overwritten, too, it is restored first.
        wrote = {
            each.column: text
            for each in self.row.cells
            if each.column in IDENTITY_COLUMNS
            and each.fields != NOTE
            and is_in_place(self.table, each.column, each.index)
            and (text := content(each.data).text)
        }
        overwritten = [one.index for one in self.row.cells]
        image = RowImage.of(self.copy, self.columns, overwritten)
        return ByContent(image=image, wrote_customer=wrote)

    def _column_written(self, cell: CellWrite) -> str:
        if is_in_place(self.table, cell.column, cell.index):
            return cell.column
        index = index_now(self.table, cell.column, cell.index)
        return next((c for c, now in self.table.columns.items() if now == index), "")

    def _missing_header(self, cell: CellWrite, failed_parts: Sequence[str]) -> list[Undo]:
        """Return a new column's header that went into another row, as undos of its blank header.

        That row was in the place of the header row, which was sorted in with the rows.
        """
        is_header = isinstance(self.row.identity, ByHeaderGuard)
        if not is_header or self._is_copy_of_header or cell.undoes:
            return []
        return [
            Undo(
                sheet_id=self.row.sheet_id,
                column=self._column_written(cell),
                fields=part,
                before=masked(part, cell.data),
                wrote={},
                identity=ByHeaderGuard(),
                row=self.table.header_row,
                tab=self.table.title,
                header=cell.column,
            )
            for part in failed_parts
        ]

    def replaced_words(self, cell: CellWrite) -> ReplacedWords:
        """Return the typed text that a write replaced."""
        return ReplacedWords(
            site=self.row.site,
            column=cell.column,
            header=self.table.headers.get(cell.index, cell.column),
            before=shown_text(at(self.copy, cell.index)),
            after=shown_text(cell.data),
        )

    def wrong_formulas(self, new_sites: Sequence[str]) -> list[Undo]:
        """Return the report of new rows (`new_sites`) that copied other cells than the formulas.

        Another row was in the place of theirs, or columns have moved. They aren't corrected: the
        columns aren't ours, so nothing would guard a second write.
        """
        copied = {index: text_of(at(self.copy, index)) for index in self.row.formulas}
        if copied == self.row.formulas:
            return []
        text = f"taken as the pattern of the new row of job {' and '.join(new_sites)}"
        report = Undo(
            sheet_id=self.row.sheet_id,
            fields="",
            before={},
            wrote={"userEnteredValue": {"stringValue": text}},
            identity=None,
            row=self.row.row,
            tab=self.table.title,
            row_text=row_text(self.copy),
        )
        return [report]


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
