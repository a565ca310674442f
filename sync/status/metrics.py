"""Counts refused requests, and collects the metrics.

A refused request costs only a step in memory. A thread writes the counts to the database at most
once a second, in one row for each day and reason.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Lock, Thread
from time import monotonic

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from sync.errors import BrightsheetError
from sync.status.verdict import evaluate, waiting
from sync.store import Acknowledgements, Backlog, RefusedRequests
from sync.store.measures import ACKNOWLEDGED, BOUNDS, FLUSHED, SHOWN
from sync.store.refusals import NO_SECRET, WRONG_SECRET
from sync.wiring import Wiring

REASONS = {400: "bad_request", 401: WRONG_SECRET, 413: "too_large"}
"""Why a request was refused, by the status of its response."""
ALL_REASONS = (*REASONS.values(), NO_SECRET)

WRITE_SECONDS = 1.0
AWAY_SECONDS = 30.0
"""The wait after a failed write."""

_log = structlog.get_logger()


@dataclass(frozen=True)
class _Group:
    count: int
    at: float
    source: str


class RefusalCounter:
    """Counts refused requests in memory; `keep` stores the counts, `clock` counts seconds."""

    def __init__(
        self,
        keep: Callable[[Mapping[str, RefusedRequests]], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._keep = keep
        self._clock = clock
        self._lock = Lock()
        self._waiting: dict[str, _Group] = {}
        self._thread: Thread | None = None
        self._stop = Event()

    def note(self, status: int, source: str | None, *, has_secret: bool = True) -> None:
        """Count a response with this status, if it is a refusal. Never waits and never raises.

        `source` is the sender's address; `has_secret` is false if the request had no secret.
        """
        reason = REASONS.get(status)
        if reason is None:
            return
        if reason == WRONG_SECRET and not has_secret:
            reason = NO_SECRET
        with self._lock:
            self._put(reason, _Group(1, self._clock(), source or ""))
            self._start()

    def stop(self, seconds: float) -> None:
        """Write the remaining counts, and wait at most so many seconds for it."""
        self._stop.set()
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _put(self, reason: str, group: _Group) -> None:
        before = self._waiting.get(reason)
        if before is not None:
            last = max(before, group, key=lambda each: each.at)
            group = _Group(before.count + group.count, last.at, last.source)
        self._waiting[reason] = group

    def _start(self) -> None:
        if self._thread is None:
            thread = Thread(target=self._run, name="refusals", daemon=True)
            with suppress(RuntimeError):  # No thread is available; the next refusal tries again.
                thread.start()
                self._thread = thread

    def _run(self) -> None:
        while taken := self._taken():
            is_written = self._write(taken)
            if not is_written and self._stop.is_set():
                return
            self._stop.wait(WRITE_SECONDS if is_written else AWAY_SECONDS)

    def _taken(self) -> dict[str, _Group]:
        with self._lock:
            taken, self._waiting = self._waiting, {}
            if not taken:
                self._thread = None
            return taken

    def _write(self, taken: Mapping[str, _Group]) -> bool:
        now = self._clock()
        refused = {
            reason: RefusedRequests(group.count, max(0.0, now - group.at), group.source)
            for reason, group in taken.items()
        }
        try:
            self._keep(refused)
        except Exception as error:
            why = error.reason if isinstance(error, BrightsheetError) else type(error).__name__
            _log.warning("refusals_not_kept", reason=why)
            with self._lock:
                for reason, group in taken.items():
                    self._put(reason, group)
            return False
        _log.warning("refused", **{reason: group.count for reason, group in taken.items()})
        return True


@dataclass(eq=False)
class StoreCollector(Collector):
    """Collects the figures of the database as metrics."""

    _wiring: Wiring
    _acknowledgements: Acknowledgements

    def collect(self) -> Iterator[Metric]:
        wiring, measures = self._wiring, self._wiring.measures
        deliveries = wiring.inbox.counts()
        yield _by_label("brightsheet_deliveries", "Deliveries kept", "outcome", deliveries)
        documents = wiring.documents.counts()
        yield _by_label("brightsheet_documents", "Documents known", "state", documents)
        refused = dict.fromkeys(ALL_REASONS, 0) | wiring.refusals.totals()
        yield _by_label("brightsheet_refused", "Requests refused, not kept", "reason", refused)
        yield from _of_backlog(wiring.backlog())
        measures.add(ACKNOWLEDGED, self._acknowledgements.take())
        for name, found in measures.histograms().items():
            family, text = _HISTOGRAMS[name]
            bounds = [*map(str, BOUNDS[name]), "+Inf"]
            buckets = [*zip(bounds, found.counts, strict=True)]
            yield HistogramMetricFamily(family, text, buckets=buckets, sum_value=found.total)
        errors = CounterMetricFamily(
            "brightsheet_errors", "Errors of the worker", labels=["class", "reason"]
        )
        for labels, count in measures.errors().items():
            errors.add_metric(labels, count)
        yield errors


_HISTOGRAMS = {
    ACKNOWLEDGED: (
        "brightsheet_acknowledgement_seconds",
        "From an accepted webhook to its response",
    ),
    FLUSHED: ("brightsheet_flush_seconds", "Duration of a flush of the sheet"),
    SHOWN: ("brightsheet_shown_seconds", "Age of an event when the sheet shows it"),
}


def _of_backlog(now: Backlog) -> Iterator[GaugeMetricFamily]:
    problems = evaluate(now)
    is_well = not any(problem.is_behind for problem in problems)
    yield GaugeMetricFamily("brightsheet_healthy", "1 where /status is 200, else 0", int(is_well))
    codes = {problem.code: 1 for problem in problems}
    yield _by_label("brightsheet_problem", "What is wrong now", "code", codes)
    oldest = "Age of the oldest event that the sheet does not show; 0 where there is none"
    yield GaugeMetricFamily("brightsheet_oldest_event_seconds", oldest, now.oldest or 0.0)
    yield _by_label("brightsheet_waiting", "How much is pending, by stage", "stage", waiting(now))


def _by_label(name: str, text: str, label: str, counts: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


def exposition(collector: StoreCollector) -> bytes:
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry)
