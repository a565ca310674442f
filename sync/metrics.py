"""Figures for Prometheus, read from the store, so that every process tells the same."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from sync.store import Documents, Inbox
from sync.store.sheet_store import SheetStore


class StoreCollector(Collector):
    """Counts what is kept, what waits and what failed."""

    def __init__(self, inbox: Inbox, documents: Documents, sheet: SheetStore) -> None:
        self._inbox = inbox
        self._documents = documents
        self._sheet = sheet

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give each figure, as it stands now."""
        deliveries = self._inbox.counts()
        yield _by_label("brightsheet_deliveries", "Deliveries kept", "outcome", deliveries)
        documents = self._documents.counts()
        yield _by_label("brightsheet_documents", "Documents known", "state", documents)
        waiting = self._sheet.pending.count()
        yield GaugeMetricFamily("brightsheet_jobs_waiting", "Jobs not shown as they are", waiting)
        reason, _ = self._sheet.spreadsheet.trouble()
        trouble = {reason: 1} if reason else {}
        yield _by_label("brightsheet_sheet_trouble", "Why the sheet waits", "reason", trouble)


def _by_label(name: str, text: str, label: str, counts: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


def exposition(collector: StoreCollector) -> bytes:
    """Return the figures in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry)
