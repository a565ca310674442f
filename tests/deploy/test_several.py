"""A rolling restart of two web and two worker processes."""

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
from tests.made_up import SECRET, body
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
