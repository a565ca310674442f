"""Requests more of jobs from EverBright's Data Access Layer: once for each change of a job.

What an account does not have is left blank and said once in the log; `brightsheet details` lists
it.
"""

from collections.abc import Callable, Iterable
from time import monotonic
from urllib.parse import quote

import structlog

from sync.errors import BrightsheetError
from sync.everbright import details
from sync.everbright.client import EverBright
from sync.jobs import contracts, projection
from sync.jobs.details import DetailColumns
from sync.jobs.model import Details, Job
from sync.ops import retry
from sync.settings.everbright_config import EverBrightConfig
from sync.store import DetailStore, DueDetails

_TRIES = 30
"""With waits of up to an hour between them: more than a day."""
_LONGEST_WAIT = 3600.0
_IN_A_ROW = 3
"""After so many failures it is not one job's fault: nothing is requested for a while."""
_REFUSED = "everbright_missing"

_log = structlog.get_logger()


class DetailFetcher:
    """Requests the details of one job at a time. `clock` counts seconds."""

    def __init__(
        self,
        store: DetailStore,
        everbright: EverBright,
        columns: DetailColumns,
        config: EverBrightConfig,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._store = store
        self._everbright = everbright
        self._columns = columns
        self._config = config
        self._clock = clock
        self._failures = 0
        self._not_before = float("-inf")
        self._has_begun = False
        self._said: set[str] = set()

    def fetch(self) -> tuple[str, BrightsheetError | None, bool] | None:
        """Request the job that is due longest, or return None if none is.

        Returns the site, the error, and whether the answer was new.
        """
        if self._clock() < self._not_before:
            return None
        if not self._has_begun:
            self._store.ask_again()
            self._has_begun = True
        due = self._store.claim()
        if due is None:
            return None
        try:
            is_new = self._store.keep(due, self._answer(due))
        except BrightsheetError as error:
            return due.job.site, error, self._failed(due, error)
        self._failures = 0
        return due.job.site, None, is_new

    def _answer(self, due: DueDetails) -> Details:
        """Return what EverBright says of a job; nothing is asked of one that has no row."""
        names = self._columns.asked(due.job) if due.job.has_row else ()
        path = self._path(due.job, names)
        if not path:
            return Details()
        values = details.read(self._everbright.get(path), names, self._config.no_value)
        self._say("details_missing", [one for one in names if one not in values])
        return Details(asked=names, values=values)

    def _path(self, job: Job, names: Iterable[str]) -> str:
        """Return what to ask for a job; "" while its quote is not known, or for no metric."""
        found = contracts.current_quote(job) or projection.initial_quote(job)
        metrics = ",".join(names)
        if not metrics or (not found and "{quote}" in self._config.details):
            return ""
        return self._config.details.format(
            quote=quote(found, safe=""), site=quote(job.site, safe=""), metrics=metrics
        )

    def _failed(self, due: DueDetails, error: BrightsheetError) -> bool:
        """Try again later; what EverBright does not have is asked for when the job changes."""
        if error.reason == _REFUSED:
            self._failures = 0
            asked = self._columns.asked(due.job)
            self._say("details_refused", asked)
            refused = due.known.model_copy(update={"asked": asked, "is_refused": True})
            return self._store.keep(due, refused)
        attempt = due.attempts + 1
        self._failures += 1
        wait = retry.pause(attempt, error, _LONGEST_WAIT)
        self._store.postpone(due, wait if attempt < _TRIES else None)
        if self._failures >= _IN_A_ROW:
            wait = retry.pause(self._failures, error, _LONGEST_WAIT)
            self._not_before = self._clock() + wait
        return False

    def _say(self, event: str, metrics: Iterable[str]) -> None:
        """Say once of each metric that an account seems not to have it."""
        names = {f"{event}:{one}": one for one in metrics if f"{event}:{one}" not in self._said}
        if new := self._store.unreported([*names]):
            metrics = [names[one] for one in new]
            _log.warning(event, metrics=metrics, fix="Correct [everbright] in the config.")
            self._store.keep_reported(new)
        self._said.update(names)
