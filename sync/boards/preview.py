"""Returns what the first flush would change in an installer's own tabs, without writing it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from hashlib import blake2s

from sync.boards import row_lookup, table_end
from sync.boards.candidates import UncertainJob
from sync.boards.formulas import moved
from sync.boards.mapping.decide import TabMapping
from sync.boards.mapping.fields import Fields
from sync.boards.metadata import stored_mapping
from sync.boards.reader import BoardReader
from sync.field_table import KEY
from sync.jobs.cells import EMPTY, Cell, Cells
from sync.jobs.target import Target
from sync.sheets.cell_data import Row, Rows, at, text_of
from sync.sheets.diff import diff
from sync.sheets.encode import shown_text
from sync.sheets.flush import Flusher
from sync.sheets.job_tabs import JobRows, JobTabs, Match, Pattern
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
    board, clock = flusher.tabs(Mode.MAPPED), flusher.clock(Snapshot(zone))
    flush = _FirstFlush(board, clock, rows, tables, targets)
    if flusher.store.spreadsheet.mode() is not Mode.MAPPED:
        # The first mapping forgets what other tabs showed: no cell is known to be ours.
        flush.targets = [replace(target, written={}, is_fresh=True) for target in targets]
    elif any(tab.mapped_at and tab.columns[KEY] in tab.added for tab in tabs.values()):
        # The key column was lost: jobs are matched with their rows again.
        flush.knows_values = True
        flush.targets = [replace(t, is_fresh=True) if t.has_row else t for t in targets]
    else:
        flush.restore_keys()

    config = flusher.targets.layout.config.match
    customers = {target.site: target.customer for target in targets}
    texts, answers = row_lookup.texts_of_rows(flush.tables, rows), flusher.store.boards.answers()
    lookup = row_lookup.look_up(texts, customers, config.by, answers)
    present = {site for table in flush.tables for site in table.keys}
    if config.wait_hours:
        flush.targets = [t for t in flush.targets if t.site not in lookup.unsettled]
    new_rows = flush.compose(lookup.matches)

    by_site = {target.site: target for target in targets}
    changes = list[CellChange]()
    for write in flush.writes:
        if write.cells:  # Not the check of the row that new rows copy.
            table = next(table for table in tables if table.sheet_id == write.sheet_id)
            tab, table_rows = tabs[write.sheet_id], rows[write.sheet_id]
            changes += _changes(table, tab, table_rows, write, by_site[write.site])
    for write in new_rows:
        changes += _copied_formulas(tables[0], flush.pattern, write)
    name = flusher.targets.layout.name
    names = {site: name(site, customer).text for site, customer in customers.items()}
    return Preview(
        tuple(replace(change, customer=names[change.site]) for change in changes),
        len(present & customers.keys()),
        flush.matched,
        len(new_rows),
        tuple(row_lookup.uncertain_jobs(tables, rows, customers, lookup)),
        wait_hours=config.wait_hours,
        doubled=doubled_jobs(flush.tables),
    )


@dataclass
class _FirstFlush:
    """Simulates the first flush: `tables` and `targets` become as they are after each batch."""

    board: JobTabs
    zone: tzinfo
    rows: Rows
    tables: list[Table]
    targets: list[Target]
    knows_values: bool = False
    """Whether matched rows are the jobs' earlier ones, so that it is known what we wrote there."""
    writes: list[RowWrite] = field(default_factory=list)
    matched: int = 0

    @cached_property
    def pattern(self) -> Pattern:
        rows = self.rows[self.tables[0].sheet_id]
        end = table_end.find(self.tables[0], table_end.lines_of(rows))
        return row_lookup.new_row_pattern(self.tables[0], end, rows.get(end.last_row, ()))

    def restore_keys(self) -> None:
        """Compose the writes that bring back the keys that were cleared."""
        present = {site for table in self.tables for site in table.keys}
        cleared = [t for t in self.targets if t.has_row and t.site not in present]
        if cleared:
            restored = self.board.lost_rows(self.tables, self.rows, cleared)
            self.writes += [key_write(self.tables, match, site) for site, match in restored.items()]
            self.tables = [_with_keys(table, restored) for table in self.tables]

    def compose(self, matches: Mapping[str, Match]) -> list[RowWrite]:
        """Compose the writes of matched rows' keys, then of all values. Return the new rows."""
        rows = JobRows(matches, pattern=self.pattern)
        first = diff(self.board, self.tables, self.targets, rows, self.zone)
        # The row of any other write is found by its key, and not by what it shows.
        keys = [write for write in first.rows if write.identity.shows]
        new = {write.site: matches[write.site] for write in keys}
        self.tables = [_with_keys(table, new) for table in self.tables]
        if not self.knows_values:
            self.targets = [replace(t, written={}) if t.site in new else t for t in self.targets]
        second = diff(self.board, self.tables, self.targets, rows, self.zone)
        self.writes += [*keys, *second.rows, *second.new_rows]
        self.matched = len(keys)
        return second.new_rows


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
