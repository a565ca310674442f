"""A burst is a few calls, ends as a plain replay does, and stands soon."""

import random
import time

import pytest

from emulator import Emulator
from tests.bench import Bench
from tests.traffic import Senders, history, replay, shown
from tests.world import World, wait_for


@pytest.mark.long
def test_a_thousand_deliveries_for_300_jobs(google: Emulator, sqlite_world: World) -> None:
    """8 clients, random order, every tenth repeated, Google in 250 ms."""
    world = sqlite_world
    del world.environment["DRIVE_FOLDER_ID"]
    events = history(1000, 300, seed=1)
    lots = random.Random(2)
    sent = events + events[::10]
    lots.shuffle(sent)
    expected = replay(events)
    with world.receiver().ready():
        google.latency = 0.25
        google.calls.clear()
        began = time.monotonic()
        senders = Senders(world, sent).start()
        senders.join()
        wait_for(lambda: world.by_site().keys() == expected.keys())
        stood = time.monotonic()
        wait_for(lambda: shown(world) == expected)
        seconds = time.monotonic() - began
        calls = [call for call in google.calls if call.api == "sheets"]
        late = stood - senders.last_202
        print(f"{len(sent)} deliveries, {seconds:.1f} s, {len(calls)} calls, last row {late:.1f} s")
    assert (senders.statuses, senders.accepted) == ({202}, len(sent))
    assert stood - senders.last_202 < 15, "not one flush for each job"
    assert len(calls) <= 2 * seconds + 4
    refused = [call.status for call in calls if call.status != 200]
    assert refused == [400], "the one that tries whether a taken ID is refused"


@pytest.mark.long
def test_what_has_waited_is_a_few_calls(google: Emulator, sqlite_url: str) -> None:
    bench = Bench(google, sqlite_url)
    events = history(1000, 300, seed=1)
    random.Random(2).shuffle(events)
    bench.send(*events)
    assert bench.flush() <= 10
    assert len(bench.rows()) == 300
