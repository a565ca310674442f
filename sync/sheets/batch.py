"""Composes batches: the writes with their fence and guards, and copies of the rows. Pure.

Every write names its intended row (`RowIdentity`), and which content it may replace
(`CellWrite.accepts`). The check afterward compares the copies with both.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sync.field_table import KEY
from sync.sheets.ids import COLUMN_KEY, FENCE_TAB, WORDS_KEY
from sync.sheets.job_tabs import Pattern
from sync.sheets.read_requests import quoted
from sync.sheets.row_identity import ByHeaderGuard
from sync.sheets.sheet_requests import (
    Request,
    RowWrite,
    column_guards,
    dimension_range,
    header_guard,
    insert,
    insert_in_native_table,
    insert_like_above,
    make_hidden_tab,
    metadata,
    runs,
    write,
    write_block,
)
from sync.sheets.snapshot import Fence, HiddenTab, PipelineTab, Snapshot, Table, tab_for_new_rows
from sync.store import Attempt, ShownVersion
from sync.types import Value, letters


class Trace(Value):
    """The intended writes of a batch, with everything that its check needs."""

    columns: dict[int, dict[str, int]]
    """The index of each managed column when the rows are copied, which is after new columns are
    inserted, by sheet ID and column ID."""
    rows: tuple[RowWrite, ...] = ()
    finished_undos: tuple[int, ...] = ()
    """IDs of the undos that are finished with it: `Parts` has what becomes of them."""
    recovered_lines: int = 0
    """The number of lines that it writes there."""


_MORE_COLUMNS = 20
"""A person may insert this many between a read and a write; if more, Google rejects the batch."""


@dataclass(frozen=True)
class Batch:
    """Requests with the attempt to store, and its trace."""

    requests: list[Request]
    attempt: Attempt
    trace: Trace
    response_ranges: tuple[str, ...] = ()
    """A1 ranges: the header row of each written tab, and copies of the cells to compare. () if
    nothing can be mismatched."""


@dataclass(frozen=True)
class Parts:
    """The content of a batch."""

    tables: Sequence[Table] = ()
    """The tabs of jobs after its structure; (): as they were read. New rows go into the first."""
    structure: Sequence[Request] = ()
    """Requests that create tabs and columns."""
    extra: Sequence[Request] = ()
    """Requests for new further tabs, the Pipeline's figures, and formatting."""
    history: Sequence[Request] = ()
    """Requests that insert lines into the History."""
    rows: Sequence[RowWrite] = ()
    """Existing rows, the header row among them."""
    new_rows: Sequence[RowWrite] = ()
    """New rows, inserted one below the other from the first one's row."""
    pattern: Pattern | None = None
    """The place of the new rows, and what they copy; None: they are below the last job."""
    created: tuple[str, ...] = ()
    """IDs of the History, the Pipeline and filter views that exist or that it creates; those of
    columns are in `tables`."""
    shown: Sequence[ShownVersion] = ()
    """The jobs that the sheet shows after it."""
    lines: tuple[int, ...] = ()
    """The changes (seq) that are done with it: the History has their lines, or is missing, or
    their milestone is hidden."""
    finished_undos: tuple[int, ...] = ()
    """IDs of undos that no row needs: they are reported in the tab Recovered, in `recovered_lines`
    lines, or nothing is lost."""
    recovered_lines: int = 0
    pipeline: PipelineTab | None = None
    """The Pipeline tab as `extra` leaves it."""
    guarded: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """IDs of columns that are guarded although nothing is written there, by sheet ID."""

    @property
    def is_empty(self) -> bool:
        """Whether a batch of these parts would change nothing that people see."""
        return not (self.structure or self.rows or self.new_rows or self.extra or self.history)

    def without_data(self) -> "Parts":
        """Return the parts without the data of jobs.

        The same rows are copied, the same columns guarded, and blank lines are inserted into the
        History and deleted again, so that Google rejects this batch, too, if one of those requests
        is at fault.
        """
        columns: dict[int, set[str]] = defaultdict(set)
        for row in (*self.rows, *self.new_rows):
            columns[row.sheet_id] |= {cell.column for cell in row.cells}
        guarded = {sheet_id: frozenset(ids) for sheet_id, ids in columns.items()}
        header = [row for row in self.rows if isinstance(row.identity, ByHeaderGuard)]
        rows = {(row.sheet_id, row.row) for row in self.rows if row not in header}
        if self.new_rows:
            first = self.tables[0]
            rows.add((first.sheet_id, first.last_row))
        touched = [RowWrite(sheet_id=sheet, row=row) for sheet, row in sorted(rows)]
        history = [request for request in self.history if "updateCells" not in request]
        inserted = [one["insertDimension"] for one in history if "insertDimension" in one]
        history += [{"deleteDimension": {"range": one["range"]}} for one in inserted]
        return Parts(
            tables=self.tables,
            structure=self.structure,
            extra=self.extra,
            history=history,
            rows=[*header, *touched],
            created=self.created,
            guarded=guarded,
        )


def guarding(tables: Iterable[Table]) -> list[Request]:
    """Return the requests that guard every unguarded column, before anything is written there."""
    requests: list[Request] = []
    for table in tables:
        unguarded = [c for c in sorted(table.columns) if table.guards.get(c) != table.columns[c]]
        requests += column_guards(table, unguarded)
        if not table.has_header_guard:
            requests += header_guard(table)
    return requests


def retag_columns(table: Table, columns: Mapping[str, int]) -> Parts:
    """Return the parts that make the columns at these indexes the managed ones of these IDs."""
    sheet_id, requests = table.sheet_id, list[Request]()
    for column, index in columns.items():
        entries, old = [(COLUMN_KEY, column)], table.columns.get(column)
        if column in table.words:
            entries.append((WORDS_KEY, json.dumps(table.words[column], ensure_ascii=False)))
        for key, value in entries:
            lookup: Request = {"metadataKey": key}
            if key == COLUMN_KEY:
                lookup["metadataValue"] = value
            if old is not None:
                place = dimension_range(sheet_id, "COLUMNS", old, 1)
                lookup["metadataLocation"] = {"dimensionRange": place}
            gone = {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}}
            requests += [gone, metadata(key, value, sheet_id, "COLUMNS", index)]
    # If a person moves one just now, Google rejects the batch.
    return Parts(structure=requests, guarded={table.sheet_id: frozenset(table.columns)})


def compose(snapshot: Snapshot, parts: Parts, fence: Fence, fence_title: str) -> Batch:
    """Return a batch with fence, guards and copies.

    `fence_title` is the title of the hidden tab, if it is created. The batch's fence has the number
    of `fence`, or if that isn't larger than the observed one, the next one after it.
    """
    tables = parts.tables or snapshot.tables
    before = snapshot.fence.number if snapshot.fence else None
    fence = replace(fence, number=max(fence.number, (before or 0) + 1))
    creates_jobs_tab = snapshot.table is None
    for_new_rows = tab_for_new_rows(tables)
    requests = [] if snapshot.has_fence_tab else make_hidden_tab(FENCE_TAB, fence_title)
    # If another batch was carried out since the read, these are gone, and Google rejects this one.
    requests += [
        {"deleteProtectedRange": {"protectedRangeId": one.number}} for one in snapshot.fences
    ]
    new_fence = {
        "protectedRangeId": fence.number,
        "range": {"sheetId": FENCE_TAB, "startRowIndex": 0, "endRowIndex": 1},
        "warningOnly": True,
        "description": fence.description,
    }
    requests += [{"addProtectedRange": {"protectedRange": new_fence}}, *parts.structure]
    response_ranges: list[str] = []
    for table in tables:
        rows = [row for row in parts.rows if row.sheet_id == table.sheet_id]
        new = parts.new_rows if table is for_new_rows else ()
        further = table.columns if creates_jobs_tab else parts.guarded.get(table.sheet_id, ())
        if not (rows or new or further):
            continue
        written = {cell.column for row in (*rows, *new) for cell in row.cells}
        guarded = {KEY, *written, *further}
        requests += column_guards(table, sorted(guarded & table.columns.keys()))
        requests += header_guard(table)
        if creates_jobs_tab:
            continue  # Nothing is there yet that a write could hit.
        if rows:
            title = fence_title if table.is_ours else f"{fence_title} {table.sheet_id}"
            hidden = snapshot.hidden_tabs.get(table.copies_tab, HiddenTab(title))
            requests += _copies(snapshot, table, rows, hidden)
            copies = quoted(hidden.title)
            response_ranges += [f"{copies}!{cells}" for cells in _compared_ranges(table, rows)]
        if rows or new:
            number = table.header_row + 1
            response_ranges.append(f"{quoted(table.title)}!{number}:{number}")
    requests += write(parts.rows)
    if parts.new_rows:
        requests += _new_rows(for_new_rows, parts)
    requests += [*parts.extra, *parts.history]
    traced = [] if creates_jobs_tab else [*parts.rows, *parts.new_rows]
    trace = Trace(
        columns={table.sheet_id: dict(table.columns) for table in tables},
        rows=tuple(row for row in traced if row.cells or row.formulas),
        finished_undos=parts.finished_undos,
        recovered_lines=parts.recovered_lines,
    )
    attempt = Attempt(
        fence=fence.number,
        fence_before=before,
        shown=tuple(parts.shown),
        created=(*sorted({c for table in tables for c in table.columns}), *parts.created),
        trace=trace.model_dump_json(),
        changes=parts.lines,
        batch=fence.batch,
    )
    return Batch(requests, attempt, trace, tuple(response_ranges))


def _copies(
    snapshot: Snapshot, table: Table, rows: Iterable[RowWrite], hidden: HiddenTab
) -> list[Request]:
    """Copy `rows` of a tab to the same coordinates of its `hidden` tab, before they are written.

    Formulas stay as they are there. Whole rows are copied, at their present width, even if the
    given destination is smaller.
    """
    tab = table.copies_tab
    is_there = tab in snapshot.hidden_tabs or tab == FENCE_TAB
    grid = {"rowCount": table.row_count, "columnCount": table.column_count + _MORE_COLUMNS}
    size = {"properties": {"sheetId": tab, "gridProperties": grid}}
    pastes = []
    for block in runs(one.row for one in rows):
        area = {"startRowIndex": block[0], "endRowIndex": block[-1] + 1}
        paste = {
            "source": {"sheetId": table.sheet_id, **area},
            "destination": {"sheetId": tab, **area, "startColumnIndex": 0, "endColumnIndex": 1},
            "pasteType": "PASTE_NORMAL",
        }
        pastes.append({"copyPaste": paste})
    return [
        *([] if is_there else make_hidden_tab(tab, hidden.title)),
        # Without the last batch's copies and their formats.
        {"updateCells": {"range": {"sheetId": tab}, "fields": "*"}},
        *[{"deleteConditionalFormatRule": {"sheetId": tab, "index": 0}}] * hidden.rules,
        {"updateSheetProperties": {**size, "fields": "gridProperties(rowCount,columnCount)"}},
        *pastes,
    ]


def _new_rows(table: Table, parts: Parts) -> list[Request]:
    at, count = parts.new_rows[0].row, len(parts.new_rows)
    insertion = [insert(table.sheet_id, "ROWS", at, count, table.row_count)]
    has_row_above = at - 1 > table.header_row
    if has_row_above and table.native_end is not None:
        insertion = [insert_in_native_table(table.sheet_id, "ROWS", at, count)]
    elif has_row_above and not table.is_ours:
        # Of a board, new rows get what the row above has, unless that is the header row.
        pattern = parts.pattern or Pattern(at)
        formulas, is_covered = sorted(pattern.formulas), pattern.is_covered
        insertion = insert_like_above(table.sheet_id, at, count, formulas, is_covered=is_covered)
    return [*insertion, *(write_block if table.is_ours else write)(parts.new_rows)]


def _compared_ranges(table: Table, written: Sequence[RowWrite]) -> list[str]:
    """Return the A1 ranges with all cells that the check compares (`RowWrite.compared_cells`)."""
    ranges = []
    header = [row for row in written if isinstance(row.identity, ByHeaderGuard)]
    for rows in (header, [row for row in written if row not in header]):
        indexes = set[int]()
        for row in rows:
            cells = row.compared_cells(table.columns)
            if cells is None:
                ranges.append(f"{row.row + 1}:{row.row + 1}")
            else:
                indexes |= cells
        numbers = [row.row + 1 for row in rows]
        for name in map(letters, sorted(indexes)):
            ranges.append(f"{name}{min(numbers)}:{name}{max(numbers)}")
    return ranges
