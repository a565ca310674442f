"""What a batch really hit: its trace and evidence → done, to be written again, to be kept. Pure.

People move rows and columns between a read and the write that follows it. Columns and the header
row are guarded. Rows are not: for each, the copied key cell tells whose row was written.

- The key that was meant: done. Where a person's note was written over, it is kept.
- Another job's key: that job's managed cells are written again, for the store knows them.
- No job's key: the row is a person's, and all that was written over is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sync.jobs.cells import EMPTY, Cell
from sync.jobs.columns import KEY, PLACEHOLDER
from sync.sheets.celldata import CellData, Row, at, content, note_of, site_in, text_of
from sync.sheets.encode import is_note_of
from sync.sheets.guards import index_now, is_in_place
from sync.sheets.images import (
    NOTE,
    BeforeImage,
    Overwritten,
    has_note,
    image_of,
    is_all_of,
    is_identified,
    written_over,
)
from sync.sheets.snapshot import Table
from sync.sheets.writes import HEADER_ROW, CellWrite, RowWrite, Trace

Jobs = Mapping[str, Mapping[str, Cell]]
"""What the rows of known jobs were last confirmed to show, by site and column id."""


@dataclass(frozen=True)
class Replaced:
    """What a person had typed into a mapped cell of a job, and what stands there in its place."""

    site: str
    column: str
    header: str
    before: str
    after: str


@dataclass(frozen=True)
class Verdict:
    """What a verification found."""

    dirty: frozenset[str] = frozenset()
    """Sites that do not show all that was written for them."""
    drift: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    """Managed columns by site whose cells hold what was meant for others.

    With the note that was written there, or None.
    """
    images: tuple[BeforeImage, ...] = ()
    """What was written over without being meant to."""
    unrestored: frozenset[int] = frozenset()
    """Before-images (by id) that the batch did not put back."""
    replaced: tuple[Replaced, ...] = ()
    """What people had typed into mapped cells, and was replaced as it was meant to be."""


def verify(
    trace: Trace, tables: Sequence[Table], copies: Mapping[int, Mapping[int, Row]], jobs: Jobs
) -> Verdict:
    """Return what a batch hit.

    `tables` are the tabs of jobs in any read since, `copies` their copied rows by sheet id, `jobs`
    at least those whose keys stand in `copies`.
    """
    found = Verdict(dirty=frozenset(_gone(trace, tables)))
    for table in tables:
        here = _Findings(trace, table, copies.get(table.sheet_id, {}), jobs)
        for row in trace.rows:
            if row.sheet_id == table.sheet_id:
                here.check(row)
        found = here.added_to(found)
    return found


def _gone(trace: Trace, tables: Sequence[Table]) -> set[str]:
    """Return the sites that were written in tabs that are not there any more."""
    there = {table.sheet_id for table in tables}
    return {row.site for row in trace.rows if row.sheet_id not in there} - {"", HEADER_ROW}


def hit_what_it_meant(
    trace: Trace, tables: Sequence[Table], copies: Mapping[int, Mapping[int, Row]]
) -> Verdict | None:
    """Return the verdict where the cells that were asked back tell that all was hit as meant."""
    if any(row.image for row in trace.rows):
        return None  # A row that is known by what it holds needs its whole copy.
    found = verify(trace, tables, copies, {})
    return found if found == Verdict(replaced=found.replaced) else None


class _Findings:
    def __init__(self, trace: Trace, table: Table, copies: Mapping[int, Row], jobs: Jobs) -> None:
        self._table, self._copies, self._jobs = table, copies, jobs
        self._columns = trace.columns.get(table.sheet_id, {})
        self._key = self._columns.get(KEY, -1)
        self._unkeyed = {
            row.site
            for row in trace.rows
            if not (row.identity or row.is_new) and any(c.column == KEY for c in row.cells)
        }
        """Jobs whose key is taken from rows that are not theirs: it does not go back there."""
        self._knows_keys = is_in_place(table, KEY, self._key)
        self.dirty: set[str] = set()
        self.drift: dict[str, dict[str, str | None]] = {}
        self.images: list[BeforeImage] = []
        self.unrestored: set[int] = set()
        self.replaced: list[Replaced] = []

    def added_to(self, other: Verdict) -> Verdict:
        """Return what was found, here and before."""
        drift = {site: dict(columns) for site, columns in other.drift.items()}
        for site, columns in self.drift.items():
            drift.setdefault(site, {}).update(columns)
        return Verdict(
            other.dirty | self.dirty,
            drift,
            (*other.images, *self.images),
            other.unrestored | self.unrestored,
            (*other.replaced, *self.replaced),
        )

    def check(self, row: RowWrite) -> None:
        """Find out what the writes into one row hit."""
        copy: Row = () if row.is_new else self._copies.get(row.row, ())
        if row.identity:
            self._check_key(row, copy)
            return
        owner = self._owner(row, copy)
        placed = [one for one in row.cells if is_in_place(self._table, one.column, one.index)]
        misplaced = [one for one in row.cells if one not in placed]
        if misplaced or not self._is_meant(row, copy, owner):
            self.unrestored |= set(row.restores)
            self.dirty |= {row.site} - {"", HEADER_ROW}
        if misplaced:
            self._keep_misplaced(row, copy, owner, misplaced)
        if self._is_meant(row, copy, owner):
            self._keep_notes(owner, row, copy, [one for one in placed if _is_surprise(one, copy)])
            self._note_replaced(owner, copy, placed)
        elif owner in self._jobs:
            self._write_anew(owner, {cell.column: cell for cell in placed if cell.column != KEY})
            if owner not in self._unkeyed:
                self._keep_row(row, copy, [cell for cell in placed if cell.column == KEY])
            self._keep_notes(owner, row, copy, placed)
        elif placed:
            self._keep_row(row, copy, placed)

    def _check_key(self, row: RowWrite, copy: Row) -> None:
        """Find out whether a key was written into the row that it was meant for."""
        (cell,) = row.cells
        before = at(copy, cell.index)
        is_right = is_identified(copy, self._columns, row.identity) and not text_of(before)
        if is_right and is_in_place(self._table, KEY, cell.index):
            return
        self.dirty.add(row.site)
        is_lost = not is_in_place(self._table, KEY, cell.index)
        one = _overwritten(cell, before, cell.fields)
        self._keep(row, copy, [one], site=row.site, is_lost=is_lost)

    def _note_replaced(self, site: str, copy: Row, cells: Sequence[CellWrite]) -> None:
        for cell in cells:
            before, after = text_of(at(copy, cell.index)), text_of(cell.data)
            if cell.ours is not None and before not in ("", cell.ours, after):
                header = self._table.headers.get(cell.index, cell.column)
                self.replaced.append(Replaced(site, cell.column, header, before, after))

    def _owner(self, row: RowWrite, copy: Row) -> str:
        """Return the site in the copied key cell; "" where there is none, or no telling."""
        if not self._knows_keys:
            return ""
        if row.is_new:
            return row.site
        return site_in(at(copy, self._key)) or ""

    def _is_meant(self, row: RowWrite, copy: Row, owner: str) -> bool:
        if row.site == HEADER_ROW:
            return self._table.has_header_guard
        if row.image is not None:
            # Of a row that is nearly blank, any other could be it with more typed since.
            return owner not in self._jobs and is_all_of(copy, self._columns, row.image)
        return owner == row.site

    def _write_anew(self, site: str, cells: Mapping[str, CellWrite]) -> None:
        notes = {c: note_of(o.data) if has_note(o.fields) else None for c, o in cells.items()}
        self.drift.setdefault(site, {}).update(notes)

    def _keep_notes(self, site: str, row: RowWrite, copy: Row, cells: Sequence[CellWrite]) -> None:
        """Keep what of a job's row the store does not know: people's notes and names."""
        for cell in cells:
            before, known = at(copy, cell.index), self._known(site, cell.column)
            note = note_of(before)
            if has_note(cell.fields) and note and not is_note_of(known, note):
                self._keep(row, copy, [_overwritten(cell, before, NOTE)], site=site)
            is_name = cell.column == PLACEHOLDER and (known.is_stand_in or cell.expects_blank)
            is_typed = is_name or (cell.expects_blank and cell.ours is not None)
            if is_typed and text_of(before) not in ("", known.text):
                value = ",".join(one for one in cell.fields.split(",") if one != NOTE)
                self._keep(row, copy, [_overwritten(cell, before, value)], site=site)

    def _known(self, site: str, column: str) -> Cell:
        return self._jobs.get(site, {}).get(column, EMPTY)

    def _keep_row(self, row: RowWrite, copy: Row, cells: Sequence[CellWrite]) -> None:
        """Keep what was written over in a row of a person's."""
        changed = [_overwritten(cell, at(copy, cell.index), cell.fields) for cell in cells]
        changed = [one for one in changed if content(one.before) != content(one.after)]
        if changed:
            self._keep(row, copy, changed)

    def _keep_misplaced(
        self, row: RowWrite, copy: Row, owner: str, cells: Sequence[CellWrite]
    ) -> None:
        """Keep what was written into other columns than those that were meant."""
        ids = {index: column for column, index in self._table.columns.items()}
        for cell in cells:
            hit = ids.get(index_now(self._table, cell.column, cell.index))
            if hit is not None and hit != KEY and owner in self._jobs:
                self._write_anew(owner, {hit: cell})
            else:
                one = _overwritten(cell, at(copy, cell.index), cell.fields)
                self._keep(row, copy, [one], is_lost=True)

    def _keep(
        self,
        row: RowWrite,
        copy: Row,
        cells: Sequence[Overwritten],
        *,
        site: str = "",
        is_lost: bool = False,
    ) -> None:
        after = [dict(cell) for cell in copy]
        for one in row.cells:
            after += [{} for _ in range(one.index + 1 - len(after))]
            after[one.index] = written_over(after[one.index], one.data, one.fields)
        places = {cell.column: cell.index for cell in row.cells}
        headers = {
            one.column: self._table.headers.get(
                index_now(self._table, one.column, places[one.column]), one.column
            )
            for one in cells
        }
        self.images.append(
            BeforeImage(
                site=site,
                sheet_id=row.sheet_id,
                identity=row.identity,
                image=image_of(after, self._columns),
                cells=tuple(cells),
                at=row.row,
                tab=self._table.title,
                headers=headers,
                row_text=" | ".join(text for cell in copy if (text := text_of(cell))),
                is_lost=is_lost,
            )
        )


def _is_surprise(cell: CellWrite, copy: Row) -> bool:
    """Tell whether a cell of the right row held something else than the read saw."""
    there = at(copy, cell.index)
    if cell.expects_note is not None and note_of(there) != cell.expects_note:
        return True
    return cell.expects_blank and text_of(there) != ""


def _overwritten(cell: CellWrite, before: CellData, fields: str) -> Overwritten:
    after = written_over(before, cell.data, cell.fields)
    return Overwritten(column=cell.column, fields=fields, before=dict(before), after=after)
