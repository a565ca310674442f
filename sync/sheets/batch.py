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
from sync.sheets.images import has_note
from sync.sheets.request import Request
from sync.sheets.snapshot import Snapshot, Table
from sync.sheets.writes import HEADER_ROW, CellWrite, RowWrite, Trace


@dataclass(frozen=True)
class Asked:
    """What a batch asks back: copied cells of the columns `indexes`, and the header row."""

    jobs_title: str
    header_row: int
    fence_title: str
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
    asked: Asked | None = None
    """None where nothing can have been hit."""


@dataclass(frozen=True)
class Parts:
    """What goes into a batch, in this order."""

    structure: Sequence[Request] = ()
    """Makes tabs and columns."""
    header: Sequence[CellWrite] = ()
    rows: Sequence[RowWrite] = ()
    """Rows that exist; then those that are new, all to be inserted from the first one's row on."""
    new_rows: Sequence[RowWrite] = ()
    extra: Sequence[Request] = ()
    """History, Pipeline, formatting."""
    columns: tuple[str, ...] = ()
    """Ids of other tabs that are made."""
    recovered: tuple[int, ...] = ()
    recovered_lines: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether a batch of these would change nothing that people see."""
        return not (self.structure or self.header or self.rows or self.new_rows or self.extra)

    def without_data(self, table: Table) -> "Parts":
        """Return the same without what is written of jobs: as many rows are copied and guarded."""
        rows = {one.row for one in self.rows} | ({table.last_row} if self.new_rows else set())
        touched = [RowWrite(row=row) for row in sorted(rows)]
        return Parts(self.structure, self.header, touched, columns=self.columns)


def compose(
    snapshot: Snapshot, table: Table, parts: Parts, *, fence: int, fence_title: str
) -> Batch:
    """Return a batch with fence, guards and copies; `table` is the Jobs tab after its structure.

    `fence_title` is what the hidden tab is called, or is to be called where it is made.
    """
    is_made = snapshot.table is None
    requests = [] if snapshot.has_fence_tab else request.make_fence_tab(fence_title)
    requests += [*request.move_fence(snapshot.fences, fence), *parts.structure]
    written = [*parts.rows]
    if parts.header:
        written.append(RowWrite(row=table.header_row, site=HEADER_ROW, cells=tuple(parts.header)))
    requests += guards.column_guards(table, sorted(table.columns))
    requests += guards.header_guard(table)
    if not is_made:
        requests += request.clear_fence_tab(snapshot.fence_rules)
        requests.append(request.resize_fence_tab(table.row_count, table.column_count))
        requests += request.copy_rows(table.sheet_id, {one.row for one in written})
    requests += request.write(written, table.sheet_id)
    if parts.new_rows:
        first = parts.new_rows[0].row
        requests.append(
            request.insert(table.sheet_id, "ROWS", first, len(parts.new_rows), table.row_count)
        )
        requests += request.write_block(parts.new_rows, table.sheet_id)
    requests += parts.extra
    rows = () if is_made else (*written, *parts.new_rows)
    return Batch(
        requests,
        Trace(
            fence=fence,
            columns=dict(table.columns),
            rows=tuple(one for one in rows if one.cells),
            recovered=parts.recovered,
            recovered_lines=parts.recovered_lines,
        ),
        snapshot.fence,
        (*sorted(table.columns), *parts.columns),
        None if is_made else _asked(snapshot, table, written, fence_title),
    )


def _asked(
    snapshot: Snapshot, table: Table, written: Iterable[RowWrite], fence_title: str
) -> Asked:
    rows = list(written)
    cells = [cell for one in rows for cell in one.cells]
    compared = {c.index for c in cells if has_note(c.fields) or c.expects_blank}
    return Asked(
        jobs_title=table.title,
        header_row=table.header_row,
        fence_title=snapshot.fence_title or fence_title,
        indexes=tuple(dict.fromkeys((table.columns[KEY], *sorted(compared)))),
        rows=max((one.row for one in rows), default=0) + 1,
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
