"""Makes the tabs of a spreadsheet, and adds what is missing of them."""

from collections.abc import Sequence

from sync.errors import Permanent
from sync.jobs.columns import KEY, Column
from sync.sheets.batch import Parts, Titles
from sync.sheets.flush import Flusher
from sync.sheets.missing import missing
from sync.sheets.reconcile import recheck, waiting_for_check
from sync.sheets.snapshot import Snapshot, Table, key_column_gone
from sync.sheets.structure import new_table
from sync.sheets.surroundings import Surroundings
from sync.sheets.tabs.extras import Extras, extras, with_history
from sync.store import Lease


def provision(flusher: Flusher, held: Lease) -> list[str]:
    """Add what is missing of the tabs; return a line for each thing that was done.

    Raises Retryable while an earlier batch is in doubt: the next flush settles it.
    """
    store, writer = flusher.store, flusher.writer
    waiting_for_check(flusher, held)
    fence = writer.take_turn(held)
    snapshot = flusher.client.read(store.spreadsheet.mode())
    if snapshot.is_mapping_unknown:
        fix = "Map them again, for this database does not know of it: brightsheet map --write"
        raise Permanent("mapping_unknown", f"Tabs of this spreadsheet are mapped. {fix}")
    jobs = list(store.pending.every())
    targets = [target for _, target in flusher.targets.of(jobs) if target]
    columns = flusher.targets.every_column(jobs)
    writer.take_call(held)
    there = flusher.client.surroundings()
    titles = flusher.targets.free_titles(snapshot, there)
    wanted = flusher.targets.extras(targets, columns, there=there)
    if snapshot.history is None:
        store.history.write_again(held)
    if snapshot.is_adopted and snapshot.table is None:
        raise Permanent("header_gone", "No mapped tab is there. Map one: brightsheet map --write")
    if not snapshot.is_adopted:
        store.spreadsheet.set_ours(held)
    if snapshot.table is None:
        store.spreadsheet.forget(held)
        return _make_all(flusher, held, fence, snapshot, columns, titles, wanted)
    if snapshot.is_adopted:
        return _add_history(flusher, held, fence, snapshot, titles, wanted)
    return _add_missing(
        flusher, held, fence, snapshot, snapshot.table, there, columns, titles, wanted
    )


def _make_all(
    flusher: Flusher,
    held: Lease,
    fence: int,
    snapshot: Snapshot,
    columns: Sequence[Column],
    titles: Titles,
    wanted: Extras,
) -> list[str]:
    structure, table = new_table(titles.jobs, columns)
    zone = flusher.planner.clock(snapshot)
    made = extras(snapshot, table, wanted, titles, zone)
    parts = Parts(structure, extra=made.requests, columns=made.tabs)
    batch = flusher.writer.composed(snapshot, [table], parts, fence, titles.fence)
    flusher.writer.send(held, snapshot, batch)
    return [f"tab {title!r}: made" for title in (titles.jobs, titles.history, titles.pipeline)]


def _add_history(
    flusher: Flusher,
    held: Lease,
    fence: int,
    snapshot: Snapshot,
    titles: Titles,
    wanted: Extras,
) -> list[str]:
    """Add the History to a person's own tabs, if the config asks for it: nothing else is made."""
    if snapshot.history or not wanted.config.mapping.history:
        return []
    zone = flusher.planner.clock(snapshot)
    made = with_history(snapshot, wanted, titles, zone, make=True)
    parts = Parts(extra=made.requests, columns=made.tabs)
    batch = flusher.writer.composed(snapshot, snapshot.tables, parts, fence, titles.fence)
    flusher.writer.send(held, snapshot, batch)
    return [f"tab {titles.history!r}: made"]


def _add_missing(
    flusher: Flusher,
    held: Lease,
    fence: int,
    snapshot: Snapshot,
    table: Table,
    there: Surroundings,
    columns: Sequence[Column],
    titles: Titles,
    wanted: Extras,
) -> list[str]:
    if KEY not in table.columns:
        raise key_column_gone()
    found = missing(snapshot, table, there, columns, wanted, titles)
    if found.is_nothing:
        return []
    parts = Parts(found.structure, found.header, extra=found.extra, columns=tuple(found.tabs))
    batch = flusher.writer.composed(snapshot, [found.table], parts, fence, titles.fence)
    flusher.writer.send(held, snapshot, batch)
    recheck(flusher, held)
    return found.done
