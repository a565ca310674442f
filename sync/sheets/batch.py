"""One `batchUpdate`: what it writes, what it means, and the evidence that it carries. Pure.

Every batch moves the fence, guards its columns and header row, and copies the rows that it is about
to write to the same coordinates of the hidden tab, which nobody edits. It asks the copied key cells
back in the same answer (decision 0002).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sync.jobs.cells import Cell
from sync.jobs.columns import KEY
from sync.sheets import guards, request
from sync.sheets.identifiers import FENCE_TAB
from sync.sheets.images import has_note
from sync.sheets.request import Request
from sync.sheets.snapshot import Snapshot, Tab, Table
from sync.sheets.writes import HEADER_ROW, CellWrite, RowWrite, Trace


@dataclass(frozen=True)
class Asked:
    """What a batch asks back of a tab: copied cells of columns (`indexes`), and the header row."""

    title: str
    header_row: int
    copies_title: str
    indexes: tuple[int, ...]
    rows: int
    """How many rows of the hidden tab, from its top."""


@dataclass(frozen=True)
class Batch:
    """Requests, with the trace of what they mean. `fence_before` is the fence that was read."""

    requests: list[Request]
    trace: Trace
    fence_before: int | None
    columns: tuple[str, ...] = ()
    """Ids of the columns that the tab has after it, and of other tabs that were made."""
    asked: tuple[Asked, ...] = ()
    """Of each tab; () where nothing can have been hit."""


@dataclass(frozen=True)
class Parts:
    """What goes into a batch, in this order."""

    structure: Sequence[Request] = ()
    """Makes tabs and columns."""
    header: Sequence[CellWrite] = ()
    rows: Sequence[RowWrite] = ()
    """Rows that exist; then those that are new, all to be inserted from the first one's row on."""
    new_rows: Sequence[RowWrite] = ()
    formulas: Sequence[int] = ()
    """Columns of a mapped tab in which new rows take the formula of the row above."""
    extra: Sequence[Request] = ()
    """History, Pipeline, formatting."""
    columns: tuple[str, ...] = ()
    """Ids of other tabs that are made."""
    recovered: tuple[int, ...] = ()
    recovered_lines: int = 0
    pipeline: Tab | None = None
    """The Pipeline tab as `extra` leaves it."""

    @property
    def is_empty(self) -> bool:
        """Whether a batch of these would change nothing that people see."""
        return not (self.structure or self.header or self.rows or self.new_rows or self.extra)

    def without_data(self, table: Table) -> "Parts":
        """Return the same without what is written of jobs: as many rows are copied and guarded."""
        rows = {(one.sheet_id, one.row) for one in self.rows}
        rows |= {(table.sheet_id, table.last_row)} if self.new_rows else set()
        touched = [RowWrite(sheet_id=sheet, row=row) for sheet, row in sorted(rows)]
        return Parts(self.structure, self.header, touched, columns=self.columns)


def compose(
    snapshot: Snapshot, tables: Sequence[Table], parts: Parts, *, fence: int, fence_title: str
) -> Batch:
    """Return a batch with fence, guards and copies; `tables` are the tabs after its structure.

    New rows and headers go into the first. `fence_title` is what the hidden tab is to be called
    where it is made.
    """
    is_made, first = snapshot.table is None, tables[0]
    requests = [] if snapshot.has_fence_tab else request.make_hidden_tab(FENCE_TAB, fence_title)
    requests += [*request.move_fence(snapshot.fences, fence), *parts.structure]
    written = [*parts.rows]
    if parts.header:
        cells = tuple(parts.header)
        header = RowWrite(
            sheet_id=first.sheet_id, row=first.header_row, site=HEADER_ROW, cells=cells
        )
        written.append(header)
    asked: list[Asked] = []
    for table in tables:
        requests += guards.column_guards(table, sorted(table.columns))
        requests += guards.header_guard(table)
        if not is_made:
            rows = [one for one in written if one.sheet_id == table.sheet_id]
            title = snapshot.copies_title(table, fence_title)
            requests += _copies(snapshot, table, rows, title)
            asked.append(_asked(table, rows, title))
    requests += request.write(written)
    if parts.new_rows:
        requests += _new_rows(first, parts)
    requests += parts.extra
    rows = [] if is_made else [*written, *parts.new_rows]
    return Batch(
        requests,
        Trace(
            fence=fence,
            columns={table.sheet_id: dict(table.columns) for table in tables},
            rows=tuple(one for one in rows if one.cells),
            recovered=parts.recovered,
            recovered_lines=parts.recovered_lines,
        ),
        snapshot.fence,
        (*sorted({column for table in tables for column in table.columns}), *parts.columns),
        tuple(asked),
    )


def _copies(
    snapshot: Snapshot, table: Table, rows: Iterable[RowWrite], title: str
) -> list[Request]:
    """Copy `rows` of a tab as they are before they are written."""
    tab = table.copies_tab
    is_there = tab in snapshot.copies or tab == FENCE_TAB
    rules = snapshot.copies[tab].rules if tab in snapshot.copies else 0
    return [
        *([] if is_there else request.make_hidden_tab(tab, title)),
        *request.clear_copies(tab, rules),
        request.resize_copies(tab, table.row_count, table.column_count),
        *request.copy_rows(table.sheet_id, {one.row for one in rows}, tab),
    ]


def _new_rows(table: Table, parts: Parts) -> list[Request]:
    at, count = parts.new_rows[0].row, len(parts.new_rows)
    if table.mapped_at is None:
        insert = request.insert(table.sheet_id, "ROWS", at, count, table.row_count)
        return [insert, *request.write_block(parts.new_rows)]
    return [
        *request.insert_like_above(table.sheet_id, at, count, table.header_row, parts.formulas),
        *request.write(parts.new_rows),
    ]


def _asked(table: Table, written: Sequence[RowWrite], copies_title: str) -> Asked:
    cells = [cell for one in written for cell in one.cells]
    compared = {
        c.index for c in cells if has_note(c.fields) or c.expects_blank or c.ours is not None
    }
    compared |= {table.columns[column] for one in written for column in one.identity}
    return Asked(
        title=table.title,
        header_row=table.header_row,
        copies_title=copies_title,
        indexes=tuple(dict.fromkeys((table.columns[KEY], *sorted(compared)))),
        rows=max((one.row for one in written), default=0) + 1,
    )


Cells = Mapping[str, Cell]
"""What a job's row shows, by column id."""


@dataclass(frozen=True)
class Titles:
    """Titles that are free for tabs that have to be made."""

    jobs: str = "Jobs"
    fence: str = "_brightsheet"
    history: str = "History"
    pipeline: str = "Pipeline"
    recovered: str = "Recovered"
