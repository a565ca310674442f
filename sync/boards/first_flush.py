"""Composes the first flush into tabs that are mapped in some way, without sending it."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sync.boards import table_end
from sync.boards.customer_texts import texts_of_rows
from sync.boards.mapping.decide import TabMapping
from sync.boards.mapping.fields import Fields
from sync.boards.metadata import stored_mapping
from sync.boards.reader import BoardReader
from sync.boards.row_lookup import Lookup, look_up
from sync.field_table import KEY
from sync.jobs.target import Target
from sync.sheets.cell_data import Row, Rows, at, text_of
from sync.sheets.diff import diff
from sync.sheets.flush import Flusher
from sync.sheets.job_tabs import JobRows, JobTabs, Match, Pattern
from sync.sheets.key_writes import key_write
from sync.sheets.read import Snapshot, Table, keyed_sites, rows_by_site, with_cells
from sync.sheets.sheet_requests import RowWrite
from sync.store import Lease
from sync.types import Mode


@dataclass(frozen=True)
class TabColumns:
    """A tab's mapping: columns (zero-based) and the words of drop-downs, by field ID."""

    header_row: int
    columns: Mapping[str, int]
    words: Mapping[str, Mapping[str, str]]
    added: Mapping[int, tuple[int, str]] = field(default_factory=dict)
    """Index and header that added columns get, by their index in `columns`.

    That is beyond the grid, so that existing cells aren't read as theirs.
    """
    mapped_at: datetime | None = None
    """When it was mapped; None if it isn't mapped yet."""

    @classmethod
    def of(cls, mapping: TabMapping, fields: Fields) -> "TabColumns":
        """Return the columns of a mapping; those to add get indexes beyond the grid."""
        stored = stored_mapping(mapping.tab)
        beyond = dict(enumerate(mapping.added, mapping.tab.column_count))
        columns = {name: column.index for name, column in mapping.fields.items()}
        return cls(
            mapping.header_row,
            columns | {name: index for index, name in beyond.items()},
            {name: c.words.written for name, c in mapping.fields.items() if c.words},
            {
                index: (mapping.edge + number, fields.get(name).title)
                for number, (index, name) in enumerate(beyond.items())
            },
            stored.since if stored else None,
        )

    def table(self, bare: Table, rows: Mapping[int, Row]) -> Table:
        """Return a tab as a flush reads it once it is mapped."""
        key = self.columns[KEY]
        cells = {n: at(row, key) for n, row in rows.items() if n > self.header_row}
        header = rows.get(self.header_row, ())
        whole = replace(
            bare,
            columns=self.columns,
            words=self.words,
            keys=rows_by_site(cells),
            headers={n: text for n, cell in enumerate(header) if (text := text_of(cell))},
            mapped_at=self.mapped_at or datetime.now(UTC),
        )
        return with_cells(whole, rows)


@dataclass(frozen=True)
class FirstFlush:
    """What the first flush writes, and how it finds the rows of jobs."""

    rows: Rows
    """As they are before it."""
    tables: Sequence[Table]
    """With the keys that it writes."""
    targets: Mapping[str, Target]
    """Every job's, by site."""
    lookup: Lookup
    pattern: Pattern
    keyed: Set[str]
    """The sites that have a key before rows are matched."""
    matched: int
    """The jobs whose row gets its key."""
    writes: Sequence[RowWrite]
    """Those of new rows, too."""
    new_rows: Sequence[RowWrite]


def compose(flusher: Flusher, lease: Lease, tabs: Mapping[int, TabColumns]) -> FirstFlush:
    """Compose the writes of cleared keys, then of matched rows' keys, then of all values."""
    flusher.writer.take_turn(lease)
    flusher.targets.use_answers(flusher.store.confirmations.read())
    zone, bare, rows = BoardReader(flusher.client).tabs(
        {sheet_id: tab.header_row for sheet_id, tab in tabs.items()}
    )
    tables = [tabs[table.sheet_id].table(table, rows[table.sheet_id]) for table in bare]
    columns = {column for table in tables for column in table.columns}
    every = flusher.targets.lay_out(flusher.store.pending.every(), columns)
    board, clock = flusher.tabs(Mode.MAPPED), flusher.clock(Snapshot(zone))

    # 1. The keys that people cleared.
    start = _start(flusher, board, tabs, tables, rows, every)
    cleared_keys = [key_write(tables, row, site) for site, row in start.cleared.items()]
    with_cleared = [_with_keys(table, start.cleared) for table in tables]
    keyed = keyed_sites(with_cleared)

    # 2. The keys of rows that match, which are found by what they show.
    criteria, answers = flusher.targets.layout.config.match, flusher.store.boards.answers()
    customers = {target.site: target.customer for target in every}
    lookup = look_up(texts_of_rows(tables, rows), customers, criteria.by, answers)
    waiting = lookup.unsettled if criteria.wait_hours else frozenset[str]()
    targets = [target for target in start.targets if target.site not in waiting]
    new = {target.site for target in targets if target.is_fresh} - keyed
    matched = {site: row for site, row in lookup.matches.items() if site in new}
    matched_keys = [key_write(tables, row, site) for site, row in matched.items()]
    with_all_keys = [_with_keys(table, matched) for table in with_cleared]

    # 3. All values, and the rows of the other jobs.
    if start.forget_written_of_matched:
        targets = [replace(t, written={}) if t.site in matched else t for t in targets]
    first = with_cleared[0]
    cells = rows[first.sheet_id]
    end = table_end.find(first, table_end.lines_of(cells))
    pattern = table_end.new_row_pattern(first, end, cells.get(end.last_row, ()))
    values = diff(board, with_all_keys, targets, JobRows(pattern=pattern), clock)
    return FirstFlush(
        rows=rows,
        tables=with_all_keys,
        targets={target.site: target for target in every},
        lookup=lookup,
        pattern=pattern,
        keyed=keyed,
        matched=len(matched),
        writes=[*cleared_keys, *matched_keys, *values.rows, *values.new_rows],
        new_rows=values.new_rows,
    )


@dataclass(frozen=True)
class _Start:
    """What is known of the jobs before the first flush."""

    targets: Sequence[Target]
    cleared: Mapping[str, Match] = field(default_factory=dict)
    """The rows whose key people cleared, by site."""
    forget_written_of_matched: bool = False
    """Whether rows that are matched now hold nothing of ours."""


def _start(
    flusher: Flusher,
    board: JobTabs,
    tabs: Mapping[int, TabColumns],
    tables: Sequence[Table],
    rows: Rows,
    targets: Sequence[Target],
) -> _Start:
    """Return what is known, by how the tabs were mapped before."""
    # a. Not at all: no cell is known to be ours, and what other tabs showed is forgotten.
    if flusher.store.spreadsheet.mode() is not Mode.MAPPED:
        return _Start([replace(target, written={}, is_fresh=True) for target in targets])
    # b. Mapped, but the column of the keys is gone: all jobs are matched with their rows again.
    if any(tab.mapped_at and tab.columns[KEY] in tab.added for tab in tabs.values()):
        return _Start([replace(t, is_fresh=True) if t.has_row else t for t in targets])
    # c. Mapped: only single keys may have been cleared.
    present = keyed_sites(tables)
    without_key = [t for t in targets if t.has_row and t.site not in present]
    lost = board.lost_rows(tables, rows, without_key) if without_key else {}
    cleared = {site: row for site, (row,) in lost.items()}
    return _Start(targets, cleared, forget_written_of_matched=True)


def _with_keys(table: Table, matches: Mapping[str, Match]) -> Table:
    places = ((site, *match.place) for site, match in matches.items())
    new = {site: (row,) for site, sheet_id, row in places if sheet_id == table.sheet_id}
    return replace(table, keys={**table.keys, **new})
