"""What the receiver and the worker hold in memory while large bodies are refused and replayed."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread

import psutil
import pytest
from sqlalchemy import select

from demo.process import Running
from emulator import Emulator
from sync.core.schema import delivery
from tests.made_up import body, milestone
from tests.world import World, wait_for

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

MIB = 2**20
MOST, LIMIT = 64 * MIB, 450 * MIB
"""What may stay; and what a small machine of 512 MiB has for us."""
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
    """Replay all rejected webhooks on the console."""
    with world.database().begin() as connection:
        numbers = [*connection.scalars(select(delivery.c.id).where(delivery.c.body.is_not(None)))]
    visitor = world.visitor.signed_in()
    for start in range(0, len(numbers), 50):
        visitor.post("/actions/replay", id=numbers[start : start + 50])


def test_rejected_bodies_cost_no_memory_that_stays(
    google: Emulator, tmp_path: Path, sqlite_url: str
) -> None:
    """Also of a process that is out of bounds from its first minute, whose growth is none."""
    world = World(google, tmp_path, sqlite_url)
    with world.serve() as receiver:
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
    assert max(told.values()) < LIMIT
    # 32 bodies in the buffers of waitress, and 16 threads with three copies of one each.
    assert before - start < 300 * MIB
    assert after - before < MOST
    assert replayed - idle < MOST
