"""Checks where a batch's writes went, and makes undos for those that hit another row or cell. Pure.

People sort and move rows between a read and the write that follows it. Guards can't see that: they
stop a batch only if its columns or header row have moved. So each batch first copies the rows that
it is about to write. If a copied row is the intended one, and the copied cell held the expected
value, the write landed where it should. If not, what was there goes back.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync.field_table import KEY
from sync.sheets.batch import (
    IDENTITY_COLUMNS,
    CellWrite,
    RowIdentity,
    RowImage,
    RowWrite,
    Trace,
    index_now,
    is_in_place,
    row_text,
)
from sync.sheets.cell_data import CellData, Row, at, content, is_formula, note_of, site_in, text_of
from sync.sheets.read import Table
from sync.types import ReplacedWords, Value

NOTE = "note"
"""The mask of a note alone."""
PATTERN = "pattern"
"""Stands for the mask of what new rows take of the one above."""

_NO_ROW = {KEY: "none"}
"""What no row with a key shows: then the key is taken from every row."""
_NAMED = 100
"""New rows that are named in a cell: Google takes 50,000 characters."""
Copies = Mapping[int, Mapping[int, Row]]
"""Copied rows by the sheet id of the tab that they were copied from, and by row."""


class Undo(Value):
    """A cell that was hit without being meant to: what stood there, and what we wrote.

    It is pending until no row with that `identity` shows what we wrote any longer, or until it has
    landed twice: a person may have copied the row meanwhile.
    """

    sheet_id: int
    column: str = ""
    """The id of the column that was hit; "" where that is no managed one any more."""
    fields: str
    before: dict[str, Any]
    wrote: dict[str, Any]
    identity: RowIdentity
    image: RowImage = RowImage()
    """Of a key: what the row that has it by mistake showed beside it."""
    has_landed: bool = False
    row: int = 0
    """Where the row was (zero-based)."""
    tab: str = ""
    header: str = ""
    row_text: str = ""
    """What the row held before, for people."""

    @property
    def is_of_key(self) -> bool:
        """Whether a job's key stands in a row that is not its own."""
        return bool(self.identity.shows_not)

    @property
    def is_of_pattern(self) -> bool:
        """Whether new rows took formulas of another row than was meant: a person has to look."""
        return self.fields == PATTERN

    @property
    def is_of_note(self) -> bool:
        """Whether the note was hit, and not the value."""
        return self.fields == NOTE

    def is_of_row(self, row: Row, columns: Mapping[str, int]) -> bool:
        """Tell whether a row is the one that was hit, by its key or by the cells that were not."""
        image = self.image if self.is_of_key else self.identity.holds
        if image is None:
            return self.identity.is_row(row, columns)
        who = self.identity.model_copy(update={"holds": None})
        hit = self.identity.model_copy(update={"holds": image})
        is_same = hit.is_exactly(row, columns) or hit.is_like(RowImage.of(row, columns))
        return who.is_row(row, columns) and is_same

    def holds_wrote(self, cell: CellData) -> bool:
        """Tell whether a cell holds what we wrote into it."""
        if self.is_of_note:
            return note_of(cell) == note_of(self.wrote)
        return content(cell) == content(self.wrote)

    def told(self, cell: CellData) -> str:
        """Return what of a cell was hit, for people."""
        if self.is_of_note:
            return f"Note: {note_of(cell)}" if note_of(cell) else ""
        return text_of(cell)


def has_note(fields: str) -> bool:
    """Tell whether a mask has the note in it."""
    return NOTE in fields.split(",")


def value_fields(fields: str) -> str:
    """Return a mask without the note; "" where it is the note alone."""
    return ",".join(name for name in fields.split(",") if name != NOTE)


def masked(fields: str, cell: CellData) -> dict[str, Any]:
    """Return what of a cell a mask names."""
    names = {name.partition(".")[0] for name in fields.split(",")}
    return {name: cell[name] for name in names if name in cell}


@dataclass
class Findings:
    """What a check found."""

    missed: set[str] = field(default_factory=set)
    """Sites that do not show all that was written for them."""
    landed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The columns that landed in every row of a job, by site."""
    keyed: set[str] = field(default_factory=set)
    """Sites whose key landed in a row that people made."""
    undos: list[Undo] = field(default_factory=list)
    landed_undos: set[int] = field(default_factory=set)
    """Ids of pending undos that landed, or that a new one goes on from."""
    replaced: list[ReplacedWords] = field(default_factory=list)

    @property
    def is_as_meant(self) -> bool:
        """Whether all of it landed."""
        return not (self.missed or self.undos)


def check(
    trace: Trace, tables: Sequence[Table], copies: Copies, pending: Mapping[int, Undo]
) -> Findings:
    """Return what a batch hit.

    `tables` are the tabs of jobs in any read since; `pending` are the undos by id that were pending
    when it was made.
    """
    findings, by_id = Findings(), {table.sheet_id: table for table in tables}
    new = [row.site for row in trace.rows if row.is_new]
    missed: dict[str, set[str]] = defaultdict(set)
    for row in trace.rows:
        table = by_id.get(row.sheet_id)
        if table is None:  # The tab is gone, and what was hit with it.
            findings.missed |= {row.site} - {""}
            continue
        columns = trace.columns.get(row.sheet_id, {})
        copy = () if row.is_new else copies.get(row.sheet_id, {}).get(row.row, ())
        _RowCheck(table, columns, row, copy, pending, findings, missed[row.site], new).run()
    for site, columns_missed in missed.items():
        findings.landed[site] -= columns_missed
    return findings


@dataclass(frozen=True)
class _RowCheck:
    """The check of the writes into one row; `columns` are where the batch took them to be."""

    table: Table
    columns: Mapping[str, int]
    row: RowWrite
    copy: Row
    pending: Mapping[int, Undo]
    findings: Findings
    missed_columns: set[str]
    new_sites: Sequence[str]
    """Of the rows that the batch inserted: all of them are like one row."""

    def run(self) -> None:
        is_intended = self._is_intended_row()
        if self.row.pattern_of and not is_intended:
            self.findings.undos += self._other_pattern()
        for cell in self.row.cells:
            is_right = is_intended and is_in_place(self.table, cell.column, cell.index)
            missed = [
                fields for fields in _parts(cell) if not (is_right and self._expected(cell, fields))
            ]
            if missed:
                self.findings.missed |= {self.row.site} - {""}
                self.missed_columns.add(cell.column)
                self.findings.undos += self._undos(cell, missed)
            else:
                self._landed(cell)

    def _is_intended_row(self) -> bool:
        if self.row.is_new:
            return True
        if self.row.identity.is_header:
            return self.table.has_header_guard
        return self._knows_keys and self.row.identity.is_row(self.copy, self.columns)

    @property
    def _knows_keys(self) -> bool:
        return KEY in self.columns and is_in_place(self.table, KEY, self.columns[KEY])

    def _other_pattern(self) -> Iterator[Undo]:
        """Give what is told where new rows took other formulas than was meant.

        It is not put right: the columns are not ours, so nothing guards a second write there.
        """
        mapped = set(self.columns.values())
        taken = {
            n: text_of(cell)
            for n, cell in enumerate(self.copy)
            if is_formula(cell) and n not in mapped
        }
        if taken != self.row.formulas:
            sites = self.new_sites or [self.row.pattern_of]
            more = len(sites) - _NAMED
            jobs = " and ".join([*sites[:_NAMED], *([f"{more} more"] if more > 0 else [])])
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

    def _expected(self, cell: CellWrite, fields: str) -> bool:
        before = at(self.copy, cell.index)
        if fields == NOTE:
            return cell.expects_note is None or note_of(before) == cell.expects_note
        return cell.expects is None or content(before) == cell.expects

    def _landed(self, cell: CellWrite) -> None:
        self.findings.landed_undos.update(cell.undoes)
        site = self.row.site
        if cell.undoes or not site:
            return
        if cell.column == KEY and self.row.identity.shows:
            self.findings.keyed.add(site)
            return
        self.findings.landed[site].add(cell.column)
        if cell.replaces_words:
            before, after = text_of(at(self.copy, cell.index)), text_of(cell.data)
            header = self.table.headers.get(cell.index, cell.column)
            words = ReplacedWords(
                site=site, column=cell.column, header=header, before=before, after=after
            )
            self.findings.replaced.append(words)

    def _undos(self, cell: CellWrite, missed: Sequence[str]) -> Iterator[Undo]:
        for fields in missed:
            before, wrote = (
                masked(fields, data) for data in (at(self.copy, cell.index), cell.data)
            )
            undo = Undo(
                sheet_id=self.row.sheet_id,
                column=self._column_hit(cell),
                fields=fields,
                before=before,
                wrote=wrote,
                identity=self._who_was_hit(cell),
                image=RowImage.of(self.copy, self.columns, [cell.index]),
                row=self.row.row,
                tab=self.table.title,
                header=self._header(cell),
                row_text=row_text(self.copy),
            )
            if undo.holds_wrote(before):
                continue  # Nothing was changed.
            undo = self._composed(undo)
            if not undo.holds_wrote(undo.before):
                yield undo

    def _composed(self, undo: Undo) -> Undo:
        """Go on from pending undos of the same cell: what stood there first, what we wrote last."""
        for number, old in self.pending.items():
            is_cell = old.column == undo.column and old.is_of_note == undo.is_of_note
            if not (is_cell and self._knows_keys and old.holds_wrote(undo.before)):
                continue
            if old.is_of_row(self.copy, self.columns):
                self.findings.landed_undos.add(number)
                undo = undo.model_copy(update={"before": old.before})
        return undo

    def _who_was_hit(self, cell: CellWrite) -> RowIdentity:
        if cell.column == KEY and (wrote := site_in(cell.data)):
            # Found again by the key itself, wherever the row is by then.
            return RowIdentity(key=wrote, shows_not=cell.key_row or _NO_ROW)
        if self.row.identity.is_header and self.table.has_header_guard:
            return RowIdentity(is_header=True)
        if cell.column != KEY and (key := self._key()):
            return RowIdentity(key=key)  # If that was hit, too, it goes back first.
        hit = [one.index for one in self.row.cells]
        texts = {
            each.column: text_of(each.data)
            for each in self.row.cells
            if value_fields(each.fields) and self._column_hit(each) == each.column
        }
        told = {
            column: text for column, text in texts.items() if column in IDENTITY_COLUMNS and text
        }
        return RowIdentity(holds=RowImage.of(self.copy, self.columns, hit), wrote=told)

    def _key(self) -> str:
        """Return the site whose row was hit, "" where it is nobody's or not known."""
        if self.row.is_new:
            return self.row.site
        return (site_in(at(self.copy, self.columns[KEY])) or "") if self._knows_keys else ""

    def _column_hit(self, cell: CellWrite) -> str:
        if is_in_place(self.table, cell.column, cell.index):
            return cell.column
        index = index_now(self.table, cell.column, cell.index)
        return next((c for c, now in self.table.columns.items() if now == index), "")

    def _header(self, cell: CellWrite) -> str:
        index = index_now(self.table, cell.column, cell.index)
        return self.table.headers.get(index, cell.column)


def _parts(cell: CellWrite) -> Iterator[str]:
    """Give the masks of value and note: each is expected and undone for itself."""
    if fields := value_fields(cell.fields):
        yield fields
    if has_note(cell.fields):
        yield NOTE
