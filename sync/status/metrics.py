"""Metrics for Prometheus, read from the store, so that they are the same in every process."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from sync.status.answer import waiting
from sync.status.tally import ALL_REASONS
from sync.status.verdict import evaluate
from sync.store import Backlog, Documents, Inbox, Refusals


class StoreCollector(Collector):
    """Counts what is stored, what waits and what failed."""

    def __init__(
        self,
        inbox: Inbox,
        documents: Documents,
        refusals: Refusals,
        backlog: Callable[[], Backlog],
    ) -> None:
        self._inbox = inbox
        self._documents = documents
        self._refusals = refusals
        self._backlog = backlog

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the current value of each metric."""
        deliveries = self._inbox.counts()
        yield _by_label("brightsheet_deliveries", "Deliveries kept", "outcome", deliveries)
        documents = self._documents.counts()
        yield _by_label("brightsheet_documents", "Documents known", "state", documents)
        refused = dict.fromkeys(ALL_REASONS, 0) | self._refusals.totals()
        yield _by_label("brightsheet_refused", "Requests refused, not kept", "reason", refused)
        yield from _of_backlog(self._backlog())


def _of_backlog(now: Backlog) -> Iterator[GaugeMetricFamily]:
    problems = evaluate(now)
    is_well = not any(problem.is_behind for problem in problems)
    yield GaugeMetricFamily("brightsheet_healthy", "1 where /status is 200, else 0", int(is_well))
    codes = {problem.code: 1 for problem in problems}
    yield _by_label("brightsheet_problem", "What is wrong now", "code", codes)
    oldest = "Age of the oldest event that the sheet does not show; 0 where there is none"
    yield GaugeMetricFamily("brightsheet_oldest_event_seconds", oldest, now.oldest or 0.0)
    if now.worker is not None:
        text = "Since a worker's last sign of life"
        yield GaugeMetricFamily("brightsheet_worker_seconds", text, now.worker)
    stages = {stage: count for stage, count in waiting(now).items() if stage != "history_lines"}
    yield _by_label("brightsheet_waiting", "What waits, by stage", "stage", stages)
    text = "Jobs whose row may not show them as they are"
    yield GaugeMetricFamily("brightsheet_jobs_waiting", text, now.jobs)
    trouble = {now.trouble: 1} if now.trouble else {}
    yield _by_label("brightsheet_sheet_trouble", "Why the sheet waits", "reason", trouble)


def _by_label(name: str, text: str, label: str, counts: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


def exposition(collector: StoreCollector) -> bytes:
    """Return the metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry)
