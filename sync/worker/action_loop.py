"""Runs the actions that people request on the console, one at a time."""

from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from sync.actions import backfill_summary, compare
from sync.actions.forget import forget, lines
from sync.actions.retry import replay_all
from sync.errors import ENDS_WORK, BrightsheetError
from sync.setup.spreadsheet import Setup
from sync.status.problem import pluralize
from sync.store.actions import READ_BACK_PERIOD, ActionLog, ActionState, LoggedAction
from sync.store.findings import WITHOUT_ROW
from sync.wiring import Wiring
from sync.worker.loop import Stop

_log = structlog.get_logger()

ACTION_POLL_SECONDS = 2.0
"""The polling interval for requests; somebody is waiting."""

_LEASE = "actions"
_INTERRUPTED = (
    "The worker stopped before all jobs were in the new spreadsheet. Try again with the address of "
    "an empty spreadsheet."
)


class ActionLoop:
    """Runs one request at a time; a lease allows only one of several workers to do it."""

    def __init__(self, wiring: Wiring, stop: Stop, wake: Callable[[], object]) -> None:
        self._wiring = wiring
        self._actions = ActionLog(wiring.database)
        self._stop = stop
        self._wake = wake
        self._tasks: dict[str, Callable[[str], str]] = {
            "compare": lambda _: compare.summary(compare.compare(self._wiring, stop.sleep)),
            "rows-deleted": self._count_as_deleted,
            "rebuild": self._rebuild,
            "replay-all": lambda _: replay_all(self._wiring),
            "put-back": self._put_back,
            "use-column": self._put_back,  # `init` manages the moved cells where they are.
            "do-without": self._do_without,
            "restore-rows": self._restore_rows,
            "read-again": self._read_job,
            "read-changed": self._read_back,
            "forget": self._forget,
        }

    def step(self) -> bool:
        """Run the oldest request; False if there is none, or another worker runs one."""
        if not self._actions.is_requested():
            return False
        lease = self._wiring.leases.acquire(_LEASE)
        if lease is None:
            return False
        with self._wiring.renewed(lease):
            action = self._actions.take(lease)
            if action is None:
                return False
            if action.state is ActionState.TAKEN and action.name == "rebuild":
                # A rebuild fills another spreadsheet, so a person decides. Others can be repeated.
                state, result = ActionState.FAILED, _INTERRUPTED
            else:
                state, result = self._run(action)
            self._actions.end(action.id, state, result, lease)
        self._wake()
        return True

    def _run(self, action: LoggedAction) -> tuple[ActionState, str]:
        try:
            return ActionState.DONE, self._tasks[action.name](action.detail)
        except BrightsheetError as error:
            if error.reason in ENDS_WORK:
                raise  # It stays claimed, and the next worker continues.
            return ActionState.FAILED, error.message
        except Exception:
            _log.exception("fault", action=action.name)
            return ActionState.FAILED, "An internal error: see the worker's log."

    def _rebuild(self, spreadsheet: str) -> str:
        setup = Setup(self._wiring, self._stop.sleep)
        into = spreadsheet or setup.new_spreadsheet()
        count = setup.fill(into)
        return f"{count} jobs. Set SPREADSHEET_ID={into} and restart Brightsheet."

    def _count_as_deleted(self, number: str) -> str:
        """Compare, once a person has answered that so many rows were deleted."""
        confirmed = int(number) if number.isdecimal() else 0
        compared = compare.compare(self._wiring, self._stop.sleep, confirmed_deletions=confirmed)
        return compare.summary(compared)

    def _put_back(self, _detail: str) -> str:
        """Do what `brightsheet init` does to an existing spreadsheet."""
        setup = Setup(self._wiring, self._stop.sleep)
        changes = setup.provision(self._wiring.settings.spreadsheet_id)
        return ". ".join(changes) + "." if changes else "Nothing to do: everything exists."

    def _do_without(self, _detail: str) -> str:
        self._wiring.sheet_store().spreadsheet.forget_gone_columns()
        return "The deleted columns stay deleted, and the warning is gone."

    def _restore_rows(self, items: str) -> str:
        sites = self._wiring.sheet_store().findings.sites(WITHOUT_ROW, items.split())
        count = compare.restore(self._wiring, self._stop.sleep, sites)
        return f"{pluralize(count, 'row', 'rows')} restored."

    def _read_job(self, site: str) -> str:
        run = self._wiring.read_job(site, self._stop.sleep)
        news = "EverBright has nothing new."
        if run.missed:
            news = pluralize(run.missed, "missed event", "missed events") + " added."
        return " ".join(
            [news, *(f"Not read: {why}" for why in (*run.not_read.values(), *run.notes))]
        )

    def _forget(self, site: str) -> str:
        if not site:
            return "It was deleted."  # The worker ended before it said so; the ID is gone, too.
        return " ".join(lines(forget(self._wiring, self._stop.sleep, site)))

    def _read_back(self, _detail: str) -> str:
        since = datetime.now(UTC) - READ_BACK_PERIOD
        return " ".join(backfill_summary.lines(self._wiring.read_back(since, self._stop.sleep)))
