"""Sets up a spreadsheet and a folder, and fills a new spreadsheet."""

from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import replace

from sync.backfill.reader import ProgressCallback, no_progress
from sync.errors import Permanent, SettingsError
from sync.google import auth, own_files
from sync.ops import retry
from sync.sheets import batch, keys
from sync.sheets.context import FlushContext
from sync.sheets.ensure import HISTORY, PIPELINE, WantedTabs, ensure
from sync.sheets.flush import Flusher
from sync.sheets.own_tab import update_own_tab
from sync.sheets.reconcile import compare_sheet
from sync.sheets.targets import LARGE
from sync.sheets.trial import try_google
from sync.store import Lease
from sync.store.sheet_state import Trial
from sync.types import Mode
from sync.wiring import Sleep, Wiring

_VIEWS = "views"
EXTRAS = {"history": HISTORY, "pipeline": PIPELINE, _VIEWS: _VIEWS}
"""Optional tabs and views beside a board, by their names in `--add`."""
_TRIES = 8
_ROUNDS = 3
"""People may move columns while tabs are created; the next round adds what was missed."""
_BLANK_TAB = "Sheet1"
_BLANK_FIELDS = (
    "sheets(data(rowData(values(userEnteredValue,userEnteredFormat,note,dataValidation))),merges,"
    "conditionalFormats,filterViews,protectedRanges,basicFilter,charts,bandedRanges,slicers,tables,"
    "developerMetadata)"
)
_SHARED_DRIVE = (
    "A service account has no storage of its own. Make a folder in a shared drive, make {account} "
    "a content manager there, and set {setting} to its address."
)


class Setup:
    """Sets up a spreadsheet and a folder, or fills a new spreadsheet from the database."""

    def __init__(self, wiring: Wiring, sleep: Sleep) -> None:
        self._settings = wiring.settings
        self._wiring = wiring
        self._sleep = sleep

    def folder(self) -> tuple[str, bool]:
        """Return the ID of the folder for documents, and whether it was created now.

        "" if a spreadsheet is set but no folder: then nothing is copied. Raises Permanent or
        SettingsError, with the fix.
        """
        configured, account = self._settings.drive_folder_id, auth.account(self._settings)
        if configured:
            if not self._wiring.drive(configured).is_root_writable():
                fix = f"is not a folder that {account} may put files into. Share it with it."
                raise SettingsError("DRIVE_FOLDER_ID", fix)
            return configured, False
        if self._settings.spreadsheet_id:
            return "", False
        if auth.is_service_account(self._settings):
            where = _SHARED_DRIVE.format(account=account, setting="DRIVE_FOLDER_ID")
            raise SettingsError("DRIVE_FOLDER_ID", f"is not set. {where}")
        made, is_new = own_files.find_or_create_folder(self._wiring.drive(""))
        return made.id, is_new

    def spreadsheet(self, folder: str) -> tuple[str, bool]:
        """Return the ID of the spreadsheet, and whether it was created now, in `folder`."""
        configured = self._settings.spreadsheet_id
        if configured:
            return configured, False
        made, is_new = own_files.find_or_create_spreadsheet(self._wiring.drive(folder))
        return made.id, is_new

    def new_spreadsheet(self) -> str:
        """Create another, empty spreadsheet in the folder, and return its ID."""
        # Under another role, because `find_or_create_spreadsheet` must not find it.
        tag = {own_files.TAG: "rebuilt"}
        return self._wiring.drive(self.folder()[0]).create_spreadsheet(own_files.TITLE, tag).id

    def provision(self, spreadsheet: str, extras: Collection[str] = ()) -> list[str]:
        """Add the missing parts of our tabs; return a line for each change.

        Beside a board, only `extras` (`EXTRAS`) are added.
        """
        with self._wiring.hold(self._sleep, spreadsheet) as lease:
            flusher = self._wiring.flusher(self._sleep, spreadsheet=spreadsheet, sizes=LARGE)
            again = retry.policy(self._sleep, _TRIES)
            lines: list[str] = []
            for _ in range(_ROUNDS):
                done: list[str] = again(_add_missing_parts, flusher, lease, extras)
                lines += done
                if not done:
                    break
            if flusher.store.spreadsheet.mode() is not Mode.MAPPED:
                lines += again(self._remove_blank_tab, flusher, lease, spreadsheet)
            return lines

    def fill(self, spreadsheet: str, progress: ProgressCallback = no_progress) -> int:
        """Fill a spreadsheet with every job; return how many.

        Meanwhile no worker can write another spreadsheet from this database; afterwards it stops
        with the reason `moved`. Raises Permanent or Retryable; if this spreadsheet can't be
        written at all, the other one stays the current one.
        """
        with ExitStack() as stack:
            if self._settings.spreadsheet_id not in ("", spreadsheet):
                stack.enter_context(self._wiring.hold(self._sleep))
            lease = stack.enter_context(self._wiring.hold(self._sleep, spreadsheet))
            flusher = self._wiring.flusher(self._sleep, spreadsheet=spreadsheet, sizes=LARGE)
            store, again = flusher.store, retry.policy(self._sleep, _TRIES)
            # First, because the other spreadsheet isn't written any longer after `make_current`.
            trial: Trial = again(try_google, store.spreadsheet, flusher.client)
            trial.must_be_safe()
            store.spreadsheet.make_current(lease)
            self._wiring.project(self._sleep)  # All that waits, so that the total is right.
            total = store.pending.count()
            progress("jobs", 0, total)
            while store.pending.is_waiting():
                again(flusher.flush, lease)
                progress("jobs", total - min(total, store.pending.count()), total)
            again(update_own_tab, flusher, lease)
            again(self._remove_blank_tab, flusher, lease, spreadsheet)
            return total

    def _remove_blank_tab(self, flusher: Flusher, lease: Lease, spreadsheet: str) -> list[str]:
        """Remove the tab that Google adds to a spreadsheet that we create, if nobody has used it.

        Return a line if it was removed.
        """
        writer, client = flusher.writer, flusher.client
        writer.take_call(lease)
        if client.surroundings().titles.get(0) != _BLANK_TAB:
            return []
        writer.take_call(lease)
        (sheet,) = client.get(_BLANK_FIELDS, (_BLANK_TAB,))["sheets"]
        is_used = any(sheet.get(name) for name in sheet if name != "data")
        rows = [row for part in sheet.get("data", ()) for row in part.get("rowData", ())]
        if is_used or any(cell for row in rows for cell in row.get("values", ())):
            return []
        if not own_files.is_own_spreadsheet(self._wiring.drive(""), spreadsheet):
            return []
        writer.take_call(lease)
        client.update([{"deleteSheet": {"sheetId": 0}}])
        return [f"tab {_BLANK_TAB!r}: removed, it was blank"]


def _add_missing_parts(flusher: Flusher, lease: Lease, extras: Collection[str]) -> list[str]:
    """Add the missing parts of our tabs; return a line for each change.

    1. Find columns that were moved. If there are any, the next round does the rest.
    2. Mark what a new History or a new tab for jobs should have as not written.
    3. Send the missing parts and the Pipeline. If nothing is missing, update the reps' views.
    4. Compare a tab of ours that isn't new; the next flush fills what was added.

    Raises Permanent if they can't be added, Retryable while an earlier batch is unconfirmed; the
    next flush resolves it.
    """
    flusher.finish_checks(lease)
    context = flusher.read_snapshot(lease, may_have_moved=True)
    if found := _find_moved(flusher, context):
        return found
    flusher.must_be_in_place(context)
    wanted = _wanted_tabs(flusher, context, extras)

    store, snapshot, is_own = flusher.store, context.snapshot, context.tabs.is_ours
    if is_own:
        store.spreadsheet.set_ours(lease)
    # A tab that is created now is empty, so all that it had is written again.
    if snapshot.history is None:
        store.history.write_again(lease)
    if snapshot.table is None:
        store.spreadsheet.clear_written(lease)

    ensured = ensure(snapshot, wanted, is_ours=is_own, restores=True)
    context = replace(context, pending=store.pending.read(0, 0))
    draws = PIPELINE in wanted.extras or is_own
    parts = flusher.with_pipeline(context, ensured.parts, draws=draws)
    if parts.is_empty:
        return update_own_tab(flusher, lease, restores=True)
    if ensured.parts.is_empty:
        ensured.report("the Pipeline: updated")
    flusher.send(context, parts, wanted.titles)
    if is_own and not ensured.is_new:
        compare_sheet(flusher, lease)
    return ensured.done


def _wanted_tabs(flusher: Flusher, context: FlushContext, extras: Collection[str]) -> WantedTabs:
    """Return the parts that the spreadsheet should have. Raises Permanent for needless extras."""
    store, targets, snapshot = flusher.store, flusher.targets, context.snapshot
    jobs = list(store.pending.every())
    targets.use_answers(store.confirmations.read())
    store.confirmations.propose_order(targets.proposed_order(jobs))
    flusher.writer.take_call(context.lease)
    beside = flusher.client.surroundings()
    titles = targets.free_titles(beside)
    wanted = targets.wanted(targets.every_column(snapshot, jobs), beside, titles)
    if not extras:
        return wanted
    if context.tabs.is_ours:
        what = "The tabs are Brightsheet's own, and have a History, a Pipeline and views already."
        raise Permanent("not_mapped", what)
    views = {t.sheet_id: context.tabs.views(t) for t in snapshot.tables if _VIEWS in extras}
    created = frozenset(EXTRAS[name] for name in extras)
    return replace(wanted, extras=created, views=views)


def _find_moved(flusher: Flusher, context: FlushContext) -> list[str]:
    """Manage columns where their headers are now; return a line for each that had moved.

    Raises Permanent if a key column is gone.
    """
    keys.must_have_keys(context.snapshot.tables)
    for table in context.snapshot.tables:
        if moved := keys.moved_columns(table, flusher.headers(context, table)):
            flusher.send(context, batch.retag_columns(table, moved))
            compare_sheet(flusher, context.lease)
            return [f"column {table.headers[index]!r}: found again" for index in moved.values()]
    return []
