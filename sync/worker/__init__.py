"""The worker: loops in threads that find their work in the database."""

import gc
from collections.abc import Callable
from functools import partial
from threading import Event, Thread
from time import monotonic

from sync.lookups import LookupLoop
from sync.wiring import Wiring
from sync.worker.action_loop import ACTION_POLL_SECONDS, ActionLoop
from sync.worker.loop import (
    BACKFILL_POLL_SECONDS,
    POLL_SECONDS,
    BackfillLoop,
    DocumentLoop,
    ProjectionLoop,
    Stop,
    run_loop,
)
from sync.worker.sheet_loop import SheetLoop

HEARTBEAT_SECONDS = 20.0
"""The interval of the heartbeat, the only thing that an idle worker writes."""
COPIERS = 4
"""Documents copied at a time, each of another job. At a few seconds each, that is thousands an
hour, and the disk holds four of them."""

_NEW_OBJECTS = 50_000
"""Allocations between garbage collections. A batch of jobs creates ten times as many objects and no
cycles; with Python's default, a quarter of the time went into the search for cycles."""


class Worker:
    """Several may run; leases keep them apart."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._alerts = wiring.alerts()
        self._stop = Stop()
        self._wakes_sheet = Event()
        self._wakes_projection = Event()
        self._threads: list[Thread] = []
        self._sheet_threads: tuple[Thread, ...] = ()
        """The threads that write the sheet, and store what it should show."""

    def start(self) -> None:
        """Start each loop in a thread, after creating what they need."""
        settings = self._wiring.settings
        gc.set_threshold(_NEW_OBJECTS)
        sheet = SheetLoop(self._wiring, self._alerts, self._stop)
        writes = self._start("sheet", sheet.step, lambda: self._await(self._wakes_sheet))
        projection = ProjectionLoop(self._wiring, self._wakes_sheet.set)
        projects = self._start(
            "projection", projection.step, lambda: self._await(self._wakes_projection)
        )
        self._sheet_threads = writes, projects
        actions = ActionLoop(self._wiring, self._stop, self.wake)
        self._start("actions", actions.step, lambda: self._stop.wait(ACTION_POLL_SECONDS))
        self._start("heartbeat", self._give_heartbeat, lambda: self._stop.wait(HEARTBEAT_SECONDS))
        for number in range(COPIERS if settings.drive_folder_id else 0):
            copier = DocumentLoop(self._wiring, self._alerts, self._stop)
            idle = partial(self._stop.wait, COPIERS * POLL_SECONDS)
            self._start(f"documents-{number}", copier.step, idle)
        if settings.everbright_api_token:
            both = (self._wiring.customer_fetcher(), self._wiring.detail_fetcher())
            fetchers = [fetcher for fetcher in both if fetcher is not None]
            lookups = LookupLoop(fetchers, self._stop.wait, self.wake)
            self._start("everbright", lookups.step, self._rest)
            backfill = BackfillLoop(self._wiring, self._alerts, self._stop, self.wake)
            self._start("backfill", backfill.step, lambda: self._stop.wait(BACKFILL_POLL_SECONDS))

    def _start(self, name: str, step: Callable[[], object], idle: Callable[[], object]) -> Thread:
        loop = self._stop, step, idle, self._wiring.metrics.count
        thread = Thread(target=run_loop, args=loop, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)
        return thread

    def _give_heartbeat(self) -> None:
        """Record that this process can write the sheet; else others report that none does."""
        is_alive = all(thread.is_alive() for thread in self._sheet_threads)
        if is_alive and not self._wiring.database.is_damaged:
            self._wiring.heartbeats.give()

    def wake(self) -> None:
        """Have the loops of deliveries and of the sheet check for work at once."""
        self._wakes_projection.set()
        self._wakes_sheet.set()

    def stop(self, seconds: float) -> None:
        """Stop the loops; after `seconds`, unfinished work is left as a kill would leave it."""
        self._stop.set()
        self.wake()
        deadline = monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()))

    def _await(self, event: Event) -> None:
        event.wait(POLL_SECONDS)
        event.clear()

    def _rest(self) -> None:
        self._stop.wait(POLL_SECONDS)
