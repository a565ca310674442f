"""What a batch hit: its marks and before-images → what is right, what is to be put back. Pure.

People move rows and columns between our read and our write. The batch itself copies every row that
it is about to write to the hidden tab, and marks every column that it writes. Copies on a tab that
nobody edits, and marks that move with their column, tell afterwards what was there.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from sync.columns import KEY
from sync.model import Value
from sync.view import Grid, Table, site_in, text_of

HEADER = "header"
"""The header row, where a row is named by its site."""

CellData = dict[str, Any]


class Write(Value):
    """One cell that a batch writes, where it takes it to be.

    `row` and `index` are zero-based; `expect` is the site (or HEADER) whose row that is to be, ""
    for a row without a key, which is known by what the cell `held`. `column` is a column's id, or a
    mark `{fence}.{index}` on a person's column; `data` is written with the mask `fields`.
    """

    row: int
    index: int
    column: str
    expect: str
    data: CellData
    fields: str
    held: CellData = Field(default_factory=dict)


class Trace(Value):
    """All that the check of a batch needs to know of it."""

    fence: int
    key_index: int
    writes: tuple[Write, ...] = ()
    inserted: tuple[int, ...] = ()
    """Rows that the batch inserts itself: there it can hit nothing but blanks."""
    repairs: tuple[int, ...] = ()
    """Ids of the repairs that it carries out: one for each of its first writes."""


class Repair(Value):
    """A cell to be put back: `data` with the mask `fields`, where `holds` still stands.

    `row` is a site or HEADER, or "" for a row that is known by what else it held (`around`);
    `column` is as in Write. What holds something else by now is somebody's, and stays.
    """

    row: str
    column: str
    data: CellData
    fields: str
    holds: CellData
    around: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What the check found."""

    damaged: frozenset[str] = frozenset()
    """Sites that do not show all that was written for them."""
    drift: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Managed columns by site whose cells hold what was meant for others: to be written anew."""
    repairs: tuple[Repair, ...] = ()
    undone: frozenset[int] = frozenset()
    """Repairs of the batch that did not reach their cell."""


def is_clean(trace: Trace, table: Table | None, keys: Mapping[int, Grid]) -> bool:
    """Tell whether the batch hit what it meant.

    `keys` are the copies of the key cells alone, by row: all that is asked for when all is well.
    """
    if table is None or not _hits(trace, table, trace.key_index, KEY):
        return False
    return all(
        _hits(trace, table, write.index, write.column) and _is_row(trace, table, write, keys)
        for write in trace.writes
    )


def _is_row(trace: Trace, table: Table, write: Write, keys: Mapping[int, Grid]) -> bool:
    if write.row in trace.inserted:
        return True
    if write.expect == HEADER:
        return str(trace.fence) in table.header_marks
    # A row without a key is known by all of its cells: that takes the whole look.
    return bool(write.expect) and site_in(keys.get(write.row, {})) == write.expect


def _hits(trace: Trace, table: Table, index: int, column: str) -> bool:
    """Tell whether the column that was written at `index` is `column`."""
    now = table.marks.get(f"{trace.fence}.{index}")
    # A mark that is gone went with its column: there is nothing left to be wrong.
    return now is None or now == table.place(column)


def check(
    trace: Trace, table: Table, copies: Mapping[int, Sequence[Grid]], known: Container[str]
) -> Verdict:
    """Return what the batch damaged; `copies` are the rows it copied, `known` all sites.

    A managed cell of a job's row needs no before-image: the store knows what belongs there. All
    else is put back from the copy.
    """
    found = _Findings(trace, table, copies, known)
    for number, write in enumerate(trace.writes):
        found.look_at(number, write)
    found.undone |= found.waiting()
    return Verdict(
        frozenset(found.damaged),
        {site: frozenset(columns) for site, columns in found.drift.items()},
        tuple(found.repairs),
        frozenset(found.undone),
    )


class _Findings:
    def __init__(
        self,
        trace: Trace,
        table: Table,
        copies: Mapping[int, Sequence[Grid]],
        known: Container[str],
    ) -> None:
        self._trace, self._table, self._copies, self._known = trace, table, copies, known
        self._written: dict[int, set[int]] = {}
        for write in trace.writes:
            self._written.setdefault(write.row, set()).add(write.index)
        # A new row whose key went elsewhere is nobody's: all of it is taken back.
        self._unkeyed = {
            one.row
            for one in trace.writes
            if one.row in trace.inserted and one.column == KEY and not self._hits(one)
        }
        # Keyless rows that hold the same are as good as each other: which is which is no matter.
        self._pools: dict[tuple[str, str, str], list[int]] = {}
        for number, write in enumerate(trace.writes[: len(trace.repairs)]):
            if not write.expect:
                pool = self._pools.setdefault(_kind(write, write.held), [])
                pool.append(trace.repairs[number])
        self.damaged: set[str] = set()
        self.drift: dict[str, set[str]] = {}
        self.repairs: list[Repair] = []
        self.undone: set[int] = set()

    def look_at(self, number: int, write: Write) -> None:
        who = self._who(write)
        is_whole = write.row not in self._unkeyed
        if is_whole and who == write.expect and self._hits(write) and self._held(write):
            return
        self.damaged.add(write.expect)
        if number < len(self._trace.repairs) and write.expect:
            self.undone.add(self._trace.repairs[number])
        column = self._column(write)
        if column is None:
            return  # It went with its column.
        is_managed = "." not in column
        is_known = is_whole and who in self._known and is_managed and column != KEY
        if is_known and "note" not in write.fields:
            self.drift.setdefault(who, set()).add(column)
            return
        self.repairs.append(self._put_back(write, who, column))
        if write.expect == HEADER:
            title = {"row": HEADER, "column": write.column, "data": write.data, "holds": {}}
            self.repairs.append(Repair.model_validate({**title, "fields": write.fields}))

    def waiting(self) -> set[int]:
        """Return the repairs of keyless rows that reached no cell."""
        return {number for pool in self._pools.values() for number in pool}

    def _held(self, write: Write) -> bool:
        """Tell whether a keyless row is one that was meant: it held what one was to hold."""
        if write.expect:
            return True
        pool = self._pools.get(_kind(write, self._copy(write)))
        return pool is not None and bool(pool) and pool.pop() > 0

    def _copy(self, write: Write) -> Grid:
        """Return the before-image of the cell; {} where it was blank."""
        row = self._copies.get(write.row, ())
        is_new = write.row in self._trace.inserted
        return {} if is_new or write.index >= len(row) else row[write.index]

    def _who(self, write: Write) -> str:
        """Return whose row was written: a site, HEADER, or "" for nobody's."""
        if write.row in self._trace.inserted:
            return write.expect
        if write.expect == HEADER and str(self._trace.fence) in self._table.header_marks:
            return HEADER
        found = (site_in(cell) for cell in self._copies.get(write.row, ()))
        return next((site for site in found if site and site in self._known), "")

    def _hits(self, write: Write) -> bool:
        return _hits(self._trace, self._table, write.index, write.column)

    def _column(self, write: Write) -> str | None:
        """Return the id of the column that was written, its mark where it is a person's."""
        mark = f"{self._trace.fence}.{write.index}"
        now = self._table.marks.get(mark)
        if now is None:
            return None
        ids = [column for column, index in self._table.columns.items() if index == now]
        return ids[0] if ids else mark

    def _put_back(self, write: Write, who: str, column: str) -> Repair:
        before = self._copy(write)
        lost_key = any(
            self._column(other) == KEY and not self._is_right_key(other)
            for other in self._trace.writes
            if other.row == write.row
        )
        return Repair(
            row="" if lost_key or write.row in self._unkeyed else who,
            column=column,
            data={name: before[name] for name in _names(write.fields) if name in before},
            fields=write.fields,
            holds=write.data,
            around=self._around(write.row),
        )

    def _is_right_key(self, write: Write) -> bool:
        return write.column == KEY and self._who(write) == write.expect

    def _around(self, row: int) -> tuple[str, ...]:
        """Return the texts of a copied row, but for the cells that were written."""
        if row in self._trace.inserted:
            return ()
        written = self._written.get(row, set())
        texts = (
            text_of(cell)
            for index, cell in enumerate(self._copies.get(row, ()))
            if index not in written
        )
        return tuple(text for text in texts if text)


def _kind(write: Write, held: Grid) -> tuple[str, str, str]:
    return write.column, text_of(held), text_of(write.data)


def _names(fields: str) -> list[str]:
    return [name.partition(".")[0] for name in fields.split(",")]
