"""Jobs + what was read of a person's own tabs → the cells to be written. Pure.

Values alone are written, into mapped columns alone. A cell that is not blank, and that does not
hold what was written there last, was typed by a person: only an event that was received after the
mapping replaces it, and the customer's own data it never does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from sync.jobs.cells import EMPTY, Cell
from sync.jobs.columns import KEY
from sync.jobs.status import word
from sync.sheets import encode, match
from sync.sheets.batch import Cells
from sync.sheets.celldata import DATE_FORMATS, CellData, Row, at, is_formula, links_of, text_of
from sync.sheets.diff import Target, key_column_gone
from sync.sheets.match import Matches, Place
from sync.sheets.snapshot import Table
from sync.sheets.writes import CellWrite, RowWrite

FILLED_ONLY = frozenset({"customer", "address", "city", "zip", "phone", "email"})
"""The customer's own data, which people know best: only blank cells are written."""
_LINKED = ("documents:", "folder", "contract_documents")
"""Columns whose value is links."""

Rows = Mapping[int, Mapping[int, Row]]
"""The rows of tabs that were read whole, by sheet id."""


@dataclass
class MappedDiff:
    """What is to be written of jobs: `shown` is what that makes true, by site.

    `rows` have keys already or get one; only keys are written into those that get one, and their
    values after the next read has shown them.
    """

    rows: list[RowWrite] = field(default_factory=list)
    new_rows: list[RowWrite] = field(default_factory=list)
    formulas: tuple[int, ...] = ()
    """Columns in which the new rows take the formula of the row above."""
    shown: dict[str, Cells] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    matches: Matches = field(default_factory=Matches)


def fields_of(tables: Iterable[Table]) -> frozenset[str] | None:
    """Return the columns of mapped tabs; None where the tab is Brightsheet's own."""
    mapped = [table for table in tables if table.mapped_at]
    return frozenset(column for one in mapped for column in one.columns) if mapped else None


def without_row(tables: Sequence[Table], targets: Iterable[Target]) -> list[Target]:
    """Return the targets that have no row, and are to have one."""
    return [one for one in targets if one.fresh and not any(one.site in t.keys for t in tables)]


def diff(
    tables: Sequence[Table],
    targets: Sequence[Target],
    rows: Rows | None,
    by: Sequence[str],
    zone: tzinfo,
) -> MappedDiff:
    """Return what makes `targets` stand in `tables`; new rows go into the first.

    `rows` are all rows of the tabs; None: no target lacks its row. `by` are the keys of
    `[match]`. Raises Permanent where a key column is gone.
    """
    if any(KEY not in table.columns for table in tables):
        raise key_column_gone()
    if rows is not None:
        tables = [with_cells(table, rows[table.sheet_id]) for table in tables]
    found = MappedDiff()
    new = without_row(tables, targets)
    if rows is not None:
        found.matches = matches(tables, rows, new, by)
    for target in targets:
        places = [(t, row) for t in tables for row in t.keys.get(target.site, ())]
        if places:
            written = [_changes(table, row, target, len(places), zone) for table, row in places]
            found.rows += [one for one in written if one.cells]
            columns = {column for table, _ in places for column in table.columns}
            found.shown[target.site] = {c: o for c, o in target.cells.items() if c in columns}
        elif place := found.matches.certain.get(target.site):
            assert rows is not None  # noqa: S101 - the match was made from them
            found.rows.append(_key(tables, rows, place, target.site))
        elif not target.fresh:
            found.absent.append(target.site)
    added = [one for one in new if one.site not in found.matches.certain]
    if added and rows is not None:
        _add_rows(found, tables[0], rows[tables[0].sheet_id], added, zone)
    return found


def with_cells(table: Table, rows: Mapping[int, Row]) -> Table:
    """Return a tab with the cells of all its mapped columns."""
    below = {row: some for row, some in rows.items() if row > table.header_row}
    cells = {
        column: {row: at(some, index) for row, some in below.items()}
        for column, index in table.columns.items()
    }
    return replace(table, cells=cells)


def unkeyed(table: Table, rows: Mapping[int, Row]) -> dict[int, Row]:
    """Return the rows below the header whose key cell is blank."""
    key = table.columns[KEY]
    return {n: row for n, row in rows.items() if n > table.header_row and not text_of(at(row, key))}


def matches(
    tables: Iterable[Table], rows: Rows, targets: Iterable[Target], by: Sequence[str]
) -> Matches:
    """Return which of the rows without a key are those of `targets`."""
    jobs = {one.site: match.of_customer(one.customer, by) for one in targets}
    if not jobs:
        return Matches()
    found = {
        (table.sheet_id, number): match.of_row(row, table.columns, by)
        for table in tables
        for number, row in unkeyed(table, rows[table.sheet_id]).items()
    }
    return match.match(jobs, found)


def _key(tables: Sequence[Table], rows: Rows, place: Place, site: str) -> RowWrite:
    """Return the write of a job's key into a row that people made."""
    table = next(one for one in tables if one.sheet_id == place[0])
    row = rows[place[0]][place[1]]
    return key_write(table, row, place[1], site)


def key_write(table: Table, row: Row, number: int, site: str) -> RowWrite:
    """Return the write of a key, with the texts of the row that have to come back with it."""
    identity = {
        part: text
        for part in match.PARTS
        if part in table.columns and (text := text_of(at(row, table.columns[part])))
    }
    data = {"userEnteredValue": {"stringValue": site}}
    cell = CellWrite(index=table.columns[KEY], column=KEY, data=data, fields="userEnteredValue")
    return RowWrite(
        sheet_id=table.sheet_id, row=number, cells=(cell,), site=site, identity=identity
    )


def _changes(table: Table, row: int, target: Target, rows: int, zone: tzinfo) -> RowWrite:
    changed = target.differences()
    wanted = {**target.cells, **changed} if rows > 1 else changed
    cells = (
        _change(table, row, column, cell, target, zone)
        for column, cell in wanted.items()
        if column != KEY and column in table.columns
    )
    found = tuple(one for one in cells if one)
    return RowWrite(sheet_id=table.sheet_id, row=row, cells=found, site=target.site)


def _change(
    table: Table, row: int, column: str, cell: Cell, target: Target, zone: tzinfo
) -> CellWrite | None:
    wanted = in_words(table, column, cell)
    if wanted is None:
        return None
    there = table.cell(column, row)
    data = encode.encoded(wanted, zone)
    last = in_words(table, column, target.written.get(column, EMPTY)) or EMPTY
    ours, before = text_of(encode.encoded(last, zone)), text_of(there)
    if before == text_of(data) and links_of(there) == links_of(data):
        return None
    may_replace = column not in FILLED_ONLY and not cell.is_stand_in and is_news(table, target)
    if before not in ("", ours) and not may_replace:
        return None
    return CellWrite(
        index=table.columns[column],
        column=column,
        data=data,
        fields=_fields(column, wanted, there),
        expects_blank=not before and not may_replace,
        ours=ours,
    )


def is_news(table: Table, target: Target) -> bool:
    """Return whether an event of the job was received after the tab was mapped."""
    received, mapped = target.received_at, table.mapped_at
    return received is not None and mapped is not None and received > mapped.timestamp()


def in_words(table: Table, column: str, cell: Cell) -> Cell | None:
    """Return a cell as a mapped column shows it: the value alone, in the words of its drop-down.

    None where none of its options fits.
    """
    bare = cell.model_copy(update={"note": "", "noted": None})
    if not column.startswith(_LINKED):
        bare = bare.model_copy(update={"links": ()})
    words = table.words.get(column)
    if words is None or not bare.text:
        return bare
    option = words.get(bare.text) or words.get(word(bare.text))
    return None if option is None else Cell(text=option)


def _fields(column: str, cell: Cell, there: CellData) -> str:
    if column.startswith(_LINKED):
        return encode.VALUE
    form = there.get("userEnteredFormat", {}).get("numberFormat", {}).get("type")
    if cell.when is not None and form not in DATE_FORMATS:
        return f"userEnteredValue,{encode.DATE_FIELD}"
    return "userEnteredValue"


def _add_rows(
    found: MappedDiff,
    table: Table,
    rows: Mapping[int, Row],
    targets: Iterable[Target],
    zone: tzinfo,
) -> None:
    """Add rows below the last one of the table, which is their pattern."""
    last = last_row(table, rows)
    above: Row = rows.get(last, ()) if last > table.header_row else ()
    mapped = set(table.columns.values())
    found.formulas = tuple(
        n for n, cell in enumerate(above) if is_formula(cell) and n not in mapped
    )
    for row, target in enumerate(targets, last + 1):
        cells = []
        for column, cell in target.cells.items():
            wanted = in_words(table, column, cell) if column in table.columns else None
            if wanted is None:
                continue
            index = table.columns[column]
            cells.append(
                CellWrite(
                    index=index,
                    column=column,
                    data=encode.encoded(wanted, zone),
                    fields=_fields(column, wanted, at(above, index)),
                )
            )
        found.new_rows.append(
            RowWrite(
                sheet_id=table.sheet_id, row=row, cells=tuple(cells), site=target.site, is_new=True
            )
        )
        found.shown[target.site] = {c: o for c, o in target.cells.items() if c in table.columns}


def last_row(table: Table, rows: Mapping[int, Row]) -> int:
    """Return the last row in which a mapped column holds anything but a formula, or the header."""
    filled = (
        number
        for number, row in rows.items()
        if any(
            text_of(cell := at(row, index)) and not is_formula(cell)
            for index in table.columns.values()
        )
    )
    return max(filled, default=table.header_row)
