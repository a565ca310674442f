"""Jobs + what was read of the sheet → one batch. Pure.

The batch names what it changes of each job, so that its confirmation can be kept. What the store
knows nothing of is never touched; a row is found by its key in this read, never by a remembered
number. The check of what a batch hit, and its repair, belong here, too.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from zoneinfo import ZoneInfo

from sync import batch
from sync.errors import Permanent
from sync.layout import KEY, NOTED
from sync.model import EMPTY, Cell, Column
from sync.view import JOBS_TAB, Table, View

MAX_BYTES = 1_800_000
"""Of one request; Google advises 2 MB."""
FENCE_TITLE = "_brightsheet"
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


@dataclass(frozen=True)
class Titles:
    """Titles for tabs that have to be made."""

    jobs: str
    fence: str

    @classmethod
    def free(cls, wanted: str, taken: Iterable[str]) -> "Titles":
        """Return titles that no tab has; Google tells no case apart."""
        lowered = {title.lower() for title in taken}

        def first(title: str) -> str:
            numbered = chain([title], (f"{title} {n}" for n in count(2)))
            return next(one for one in numbered if one.lower() not in lowered)

        return cls(first(wanted), first(FENCE_TITLE))


@dataclass(frozen=True)
class Batch:
    """One `batchUpdate`: `fence` is the number it sets, `shown` what it makes true, by site."""

    requests: list[batch.Request]
    fence: int
    fence_before: int | None
    shown: dict[str, Cells]
    left: tuple[str, ...] = ()
    """Sites that did not fit: they stay dirty."""
    absent: tuple[str, ...] = ()
    """Sites whose row a person deleted: it comes back only with the next event."""
    columns: tuple[str, ...] = ()
    """Ids of the columns that it makes."""


def noted_columns(targets: Sequence[Target]) -> tuple[str, ...]:
    """Return the columns whose notes are to be read, since a note of ours may be due there."""
    changed = {column for target in targets for column in target.differences()}
    return tuple(sorted(changed & NOTED))


def make(
    view: View,
    targets: Sequence[Target],
    columns: Sequence[Column],
    *,
    titles: Titles,
    fence: int,
    zone: str,
) -> Batch:
    """Return the batch that makes `targets` stand.

    `columns` are those that the jobs need, in order; `zone` is in which dates are shown.
    Raises Permanent where the key column is gone.
    """
    clock = ZoneInfo(zone)
    requests = [] if view.has_fence_tab else batch.make_fence_tab(titles.fence)
    requests += batch.move_fence(view.fences, fence)
    made, table = _with_columns(view.table, columns, titles.jobs)
    requests += made
    if KEY not in table.columns:
        raise Permanent(
            "key_column_gone",
            "The column of site IDs was deleted. Bring it back with the version history.",
        )
    fitting, left = _fitting(table, targets)
    known = [t for t in fitting if t.site in table.keys]
    new = [t for t in fitting if t.site not in table.keys and t.fresh]
    for target in known:
        changes = _changes(table, target)
        requests += batch.write_row(table.sheet_id, table.keys[target.site], changes, clock)
    requests += _inserted(table, new, clock)
    return Batch(
        requests=requests,
        fence=fence,
        fence_before=view.fence,
        shown={t.site: t.cells for t in [*known, *new]},
        absent=tuple(t.site for t in fitting if t.site not in table.keys and not t.fresh),
        left=tuple(t.site for t in left),
        columns=tuple(sorted(table.columns)),
    )


def _with_columns(
    table: Table | None, columns: Sequence[Column], title: str
) -> tuple[list[batch.Request], Table]:
    """Return the requests that make what is missing, and the table as it stands after them."""
    if table is None:
        rows = _BLANK_ROWS
        made = Table(
            JOBS_TAB, 0, rows, len(columns), {c.id: index for index, c in enumerate(columns)}
        )
        return batch.make_table(JOBS_TAB, title, columns, rows), made
    requests: list[batch.Request] = []
    for position, column in enumerate(columns):
        if column.id in table.columns:
            continue
        index = _place(table, columns, position)
        requests.append(batch.insert(table.sheet_id, "COLUMNS", index, 1, table.column_count))
        requests += batch.name_column(table.sheet_id, table.header_row, index, column)
        table = _shifted(table, index, column.id)
    return requests, table


def _place(table: Table, columns: Sequence[Column], position: int) -> int:
    """Return where a new column goes: behind its nearest left neighbour, wherever that is now."""
    for neighbour in reversed(columns[:position]):
        if neighbour.id in table.columns:
            return table.columns[neighbour.id] + 1
    return table.column_count


def _shifted(table: Table, index: int, column: str) -> Table:
    moved = {c: i + (i >= index) for c, i in table.columns.items()}
    return replace(table, columns={**moved, column: index}, column_count=table.column_count + 1)


def _fitting(table: Table, targets: Sequence[Target]) -> tuple[Sequence[Target], Sequence[Target]]:
    """Split `targets` where the batch would grow over MAX_BYTES; at least one always fits."""
    size = 0
    for number, target in enumerate(targets):
        cells = (
            target.differences().values() if target.site in table.keys else target.cells.values()
        )
        size += sum(len(json.dumps(cell.model_dump(mode="json"))) + 150 for cell in cells)
        size += _ROW_OVERHEAD
        if size > MAX_BYTES and number:
            return targets[:number], targets[number:]
    return targets, ()


def _changes(table: Table, target: Target) -> list[batch.Change]:
    row = table.keys[target.site]
    changes: list[batch.Change] = []
    for column, cell in target.differences().items():
        index = table.columns.get(column)
        if index is None or column == KEY:
            continue
        note = table.notes.get((column, row), "")
        ours = column in NOTED and note == target.written.get(column, EMPTY).note
        changes.append((index, cell, ours))
    return changes


def _inserted(table: Table, new: Sequence[Target], zone: ZoneInfo) -> list[batch.Request]:
    """Put new rows under the last keyed one: inserting can overwrite nothing."""
    if not new:
        return []
    row = max(table.keys.values(), default=table.header_row) + 1
    rows = [
        {table.columns[column]: cell for column, cell in t.cells.items() if column in table.columns}
        for t in new
    ]
    return [
        batch.insert(table.sheet_id, "ROWS", row, len(new), table.row_count),
        *batch.write_new_rows(table.sheet_id, row, rows, zone),
    ]
