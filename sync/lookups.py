"""Requests jobs' customers, and details from the Data Access Layer, from EverBright.

Rows don't wait for the answers. What an account doesn't have stays blank and is logged once;
`brightsheet details` lists it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar
from urllib.parse import quote

import structlog

from sync.errors import BrightsheetError, Permanent, Retryable
from sync.everbright.answers import read_customer, read_details
from sync.everbright.client import EverBright
from sync.everbright.errors import MISSING, TOKEN
from sync.jobs import contracts, projection
from sync.jobs.details import DetailColumns
from sync.jobs.model import Customer, Details, Job
from sync.ops import retry
from sync.ops.pause import Pause
from sync.settings.everbright_config import EverBrightConfig
from sync.store.lookups import DetailStore, DueLookup, Lookups
from sync.types import Value
from sync.webhooks.schema import ARCHIVED

_TRIES = 30
"""For what only a change of the job may fix: with waits of up to an hour, more than a day."""
_LONGEST_WAIT = 3600.0
_IN_A_ROW = 3
"""After so many failures in a row, details pause, because it isn't one job's fault.

Customers don't, because folders wait for their names. A job whose lookup failed waits in any case.
"""
_SPACING_SECONDS = 0.2
"""EverBright publishes no rate limit: a few calls a second are modest."""

_log = structlog.get_logger()

AnswerT = TypeVar("AnswerT", bound=Value)


class LookupResult(NamedTuple):
    """The job, the error if there was no answer, and whether the answer was new."""

    site: str
    error: BrightsheetError | None
    is_new: bool


@dataclass
class Fetcher(Generic[AnswerT]):
    """Sends requests of one kind, one at a time.

    A failed request is retried later, and `name` is logged. At most `rate` jobs a second are
    requested again because the question has changed. `record_is_over` is called with whether
    EverBright's failure is over, for each answer that shows it. If `pauses`, requests pause after
    several failures in a row.
    """

    _store: Lookups[AnswerT]
    name: str
    _request: Callable[[DueLookup[AnswerT]], AnswerT | None]
    _rate: float
    _record_is_over: Callable[[bool], object]
    pauses: bool = False
    _failures: int = 0
    _pause: Pause = field(default_factory=Pause)
    _has_begun: bool = False

    def fetch(self) -> LookupResult | None:
        """Send the request that has been due longest, or return None if none is due."""
        if not self._pause.is_over:
            return None
        if not self._has_begun:
            self._store.schedule_outdated(self._rate)
            self._has_begun = True
        due = self._store.claim()
        if due is None:
            return None
        site = due.job.site
        try:
            answer = self._request(due)
            is_new = self._store.keep(site, answer, due.events)
        except BrightsheetError as error:
            return self._postpone(due, error)
        except Exception:
            # A bug with this answer shouldn't delay the other lookups.
            _log.exception("fault", site=site)
            return self._postpone(due, Retryable("fault", "An internal error: see the log."))
        self._failures = 0
        if answer is not None:
            self._record_is_over(True)
        return LookupResult(site, None, is_new)

    def _postpone(self, due: DueLookup[AnswerT], error: BrightsheetError) -> LookupResult:
        attempt = due.attempts + 1
        self._failures += 1
        wait = retry.pause(attempt, error, _LONGEST_WAIT)
        is_last = attempt >= _TRIES and isinstance(error, Permanent)
        self._store.postpone(due.job.site, None if is_last else wait)
        if error.reason not in (MISSING, TOKEN):
            self._record_is_over(False)
        if self.pauses and self._failures >= _IN_A_ROW:
            self._pause.begin(retry.pause(self._failures, error, _LONGEST_WAIT))
        return LookupResult(due.job.site, error, is_new=False)


def request_customer(everbright: EverBright, due: DueLookup[Customer]) -> Customer:
    """Return EverBright's answer, with since when it has been the same about `archived`.

    `archived_as_of` restarts when the answer changes, or after a webhook; otherwise it is kept, so
    that later webhooks still win. If Wednesday's answer repeats Monday's, one that arrived on
    Tuesday and wasn't applied yet does.
    """
    customer = read_customer(everbright.site(due.job.site))
    fact, as_of = due.job.facts.get(ARCHIVED), due.known.archived_as_of
    webhook_is_newer = fact and as_of and fact.received >= as_of
    if as_of is None or webhook_is_newer or customer.archived != due.known.archived:
        as_of = due.claimed_at
    return customer.model_copy(update={"archived_as_of": as_of})


@dataclass
class DetailLookup:
    """Requests the columns' metrics from the Data Access Layer."""

    _store: DetailStore
    _everbright: EverBright
    _columns: Callable[[], DetailColumns]
    """Returns them with the latest answers from the console."""
    _config: EverBrightConfig

    def request(self, due: DueLookup[Details]) -> Details | None:
        """Return a job's details; None if nothing is requested, such as for a lead.

        A metric that is missing or refused is requested again when the job changes.
        """
        metrics = () if due.job.is_lead else self._columns().metrics_for(due.job)
        path = self._path(due.job, metrics)
        if not path:
            return None
        try:
            values = read_details(self._everbright.get(path), metrics, self._config.no_value)
        except BrightsheetError as error:
            if error.reason != MISSING:
                raise
            self._log_once("details_refused", metrics)
            return due.known.model_copy(update={"metrics": metrics, "is_refused": True})
        self._log_once("details_missing", [metric for metric in metrics if metric not in values])
        return Details(metrics=metrics, values=values)

    def _path(self, job: Job, metrics: Iterable[str]) -> str:
        """Return the query for a job; "" while its quote is unknown, or without metrics."""
        quote_id = contracts.current_quote(job) or projection.initial_quote(job)
        names = ",".join(metrics)
        if not names or (not quote_id and "{quote}" in self._config.details):
            return ""
        return self._config.details.format(
            quote=quote(quote_id, safe=""), site=quote(job.site, safe=""), metrics=names
        )

    def _log_once(self, event: str, metrics: Iterable[str]) -> None:
        """Log the metrics that the account doesn't seem to have, each once."""
        claim = self._store.reported.claim
        if missing := [metric for metric in metrics if claim(f"{event}:{metric}")]:
            _log.warning(event, metrics=missing, fix="Correct [everbright] in the config.")


@dataclass
class LookupLoop:
    """Sends all kinds of requests, a few a second.

    `wait` takes seconds; `wake` wakes the sheet's loop.
    """

    _fetchers: Sequence[Fetcher[Any]]
    _wait: Callable[[float], object]
    _wake: Callable[[], object]

    def step(self) -> bool:
        """Send the first request that is due; False if none is."""
        for fetcher in self._fetchers:
            result = fetcher.fetch()
            if result is None:
                continue
            if result.error:
                _log.info(fetcher.name, site=result.site, reason=result.error.reason)
            if result.is_new:
                self._wake()
            self._wait(_SPACING_SECONDS)
            return True
        return False
