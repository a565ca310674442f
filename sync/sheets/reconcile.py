"""The whole of the sheet against what it should show: once a day, and on command.

People and faults do what nobody planned for. What is to be written is decided as in every flush, on
what stands in each cell; the next flush writes it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from sync.errors import Refused, Retryable
from sync.field_table import KEY
from sync.jobs.cells import EMPTY, Cell
from sync.jobs.target import Target
from sync.sheets import encode, rowless
from sync.sheets.answer import Row, text_of
from sync.sheets.batch import Parts, guarding
from sync.sheets.diff import decided
from sync.sheets.ensure import Ensured, ensure
from sync.sheets.flush import Flusher
from sync.sheets.options import as_shown
from sync.sheets.plan import Plan
from sync.sheets.policy import Decision, Rule
from sync.sheets.rowless import DoubledJob, ForeignKey, doubled_jobs, foreign_keys, with_cells
from sync.sheets.snapshot import Table
from sync.sheets.tabs import filter_views, own_pipeline
from sync.sheets.tabs.pipeline_formulas import FORMULAS
from sync.store import Lease
from sync.store.spreadsheet import Spreadsheet
from sync.types import Mode, Value, letters


class KeptCell(Value):
    """A cell that a person's words keep from showing what EverBright says."""

    site: str
    tab: str
    cell: str
    """In A1 notation."""
    header: str
    shows: str
    everbright: str


class MissingWord(Value):
    """What a drop-down has no option for, and how many cells it would stand in."""

    tab: str
    header: str
    text: str
    cells: int


class Compared(Value):
    """What a comparison found of tabs that people made, beside what the next flush writes."""

    kept: tuple[KeptCell, ...] = ()
    unsayable: tuple[MissingWord, ...] = ()
    rowless: int = 0
    """Jobs without a row."""
    doubled: tuple[DoubledJob, ...] = ()
    foreign: tuple[ForeignKey, ...] = ()


@dataclass
class Differences:
    """What is to be written again: column ids by site; and what is not."""

    wrong: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    kept: list[KeptCell] = field(default_factory=list)
    unsayable: Counter[tuple[str, str, str]] = field(default_factory=Counter)


def differences(
    tables: Iterable[Table],
    rows: Mapping[int, Mapping[int, Row]],
    targets: Iterable[Target],
    zone: tzinfo,
) -> Differences:
    """Return what differs in the rows of `targets`; `rows` are all rows by sheet id.

    A job without a row is left alone: a row that was deleted comes back with an event only.
    """
    result, targets = Differences(), list(targets)
    for table in tables:
        whole = with_cells(table, rows[table.sheet_id])
        for target in targets:
            settled = replace(target, is_fresh=False)
            for row in whole.keys.get(target.site, ()):
                _compare(result, whole, row, settled, zone)
    return result


def _compare(result: Differences, table: Table, row: int, target: Target, zone: tzinfo) -> None:
    for column in table.columns:
        if column == KEY:
            continue
        decision, rule, _ = decided(table, row, column, target, zone)
        cell = target.cells.get(column, EMPTY)
        if decision is Decision.WRITE:
            result.wrong[target.site].add(column)
        elif decision is Decision.LEAVE and rule is Rule.NEWS and cell != EMPTY:
            # The customer's own data is theirs to spell, and what EverBright is silent on is free.
            _keep(result, table, row, column, target.site, cell, zone)


def _keep(
    result: Differences,
    table: Table,
    row: int,
    column: str,
    site: str,
    cell: Cell,
    zone: tzinfo,
) -> None:
    index = table.columns[column]
    header = table.headers.get(index, column)
    if as_shown(table, column, cell) is None:
        result.unsayable[table.title, header, cell.text] += 1
        return
    kept = KeptCell(
        site=site,
        tab=table.title,
        cell=f"{letters(index)}{row + 1}",
        header=header,
        shows=text_of(table.cell(column, row)),
        everbright=encode.shown_text(encode.encoded(cell, zone)),
    )
    result.kept.append(kept)


def reconcile(flusher: Flusher, held: Lease, *, confirms_deleted: bool = False) -> int:
    """Compare the whole sheet with what it should show; return how many jobs differ.

    Rows that are gone count as deleted. Where they are many at once, their column may have been
    emptied: then Permanent (keys_gone) is raised, unless a person confirms that they were deleted.
    Raises Retryable, too.
    """
    store = flusher.store
    store.spreadsheet.must_be_current()
    store.spreadsheet.set_compared(held)
    with suppress(Refused):  # Somebody moves columns: that is for the next comparison.
        renew(flusher, held)
    return recheck(flusher, held, confirms_deleted=confirms_deleted)


def recheck(flusher: Flusher, held: Lease, *, confirms_deleted: bool = False) -> int:
    """Have the next flush write what differs; return how many jobs do."""
    store, snapshot = flusher.store, flusher.look(held).snapshot
    if not (snapshot.tables and snapshot.has_fence_tab) or flusher.writer.settle(held, snapshot):
        return 0
    everything = flusher.writer.read_everything(held, snapshot)
    tables = everything.snapshot.tables
    tables = flusher.writer.with_options(held, tables, None)
    if not tables or any(KEY not in table.columns for table in tables):
        return 0
    present = {site for table in tables for site in table.keys}
    store.batches.remember_rows(held, present)
    known = store.pending.sites_with_row()
    gone = known - present
    are_elsewhere = any(
        rowless.find_key_column(rows, gone) is not None for rows in everything.rows.values()
    )
    if not rowless.are_few(gone, known) and (are_elsewhere or not confirms_deleted):
        raise rowless.keys_gone(len(gone), len(known))
    store.batches.forget_rows(held, gone)
    fields = {column for table in tables for column in table.columns}
    targets = flusher.targets.of(store.pending.every(), fields if snapshot.is_adopted else None)
    store.confirmations.propose_order(flusher.targets.proposed_order(targets))
    foreign: tuple[ForeignKey, ...] = ()
    if snapshot.is_adopted:
        customers = {target.site: target.customer for target in targets}
        foreign = foreign_keys(tables, everything.rows, customers, flusher.targets.match.by)
    # What differs in a row that shows another customer is his: it is told, and not written over.
    parted = {key.site for key in foreign}
    differing = differences(
        tables,
        everything.rows,
        (target for target in targets if target.written and target.site not in parted),
        flusher.planner.clock(snapshot),
    )
    store.batches.recheck(held, differing.wrong)
    if snapshot.is_adopted:
        without_row = sum(target.site not in present for target in targets)
        of_theirs = compared(differing, without_row, doubled_jobs(tables), foreign)
        store.spreadsheet.keep_compared(held, of_theirs.model_dump_json())
    return len(differing.wrong)


def renew(flusher: Flusher, held: Lease, *, restores: bool = False) -> list[str]:
    """Renew what is ours beside the rows, and what an earlier version made otherwise.

    That is: columns, colours, notes, widths that nobody changed, the Pipeline, the filter views of
    reps. Return a line for each thing that was done; one call where nothing is. No view that a
    person deleted comes back, unless it is asked for (`restores`). Raises Permanent, or Retryable.
    """
    if flusher.store.spreadsheet.mode() is Mode.ADOPTED:
        return []  # There only the extras are ours: they are made on wish.
    flusher.known_reps |= flusher.new_reps
    read = (filter_views.REP, filter_views.DAYS, *FORMULAS)
    this = flusher.look(held, read, with_widths=True)
    snapshot, known = this.snapshot, this.pending.known_columns
    table = snapshot.table
    if table is None or not snapshot.has_fence_tab:
        return []
    if KEY not in table.columns or not guarding(snapshot.tables).is_empty:
        return []  # A flush comes first, or says what is wrong.
    columns = flusher.targets.columns(snapshot, this.pending, flusher.store.pending.every)
    wanted = replace(flusher.targets.wanted((), columns), known=known)
    zone = flusher.planner.clock(snapshot)
    ensured = ensure(snapshot, wanted, zone, renews=True)
    if not ensured.parts.is_empty:  # An upgrade: what people have made of it is to be known.
        flusher.writer.take_call(held)
        wanted = replace(wanted, beside=flusher.client.surroundings())
        ensured = ensure(snapshot, wanted, zone, renews=True)
    parts = _with_views(flusher, held, ensured, table, known, restores=restores)
    if not parts.is_empty:
        flusher.send(this, parts, ensured.tables)
    return ensured.done


def _with_views(
    flusher: Flusher,
    held: Lease,
    ensured: Ensured,
    read: Table,
    known: frozenset[str],
    *,
    restores: bool,
) -> Parts:
    """Return the parts with the views of the reps with the most open jobs, by what was `read`."""
    parts, needed = ensured.parts, {filter_views.REP, filter_views.DAYS}
    if not needed <= read.cells.keys():
        return parts
    reps, days = (
        {row: text_of(cell) for row, cell in read.cells[column].items()}
        for column in (filter_views.REP, filter_views.DAYS)
    )
    busiest = filter_views.busiest(read.keys, reps, days)
    made, table = filter_views.made_for(known), ensured.table
    if made == set(busiest) and not restores:
        return parts
    flusher.writer.take_call(held)
    beside = flusher.client.surroundings()
    flusher.store.spreadsheet.forget_made(held, map(filter_views.id_of_rep, made - {*busiest}))
    views = filter_views.of_reps(table.sheet_id, table.header_row, table.columns, busiest)
    requests = filter_views.renewed(table.sheet_id, views, beside, made, restores=restores)
    if requests:
        ensured.tell("filter views of the reps: renewed")
    guarded = parts.guarded.get(table.sheet_id, frozenset()) | needed
    return replace(
        parts,
        extra=[*parts.extra, *requests],
        columns=(*parts.columns, *map(filter_views.id_of_rep, busiest)),
        guarded={table.sheet_id: guarded} if requests else parts.guarded,
    )


def compared(
    differing: Differences,
    rowless: int,
    doubled: tuple[DoubledJob, ...],
    foreign: tuple[ForeignKey, ...] = (),
) -> Compared:
    """Return what is to be said of tabs that people made."""
    words = (
        MissingWord(tab=tab, header=header, text=text, cells=count)
        for (tab, header, text), count in sorted(differing.unsayable.items())
    )
    return Compared(
        kept=tuple(differing.kept),
        unsayable=tuple(words),
        rowless=rowless,
        doubled=doubled,
        foreign=foreign,
    )


def last_compared(spreadsheet: Spreadsheet) -> Compared:
    """Return what the last comparison found of tabs that people made."""
    text = spreadsheet.compared()
    return Compared.model_validate_json(text) if text else Compared()


def waiting_for_check(flusher: Flusher, held: Lease) -> None:
    """Conclude what is pending, before a command writes. Raises Retryable if anything was."""
    pending = flusher.store.pending.read(0, 0)
    if pending.in_doubt or pending.undos:
        flusher.flush(held)
        raise Retryable("unsettled", "An earlier write is still to be checked. Run it again.")


def say_in_step(flusher: Flusher, held: Lease) -> None:
    """Write that the sheet is in step, where nothing else is to be written: two calls.

    Raises Retryable or Permanent.
    """
    this = flusher.look(held)
    tables = this.snapshot.tables
    if tables and guarding(tables).is_empty:
        plan = flusher.with_in_step(this, Plan(tables), is_alone=True)
        flusher.send(this, plan.parts)


def recount(flusher: Flusher, held: Lease) -> None:
    """Bring the Pipeline beside tabs of a person's own up to date, where there is one.

    For when nothing else is to be written: a read, and a write if a number changed. Raises
    Retryable or Permanent.
    """
    this = flusher.look(held)
    snapshot, tab = this.snapshot, this.snapshot.pipeline
    if not snapshot.is_adopted or tab is None:
        return
    figures = flusher.targets.figures(flusher.store.pending.every())
    if requests := own_pipeline.written(tab, figures):
        flusher.send(this, Parts(extra=requests))
