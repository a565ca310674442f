"""Compares the whole sheet with the wanted content, once a day and on command.

This finds what people and faults have changed in ways that flushes don't notice. Each cell is
decided on as in a flush, and the next flush writes it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from sync.errors import Permanent, Refused
from sync.field_table import KEY, REP
from sync.jobs.cells import EMPTY
from sync.jobs.target import Target
from sync.sheets import encode
from sync.sheets.batch import Parts, guarding
from sync.sheets.cell_data import typed_text
from sync.sheets.diff import CellDecider, MissingWord
from sync.sheets.flush import Flusher
from sync.sheets.job_tabs import JobTabs
from sync.sheets.keys import DoubledJob, ForeignKey, doubled_jobs, row_names_by_site, still_removed
from sync.sheets.lost_keys import KEYS_GONE
from sync.sheets.own_tab import update_own_tab
from sync.sheets.policy import Decision, Rule
from sync.sheets.snapshot import Table, keyed_sites
from sync.store import Lease
from sync.store.findings import KEPT_WORDS, KEYS_REMOVED, WITHOUT_JOB, WITHOUT_ROW, Finding
from sync.types import Value, letters

NO_TAB = "no_tab"
"""The reason of an error: the tab for jobs was deleted."""


class KeptCell(Value):
    """A cell whose typed text differs from EverBright's and stays."""

    site: str
    tab: str
    cell: str
    """In A1 notation."""
    header: str
    column: str
    """The column's ID."""
    shows: str
    everbright: str


@dataclass
class Compared:
    """The findings of a comparison. The next flush writes `wrong` cells: column IDs by site."""

    wrong: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    kept: list[KeptCell] = field(default_factory=list)
    missing_words: Counter[MissingWord] = field(default_factory=Counter)
    """The number of cells that need each word."""
    without_row: Sequence[str] = ()
    """The sites of jobs whose row was deleted."""
    without_job: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The rows with a site ID that the database has no job for, by that ID."""
    forgotten: Sequence[str] = ()
    """The rows of jobs whose data was deleted on request: they stay until somebody deletes them."""
    doubled: Sequence[DoubledJob] = ()
    foreign: Sequence[ForeignKey] = ()


def reconcile(flusher: Flusher, lease: Lease, *, confirmed_deletions: int = 0) -> Compared:
    """Compare the whole sheet with the wanted content.

    Missing rows count as deleted. If many are missing at once, the key column may have been
    cleared: then Permanent (keys_gone) is raised, unless a person confirmed that so many were
    deleted. Permanent is also raised if a tab or a key column is missing. It is stored as the
    sheet's trouble, because no write may follow that would report it. Raises Retryable, too.
    """
    store = flusher.store
    store.spreadsheet.must_be_current()
    try:
        with suppress(Refused):  # Someone is moving columns: the next comparison tries again.
            update_own_tab(flusher, lease)
        compared = compare_sheet(flusher, lease, confirmed_deletions=confirmed_deletions)
    except Permanent as error:
        store.spreadsheet.set_trouble(error.reason, error.message)
        raise
    store.spreadsheet.set_compared(lease)  # A comparison counts only when it has finished.
    if not store.pending.is_waiting() or store.spreadsheet.glance().reason == KEYS_GONE:
        store.spreadsheet.clear_trouble()
    return compared


def compare_sheet(flusher: Flusher, lease: Lease, *, confirmed_deletions: int = 0) -> Compared:
    """Compare the sheet, and have the next flush write the differences.

    `first_flush` repeats this for previews. The Pipeline is rewritten at once, because days pass
    and people may have typed into it.
    """
    store, context = flusher.store, flusher.read_snapshot(lease)
    tabs, tables = context.tabs, context.snapshot.tables
    if not tables and store.pending.sites_with_row():
        raise Permanent(NO_TAB, "The tab for jobs is missing. Create it again: brightsheet init")
    if not (tables and context.snapshot.has_fence_tab):
        return Compared()
    context, rows = flusher.read_everything(context)
    tables = context.snapshot.tables
    present = keyed_sites(tables)
    store.batches.set_has_row(lease, present, has_row=True)
    columns = None if tabs.is_ours else {c for table in tables for c in table.columns}
    targets = flusher.targets.lay_out(store.pending.every(), columns)
    if flusher.lost_keys.repair(context, rows, targets, confirmed_deletions=confirmed_deletions):
        return compare_sheet(flusher, lease, confirmed_deletions=confirmed_deletions)
    if guards := guarding(tables):
        flusher.send(context, Parts(structure=guards))
        return compare_sheet(flusher, lease, confirmed_deletions=confirmed_deletions)
    store.confirmations.propose_order(flusher.targets.proposed_order(targets))
    zone = flusher.zone_of(context.snapshot)
    foreign = tabs.begin_comparison(lease, tables, rows, targets, zone)
    result = differences(tabs, tables, targets, zone, foreign)
    store.batches.store_typed_reps(lease, _typed_reps(tables, targets))
    elsewhere = {target.site: set[str]() for target in targets if target.entry != target.counted}
    store.batches.mark_wrong(lease, elsewhere | result.wrong)
    result.without_row = [t.site for t in targets if t.site not in present and not t.is_fresh]
    unknown = present - store.pending.sites_with_row()
    forgotten, rows_with_key = store.pending.forgotten_of(unknown), row_names_by_site(tables)
    result.without_job = {site: rows_with_key[site] for site in sorted(unknown - forgotten)}
    result.forgotten = [row for site in sorted(forgotten) for row in rows_with_key[site]]
    result.doubled = doubled_jobs(tables)
    removed = still_removed(tables, store.findings.every(KEYS_REMOVED))
    uncompared = {key.site for key in foreign} | {t.site for t in targets if t.site not in present}
    store.findings.replace(lease, [*_findings(result), *removed], uncompared)
    if requests := flusher.with_pipeline(context, Parts(), is_daily=True).extra:
        with suppress(Refused):
            flusher.send(context, Parts(extra=requests))
    return result


def differences(
    tabs: JobTabs,
    tables: Iterable[Table],
    targets: Iterable[Target],
    zone: tzinfo,
    foreign: Sequence[ForeignKey],
) -> Compared:
    """Return the differences in the rows that were written for `targets`.

    `tables` were read whole. A row that shows another customer (`foreign`) is reported and stays as
    it is. A job without a row is skipped: a deleted row returns only with an event.
    """
    result = Compared(foreign=foreign)
    parted = {key.site for key in foreign}
    unchanged = [
        replace(target, is_fresh=False)
        for target in targets
        if target.resolved and target.site not in parted
    ]
    for table in tables:
        for target in unchanged:
            decider = CellDecider(tabs, table, target, zone)
            for row in table.keys.get(target.site, ()):
                _compare_row(result, decider, row)
    return result


def _compare_row(result: Compared, decider: CellDecider, row: int) -> None:
    table, target = decider.table, decider.target
    for column in table.columns:
        if column == KEY:
            continue
        decision = decider.decide_value(row, column)
        cell = target.cells.get(column, EMPTY)
        if decision.value is Decision.WRITE:
            result.wrong[target.site].add(column)
        elif (decision.value, decision.rule) == (Decision.LEAVE, Rule.NEWS) and cell != EMPTY:
            # Customers' data may be spelled differently, and cells without a wanted value are free.
            observed = encode.shown_text(table.cell(column, row))
            if decider.tabs.is_own_word(table, column, observed):
                continue
            if decision.wanted is None:
                if word := decider.missing_word(column):
                    result.missing_words[word] += 1
                continue
            kept = KeptCell(
                site=target.site,
                tab=table.title,
                cell=f"{letters(table.columns[column])}{row + 1}",
                header=table.headers.get(table.columns[column], ""),
                column=column,
                shows=observed,
                everbright=encode.shown_text(encode.encoded(decision.wanted, decider.zone)),
            )
            result.kept.append(kept)


def _typed_reps(tables: Iterable[Table], targets: Iterable[Target]) -> dict[str, str]:
    """Return the typed names in *Rep*, by site; "" if the cell has the one we wrote."""
    observed: dict[str, str] = {}
    for table in tables:
        if REP in table.columns:
            observed |= {s: typed_text(table.cell(REP, at[0])) for s, at in table.keys.items()}
    ours = {target.site: target.resolved.get(REP, EMPTY).text for target in targets}
    return {site: "" if name == ours.get(site) else name for site, name in observed.items()}


def _findings(compared: Compared) -> Iterator[Finding]:
    """Yield the items of warnings."""
    for site in compared.without_row:
        yield Finding(WITHOUT_ROW, (site,), f"job {site[:8]}", site)
    for site, rows in compared.without_job.items():
        yield Finding(WITHOUT_JOB, (site,), " and ".join(rows))
    for job in compared.doubled:
        yield Finding("doubled", (job.site, str(len(job.rows))), str(job), job.site)
    for key in compared.foreign:
        whose = (key.site, key.customer_of)
        yield Finding("foreign_keys", whose, key.row, key.site, "has the site ID of this job")
    for cell in compared.kept:
        # A formula isn't listed again with each new value of EverBright's.
        everbright = "" if cell.shows.startswith("=") else cell.everbright
        identity = (cell.site, cell.column, cell.shows, everbright)
        text = f"{cell.tab}!{cell.cell}" + (f" ({cell.header})" if cell.header else "")
        detail = f"shows “{cell.shows}”, EverBright says “{cell.everbright}”"
        yield Finding(KEPT_WORDS, identity, text, cell.site, detail)
    for word, cells in compared.missing_words.items():
        yield word.finding(cells)
