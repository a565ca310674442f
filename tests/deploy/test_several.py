"""What one process carries, and a rolling restart of two web and two worker processes."""

import itertools
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from demo.process import WORKER, KeptPort, Receiver, Running
from emulator import Emulator
from tests import databases
from tests.made_up import SECRET, body, milestone, uuid
from tests.traffic import Senders, history, replay, shown
from tests.world import World, wait_for


class Several(World):
    """Receivers at two addresses, as behind a host's router, and their workers apart."""

    def __init__(self, google: Emulator, folder: Path, database_url: str) -> None:
        super().__init__(google, folder, database_url, WORKER="separate")
        del self.environment["DRIVE_FOLDER_ID"]
        self._kept = [KeptPort(), KeptPort()]
        self.ports = [kept.number for kept in self._kept]
        self._turns = itertools.cycle(self.ports)

    def send(self, payload: object, **options: Any) -> requests.Response:
        url = f"http://127.0.0.1:{next(self._turns)}/webhooks/everbright"
        headers = {"X-Webhook-Secret": SECRET, "Content-Type": "application/json"}
        raw = payload if isinstance(payload, bytes) else body(payload)
        return requests.post(url, data=raw, headers=headers, timeout=30, **options)

    def web(self, number: int) -> Receiver:
        return Receiver(self.environment, self.log, self.ports[number])

    def separate(self) -> Running:
        return Running(WORKER, self.environment, self.log)


def megabytes(running: Running) -> float:
    return psutil.Process(running.process.pid).memory_info().rss / 2**20


@pytest.mark.long
def test_a_rolling_restart_under_load_loses_nothing(google: Emulator, tmp_path: Path) -> None:
    url = databases.fresh("postgresql", tmp_path)
    world = Several(google, tmp_path, url)
    with world.command("db", "upgrade") as upgrade:
        assert upgrade.process.wait() == 0
    events = history(900, 150, seed=7)
    expected = replay(events)
    with ExitStack() as stack:
        webs = [world.web(number) for number in (0, 1)]
        workers = [world.separate() for _ in (0, 1)]
        for web in webs:
            web.ready()
        began = time.monotonic()
        senders = Senders(world, events).start()
        for number, web in enumerate(webs):
            assert web.stop() == 0
            webs[number] = world.web(number).ready()
            assert workers[number].stop() == 0
            workers[number] = world.separate()
        for one in (*webs, *workers):
            stack.enter_context(one)
        senders.join()
        seconds = time.monotonic() - began
        wait_for(lambda: shown(world) == expected, 90)
        sizes = ", ".join(f"{megabytes(one):.0f}" for one in (*webs, *workers))
        print(f"\n{len(events)} deliveries in {seconds:.1f} s, MiB: {sizes}")
    assert senders.accepted == len(events)
    assert senders.statuses <= {202, 503}
    faults = [line for line in world.log.read_text().splitlines() if '"fault"' in line]
    assert faults == []


@pytest.mark.long
def test_what_one_process_carries(google: Emulator, tmp_path: Path) -> None:
    """Figures for docs/scaling.md."""
    world = World(google, tmp_path, databases.fresh("sqlite", tmp_path))
    del world.environment["DRIVE_FOLDER_ID"]
    google.latency = 0.25
    events = history(1500, 500, seed=3)
    with world.receiver().ready() as receiver:
        idle = megabytes(receiver)
        google.calls.clear()
        began = time.monotonic()
        senders = Senders(world, events).start()
        senders.join()
        taken = time.monotonic() - began
        wait_for(lambda: len(world.by_site()) == 500, 90)
        wait_for(lambda: shown(world) == replay(events), 90)
        whole = time.monotonic() - began
        busy = megabytes(receiver)
        calls = google.calls.count("sheets")
        world.send(milestone(1, 1, date_updated="2026-12-01T00:00:00Z", status="APPROVED"))
        sent = time.monotonic()
        wait_for(lambda: shown(world)[uuid(1)].get("Milestone 1") == "Approved")
        alone = time.monotonic() - sent
        print(f"\n{len(events)} deliveries: {len(events) / taken:.0f} a second answered, ", end="")
        print(
            f"in the sheet after {whole:.1f} s with {calls} calls; one alone: {alone:.1f} s; ",
            end="",
        )
        print(f"{idle:.0f} MiB idle, {busy:.0f} MiB after")
    assert senders.accepted == len(events)
    assert calls < whole * 2 + 8
