"""Composes the first flush into tabs that are mapped in some way, without sending it."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sync.boards import table_end
from sync.boards.customer_texts import texts_of_rows
from sync.boards.foreign_keys import foreign_keys
from sync.boards.job_tabs import BoardTabs
from sync.boards.mapping.fields import Fields
from sync.boards.mapping.stored_mapping import StoredMapping
from sync.boards.mapping.tab_mapping import TabMapping
from sync.boards.metadata import stored_mapping
from sync.boards.options import EndedWord
from sync.boards.reader import BoardReader
from sync.boards.review import STATUS
from sync.boards.row_lookup import Lookup
from sync.field_table import KEY
from sync.jobs.target import Target
from sync.sheets.cell_data import Row, Rows, at, text_of
from sync.sheets.diff import diff
from sync.sheets.flush import Flusher
from sync.sheets.job_tabs import JobRows, Pattern
from sync.sheets.key_writes import key_repairs, key_write
from sync.sheets.keys import must_have_keys
from sync.sheets.reconcile import differences
from sync.sheets.sheet_requests import RowWrite
from sync.sheets.snapshot import Snapshot, Table, keyed_sites, rows_by_site, tab_for_new_rows
from sync.store import Lease, Spreadsheet
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

    That is beyond the grid, so that existing cells aren't read as theirs. In a tab of 26 columns
    whose table ends at F (`edge` is 6), the first new one is 26 here, and 6 once it is inserted.
    """
    edge: int = 0
    """The index at which they are inserted."""

    @classmethod
    def wanted(cls, mapping: TabMapping, fields: Fields) -> "TabColumns":
        """Return the columns of a mapping that isn't written yet."""
        tab, stored = mapping.tab, stored_mapping(mapping.tab)
        titles = mapping.added_titles(fields)
        added = {field_id: index for index, field_id in enumerate(titles, tab.column_count)}
        by_field = mapping.columns_by_field
        columns = {field_id: column.index for field_id, column in by_field.items()}
        return cls(
            mapping.header_row,
            columns | added,
            {f: column.words.stored for f, column in by_field.items() if column.words},
            stored.since if stored else None,
            {index: titles[field_id] for field_id, index in added.items()},
            mapping.edge,
        )

    @classmethod
    def stored(cls, stored: StoredMapping) -> "TabColumns":
        """Return the columns of a mapping that stays as it is."""
        columns, by_index = stored.indexes_by_field, stored.words_by_index
        words = {f: by_index[at] for f, at in columns.items() if at in by_index}
        return cls(stored.header_row, columns, words, stored.since)

    def index_once_added(self, index: int) -> int:
        """Return where a column is once the new ones are inserted."""
        if index in self.added:
            return self.edge + index - min(self.added)
        return index if index < self.edge else index + len(self.added)

    def table(self, bare: Table, rows: Mapping[int, Row]) -> Table:
        """Return a tab as a flush reads it once it is mapped."""
        key = self.columns.get(KEY, -1)
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
    """Compose what is written once the tabs are mapped, in three rounds.

    1. A flush restores the keys that people cleared, and removes copied ones.
    2. Another writes the keys of the rows that match.
    3. Others write all values, those that the comparison finds to differ, and the rows of the
       other jobs.

    `ended` are words of the tabs that are no longer options. Raises Permanent if a tab has no
    column of keys.
    """
    flusher.writer.take_call(lease)
    flusher.targets.use_answers(flusher.store.confirmations.read())
    read = BoardReader(flusher.client).tabs({each: tab.header_row for each, tab in tabs.items()})

    def tables(rows: Rows) -> list[Table]:
        return [tabs[bare.sheet_id].table(bare, rows[bare.sheet_id]) for bare in read.tables]

    before = tables(read.rows)
    must_have_keys(before)
    columns = {column for table in before for column in table.columns}
    stored = flusher.targets.lay_out(flusher.store.pending.every(), columns | {STATUS})
    board = BoardTabs(flusher, frozenset(ended))

    # 1. Keys that were cleared or copied.
    once_mapped = _once_mapped(stored, tabs.values(), flusher.store.spreadsheet)
    present = keyed_sites(before)
    gone = {target.site for target in once_mapped if target.has_row} - present
    restored, removals = key_repairs(board, before, read.rows, once_mapped, gone)
    rows = _written(read.rows, [*restored, *(removal.write for removal in removals)])
    repaired = tables(rows)
    keyed = keyed_sites(repaired)

    # 2. The keys of the rows that match.
    customers = {target.site: target.customer for target in stored}
    lookup = board.look_up(texts_of_rows(repaired, rows), customers)
    hours = flusher.targets.layout.config.match.wait_hours
    waiting = flusher.store.boards.would_wait(lookup.unsettled, hours)
    to_show = [target for target in once_mapped if target.site not in waiting]
    without_key = {target.site for target in to_show if target.is_fresh} - keyed
    matched = [
        key_write(repaired, match, site)
        for site, match in lookup.matches.items()
        if site in without_key
    ]
    with_all_keys = tables(_written(rows, matched))

    # 3. All values. What was written for a matched job was in another row, unless that is known as
    # its row.
    in_other_row = {write.site for write in matched}
    targets = [
        replace(target, resolved={})
        if target.site in in_other_row and not target.has_unkeyed_row
        else target
        for target in to_show
    ]
    for_new_rows = tab_for_new_rows(repaired)
    cells = rows[for_new_rows.sheet_id]
    end = table_end.find(for_new_rows, table_end.column_texts(cells))
    pattern = table_end.new_row_pattern(for_new_rows, end, cells.get(end.last_row, ()))
    zone = flusher.zone_of(Snapshot(read.time_zone))
    # Of cells that were written before, the comparison finds the differing ones.
    by = flusher.targets.layout.config.match.by
    foreign = foreign_keys(with_all_keys, rows, customers, by)
    wrong = differences(board, with_all_keys, targets, zone, foreign).wrong
    targets = [replace(t, wrong=t.wrong | wrong.get(t.site, set())) for t in targets]
    values = diff(board, with_all_keys, targets, JobRows(pattern=pattern), zone)

    return FirstFlush(
        rows=read.rows,
        tables=with_all_keys,
        targets={target.site: target for target in stored},
        lookup=lookup,
        pattern=pattern,
        keyed=keyed,
        matched=len(matched),
        writes=[*restored, *matched, *values.rows, *values.new_rows],
        new_rows=values.new_rows,
    )


def _once_mapped(
    targets: Sequence[Target], tabs: Iterable[TabColumns], spreadsheet: Spreadsheet
) -> Sequence[Target]:
    """Return the jobs as they will be stored once `tabs` are mapped."""
    if spreadsheet.mode() is not Mode.MAPPED or spreadsheet.is_other_current():
        # `Spreadsheet.set_mapped`, or `make_current`, forgets what other tabs showed.
        return [replace(each, resolved={}, is_fresh=True, has_row=False) for each in targets]
    if not any(tab.mapped_at and tab.columns[KEY] in tab.added for tab in tabs):
        return targets
    # A column of keys was lost: `Spreadsheet.lose_rows` has all rows matched again.
    return [
        replace(each, is_fresh=True, has_row=False, has_unkeyed_row=True) if each.has_row else each
        for each in targets
    ]


def _written(rows: Rows, writes: Iterable[RowWrite]) -> Rows:
    """Return the rows of tabs with the cells of `writes`."""
    tabs = {sheet_id: dict(tab) for sheet_id, tab in rows.items()}
    for write in writes:
        row = dict(enumerate(tabs[write.sheet_id].get(write.row, ())))
        row |= {cell.index: cell.data for cell in write.cells}
        tabs[write.sheet_id][write.row] = [row.get(index, {}) for index in range(max(row) + 1)]
    return tabs
