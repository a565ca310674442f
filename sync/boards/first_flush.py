"""Composes the first flush into tabs that are mapped in some way, without sending it."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sync.boards import table_end
from sync.boards.customer_texts import texts_of_rows
from sync.boards.job_tabs import BoardTabs
from sync.boards.mapping.decide import TabMapping
from sync.boards.mapping.example import StoredMapping
from sync.boards.mapping.fields import Fields
from sync.boards.metadata import stored_mapping
from sync.boards.options import EndedWord
from sync.boards.reader import BoardReader
from sync.boards.row_lookup import Lookup, look_up
from sync.field_table import KEY
from sync.jobs.target import Target
from sync.sheets.cell_data import Row, Rows, at, text_of
from sync.sheets.diff import diff
from sync.sheets.flush import Flusher
from sync.sheets.job_tabs import JobRows, Match, Pattern
from sync.sheets.key_writes import key_write
from sync.sheets.sheet_requests import RowWrite
from sync.sheets.snapshot import Snapshot, Table, keyed_sites, rows_by_site
from sync.store import Lease
from sync.types import Mode


@dataclass(frozen=True)
class TabColumns:
    """A tab's mapping: columns (zero-based) and stored words, by field ID."""

    header_row: int
    columns: Mapping[str, int]
    words: Mapping[str, Mapping[str, str]]
    mapped_at: datetime | None = None
    """When it was mapped; None if it isn't mapped yet."""
    added: Mapping[int, str] = field(default_factory=dict)
    """The headers of columns that are added, by their index in `columns`.

    That is beyond the grid, so that existing cells aren't read as theirs.
    """
    edge: int = 0
    """The index at which they are inserted."""

    @classmethod
    def wanted(cls, mapping: TabMapping, fields: Fields) -> "TabColumns":
        """Return the columns of a mapping that isn't written yet."""
        tab, stored = mapping.tab, stored_mapping(mapping.tab)
        titles = mapping.added_titles(fields)
        added = {name: index for index, name in enumerate(titles, tab.column_count)}
        columns = {name: column.index for name, column in mapping.fields.items()}
        return cls(
            mapping.header_row,
            columns | added,
            {name: column.words.stored for name, column in mapping.fields.items() if column.words},
            stored.since if stored else None,
            {index: titles[name] for name, index in added.items()},
            mapping.edge,
        )

    @classmethod
    def stored(cls, stored: StoredMapping) -> "TabColumns":
        """Return the columns of a mapping that stays as it is."""
        columns: dict[str, int] = {}
        for index, name in sorted(stored.fields.items()):
            columns.setdefault(name, index)  # As in a flush, the leftmost column counts.
        words = {name: stored.words[at] for name, at in columns.items() if at in stored.words}
        return cls(stored.header_row, columns, words, stored.since)

    def index_once_added(self, index: int) -> int:
        """Return where a column is once the new ones are inserted."""
        if index in self.added:
            return self.edge + index - min(self.added)
        return index if index < self.edge else index + len(self.added)

    def table(self, bare: Table, rows: Mapping[int, Row]) -> Table:
        """Return a tab as a flush reads it once it is mapped."""
        key = self.columns[KEY]
        cells = {n: at(row, key) for n, row in rows.items() if n > self.header_row}
        header = rows.get(self.header_row, ())
        headers = {n: text for n, cell in enumerate(header) if (text := text_of(cell))}
        whole = replace(
            bare,
            columns=self.columns,
            words=self.words,
            keys=rows_by_site(cells),
            headers={**headers, **self.added},
            mapped_at=self.mapped_at or datetime.now(UTC),
        )
        return whole.with_cells(rows)


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


def compose(
    flusher: Flusher, lease: Lease, tabs: Mapping[int, TabColumns], ended: Iterable[EndedWord]
) -> FirstFlush:
    """Compose the writes of cleared keys, then of matched rows' keys, then of all values.

    `ended` are words of the tabs that are no longer options.
    """
    flusher.writer.take_turn(lease)
    flusher.targets.use_answers(flusher.store.confirmations.read())
    read = BoardReader(flusher.client).tabs({each: tab.header_row for each, tab in tabs.items()})
    rows = read.rows
    tables = [tabs[table.sheet_id].table(table, rows[table.sheet_id]) for table in read.tables]
    columns = {column for table in tables for column in table.columns}
    every = flusher.targets.lay_out(flusher.store.pending.every(), columns)
    board = BoardTabs(flusher, frozenset(ended))

    # 1. The keys that people cleared. Of all other jobs without one, the rows are matched.
    is_mapped = flusher.store.spreadsheet.mode() is Mode.MAPPED
    has_lost_key_column = any(t.mapped_at and t.columns[KEY] in t.added for t in tabs.values())
    targets, cleared = every, dict[str, Match]()
    if not is_mapped:  # As `set_mapped` will: what other tabs showed is forgotten.
        targets = [replace(target, written={}, is_fresh=True) for target in every]
    elif has_lost_key_column:  # As `lose_rows` will: rows are matched again, `written` stays.
        targets = [replace(t, is_fresh=True) if t.has_row else t for t in every]
    else:  # As the comparison that follows a mapping will.
        present = keyed_sites(tables)
        without_key = [t for t in every if t.has_row and t.site not in present]
        lost = board.lost_rows(tables, rows, without_key) if without_key else {}
        cleared = {site: row for site, (row,) in lost.items()}
    with_cleared = [_with_keys(table, cleared) for table in tables]
    keyed = keyed_sites(with_cleared)

    # 2. The keys of rows that match, which are found by what they show.
    criteria, answers = flusher.targets.layout.config.match, flusher.store.boards.answers()
    customers = {target.site: target.customer for target in every}
    lookup = look_up(texts_of_rows(tables, rows), customers, criteria.by, answers)
    waiting = lookup.unsettled if criteria.wait_hours else frozenset[str]()
    targets = [target for target in targets if target.site not in waiting]
    new = {target.site for target in targets if target.is_fresh} - keyed
    matched = {site: row for site, row in lookup.matches.items() if site in new}
    with_all_keys = [_with_keys(table, matched) for table in with_cleared]

    # 3. All values, and the rows of the other jobs.
    # As the store will once keys are confirmed: what was written for a matched job was in another
    # row, unless its row only lost its key.
    elsewhere = {target.site for target in targets if target.site in matched and not target.has_row}
    targets = [replace(t, written={}) if t.site in elsewhere else t for t in targets]
    first = with_cleared[0]
    cells = rows[first.sheet_id]
    end = table_end.find(first, table_end.lines_of(cells))
    pattern = table_end.new_row_pattern(first, end, cells.get(end.last_row, ()))
    clock = flusher.clock(Snapshot(read.time_zone))
    values = diff(board, with_all_keys, targets, JobRows(pattern=pattern), clock)

    keys = [key_write(tables, row, site) for site, row in (cleared | matched).items()]
    return FirstFlush(
        rows=rows,
        tables=with_all_keys,
        targets={target.site: target for target in every},
        lookup=lookup,
        pattern=pattern,
        keyed=keyed,
        matched=len(matched),
        writes=[*keys, *values.rows, *values.new_rows],
        new_rows=values.new_rows,
    )


def _with_keys(table: Table, matches: Mapping[str, Match]) -> Table:
    keys = dict(table.keys)
    for site, match in matches.items():
        sheet_id, row = match.place
        if sheet_id == table.sheet_id:
            keys[site] = (row,)
    return replace(table, keys=keys)
