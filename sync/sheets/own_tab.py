"""Brings our own tab up to date: its columns, the Pipeline, and the filter views of reps."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from sync.field_table import KEY, REP
from sync.sheets import sheet_requests
from sync.sheets.batch import Parts, guarding
from sync.sheets.context import FlushContext
from sync.sheets.ensure import Ensured, ensure
from sync.sheets.flush import Flusher
from sync.sheets.sheet_requests import Request
from sync.sheets.snapshot import Tab, Table
from sync.sheets.surroundings import Surroundings
from sync.sheets.tabs import filter_views
from sync.sheets.tabs.filter_views import View
from sync.store import Lease


def update_own_tab(flusher: Flusher, lease: Lease, *, restores: bool = False) -> list[str]:
    """Add new columns, and bring the Pipeline and the filter views of reps up to date.

    Return a line for each change; without changes it takes one call. A view that a person deleted
    returns only if `restores`. Raises Permanent, or Retryable.
    """
    if not flusher.tabs(flusher.store.spreadsheet.mode()).is_ours:
        return []  # On a board only the extras are ours, and they are created on request.
    context = flusher.read_snapshot(lease, (REP, filter_views.DAYS))
    flusher.checked_reps |= flusher.reps_without_view
    snapshot = context.snapshot
    table = snapshot.table
    if table is None or not snapshot.has_fence_tab:
        return []
    if KEY not in table.columns or guarding(snapshot.tables):
        return []  # A flush fixes that first, or reports what is wrong.
    columns = flusher.targets.columns(snapshot, context.pending, flusher.store.pending.every)
    ensured = ensure(snapshot, flusher.targets.wanted(columns), is_ours=True)
    parts, removed = _with_views(flusher, context, ensured, table, restores=restores)
    if not parts.is_empty:
        flusher.send(context, parts)
    if removed:
        flusher.store.spreadsheet.forget_created(lease, map(filter_views.id_of_rep, removed))
    return ensured.done


def _with_views(
    flusher: Flusher, context: FlushContext, ensured: Ensured, read: Table, *, restores: bool
) -> tuple[Parts, Collection[str]]:
    """Return the parts with the views of the reps with the most open jobs, by the tab as `read`.

    Views whose columns appeared after the tab was created are added, too. The reps whose views are
    removed are returned beside the parts.
    """
    parts, known = ensured.parts, context.pending.created
    busiest = filter_views.busiest(read)
    made = filter_views.made_for(known)
    layout = flusher.targets.layout
    later = [
        view
        for view in filter_views.of_jobs(ensured.table, layout.config, layout.stuck_days)
        if view["title"] in filter_views.LATER and _id_of(view) not in known
    ]
    if not later and (busiest is None or (made == set(busiest) and not restores)):
        return parts, ()
    flusher.writer.take_call(context.lease)
    beside = flusher.client.surroundings()
    there = beside.views.get(ensured.table.sheet_id, {})
    requests = [
        filter_views.add(view, beside)
        for view in later
        if filter_views.present(view, there) is None
    ]
    ids = [*map(_id_of, later)]
    if busiest is not None:
        requests += _rep_views(
            ensured.table, context.snapshot.history, busiest, beside, made, restores
        )
        ids += map(filter_views.id_of_rep, busiest)
    if requests:
        ensured.report("filter views: updated")
    sheet_id, needed = ensured.table.sheet_id, {REP, filter_views.DAYS, "deadline", "payment_due"}
    guarded = parts.guarded.get(sheet_id, frozenset()) | needed & ensured.table.columns.keys()
    parts = replace(
        parts,
        extra=[*parts.extra, *requests],
        created=(*parts.created, *ids),
        guarded={sheet_id: guarded} if requests else parts.guarded,
    )
    return parts, () if busiest is None else made - {*busiest}


def _rep_views(
    table: Table,
    history: Tab | None,
    reps: Sequence[str],
    beside: Surroundings,
    made: Collection[str],
    restores: bool,
) -> list[Request]:
    """Return the requests that renew the views of reps, in the Jobs tab and in the History."""
    jobs, changes = filter_views.JOBS_OF_REPS, filter_views.CHANGES_OF_REPS
    requests = jobs.renewed(table, reps, beside, made, restores=restores)
    if history is None:
        return requests
    of_history = changes.renewed(history, reps, beside, made, restores=restores)
    if of_history:
        guarded = [column for column in changes.columns if column in history.columns]
        requests += sheet_requests.header_guard(history)
        requests += sheet_requests.column_guards(history, guarded)
    return requests + of_history


def _id_of(view: View) -> str:
    """Return the ID under which it is stored that a view was created."""
    return f"view:{view['title']}"
