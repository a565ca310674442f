"""Asks EverBright about jobs: for their customers, and for more from its Data Access Layer.

Rows are written without the answers, too. What an account does not have is left blank and said once
in the log; `brightsheet details` lists it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Generic, NamedTuple, TypeVar
from urllib.parse import quote

import structlog

from sync.errors import BrightsheetError
from sync.everbright.answers import read_customer, read_details
from sync.everbright.client import EverBright
from sync.jobs import contracts, projection
from sync.jobs.details import DetailColumns
from sync.jobs.model import ARCHIVED, Customer, Details, Job
from sync.ops import retry
from sync.settings.everbright_config import EverBrightConfig
from sync.store import DetailStore, DueLookup, Heartbeats, Lookups
from sync.store.signs import TOKEN_REFUSED
from sync.types import Value

_TRIES = 30
"""With waits of up to an hour between them: more than a day."""
_LONGEST_WAIT = 3600.0
_IN_A_ROW = 3
"""After so many failures it is not one job's fault: nothing is requested for a while."""
_REFUSED = "everbright_missing"
_SPACING_SECONDS = 0.2
"""EverBright publishes no rate limit: a few calls a second are modest."""

_log = structlog.get_logger()

AnswerT = TypeVar("AnswerT", bound=Value)


@dataclass(frozen=True)
class Question(Generic[AnswerT]):
    """What is asked about a job: `answer` raises BrightsheetError where it is to be asked again.

    `name` is what the log calls an answer that did not come. A question that `rests` is not asked
    for a while once several jobs in a row got no answer. `begin` is called before the first job.
    """

    name: str
    answer: Callable[[DueLookup[AnswerT]], AnswerT]
    rests: bool = False
    begin: Callable[[], object] = bool


class LookupResult(NamedTuple):
    """Which job was asked about, why there is no answer, and whether that was new."""

    site: str
    error: BrightsheetError | None
    is_new: bool


class Fetcher(Generic[AnswerT]):
    """Asks about one job at a time. `clock` counts seconds."""

    def __init__(
        self,
        store: Lookups[AnswerT],
        question: Question[AnswerT],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._store = store
        self.question = question
        self._clock = clock
        self._failures = 0
        self._not_before = float("-inf")
        self._has_begun = False

    def fetch(self) -> LookupResult | None:
        """Ask about the job that is due longest, or return None if none is."""
        if self._clock() < self._not_before:
            return None
        if not self._has_begun:
            self.question.begin()
            self._has_begun = True
        due = self._store.claim()
        if due is None:
            return None
        site = due.job.site
        try:
            is_new = self._store.keep(site, self.question.answer(due), due.events)
        except BrightsheetError as error:
            self._failed(due, error)
            return LookupResult(site, error, is_new=False)
        self._failures = 0
        return LookupResult(site, None, is_new)

    def _failed(self, due: DueLookup[AnswerT], error: BrightsheetError) -> None:
        attempt = due.attempts + 1
        self._failures += 1
        wait = retry.pause(attempt, error, _LONGEST_WAIT)
        self._store.postpone(due.job.site, wait if attempt < _TRIES else None)
        if self.question.rests and self._failures >= _IN_A_ROW:
            rest = retry.pause(self._failures, error, _LONGEST_WAIT)
            self._not_before = self._clock() + rest


def customer_question(everbright: EverBright) -> Question[Customer]:
    """Return the question whose job it is."""

    def answer(due: DueLookup[Customer]) -> Customer:
        customer = read_customer(everbright.site(due.job.site))
        fact, asked = due.job.facts.get(ARCHIVED), due.known.asked
        is_same = customer.archived == due.known.archived
        if asked is None or not is_same or (fact and fact.received >= asked):
            asked = due.at
        return customer.model_copy(update={"asked": asked})

    return Question("customer_unknown", answer)


class DetailLookup:
    """Asks the Data Access Layer for what the columns show."""

    def __init__(
        self,
        store: DetailStore,
        everbright: EverBright,
        columns: DetailColumns,
        config: EverBrightConfig,
    ) -> None:
        self._store = store
        self._everbright = everbright
        self._columns = columns
        self._config = config
        self._said: set[str] = set()

    def question(self) -> Question[Details]:
        """Return the question; jobs that were asked something else are asked again."""
        return Question("details_unknown", self._answer, rests=True, begin=self._store.ask_again)

    def _answer(self, due: DueLookup[Details]) -> Details:
        """Return the details; nothing is asked of a job that has no row.

        What EverBright does not have counts as an answer: it is asked for when the job changes.
        """
        metrics = self._columns.asked(due.job) if due.job.has_row else ()
        path = self._path(due.job, metrics)
        if not path:
            return Details()
        try:
            values = read_details(self._everbright.get(path), metrics, self._config.no_value)
        except BrightsheetError as error:
            if error.reason != _REFUSED:
                raise
            self._say("details_refused", metrics)
            return due.known.model_copy(update={"asked": metrics, "is_refused": True})
        self._say("details_missing", [metric for metric in metrics if metric not in values])
        return Details(asked=metrics, values=values)

    def _path(self, job: Job, metrics: Iterable[str]) -> str:
        """Return what to ask for a job; "" while its quote is not known, or for no metric."""
        quote_id = contracts.current_quote(job) or projection.initial_quote(job)
        names = ",".join(metrics)
        if not names or (not quote_id and "{quote}" in self._config.details):
            return ""
        return self._config.details.format(
            quote=quote(quote_id, safe=""), site=quote(job.site, safe=""), metrics=names
        )

    def _say(self, event: str, metrics: Iterable[str]) -> None:
        """Say once of each metric that an account seems not to have it."""
        names = {f"{event}:{metric}": metric for metric in metrics}
        names = {name: metric for name, metric in names.items() if name not in self._said}
        if new := self._store.reported.new([*names]):
            missing = [names[name] for name in new]
            _log.warning(event, metrics=missing, fix="Correct [everbright] in the config.")
            self._store.reported.keep(new)
        self._said.update(names)


class LookupLoop:
    """Asks all questions, a few a second in all, and notes whether the token is accepted.

    `wait` is given seconds; `wake` has the sheet's loop check for work at once.
    """

    def __init__(
        self,
        fetchers: Sequence[Fetcher[Any]],
        signs: Heartbeats,
        wait: Callable[[float], object],
        wake: Callable[[], object],
    ) -> None:
        self._fetchers = fetchers
        self._signs = signs
        self._is_refused: bool | None = None
        self._wait = wait
        self._wake = wake

    def step(self) -> bool:
        """Ask the first question that is due for a job; False if none is."""
        if self._is_refused is None:  # The token may be another one than before the start.
            self._note(None)
        for fetcher in self._fetchers:
            asked = fetcher.fetch()
            if asked is None:
                continue
            if asked.error is not None:
                _log.info(fetcher.question.name, site=asked.site, reason=asked.error.reason)
            self._note(asked.error)
            if asked.is_new:
                self._wake()
            self._wait(_SPACING_SECONDS)
            return True
        return False

    def _note(self, error: BrightsheetError | None) -> None:
        """Note what an answer says of the token; errors of another kind say nothing of it."""
        is_refused = error is not None and error.reason == TOKEN_REFUSED
        if is_refused != self._is_refused and (error is None or is_refused):
            change = self._signs.begin if is_refused else self._signs.end
            change(TOKEN_REFUSED)
            self._is_refused = is_refused
