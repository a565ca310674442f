"""Returns what the first flush would change in an installer's own tabs, without writing it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import blake2s

from sync.boards.candidates import ReviewedJob, reviewed_jobs
from sync.boards.first_flush import FirstFlush, TabColumns, compose
from sync.boards.formulas import moved
from sync.boards.options import EndedWord
from sync.field_table import KEY
from sync.jobs.cells import EMPTY, Cell, Cells
from sync.jobs.target import Target
from sync.sheets.cell_data import at
from sync.sheets.encode import shown_text
from sync.sheets.flush import Flusher
from sync.sheets.keys import DoubledJob, doubled_jobs
from sync.sheets.sheet_requests import CellWrite, RowWrite
from sync.store import Lease

KEY_ADDED, FILLED, REPLACED, ADDED = "key", "filled", "replaced", "added"
"""Kinds of a change: a row's key, a value in a blank cell or another one, a cell of a new row."""
COPIED = "copied"
"""A formula that a new row copies from the row above."""
_ROW_KINDS = (ADDED, KEY_ADDED, FILLED, REPLACED)


@dataclass(frozen=True)
class CellChange:
    """A cell that would be written."""

    tab: str
    row: int
    """From 1, as the sheet is now; of a new row, the one that it gets."""
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

    @property
    def place(self) -> tuple[int, int, str]:
        """The sort key of the cell in its tab: by row, from the left."""
        return self.row, len(self.letter), self.letter


@dataclass(frozen=True)
class RowChanges:
    """What would be written into one row of a job."""

    customer: str
    tab: str
    row: int
    cells: Sequence[CellChange]
    """From the left."""

    @property
    def kind(self) -> str:
        """The first of the kinds of a row that any of its changes has."""
        kinds = {cell.kind for cell in self.cells}
        return next(kind for kind in _ROW_KINDS if kind in kinds)


@dataclass(frozen=True)
class Preview:
    """The changes, and the numbers of jobs by how they have a row."""

    changes: tuple[CellChange, ...]
    already_keyed: int
    """Jobs whose row has a key already; one that is restored counts."""
    matched: int
    """Jobs whose row gets its key."""
    added: int
    """Jobs that get a new row."""
    last_row: int
    """The row, from 1, below which new rows are added."""
    reviewed: Sequence[ReviewedJob]
    """The unsettled ones first."""
    unknown: int
    """Jobs without a customer in the store, so that no row can be matched to them."""
    wait_hours: float
    """How long unsettled jobs wait for an answer, each once; with 0, they get a row at once."""
    doubled: tuple[DoubledJob, ...]

    @property
    def unsettled_count(self) -> int:
        return sum(not job.is_settled for job in self.reviewed)

    @property
    def kinds(self) -> Counter[str]:
        """How many changes there are of each kind."""
        return Counter(change.kind for change in self.changes)

    @property
    def filled(self) -> Sequence[tuple[str, int]]:
        """The number of blank cells that get a value in existing rows, by header."""
        cells = (change for change in self.changes if change.kind == FILLED)
        return Counter(change.header for change in cells).most_common()

    @property
    def replaced(self) -> Sequence[CellChange]:
        """The cells that hold something else now, by customer."""
        cells = (change for change in self.changes if change.kind == REPLACED)
        return sorted(cells, key=lambda change: (change.customer.casefold(), change.cell))

    @cached_property
    def rows(self) -> Mapping[str, Sequence[RowChanges]]:
        """The rows by their kind, each kind by customer."""
        by_place = defaultdict[tuple[str, int, str], list[CellChange]](list)
        for change in self.changes:  # A new row may have the number of another one now.
            by_place[change.tab, change.row, change.site].append(change)
        by_kind: dict[str, list[RowChanges]] = {kind: [] for kind in _ROW_KINDS}
        for (tab, row, _), cells in by_place.items():
            from_left = sorted(cells, key=lambda cell: cell.place)
            changes = RowChanges(cells[0].customer, tab, row, from_left)
            by_kind[changes.kind].append(changes)
        for rows in by_kind.values():
            rows.sort(key=lambda row: (row.customer.casefold(), row.tab, row.row))
        return by_kind


def compose_preview(
    flusher: Flusher,
    lease: Lease,
    tabs: Mapping[int, TabColumns],
    *,
    unknown: int,
    ended: Iterable[EndedWord] = (),
) -> Preview:
    """Return what the first flush would write into tabs (by sheet ID) that are mapped so.

    From the jobs as they are stored; nothing is written. `tabs` are in the order of the sheet.
    `ended` are words that are no longer options. Raises Retryable or Permanent.

    Limits: it doesn't list the keys that are removed from copied rows. Where many keys are gone or
    in other cells, the flush would stop, but this doesn't. A job that has waited may swap its new
    row with another job's. In a spreadsheet that was mapped before another one was written, every
    webhook counts as new.
    """
    flush = compose(flusher, lease, tabs, ended)
    layout = flusher.targets.layout
    customers = {site: target.customer for site, target in flush.targets.items()}
    names = {site: layout.reader.name(site, customer).text for site, customer in customers.items()}
    changes: list[CellChange] = []
    for write in flush.writes:
        if write.cells:  # The row that new ones copy has none: it is only checked.
            changes += _changes(flush, tabs[write.sheet_id], write, names[write.site])
    return Preview(
        changes=tuple(changes),
        already_keyed=len(flush.keyed & customers.keys()),
        matched=flush.matched,
        added=sum(write.is_new for write in flush.writes),
        last_row=flush.pattern.row,
        reviewed=reviewed_jobs(flush.tables, flush.rows, flush.targets.values(), flush.lookup),
        unknown=unknown,
        wait_hours=layout.config.match.wait_hours,
        doubled=doubled_jobs(flush.tables),
    )


def _changes(
    flush: FirstFlush, columns: TabColumns, write: RowWrite, customer: str
) -> Iterator[CellChange]:
    """Yield the cells of a row that are written, and what they hold now.

    In a new row, also those that get the formula of the row above.
    """
    table = next(table for table in flush.tables if table.sheet_id == write.sheet_id)
    row = () if write.is_new else flush.rows[write.sheet_id].get(write.row, ())

    change = partial(
        CellChange, tab=table.title, row=write.row + 1, site=write.site, customer=customer
    )
    for cell in write.cells:
        before = shown_text(at(row, cell.index))
        yield change(
            letter=columns.letter_once_added(cell.index),
            header=table.headers.get(cell.index, cell.column),
            before=before,
            after=shown_text(cell.data),
            kind=_kind(write, cell, before),
            token=_token(flush.targets[write.site], cell.column),
        )
    for index, formula in flush.pattern.formulas.items() if write.is_new else ():
        yield change(
            letter=columns.letter_once_added(index),
            header=table.headers.get(index, ""),
            before="",
            after=moved(formula, write.row - flush.pattern.row + 1),
            kind=COPIED,
        )


def _kind(write: RowWrite, cell: CellWrite, before: str) -> str:
    if write.is_new:
        return ADDED
    if cell.column == KEY:
        return KEY_ADDED
    return REPLACED if before else FILLED


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
