"""Makes the page of metrics for Prometheus."""

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from sync.status.refusal_counter import ALL_REASONS
from sync.status.verdict import evaluate, waiting
from sync.store import Backlog
from sync.store.metrics import ACKNOWLEDGED, BOUNDS, FLUSHED, SHOWN
from sync.wiring import Wiring


@dataclass(eq=False)
class StoreCollector(Collector):
    """Collects the figures of the database as metrics."""

    _wiring: Wiring
    _acknowledgements: deque[float]

    def collect(self) -> Iterator[Metric]:
        wiring, stored = self._wiring, self._wiring.metrics
        deliveries = wiring.inbox.counts()
        yield _by_label("brightsheet_deliveries", "Deliveries kept", "outcome", deliveries)
        documents = wiring.documents.counts()
        yield _by_label("brightsheet_documents", "Documents known", "state", documents)
        refused = dict.fromkeys(ALL_REASONS, 0) | wiring.refusals.totals()
        yield _by_label("brightsheet_refused", "Requests refused, not kept", "reason", refused)
        yield from _of_backlog(wiring.backlog())
        taken = list[float]()
        with suppress(IndexError):  # Another request may take them at the same time.
            while True:
                taken.append(self._acknowledgements.popleft())
        stored.add(ACKNOWLEDGED, taken)
        for name, found in stored.histograms().items():
            family, text = _HISTOGRAMS[name]
            bounds = [*map(str, BOUNDS[name]), "+Inf"]
            buckets = [*zip(bounds, found.counts, strict=True)]
            yield HistogramMetricFamily(family, text, buckets=buckets, sum_value=found.total)
        errors = CounterMetricFamily(
            "brightsheet_errors", "Errors of the worker", labels=["class", "reason"]
        )
        for labels, count in stored.errors().items():
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
