"""What the first flush would change in a person's own tabs, before anything of it is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sync.jobs.columns import KEY
from sync.sheets.celldata import Row, at, site_in, text_of, texts_of
from sync.sheets.encode import shown_text
from sync.sheets.flush import Flusher
from sync.sheets.match import Match
from sync.sheets.reconcile import with_cells
from sync.sheets.snapshot import Table, rows_by_site
from sync.sheets.targets import Lines
from sync.sheets.writes import RowWrite
from sync.store import Lease
from sync.types import Mode, letters

KEYED, FILLED, REPLACED, ADDED = "key", "filled", "replaced", "added"
"""Kinds of a change: a row's key, a value in a blank cell or another one, a cell of a new row."""


@dataclass(frozen=True)
class TabColumns:
    """How a tab is to be mapped: columns (zero-based) and the words of drop-downs, by field id."""

    header_row: int
    columns: Mapping[str, int]
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """A cell that would be written; `row` counts from 1, and is where a new row is to be."""

    tab: str
    row: int
    letter: str
    header: str
    before: str
    after: str
    kind: str
    site: str


@dataclass(frozen=True)
class Preview:
    """The changes, and how many jobs have their row already, get one by match, and a new one.

    `doubtful` jobs get a new row, and are for `brightsheet link`.
    """

    changes: tuple[Change, ...]
    keyed: int
    matched: int
    added: int
    doubtful: int


def preview(flusher: Flusher, held: Lease, tabs: Mapping[int, TabColumns]) -> Preview:
    """Return what the first flush would write into tabs (by sheet id) that are mapped so.

    From the jobs as they are stored; nothing is written. The first of `tabs` gets the new rows.
    Raises Retryable or Permanent.
    """
    flusher.writer.take_turn(held)
    snapshot, read = flusher.client.read_tabs(tuple(tabs))
    tables = [_table(one, tabs[one.sheet_id], read[one.sheet_id]) for one in snapshot.tables]
    snapshot = replace(snapshot, tables=tuple(tables), mode=Mode.ADOPTED)
    fields = {column for table in tables for column in table.columns}
    pairs = flusher.targets.of(flusher.store.pending.every(), fields)
    targets = [replace(one, written={}, fresh=True) for _, one in pairs if one]
    texts = {
        (table.sheet_id, number): entered
        for table in tables
        for number, row in read[table.sheet_id].items()
        if number > table.header_row and (entered := texts_of(row, table.columns))
    }
    planner = flusher.planner
    lookup = planner.look_up(tables, texts, {one.site: one.customer for one in targets})
    above = read[tables[0].sheet_id].get(lookup.last_row, ())
    # The first batch writes the keys of matched rows, the second what belongs into them.
    first = planner.mapped(snapshot, targets, Lines(), lookup, above)
    after = tuple(_with_keys(table, lookup.matches) for table in tables)
    second = planner.mapped(replace(snapshot, tables=after), targets, Lines(), lookup, above)
    by_id = {table.sheet_id: table for table in tables}
    keys = [row for row in first.parts.rows if row.who.shows]
    writes = [*keys, *second.parts.rows, *second.parts.new_rows]
    keyed = sum(any(one.site in table.keys for table in tables) for one in targets)
    return Preview(
        tuple(c for one in writes for c in _changes(by_id[one.sheet_id], read, one)),
        keyed,
        len(lookup.matches),
        len(second.parts.new_rows),
        len(lookup.doubtful),
    )


def _table(seen: Table, tab: TabColumns, rows: Mapping[int, Row]) -> Table:
    key = tab.columns[KEY]
    cells = {n: at(row, key) for n, row in rows.items() if n > tab.header_row}
    header = rows.get(tab.header_row, ())
    table = replace(
        seen,
        header_row=tab.header_row,
        columns=tab.columns,
        words=tab.words,
        keys=rows_by_site({n: cell for n, cell in cells.items() if site_in(cell)}),
        headers={n: text for n, cell in enumerate(header) if (text := text_of(cell))},
        mapped_at=datetime.now(UTC),
    )
    return with_cells(table, rows)


def _with_keys(table: Table, matches: Mapping[str, Match]) -> Table:
    new = {
        site: (match.place[1],)
        for site, match in matches.items()
        if match.place[0] == table.sheet_id
    }
    return replace(table, keys={**table.keys, **new})


def _changes(
    table: Table, read: Mapping[int, Mapping[int, Row]], one: RowWrite
) -> Iterator[Change]:
    row = () if one.is_new else read[table.sheet_id].get(one.row, ())
    for cell in one.cells:
        before = text_of(at(row, cell.index))
        is_key = bool(one.who.shows)
        kind = KEYED if is_key else ADDED if one.is_new else REPLACED if before else FILLED
        yield Change(
            table.title,
            one.row + 1,
            letters(cell.index),
            table.headers.get(cell.index, cell.column),
            before,
            shown_text(cell.data),
            kind,
            one.site,
        )
