"""Made-up traffic, sent from several threads, and what a plain replay of it in order gives."""

import random
import re
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from tests.made_up import document, milestone, task
from tests.world import World

STATUSES = ("SUBMITTED", "REJECTED", "APPROVED", "INPROG")
LABELS = {
    "SUBMITTED": "Submitted",
    "REJECTED": "Rejected",
    "APPROVED": "Approved",
    "INPROG": "In progress",
}
_START = datetime(2018, 1, 1, tzinfo=UTC)
"""So long ago that every event has a day of its own, which its line of the History shows."""
_SINCE = re.compile(r" [A-Z][a-z]{2} [0-9]{1,2}(?:, [0-9]{4})?$")
"""The day since when a status stands, which follows it in its cell."""


def history(count: int, jobs: int, seed: int, with_documents: bool = False) -> list[dict[str, Any]]:
    """Return `count` events of `jobs` jobs in the order in which they happen."""
    lots = random.Random(seed)
    events = []
    for number in range(count):
        files = [task(document(number))] if with_documents and number % 3 == 0 else []
        events.append(
            milestone(
                1 + (number if number < jobs else lots.randrange(jobs)),
                lots.randint(1, 4),
                status=lots.choice(STATUSES),
                date_updated=(_START + timedelta(days=number)).isoformat(),
                tasks=files,
            )
        )
    return events


def replay(events: Sequence[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Return the status cells by site that `events`, taken in order, end with."""
    rows: dict[str, dict[str, str]] = {}
    for event in events:
        rows.setdefault(event["site"], {})[event["name"]] = LABELS[event["status"]]
    return rows


def shown(world: World) -> dict[str, dict[str, str]]:
    """Return the statuses that the sheet shows, by site, without their days; no blank ones."""
    return {
        site: {
            header: _SINCE.sub("", cell.text)
            for header, cell in row.items()
            if header.startswith("Milestone ") and not header.endswith("documents") and cell.text
        }
        for site, row in world.by_site().items()
    }


@dataclass
class Senders:
    """Threads that send payloads until each is answered 202; a refused connection is retried."""

    world: World
    payloads: list[dict[str, Any]]
    threads: int = 8
    accepted: int = 0
    broken_off: int = 0
    """Requests that had begun and were not answered: something was in flight."""
    last_202: float = 0.0
    statuses: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._queue: Iterator[dict[str, Any]] = iter(list(self.payloads))
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._running = [threading.Thread(target=self._send) for _ in range(self.threads)]

    def start(self) -> "Senders":
        for thread in self._running:
            thread.start()
        return self

    def join(self) -> None:
        for thread in self._running:
            thread.join()

    def stop(self) -> None:
        self._stop.set()
        self.join()

    def finish(self) -> None:
        """Begin no more payloads; wait until each that was begun is answered 202."""
        with self._lock:
            self._queue = iter(())
        self.join()

    def _send(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                payload = next(self._queue, None)
            if payload is None:
                return
            while not self._stop.is_set() and not self._answered(payload):
                time.sleep(0.05)

    def _answered(self, payload: dict[str, Any]) -> bool:
        try:
            answer = self.world.send(payload)
        except requests.RequestException as error:
            with self._lock:
                self.broken_off += "refused" not in str(error)
            return False
        with self._lock:
            self.statuses.add(answer.status_code)
            if answer.status_code == 202:
                self.accepted += 1
                self.last_202 = max(self.last_202, time.monotonic())
        return answer.status_code == 202


def expected_documents(events: Sequence[dict[str, Any]]) -> set[str]:
    return {
        file["uuid"]
        for event in events
        for one in event["tasks"]
        for step in one["sub_tasks"]
        for file in step["data"]["documents"]
    }
