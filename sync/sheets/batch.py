"""Guards: columns and header rows that moved since the read make Google refuse the batch. Pure.

Each managed column, and the header row, carries metadata with a fixed id. A batch deletes that
entry at the place where the read saw it and creates it there again. Where a person has moved the
column since, nothing is deleted, and the creation meets an id that is taken: the batch is refused.

Confirmed by Google's documentation: `metadataId` is "the spreadsheet-scoped unique ID", and a
deletion's lookup takes an exact location. Not documented: that a taken id is refused (`trial`
tries that). If it were not, or where a column was deleted meanwhile, the guard stands on another
column than its own afterwards, and `verify` sees that.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sync.field_table import KEY
from sync.jobs.cells import Column
from sync.sheets import request
from sync.sheets.answer import FENCE_TAB, GUARD_KEY, guard_id
from sync.sheets.request import Request, dimension_range
from sync.sheets.snapshot import Snapshot, Tab, Table
from sync.sheets.writes import CellWrite, RowIdentity, RowWrite, Trace
from sync.types import letters

HEADER = "header"


def column_guards(tab: Table | Tab, columns: Iterable[str]) -> list[Request]:
    """Return the requests that guard `columns` (ids) of a tab where they were read."""
    requests: list[Request] = []
    for column in columns:
        index = tab.columns[column]
        is_there = tab.guards.get(column) == index
        requests += _guard(tab.sheet_id, column, "COLUMNS", index, is_there)
    return requests


def header_guard(tab: Table | Tab, value: str = "") -> list[Request]:
    """Return the requests that guard the header row of a tab where it was read.

    `value` is remembered on it.
    """
    is_there = tab.has_header_guard
    return _guard(tab.sheet_id, HEADER, "ROWS", tab.header_row, is_there, value)


def row_guard(tab: Tab, name: str, row: int) -> list[Request]:
    """Return the requests that guard a row of a tab where it was read."""
    return _guard(tab.sheet_id, name, "ROWS", row, tab.row_guards.get(name) == row)


def _guard(
    sheet_id: int, name: str, dimension: str, index: int, is_there: bool, value: str = ""
) -> list[Request]:
    number, place = guard_id(sheet_id, name), dimension_range(sheet_id, dimension, index, 1)
    lookup: dict[str, Any] = {"metadataId": number}
    if is_there:
        lookup["metadataLocation"] = {"dimensionRange": place}
        lookup["locationMatchingStrategy"] = "EXACT_LOCATION"
    # Else there is none yet, or it stands elsewhere: a person undid or deleted something.
    entry = {
        "metadataId": number,
        "metadataKey": GUARD_KEY,
        "metadataValue": value or name,
        "location": {"dimensionRange": place},
        "visibility": "DOCUMENT",
    }
    return [
        {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}},
        {"createDeveloperMetadata": {"developerMetadata": entry}},
    ]


def is_in_place(table: Table, column: str, index: int) -> bool:
    """Tell whether what was written at `index` went into `column`.

    The guard that the batch created at `index` has moved with that column since.
    """
    guard, now = table.guards.get(column), table.columns.get(column)
    return now is not None and now == (index if guard is None else guard)


def index_now(table: Table, column: str, index: int) -> int:
    """Return where the column is now that was written at `index` for `column`."""
    return table.guards.get(column, index)


def shifted(guards: Mapping[str, int], index: int) -> dict[str, int]:
    """Return `guards` after a column was inserted at `index`."""
    return {column: at + (at >= index) for column, at in guards.items()}


@dataclass(frozen=True)
class Asked:
    """What a batch asks back of a tab: its header row, and copied cells by their A1 ranges."""

    title: str
    header_row: int
    copies_title: str
    ranges: tuple[str, ...]


@dataclass(frozen=True)
class Batch:
    """Requests, with the trace of what they mean. `fence_before` is the fence that was read."""

    requests: list[Request]
    trace: Trace
    fence_before: int | None
    columns: tuple[str, ...] = ()
    """Ids of the columns that the tab has after it, and of other tabs that were made."""
    asked: tuple[Asked, ...] = ()
    """Of each tab that is written; () where nothing can have been hit."""


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
    """Columns in which new rows take the formula of the row above."""
    is_covered: bool = False
    """Whether a total ends at the row above, and is to cover the new ones."""
    extra: Sequence[Request] = ()
    """History, Pipeline, formatting."""
    columns: tuple[str, ...] = ()
    """Ids of other tabs that are made."""
    settled: tuple[int, ...] = ()
    """Ids of undos that are told of in the tab Recovered, in `recovered_lines` lines."""
    recovered_lines: int = 0
    pipeline: Tab | None = None
    """The Pipeline tab as `extra` leaves it."""
    guarded: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """Ids of columns that are guarded though nothing is written there, by sheet id."""

    @property
    def is_empty(self) -> bool:
        """Whether a batch of these would change nothing that people see."""
        return not (self.structure or self.header or self.rows or self.new_rows or self.extra)

    def without_data(self, table: Table) -> "Parts":
        """Return the same without what is written of jobs.

        As many rows are copied, and the same columns are guarded: where one of those guards is at
        fault, it is refused as well.
        """
        columns: dict[int, set[str]] = defaultdict(set)
        for row in (*self.rows, *self.new_rows):
            columns[row.sheet_id] |= {cell.column for cell in row.cells}
        guarded = {sheet_id: frozenset(ids) for sheet_id, ids in columns.items()}
        rows = {(row.sheet_id, row.row) for row in self.rows}
        rows |= {(table.sheet_id, table.last_row)} if self.new_rows else set()
        touched = [RowWrite(sheet_id=sheet, row=row) for sheet, row in sorted(rows)]
        return Parts(self.structure, self.header, touched, columns=self.columns, guarded=guarded)


def guarding(tables: Iterable[Table]) -> Parts:
    """Return what guards every column that is not guarded yet: before anything is written there."""
    requests: list[Request] = []
    for table in tables:
        unguarded = [c for c in sorted(table.columns) if table.guards.get(c) != table.columns[c]]
        requests += column_guards(table, unguarded)
        requests += [] if table.has_header_guard else header_guard(table)
    return Parts(structure=requests)


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
        header = RowIdentity(is_header=True)
        cells, row = tuple(parts.header), first.header_row
        written.append(RowWrite(sheet_id=first.sheet_id, row=row, cells=cells, identity=header))
    asked: list[Asked] = []
    for table in tables:
        rows = [row for row in written if row.sheet_id == table.sheet_id]
        new = parts.new_rows if table is first else ()
        also = table.columns if is_made else parts.guarded.get(table.sheet_id, ())
        if not (rows or new or is_made or also):
            continue
        requests += column_guards(table, _guarded(table, [*rows, *new], also))
        requests += header_guard(table)
        if rows and not is_made:
            title = snapshot.copies_title(table, fence_title)
            requests += _copies(snapshot, table, rows, title)
            asked.append(_asked(table, rows, title))
        elif new and not is_made:
            asked.append(Asked(table.title, table.header_row, "", ()))
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
            rows=tuple(row for row in rows if row.cells or row.pattern_of),
            settled=parts.settled,
            recovered_lines=parts.recovered_lines,
        ),
        snapshot.fence,
        (*sorted({column for table in tables for column in table.columns}), *parts.columns),
        tuple(asked),
    )


def _guarded(table: Table, rows: Iterable[RowWrite], also: Iterable[str]) -> list[str]:
    """Return the columns that a batch guards: those that it writes, the key's, and `also`."""
    written = {cell.column for row in rows for cell in row.cells} | {KEY, *also}
    return sorted(written & table.columns.keys())


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
    if not table.policy.inherits:
        insert = request.insert(table.sheet_id, "ROWS", at, count, table.row_count)
        return [insert, *request.write_block(parts.new_rows)]
    if at - 1 <= table.header_row:
        insertion = [request.insert(table.sheet_id, "ROWS", at, count, table.row_count)]
    else:
        insertion = request.insert_like_above(
            table.sheet_id, at, count, parts.formulas, is_covered=parts.is_covered
        )
    return [*insertion, *request.write(parts.new_rows)]


def _asked(table: Table, written: Sequence[RowWrite], copies_title: str) -> Asked:
    """Ask the cells back that the check compares, and whole rows where it compares all."""
    headers = [row for row in written if row.identity.is_header]
    rows = [row for row in written if not row.identity.is_header]
    whole = [f"{row.row + 1}:{row.row + 1}" for row in rows if row.identity.holds is not None]
    ranges = (*_compared(table, headers), *_compared(table, rows), *whole)
    return Asked(table.title, table.header_row, copies_title, ranges)


def _compared(table: Table, rows: Sequence[RowWrite]) -> list[str]:
    """Return the A1 ranges of the columns that are compared, from the first to the last row."""
    if not rows:
        return []
    indexes = {table.columns[KEY]} if KEY in table.columns else set()
    for row in rows:
        indexes |= {cell.index for cell in row.cells if not _replaces_anything(cell)}
        texts = (*row.identity.shows, *row.identity.shows_not)
        indexes |= {table.columns[column] for column in texts if column in table.columns}
    first, last = (pick(row.row for row in rows) + 1 for pick in (min, max))
    return [f"{name}{first}:{name}{last}" for name in map(letters, sorted(indexes))]


def _replaces_anything(cell: CellWrite) -> bool:
    return cell.expects is None and cell.expects_note is None


def place_of(table: Table, left: Sequence[Column]) -> int:
    """Return where a new column goes: behind its nearest left neighbour, wherever that is now."""
    for neighbour in reversed(left):
        if neighbour.id in table.columns:
            return table.columns[neighbour.id] + 1
    return table.column_count


def with_column(table: Table, index: int, column: str) -> Table:
    """Return the tab once a column is made at `index`."""
    return replace(
        table,
        columns={**shifted(table.columns, index), column: index},
        cells={**table.cells, column: {}},
        guards=shifted(table.guards, index),
        column_count=table.column_count + 1,
    )
