"""Repairs + the whole of the sheet → where each cell is now, or that it has no place. Pure."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from sync.columns import KEY
from sync.evidence import HEADER, Repair, Write
from sync.view import COPY_PREFIX, Grid, Table, site_in, text_of

Rows = Mapping[int, Sequence[Grid]]


@dataclass(frozen=True)
class Placement:
    """Which repairs have a place, in the order of their writes, and which have none any more."""

    writes: tuple[Write, ...] = ()
    placed: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()
    recovered: tuple[tuple[str, str], ...] = ()
    """Whose row a lost cell was in, and what it held; blank ones are nothing to keep."""


def place(table: Table, rows: Rows, repairs: Mapping[int, Repair]) -> Placement:
    """Find the cells of `repairs` (by id) in `rows`, the whole of the table as it is now."""
    writes: list[Write] = []
    placed: list[int] = []
    lost: list[int] = []
    recovered: list[tuple[str, str]] = []
    taken: set[tuple[int, int]] = set()
    for number, repair in repairs.items():
        index = table.place(repair.column)
        row = None if index is None else _row(table, rows, repair, index, taken)
        if row is None or index is None:
            lost.append(number)
            if text := text_of(repair.data):
                recovered.append((repair.row, text))
            continue
        taken.add((row, index))
        placed.append(number)
        writes.append(
            Write(
                row=row,
                index=index,
                column=repair.column,
                expect=repair.row,
                data=repair.data,
                fields=repair.fields,
                held=repair.holds,
            )
        )
    return Placement(tuple(writes), tuple(placed), tuple(lost), tuple(recovered))


def _row(
    table: Table, rows: Rows, repair: Repair, index: int, taken: Container[tuple[int, int]]
) -> int | None:
    """Return the row that still holds what we wrote, the one most like what it was.

    A cell that is `taken` by another repair is no candidate: rows may hold the same.
    """
    key = table.columns.get(KEY, -1)
    candidates = [
        row
        for row, cells in rows.items()
        if (row, index) not in taken
        and _is_candidate(table, row, _at(cells, key), repair.row)
        and _same(_at(cells, index), repair.holds)
    ]
    likeness = {row: _likeness(rows[row], repair.around) for row in candidates}
    return max(candidates, key=lambda row: likeness[row], default=None)


def _is_candidate(table: Table, row: int, key: Grid, wanted: str) -> bool:
    if row == table.header_row:
        return wanted == HEADER
    if wanted == HEADER:
        return False
    # A row whose key we overwrote is known by the rest of it, as a row without a key is.
    return site_in(key) == wanted if wanted else site_in(key) is None


def _likeness(cells: Sequence[Grid], around: Sequence[str]) -> int:
    texts = Counter(text_of(cell) for cell in cells)
    texts.pop("", None)
    wanted = Counter(around)
    return 2 * (texts & wanted).total() - (texts - wanted).total() - (wanted - texts).total()


def _at(cells: Sequence[Grid], index: int) -> Grid:
    return cells[index] if 0 <= index < len(cells) else {}


def _same(cell: Grid, holds: Grid) -> bool:
    return text_of(cell) == text_of(holds)


def flags(table: Table, rows: Rows) -> tuple[Write, ...]:
    """Return the writes that flag the copies of doubled rows.

    The row that a person worked on is kept: the one with the most of its own beside our columns;
    of equals, the topmost. Nothing is removed.
    """
    ours = set(table.columns.values())
    writes = []
    for site, found in table.doubles.items():
        own = {
            row: sum(bool(text_of(c)) for i, c in enumerate(rows.get(row, ())) if i not in ours)
            for row in found
        }
        kept = max(found, key=lambda row: (own[row], -row))
        writes += [_flag(table, row, site) for row in found if row != kept]
    return tuple(writes)


def _flag(table: Table, row: int, site: str) -> Write:
    value = {"userEnteredValue": {"stringValue": COPY_PREFIX + site}}
    return Write(
        row=row,
        index=table.columns[KEY],
        column=KEY,
        expect=site,
        data=value,
        fields="userEnteredValue",
    )


def key_column(rows: Rows, sites: Container[str]) -> int | None:
    """Return the index of the column in which most of `sites` stand now; None where few do."""
    found: Counter[int] = Counter()
    for cells in rows.values():
        for index, cell in enumerate(cells):
            site = site_in(cell)
            found[index] += site is not None and site in sites
    most = found.most_common(1)
    return most[0][0] if most and most[0][1] > 1 else None
