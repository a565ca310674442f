"""kill -9 at any moment, then a start: nothing answered 202 is missing, nothing is there twice."""

import os
import random
import time
from collections import Counter

import pytest

from emulator import Emulator
from tests.traffic import Senders, expected_documents, history, newest, replay, shown
from tests.world import World, wait_for

KILLS = int(os.environ.get("KILLS", "5"))
SEED = int(os.environ.get("SEED", "1"))


@pytest.mark.long
@pytest.mark.timeout(60 + 15 * KILLS)
def test_nothing_is_lost_or_doubled(google: Emulator, world: World) -> None:
    """Killed while it receives, flushes and copies documents, on each database."""
    lots = random.Random(SEED)
    google.latency = lambda rng: rng.uniform(0.02, 0.3)
    events = history(KILLS * 40, 30 + KILLS, SEED, with_documents=True)
    world.command("db", "upgrade").process.wait()
    receiver = world.receiver().ready()
    senders = Senders(world, events, threads=3).start()
    in_flight = 0
    for _ in range(KILLS):
        time.sleep(lots.uniform(0.3, 1.5))
        broken_off, under_way = senders.broken_off, _under_way(google)
        receiver.kill()
        time.sleep(0.1)
        in_flight += under_way or senders.broken_off > broken_off
        receiver = world.receiver().ready()
    with receiver:
        senders.join()
        google.latency = None
        wait_for(lambda: shown(world) == replay(events), 60)
        wait_for(lambda: len(world.files()) >= len(expected_documents(events)), 90)
        wait_for(lambda: _linked(world) == expected_documents(newest(events)))
    print(f"{KILLS} kills, {in_flight} with something in flight, {len(events)} deliveries")
    assert senders.accepted == len(events)
    assert in_flight >= KILLS / 2
    tags = Counter(file.app_properties["brightsheetDocument"] for file in world.files())
    assert set(tags) == expected_documents(events)
    assert set(tags.values()) <= {1}, "a document is in Drive twice"
    folders = Counter(
        file.app_properties["brightsheetSite"]
        for file in google.drive.files.values()
        if "brightsheetSite" in (file.app_properties or {})
    )
    assert set(folders.values()) == {1}, "a job has two folders"


def _under_way(google: Emulator) -> bool:
    return any(call.status == 0 and time.time() - call.time < 1 for call in google.calls)


def _linked(world: World) -> set[str]:
    files = {file.id: file.app_properties["brightsheetDocument"] for file in world.files()}
    links = [
        link.uri
        for row in world.by_site().values()
        for cell in row.values()
        for link in cell.links
        if "/file/d/" in link.uri
    ]
    return {files[uri.partition("/file/d/")[2].partition("/")[0]] for uri in links}
