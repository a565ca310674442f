"""What the first flush would change in a person's own tabs, before anything of it is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sync.jobs.columns import KEY
from sync.sheets import mapped, match
from sync.sheets.celldata import Row, at, site_in, text_of
from sync.sheets.encode import shown_text
from sync.sheets.flush import Flusher
from sync.sheets.snapshot import Table, rows_by_site
from sync.sheets.writes import RowWrite
from sync.store import Lease
from sync.types import letters

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
    pairs = flusher.targets.of(flusher.store.pending.every(), mapped.fields_of(tables))
    targets = [replace(one, written={}, fresh=True) for _, one in pairs if one]
    zone, by = flusher.planner.clock(snapshot), flusher.targets.match_by
    first = mapped.diff(tables, targets, read, by, zone)
    # The first batch writes the keys of matched rows, the second what belongs into them.
    after = [_with_keys(table, first.matches.certain) for table in tables]
    second = mapped.diff(after, targets, read, by, zone)
    by_id = {table.sheet_id: table for table in tables}
    writes = [*(one for one in first.rows if one.identity), *second.rows, *second.new_rows]
    keyed = sum(any(one.site in table.keys for table in tables) for one in targets)
    return Preview(
        tuple(c for one in writes for c in _changes(by_id[one.sheet_id], read, one)),
        keyed,
        len(first.matches.certain),
        len(second.new_rows),
        len(first.matches.doubtful),
    )


def _table(seen: Table, tab: TabColumns, rows: Mapping[int, Row]) -> Table:
    key = tab.columns[KEY]
    cells = {n: at(row, key) for n, row in rows.items() if n > tab.header_row}
    header = rows.get(tab.header_row, ())
    return replace(
        seen,
        header_row=tab.header_row,
        columns=tab.columns,
        words=tab.words,
        keys=rows_by_site({n: cell for n, cell in cells.items() if site_in(cell)}),
        headers={n: text for n, cell in enumerate(header) if (text := text_of(cell))},
        mapped_at=datetime.now(UTC),
    )


def _with_keys(table: Table, certain: Mapping[str, match.Place]) -> Table:
    new = {site: (row,) for site, (sheet_id, row) in certain.items() if sheet_id == table.sheet_id}
    return replace(table, keys={**table.keys, **new})


def _changes(table: Table, read: mapped.Rows, one: RowWrite) -> Iterator[Change]:
    row = () if one.is_new else read[table.sheet_id].get(one.row, ())
    for cell in one.cells:
        before = text_of(at(row, cell.index))
        kind = KEYED if one.identity else ADDED if one.is_new else REPLACED if before else FILLED
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
