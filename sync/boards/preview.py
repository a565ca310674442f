"""Returns what the first flush would change in an installer's own tabs, without writing it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2s

from sync.boards.first_flush import FirstFlush, TabColumns, compose
from sync.boards.formulas import moved
from sync.boards.uncertain_jobs import UncertainJob, uncertain_jobs
from sync.field_table import KEY
from sync.jobs.cells import EMPTY, Cell, Cells
from sync.jobs.target import Target
from sync.sheets.cell_data import at, text_of
from sync.sheets.encode import shown_text
from sync.sheets.flush import Flusher
from sync.sheets.keys import DoubledJob, doubled_jobs
from sync.store import Lease
from sync.types import letters

KEY_ADDED, FILLED, REPLACED, ADDED = "key", "filled", "replaced", "added"
"""Kinds of a change: a row's key, a value in a blank cell or another one, a cell of a new row."""
COPIED = "copied"
"""A formula that a new row copies from the row above."""
_ROW_KINDS = (ADDED, KEY_ADDED, FILLED, REPLACED)
"""Kinds of a row: the first of them that any of its changes has."""


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
    customer: str
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
    uncertain: Sequence[UncertainJob]
    """The unsettled ones first."""
    unknown: int
    """Jobs without a customer in the store, so that no row can be matched to them."""
    wait_hours: float
    """How long unsettled jobs wait for an answer; with 0, they get a row at once."""
    doubled: tuple[DoubledJob, ...]

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
            kinds = {cell.kind for cell in cells}
            kind = next(kind for kind in _ROW_KINDS if kind in kinds)
            rows[kind].append(RowChanges(cells[0].customer, tab, row, cells))
        for listed in rows.values():
            listed.sort(key=lambda row: (row.customer.casefold(), row.tab, row.row))
        return rows


def preview(
    flusher: Flusher, lease: Lease, tabs: Mapping[int, TabColumns], *, unknown: int
) -> Preview:
    """Return what the first flush would write into tabs (by sheet id) that are mapped so.

    From the jobs as they are stored; nothing is written. The first of `tabs` gets the new rows.
    Raises Retryable or Permanent.
    """
    flush = compose(flusher, lease, tabs)
    layout = flusher.targets.layout
    customers = {site: target.customer for site, target in flush.targets.items()}
    names = {site: layout.name(site, customer).text for site, customer in customers.items()}
    return Preview(
        changes=(*_written(flush, tabs, names), *_copied(flush, names)),
        already_keyed=len(flush.keyed & customers.keys()),
        matched=flush.matched,
        added=len(flush.new_rows),
        uncertain=uncertain_jobs(flush.tables, flush.rows, customers, flush.lookup, {}),
        unknown=unknown,
        wait_hours=layout.config.match.wait_hours,
        doubled=doubled_jobs(flush.tables),
    )


def _written(
    flush: FirstFlush, tabs: Mapping[int, TabColumns], names: Mapping[str, str]
) -> Iterator[CellChange]:
    """Yield the cells that are written, and what they hold now."""
    tables, first = {table.sheet_id: table for table in flush.tables}, flush.tables[0]
    for write in flush.writes:
        table, added = tables[write.sheet_id], tabs[write.sheet_id].added
        row = () if write.is_new else flush.rows[write.sheet_id].get(write.row, ())
        is_pushed_down = table is first and write.row >= flush.pattern.row and not write.is_new
        number = write.row + 1 + (len(flush.new_rows) if is_pushed_down else 0)
        for cell in write.cells:
            before = shown_text(at(row, cell.index))
            if write.is_new:
                kind = ADDED
            elif cell.column == KEY:
                kind = KEY_ADDED
            else:
                kind = REPLACED if before else FILLED
            header = table.headers.get(cell.index, cell.column)
            index, header = added.get(cell.index, (cell.index, header))
            yield CellChange(
                table.title,
                number,
                letters(index),
                header,
                before,
                shown_text(cell.data),
                kind,
                write.site,
                names[write.site],
                token=_token(flush.targets[write.site], cell.column),
            )


def _copied(flush: FirstFlush, names: Mapping[str, str]) -> Iterator[CellChange]:
    """Yield the cells of new rows that get the formula of the row above."""
    table, pattern = flush.tables[0], flush.pattern
    for write in flush.new_rows:
        for index in pattern.formulas:
            text = moved(text_of(at(pattern.above, index)), write.row - pattern.row + 1)
            header = table.headers.get(index, "")
            place = table.title, write.row + 1, letters(index), header
            yield CellChange(*place, "", text, COPIED, write.site, names[write.site])


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
