"""Composes what the first flushes write into tabs that are mapped in some way, without sending it.

That includes the comparison that follows. It calls what flushes and comparisons decide by:
`key_repairs`, `look_up`, `differences`, `diff`. What these read and store in between is repeated
here, and noted there.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo

from sync.boards import table_end
from sync.boards.candidates import STATUS_COLUMN
from sync.boards.customer_texts import texts_of_rows
from sync.boards.job_tabs import BoardTabs
from sync.boards.mapping.fields import Fields
from sync.boards.mapping.stored_mapping import StoredMapping
from sync.boards.mapping.tab_mapping import TabMapping
from sync.boards.metadata import stored_mapping
from sync.boards.options import EndedWord
from sync.boards.reader import BoardReader, WholeTabs
from sync.boards.row_lookup import Lookup
from sync.field_table import KEY
from sync.jobs.target import Target
from sync.sheets.cell_data import Row, Rows, at, text_of
from sync.sheets.diff import Diff, diff
from sync.sheets.flush import Flusher
from sync.sheets.job_tabs import JobRows, Pattern
from sync.sheets.key_writes import key_repairs, key_write
from sync.sheets.keys import ForeignKey, must_have_keys
from sync.sheets.reconcile import differences
from sync.sheets.sheet_requests import RowWrite
from sync.sheets.snapshot import Snapshot, Table, keyed_sites, rows_by_site, tab_for_new_rows
from sync.store import Lease, Spreadsheet
from sync.types import Mode, letters


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

    def letter_once_added(self, index: int) -> str:
        """Return the letter of a column once the new ones are inserted."""
        if index in self.added:
            return letters(self.edge + index - min(self.added))
        return letters(index if index < self.edge else index + len(self.added))

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


class _Sheet:
    """The tabs as flushes read them once they are mapped."""

    def __init__(self, read: WholeTabs, tabs: Mapping[int, TabColumns]) -> None:
        self._read, self._tabs = read, tabs
        self.rows = read.rows
        bare = read.tables
        self.tables = [tabs[one.sheet_id].table(one, self.rows[one.sheet_id]) for one in bare]

    def after(self, writes: Iterable[RowWrite]) -> "_Sheet":
        """Return the tabs with the cells of `writes`."""
        tabs = {sheet_id: dict(tab) for sheet_id, tab in self.rows.items()}
        for write in writes:
            row = dict(enumerate(tabs[write.sheet_id].get(write.row, ())))
            row |= {cell.index: cell.data for cell in write.cells}
            tabs[write.sheet_id][write.row] = [row.get(n, {}) for n in range(max(row) + 1)]
        return _Sheet(replace(self._read, rows=tabs), self._tabs)


def compose(
    flusher: Flusher, lease: Lease, tabs: Mapping[int, TabColumns], ended: Iterable[EndedWord]
) -> FirstFlush:
    """Compose what is written once the tabs are mapped, in three rounds.

    `ended` are words of the tabs that are no longer options. Raises Permanent if a tab has no
    column of keys.
    """
    flusher.writer.take_call(lease)
    flusher.targets.use_answers(flusher.store.confirmations.read())
    read = BoardReader(flusher.client).tabs({each: tab.header_row for each, tab in tabs.items()})
    before = _Sheet(read, tabs)
    must_have_keys(before.tables)
    columns = {column for table in before.tables for column in table.columns}
    stored = flusher.targets.lay_out(flusher.store.pending.every(), columns | {STATUS_COLUMN})
    customers = {target.site: target.customer for target in stored}
    # Writing the mapping changes what is stored of jobs, and so what flushes write.
    targets = _once_mapped(stored, tabs.values(), flusher.store.spreadsheet)
    board = BoardTabs(flusher, frozenset(ended))

    # 1. A flush restores the keys that people cleared, and removes copied ones.
    restored, repaired = _repair_keys(board, before, targets)

    # 2. Another writes the keys of the rows that match.
    lookup = board.look_up(texts_of_rows(repaired.tables, repaired.rows), customers)
    hours = flusher.targets.layout.config.match.wait_hours
    waiting = flusher.store.boards.would_wait(lookup.unsettled, hours)
    to_show = [target for target in targets if target.site not in waiting]
    matched = _matched_keys(repaired, to_show, lookup)
    with_all_keys = repaired.after(matched)
    # So does writing the keys, before any values are decided on.
    once_matched = _once_matched(to_show, {write.site for write in matched})

    # 3. Others write all values, those that a comparison finds to differ, and new rows.
    pattern = _pattern(repaired)
    zone = flusher.zone_of(Snapshot(read.time_zone))
    foreign = board.foreign_keys(with_all_keys.tables, with_all_keys.rows, stored)
    values = _values(board, with_all_keys.tables, once_matched, pattern, zone, foreign)
    return FirstFlush(
        rows=before.rows,
        tables=with_all_keys.tables,
        targets={target.site: target for target in stored},
        lookup=lookup,
        pattern=pattern,
        keyed=keyed_sites(repaired.tables),
        matched=len(matched),
        writes=[*restored, *matched, *values.rows, *values.new_rows],
    )


def _once_mapped(
    targets: Sequence[Target], tabs: Iterable[TabColumns], spreadsheet: Spreadsheet
) -> Sequence[Target]:
    """Return the jobs as they will be stored once `tabs` are mapped.

    See `set_mapped`, `make_current` and `lose_rows` of `Spreadsheet`.
    """
    if spreadsheet.mode() is not Mode.MAPPED or spreadsheet.is_other_current():
        # What other tabs showed is forgotten.
        return [replace(each, resolved={}, is_fresh=True, has_row=False) for each in targets]
    if not any(tab.mapped_at and tab.columns[KEY] in tab.added for tab in tabs):
        return targets
    # A column of keys was lost, so all rows are matched again.
    return [
        replace(each, is_fresh=True, has_row=False, has_unkeyed_row=True) if each.has_row else each
        for each in targets
    ]


def _repair_keys(
    board: BoardTabs, sheet: _Sheet, targets: Sequence[Target]
) -> tuple[list[RowWrite], _Sheet]:
    """Return the writes that restore keys, and the tabs once copied keys are removed, too."""
    gone = {target.site for target in targets if target.has_row} - keyed_sites(sheet.tables)
    restored, removals = key_repairs(board, sheet.tables, sheet.rows, targets, gone)
    return restored, sheet.after([*restored, *(removal.write for removal in removals)])


def _matched_keys(sheet: _Sheet, targets: Iterable[Target], lookup: Lookup) -> list[RowWrite]:
    """Return the writes of keys into the rows that match."""
    without_key = {target.site for target in targets if target.is_fresh}
    without_key -= keyed_sites(sheet.tables)
    return [
        key_write(sheet.tables, match, site)
        for site, match in lookup.matches.items()
        if site in without_key
    ]


def _once_matched(targets: Iterable[Target], matched: Set[str]) -> list[Target]:
    """Return the jobs as they will be stored once rows have their keys (`Batches.conclude`).

    What was written for a matched job was in another row, unless that is known as its row.
    """
    return [
        replace(target, resolved={})
        if target.site in matched and not target.has_unkeyed_row
        else target
        for target in targets
    ]


def _pattern(sheet: _Sheet) -> Pattern:
    """Return the place of new rows."""
    table = tab_for_new_rows(sheet.tables)
    rows = sheet.rows[table.sheet_id]
    end = table_end.find(table, table_end.column_texts(rows))
    return table_end.new_row_pattern(table, end, rows.get(end.last_row, ()))


def _values(
    board: BoardTabs,
    tables: Sequence[Table],
    targets: Sequence[Target],
    pattern: Pattern,
    zone: tzinfo,
    foreign: Sequence[ForeignKey],
) -> Diff:
    """Return the writes of values and new rows, those that the comparison leads to, too."""
    wrong = differences(board, tables, targets, zone, foreign).wrong
    targets = [replace(t, wrong=t.wrong | wrong.get(t.site, set())) for t in targets]
    return diff(board, tables, targets, JobRows(pattern=pattern), zone)
