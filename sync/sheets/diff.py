"""Jobs + what was read of the sheet → one batch. Pure.

The batch names what it changes of each job, so that its confirmation can be kept. What the store
knows nothing of is never touched; a row is found by its key in this read, never by a remembered
number. What the batch hit is told by `evidence`, and mended by `repair`.
"""

import json
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from itertools import chain, count

from sync.errors import Permanent
from sync.jobs.cells import EMPTY, Cell
from sync.jobs.columns import KEY, PLACEHOLDER, Column, is_noted
from sync.sheets import request
from sync.sheets.evidence import HEADER, CellData, Trace, Write, writes_note
from sync.sheets.snapshot import HEADER_KEY, JOBS_TAB, Table, View
from sync.sheets.tabs import extras, formatting
from sync.sheets.tabs.extras import Along, Titles

_BLANK_ROWS = 200
_ROW_OVERHEAD = 400

Cells = Mapping[str, Cell]


@dataclass(frozen=True)
class Target:
    """A job as it should stand and as it was last confirmed; `fresh`: an event is not yet shown."""

    site: str
    cells: Cells
    written: Cells
    fresh: bool = True

    def differences(self) -> dict[str, Cell]:
        """Return what is to be written, by column id; a cell that went blank is EMPTY."""
        columns = dict.fromkeys([*self.cells, *self.written])
        wanted = {column: self.cells.get(column, EMPTY) for column in columns}
        return {c: cell for c, cell in wanted.items() if cell != self.written.get(c, EMPTY)}

    def differs(self) -> bool:
        """Tell whether anything is to be written: a job that was never written always is."""
        return not self.written or bool(self.differences())


def key_column_gone() -> Permanent:
    """Return the error for a tab whose rows cannot be told any more."""
    return Permanent(
        "key_column_gone",
        "The column of site IDs was deleted. Bring it back with the version history.",
    )


def free_titles(wanted: Titles, taken: Iterable[str]) -> Titles:
    """Return titles that no tab has; Google tells no case apart."""
    lowered = {title.lower() for title in taken}

    def first(title: str) -> str:
        numbered = chain([title], (f"{title} {n}" for n in count(2)))
        return next(one for one in numbered if one.lower() not in lowered)

    return Titles(**{name: first(title) for name, title in vars(wanted).items()})


@dataclass(frozen=True)
class Batch:
    """One `batchUpdate`: `fence` is the number it sets, `shown` what it makes true, by site."""

    requests: list[request.Request]
    trace: Trace
    fence_before: int | None
    shown: dict[str, Cells] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    """Sites that did not fit: they stay dirty."""
    absent: tuple[str, ...] = ()
    """Sites whose row a person deleted: it comes back only with the next event."""
    columns: tuple[str, ...] = ()
    """Ids of the columns that the tab has after it, and of the other tabs that were made."""
    brings: bool = False
    """Whether it does anything beside the writes of its trace."""
    asked: "Asked | None" = None
    """What to ask back; None where nothing can have been hit."""


@dataclass(frozen=True)
class Asked:
    """The evidence that a batch asks back: copied cells down to `rows`, and the header row.

    `indexes` are those of the key column, and of columns in which a note is written.
    """

    jobs_title: str
    header_row: int
    fence_title: str
    indexes: tuple[int, ...]
    rows: int


def noted_columns(targets: Sequence[Target]) -> tuple[str, ...]:
    """Return the columns that are to be read, too.

    Where a note of ours may be due, and where a person may have filled in a row that is adopted.
    """
    changed = {c: cell for target in targets for c, cell in target.differences().items()}
    noted = {column for column in changed if is_noted(column)}
    stands_in = any(t.cells.get(PLACEHOLDER, EMPTY).is_stand_in for t in targets)
    return tuple(sorted(noted | ({PLACEHOLDER} if stands_in else set())))


def make(
    view: View,
    targets: Sequence[Target],
    columns: Sequence[Column],
    *,
    titles: Titles,
    fence: int,
    zone: str,
    with_: Along,
    max_bytes: int = 1_800_000,
) -> Batch:
    """Return the batch that makes `targets` stand: as many as fit `max_bytes`.

    `columns` are those that the jobs need, in order; `zone` is in which dates are shown; `with_` is
    what goes along.
    Raises Permanent where the key column is gone.
    """
    clock = request.clock(zone)
    made, headers, table = with_columns(view.table, columns, titles.jobs)
    if KEY not in table.columns:
        raise key_column_gone()
    fitting, left = _fitting(table, targets, max_bytes)
    known = [t for t in fitting if t.site in table.keys]
    new = [t for t in fitting if t.site not in table.keys and t.fresh]
    row = max(table.keys.values(), default=table.header_row) + 1
    more = extras.along(view, table, with_, titles, clock)
    one = compose(
        view,
        table,
        fence=fence,
        titles=titles,
        made=made,
        writes=[*headers, *(w for target in known for w in _changes(table, target, clock))],
        fresh=[w for n, target in enumerate(new) for w in _fresh(table, row + n, target, clock)],
        more=more.requests,
    )
    return replace(
        one,
        shown={t.site: _in_columns(table, t.cells) for t in [*known, *new]},
        absent=tuple(t.site for t in fitting if t.site not in table.keys and not t.fresh),
        left=tuple(t.site for t in left),
        columns=(*one.columns, *more.tabs),
        brings=bool(made or more.requests),
    )


def _in_columns(table: Table, cells: Cells) -> Cells:
    """Return the cells that have a column: what is nowhere is not shown."""
    return {column: cell for column, cell in cells.items() if column in table.columns}


def compose(
    view: View,
    table: Table,
    *,
    fence: int,
    titles: Titles,
    made: Sequence[request.Request] = (),
    writes: Sequence[Write] = (),
    fresh: Sequence[Write] = (),
    repairs: Sequence[int] = (),
    keep: Container[str] = (),
    more: Sequence[request.Request] = (),
) -> Batch:
    """Return a batch that carries its own fence, before-images and evidence.

    `made` makes what is missing, `fresh` goes into rows that are inserted, `more` comes last. The
    marks of earlier batches go, but for those in `keep`.
    """
    is_new = view.table is None
    requests = [] if view.has_fence_tab else request.make_fence_tab(titles.fence)
    requests += request.move_fence(view.fences, fence)
    requests += [*made]
    indexes = {table.columns[KEY], *(one.index for one in writes), *(one.index for one in fresh)}
    if not is_new:
        requests += _evidence(view, table, fence, writes, indexes, keep)
    requests += request.write(writes, table.sheet_id)
    inserted = sorted({one.row for one in fresh})
    if inserted:
        requests.append(
            request.insert(table.sheet_id, "ROWS", inserted[0], len(inserted), table.row_count)
        )
        requests += request.write_block(fresh, table.sheet_id)
    requests += more
    trace = Trace(
        fence=fence,
        key_index=table.columns[KEY],
        writes=() if is_new else (*writes, *fresh),
        inserted=tuple(inserted),
        repairs=tuple(repairs),
    )
    return Batch(
        requests=requests,
        trace=trace,
        fence_before=view.fence,
        columns=tuple(sorted(table.columns)),
        asked=None if is_new else _asked(view, table, titles, writes),
    )


def _evidence(
    view: View,
    table: Table,
    fence: int,
    writes: Sequence[Write],
    indexes: Iterable[int],
    keep: Container[str],
) -> list[request.Request]:
    """Return the requests that keep what is written over, and mark where it is written."""
    headers = [one.row for one in writes if one.expect == HEADER]
    old = {name.partition(".")[0] for name in table.marks} | table.header_marks
    requests = [request.unmark(number) for number in sorted(old) if number not in keep]
    requests += request.mark(fence, table.sheet_id, sorted(indexes))
    if headers:
        requests.append(request.mark_header(fence, table.sheet_id, headers[0]))
    requests += request.clear_fence_tab(view.fence_rules)
    requests.append(request.resize_fence_tab(table.row_count, table.column_count))
    rows = {one.row for one in writes}
    return requests + request.copy_rows(table.sheet_id, rows)


def _asked(view: View, table: Table, titles: Titles, writes: Sequence[Write]) -> Asked:
    noted = sorted({one.index for one in writes if writes_note(one.fields)})
    return Asked(
        jobs_title=table.title,
        header_row=table.header_row,
        fence_title=view.fence_title or titles.fence,
        indexes=tuple(dict.fromkeys((table.columns[KEY], *noted))),
        rows=max((one.row for one in writes), default=0) + 1,
    )


def with_columns(
    table: Table | None, columns: Sequence[Column], title: str = ""
) -> tuple[list[request.Request], list[Write], Table]:
    """Return the requests that make what is missing, its headers, and the table after them."""
    if table is None:
        places = {column.id: index for index, column in enumerate(columns)}
        made = Table(JOBS_TAB, title, 0, _BLANK_ROWS, len(columns), places)
        return _made_table(title, columns), [], made
    requests: list[request.Request] = []
    new = [column for column in columns if column.id not in table.columns]
    for column in new:
        index = _place(table, columns, columns.index(column))
        requests.append(request.insert(table.sheet_id, "COLUMNS", index, 1, table.column_count))
        requests += formatting.column(table.sheet_id, index, column)
        table = _shifted(table, index, column.id)
    headers = [request.header(table.header_row, table.columns[one.id], one) for one in new]
    return requests, headers, table


def _made_table(title: str, columns: Sequence[Column]) -> list[request.Request]:
    """Return the requests that make the Jobs tab, the leftmost, with one column for each."""
    size = (_BLANK_ROWS, len(columns))
    requests = request.make_tab(JOBS_TAB, title, HEADER_KEY, size, position=0)
    for index, column in enumerate(columns):
        requests += formatting.column(JOBS_TAB, index, column)
    headers = [request.header(0, index, column) for index, column in enumerate(columns)]
    return requests + request.write(headers, JOBS_TAB)


def _place(table: Table, columns: Sequence[Column], position: int) -> int:
    """Return where a new column goes: behind its nearest left neighbour, wherever that is now."""
    for neighbour in reversed(columns[:position]):
        if neighbour.id in table.columns:
            return table.columns[neighbour.id] + 1
    return table.column_count


def _shifted(table: Table, index: int, column: str) -> Table:
    moved = {c: i + (i >= index) for c, i in table.columns.items()}
    return replace(table, columns={**moved, column: index}, column_count=table.column_count + 1)


def _fitting(
    table: Table, targets: Sequence[Target], max_bytes: int
) -> tuple[Sequence[Target], Sequence[Target]]:
    """Split `targets` where the batch would grow too large; at least one always fits."""
    size = 0
    for number, target in enumerate(targets):
        cells = (
            target.differences().values() if target.site in table.keys else target.cells.values()
        )
        size += sum(len(json.dumps(cell.model_dump(mode="json"))) + 150 for cell in cells)
        size += _ROW_OVERHEAD
        if size > max_bytes and number:
            return targets[:number], targets[number:]
    return targets, ()


def _changes(table: Table, target: Target, zone: tzinfo) -> list[Write]:
    row = table.keys[target.site]
    writes: list[Write] = []
    for column, cell in target.differences().items():
        index = table.columns.get(column)
        if index is None or column == KEY:
            continue
        if cell.is_stand_in and (column, row) in table.filled:
            continue  # A person's name for the job says more than ours.
        note = table.notes.get((column, row), "")
        ours = is_noted(column) and _is_ours(target, column, note)
        fields = request.fields_of(cell, ours)
        bare = cell.model_copy(update={"note": "", "noted": None})
        data = request.encoded(cell if ours else bare, zone)
        one = _write(row, index, column, target.site, data, fields)
        writes.append(one.model_copy(update={"held": {"note": note}}) if ours else one)
    return writes


def _is_ours(target: Target, column: str, note: str) -> bool:
    """Tell whether a note is one of ours: as it was written, or as we write them."""
    if column in target.written:
        return request.is_note_of(target.written[column], note)
    known = target.cells.get(column, EMPTY).note
    return not note or note == known or request.looks_like_ours(note)


def _fresh(table: Table, row: int, target: Target, zone: tzinfo) -> list[Write]:
    """Return the cells of a new row: it goes under the last keyed one, and overwrites nothing."""
    return [
        _write(
            row,
            index,
            column,
            target.site,
            request.encoded(cell, zone),
            request.fields_of(cell, True) if cell.note or cell.noted else request.FRESH,
        )
        for column, cell in target.cells.items()
        if (index := table.columns.get(column)) is not None
    ]


def _write(row: int, index: int, column: str, site: str, data: CellData, fields: str) -> Write:
    return Write(row=row, index=index, column=column, expect=site, data=data, fields=fields)
