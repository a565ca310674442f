"""Returns what the first flush would change in an installer's own tabs, without writing it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum, auto
from functools import cached_property
from hashlib import blake2s

from sync.boards import table_end
from sync.boards.customer_texts import texts_of_rows
from sync.boards.formulas import moved
from sync.boards.mapping.decide import TabMapping
from sync.boards.mapping.fields import Fields
from sync.boards.metadata import stored_mapping
from sync.boards.reader import BoardReader
from sync.boards.row_lookup import Lookup, look_up
from sync.boards.uncertain_jobs import UncertainJob, uncertain_jobs
from sync.field_table import KEY
from sync.jobs.cells import EMPTY, Cell, Cells
from sync.jobs.target import Target
from sync.sheets.cell_data import Row, Rows, at, text_of
from sync.sheets.diff import diff
from sync.sheets.encode import shown_text
from sync.sheets.flush import Flusher
from sync.sheets.job_tabs import JobRows, Match, Pattern
from sync.sheets.key_writes import key_write
from sync.sheets.keys import DoubledJob, doubled_jobs
from sync.sheets.read import Snapshot, Table, rows_by_site, with_cells
from sync.sheets.sheet_requests import RowWrite
from sync.status.problem import pluralize
from sync.store import Lease
from sync.types import Mode, letters

KEY_ADDED, FILLED, REPLACED, ADDED = "key", "filled", "replaced", "added"
"""Kinds of a change: a row's key, a value in a blank cell or another one, a cell of a new row."""
COPIED = "copied"
"""A formula that a new row copies from the row above."""
_ROW_KINDS = (ADDED, KEY_ADDED, FILLED, REPLACED)
_NAMED = 3
"""Jobs with several rows that are named."""


@dataclass(frozen=True)
class TabColumns:
    """A tab's mapping: columns (zero-based) and the words of drop-downs, by field ID."""

    header_row: int
    columns: Mapping[str, int]
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
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


@dataclass(frozen=True)
class CellChange:
    """A cell that would be written; `row` counts from 1, in the sheet after new rows are added."""

    tab: str
    row: int
    letter: str
    header: str
    before: str
    after: str
    kind: str
    site: str
    customer: str = ""
    """The customer's name, or the job's name if there is none."""
    token: str = ""
    """Identifies the change in a form; it changes when EverBright's value does."""

    @property
    def cell(self) -> str:
        """The cell in A1 notation."""
        return f"{self.letter}{self.row}"


@dataclass(frozen=True)
class RowChanges:
    """What would be written into one row of a job."""

    customer: str
    tab: str
    row: int
    cells: Sequence[CellChange]

    @property
    def kind(self) -> str:
        """ADDED for a new row, KEY_ADDED for one that gets a key, else FILLED or REPLACED."""
        kinds = {cell.kind for cell in self.cells}
        return next(kind for kind in _ROW_KINDS if kind in kinds)


@dataclass(frozen=True)
class Preview:
    """The changes, and the numbers of jobs by how they have a row."""

    changes: tuple[CellChange, ...]
    already_keyed: int
    """Jobs whose row has a key already."""
    matched: int
    """Jobs whose row gets its key."""
    added: int
    """Jobs that get a new row."""
    uncertain: tuple[UncertainJob, ...]
    """The unsettled ones first."""
    unknown: int = 0
    """Jobs without a customer in the store, so that no row can be matched to them."""
    wait_hours: float = 0
    """How long unsettled jobs wait for an answer; with 0, they get a row at once."""
    doubled: tuple[DoubledJob, ...] = ()

    @property
    def unsettled_count(self) -> int:
        """The number of uncertain jobs that nobody has answered."""
        return sum(not job.is_answered for job in self.uncertain)

    @property
    def kinds(self) -> Counter[str]:
        """How many changes there are of each kind."""
        return Counter(change.kind for change in self.changes)

    @property
    def replaced(self) -> Sequence[CellChange]:
        """The cells that hold something else now, by customer."""
        cells = (change for change in self.changes if change.kind == REPLACED)
        return sorted(cells, key=lambda change: (change.customer.casefold(), change.cell))

    @cached_property
    def rows(self) -> Mapping[str, Sequence[RowChanges]]:
        """The rows by their kind, each kind by customer."""
        by_place: dict[tuple[str, int], list[CellChange]] = {}
        for change in self.changes:
            by_place.setdefault((change.tab, change.row), []).append(change)
        rows: dict[str, list[RowChanges]] = {kind: [] for kind in _ROW_KINDS}
        for (tab, row), cells in by_place.items():
            cells.sort(key=lambda cell: (len(cell.letter), cell.letter))  # From the left.
            changes = RowChanges(cells[0].customer, tab, row, cells)
            rows[changes.kind].append(changes)
        for listed in rows.values():
            listed.sort(key=lambda row: (row.customer.casefold(), row.tab, row.row))
        return rows

    @property
    def counts(self) -> list[str]:
        kinds, typed = self.kinds, "text that you typed is replaced only by later events"
        named = "; ".join(map(str, self.doubled[:_NAMED]))
        named += "; …" if len(self.doubled) > _NAMED else ""
        what = f"jobs in more than one row (every row is kept): {len(self.doubled)}"
        return [
            f"rows that have a site ID already: {self.already_keyed}",
            f"rows matched to a job: {self.matched}",
            *([f"{what} ({named})"] if self.doubled else ()),
            f"rows added: {self.added}",
            f"blank cells filled: {kinds[FILLED]}",
            f"cells replaced: {kinds[REPLACED]} ({typed})",
            f"formulas copied into the added rows: {kinds[COPIED]}",
        ]

    @property
    def cautions(self) -> list[str]:
        lines, jobs = [], pluralize(self.unsettled_count, "job", "jobs")
        if self.unsettled_count and self.wait_hours:
            wait = (
                f"Brightsheet waits {self.wait_hours:g} hours for your answer before it adds rows."
            )
            lines.append(f"{jobs} may already have a row. {wait}")
        elif self.unsettled_count:
            fix = "After you write the mapping, list them with: brightsheet link"
            lines.append(f"{jobs} that get a new row may already have one. {fix}")
        if self.unknown:
            jobs = pluralize(self.unknown, "job has", "jobs have")
            fix = "Rows can't be matched to such a job. Is EVERBRIGHT_API_TOKEN set?"
            lines.append(f"{jobs} no known customer. {fix}")
        return lines


def preview(flusher: Flusher, lease: Lease, tabs: Mapping[int, TabColumns]) -> Preview:
    """Return what the first flush would write into tabs (by sheet id) that are mapped so.

    From the jobs as they are stored; nothing is written. The first of `tabs` gets the new rows.
    Raises Retryable or Permanent.
    """
    flusher.writer.take_turn(lease)
    flusher.targets.use_answers(flusher.store.confirmations.read())
    zone, bare, rows = BoardReader(flusher.client).tabs(
        {sheet_id: tab.header_row for sheet_id, tab in tabs.items()}
    )
    tables = [_table(table, tabs[table.sheet_id], rows[table.sheet_id]) for table in bare]
    columns = {column for table in tables for column in table.columns}
    targets = flusher.targets.lay_out(flusher.store.pending.every(), columns)
    if flusher.store.spreadsheet.mode() is not Mode.MAPPED:
        start = _Start.FIRST_MAPPING
    elif any(tab.mapped_at and tab.columns[KEY] in tab.added for tab in tabs.values()):
        start = _Start.KEY_COLUMN_LOST
    else:
        start = _Start.MAPPED
    flush = _simulate(flusher, start, zone, rows, tables, targets)

    layout = flusher.targets.layout
    customers = {target.site: target.customer for target in targets}
    names = {site: layout.name(site, customer).text for site, customer in customers.items()}
    changes = _all_changes(flush, tabs, rows, {target.site: target for target in targets})
    return Preview(
        changes=tuple(replace(change, customer=names[change.site]) for change in changes),
        already_keyed=len(flush.keyed & customers.keys()),
        matched=flush.matched,
        added=len(flush.new_rows),
        uncertain=tuple(uncertain_jobs(flush.tables, rows, customers, flush.lookup, {})),
        wait_hours=layout.config.match.wait_hours,
        doubled=doubled_jobs(flush.tables),
    )


class _Start(Enum):
    """What the tabs have before the first flush."""

    FIRST_MAPPING = auto()
    """No cell is known to be ours: what other tabs showed is forgotten."""
    KEY_COLUMN_LOST = auto()
    """Jobs are matched with their rows again, in which it is known what we wrote."""
    MAPPED = auto()
    """At most single keys were cleared, which are brought back."""


@dataclass(frozen=True)
class _FirstFlush:
    """What the first flush writes, and how it finds the rows of jobs."""

    tables: Sequence[Table]
    """With the keys that it writes."""
    lookup: Lookup
    pattern: Pattern
    keyed: Set[str]
    """The sites that have a key before rows are matched."""
    matched: int
    writes: Sequence[RowWrite]
    """Those of new rows, too."""
    new_rows: Sequence[RowWrite]


def _simulate(
    flusher: Flusher,
    start: _Start,
    zone: str,
    rows: Rows,
    tables: list[Table],
    targets: list[Target],
) -> _FirstFlush:
    """Compose the writes of keys that are restored, then of matched rows' keys, then of all values.

    `tables` and `targets` become as they are after each batch.
    """
    board, clock = flusher.tabs(Mode.MAPPED), flusher.clock(Snapshot(zone))
    match, answers = flusher.targets.layout.config.match, flusher.store.boards.answers()
    customers = {target.site: target.customer for target in targets}
    restored: Mapping[str, Match] = {}
    if start is _Start.FIRST_MAPPING:
        targets = [replace(target, written={}, is_fresh=True) for target in targets]
    elif start is _Start.KEY_COLUMN_LOST:
        targets = [replace(t, is_fresh=True) if t.has_row else t for t in targets]
    else:
        present = _sites(tables)
        if cleared := [t for t in targets if t.has_row and t.site not in present]:
            lost = board.lost_rows(tables, rows, cleared)
            restored = {site: row for site, (row,) in lost.items()}
    writes = [key_write(tables, row, site) for site, row in restored.items()]
    tables = [_with_keys(table, restored) for table in tables]
    keyed = _sites(tables)

    lookup = look_up(texts_of_rows(tables, rows), customers, match.by, answers)
    if match.wait_hours:
        targets = [target for target in targets if target.site not in lookup.unsettled]
    lines = rows[tables[0].sheet_id]
    end = table_end.find(tables[0], table_end.lines_of(lines))
    pattern = table_end.new_row_pattern(tables[0], end, lines.get(end.last_row, ()))
    places = JobRows(lookup.matches, pattern=pattern)
    first = diff(board, tables, targets, places, clock)
    # The row of any other write is found by its key, and not by what it shows.
    keys = [write for write in first.rows if write.identity.shows]
    new = {write.site: lookup.matches[write.site] for write in keys}
    tables = [_with_keys(table, new) for table in tables]
    if start is not _Start.KEY_COLUMN_LOST:
        targets = [replace(t, written={}) if t.site in new else t for t in targets]
    second = diff(board, tables, targets, places, clock)
    return _FirstFlush(
        tables=tables,
        lookup=lookup,
        pattern=pattern,
        keyed=keyed,
        matched=len(keys),
        writes=[*writes, *keys, *second.rows, *second.new_rows],
        new_rows=second.new_rows,
    )


def _sites(tables: Iterable[Table]) -> set[str]:
    return {site for table in tables for site in table.keys}


def _token(target: Target, column: str) -> str:
    wanted = target.cells.get(column, EMPTY).model_dump_json()
    return f"{target.site}:{blake2s(wanted.encode(), digest_size=6).hexdigest()}:{column}"


def kept_cells(targets: Iterable[Target], tokens: Iterable[str]) -> Mapping[str, Cells]:
    """Return what EverBright says in the cells that a person keeps, by site and column id.

    Cells whose value from EverBright has changed since the preview are left out.
    """
    by_site = {target.site: target for target in targets}
    kept: dict[str, dict[str, Cell]] = {}
    for token in tokens:
        site, _, rest = token.partition(":")
        column = rest.partition(":")[2]
        target = by_site.get(site)
        if target and _token(target, column) == token:
            kept.setdefault(site, {})[column] = target.cells.get(column, EMPTY)
    return kept


def _table(bare: Table, tab: TabColumns, rows: Mapping[int, Row]) -> Table:
    key = tab.columns[KEY]
    cells = {n: at(row, key) for n, row in rows.items() if n > tab.header_row}
    header = rows.get(tab.header_row, ())
    whole = replace(
        bare,
        columns=tab.columns,
        words=tab.words,
        keys=rows_by_site(cells),
        headers={n: text for n, cell in enumerate(header) if (text := text_of(cell))},
        mapped_at=tab.mapped_at or datetime.now(UTC),
    )
    return with_cells(whole, rows)


def _with_keys(table: Table, matches: Mapping[str, Match]) -> Table:
    places = ((site, *match.place) for site, match in matches.items())
    new = {site: (row,) for site, sheet_id, row in places if sheet_id == table.sheet_id}
    return replace(table, keys={**table.keys, **new})


def _all_changes(
    flush: _FirstFlush,
    tabs: Mapping[int, TabColumns],
    rows: Rows,
    targets: Mapping[str, Target],
) -> Iterator[CellChange]:
    tables = {table.sheet_id: table for table in flush.tables}
    for write in flush.writes:
        if write.cells:  # Not the check of the row that new rows copy.
            table, tab = tables[write.sheet_id], tabs[write.sheet_id]
            yield from _changes(table, tab, rows[write.sheet_id], write, targets[write.site])
    for write in flush.new_rows:
        yield from _copied_formulas(flush.tables[0], flush.pattern, write)


def _changes(
    table: Table, tab: TabColumns, rows: Mapping[int, Row], write: RowWrite, target: Target
) -> Iterator[CellChange]:
    row = () if write.is_new else rows.get(write.row, ())
    for cell in write.cells:
        before = shown_text(at(row, cell.index))
        if write.is_new:
            kind = ADDED
        elif cell.column == KEY:
            kind = KEY_ADDED
        else:
            kind = REPLACED if before else FILLED
        header = table.headers.get(cell.index, cell.column)
        index, header = tab.added.get(cell.index, (cell.index, header))
        yield CellChange(
            table.title,
            write.row + 1,
            letters(index),
            header,
            before,
            shown_text(cell.data),
            kind,
            write.site,
            token=_token(target, cell.column),
        )


def _copied_formulas(table: Table, pattern: Pattern, write: RowWrite) -> Iterator[CellChange]:
    for index in pattern.formulas:
        text = moved(text_of(at(pattern.above, index)), write.row - pattern.row + 1)
        header = table.headers.get(index, "")
        place = table.title, write.row + 1, letters(index), header
        yield CellChange(*place, "", text, COPIED, write.site)
