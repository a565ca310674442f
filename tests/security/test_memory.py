"""What the receiver and the worker hold in memory while large bodies are refused and replayed."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread

import psutil
import pytest
import requests

from demo.process import Running
from emulator import Emulator
from tests.made_up import body, milestone
from tests.world import World, wait_for

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

MIB = 2**20
MOST = 64 * MIB
PASSWORD = "open-up-please"
_TEXT = "x" * (MIB - 4000)

BODIES = (
    body(milestone(1, name=_TEXT, site="no UUID")),
    body(milestone(1, name=_TEXT, milestone_definition="no UUID")),
    body(milestone(1, name=_TEXT, status=["no text"])),
    body(milestone(1, name=_TEXT, site=None)),
    body(milestone(1, site="no UUID", more=[{"a": n} for n in range(40_000)])),
    body(milestone(1, name=_TEXT))[:-5],
    repr(milestone(1, name=_TEXT)).encode()[:-5],
    b"\xff" + _TEXT.encode(),
)
"""What is refused for each reason, at several places of the way."""


class Highest:
    """The most that a process has held since the last look, looked at all the time."""

    def __init__(self, running: Running) -> None:
        self._process = psutil.Process(running.process.pid)
        self._stop = Event()
        self._most = 0
        Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while not self._stop.wait(0.02) and self._process.is_running():
            self._most = max(self._most, self._process.memory_info().rss)

    def since(self) -> int:
        most, self._most = self._most, 0
        return most

    def stop(self) -> None:
        self._stop.set()


def refused(world: World, count: int) -> None:

    def send(number: int) -> int:
        return world.send(BODIES[number % len(BODIES)]).status_code

    with ThreadPoolExecutor(32) as senders:
        assert set(senders.map(send, range(count))) == {400, 422}


def replay_all(world: World) -> None:
    """Ask for it on the console, and wait until the worker has done it."""
    visitor = requests.Session()

    def form(path: str, form_at: str, **fields: str) -> None:
        page = visitor.get(world.url + form_at, timeout=10).text
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found is not None
        sent = {"csrf_token": found[1], **fields}
        assert visitor.post(world.url + path, data=sent, timeout=10).ok

    def is_done() -> bool:
        return "still rejected" in visitor.get(f"{world.url}/actions", timeout=10).text

    form("/sign-in", "/sign-in", password=PASSWORD)
    form("/actions/replay-all", "/actions")
    wait_for(is_done, 120)


def test_rejected_bodies_cost_no_memory_that_stays(tmp_path: Path, sqlite_url: str) -> None:
    """Also of a process that is out of bounds from its first minute, whose growth is none."""
    with Emulator() as google:
        world = World(google, tmp_path, sqlite_url, ADMIN_PASSWORD=PASSWORD)
        with world.receiver().ready() as receiver:
            highest = Highest(receiver)
            wait_for(lambda: highest._most > 0)
            start = highest.since()
            refused(world, 200)
            before = highest.since()
            refused(world, 200)
            after = highest.since()
            time.sleep(3)  # Connections linger, and what they hold.
            highest.since()
            time.sleep(0.5)
            idle = highest.since()
            replay_all(world)
            replayed = highest.since()
            highest.stop()
    told = {
        "start": start,
        "at first": before,
        "200 more": after,
        "idle": idle,
        "replayed": replayed,
    }
    print("\nMiB:", json.dumps({name: size // MIB for name, size in told.items()}))
    # 32 bodies in the buffers of waitress, and 16 threads with three copies of one each.
    assert before - start < 300 * MIB
    assert after - before < MOST
    assert replayed - idle < MOST
