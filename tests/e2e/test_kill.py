"""kill -9 at any moment, then a start: nothing answered 202 is missing, nothing is there twice."""

import os
import random
import time
from collections import Counter

import pytest

from emulator import Emulator
from tests.core.test_http import is_quiet, lines, stored_lines
from tests.traffic import Senders, expected_documents, history, replay, shown
from tests.world import World, wait_for

KILLS = int(os.environ.get("KILLS", "5"))
SEED = int(os.environ.get("SEED", "1"))


@pytest.mark.long
@pytest.mark.timeout(60 + 15 * KILLS)
def test_nothing_is_lost_or_doubled(google: Emulator, world: World) -> None:
    """Killed while it receives, writes the sheet and copies documents, on each database."""
    lots = random.Random(SEED)
    google.latency = lambda rng: rng.uniform(0.02, 0.3)
    events = history(KILLS * 40, 30 + KILLS, SEED, with_documents=True)
    receiver = world.serve()
    in_flight, sent = 0, list[Senders]()
    for number in range(KILLS):  # A part before each kill, so that none finds all of it done.
        part = Senders(world, events[number * 40 : number * 40 + 40], threads=3).start()
        sent.append(part)
        time.sleep(lots.uniform(0.3, 1.5))
        wait_for(lambda: _under_way(google), pause=0.01)  # Its worker waits for the old lease.
        broken_off, under_way = part.broken_off, _under_way(google)
        receiver.kill()
        time.sleep(0.1)
        in_flight += under_way or part.broken_off > broken_off
        receiver = world.serve()
    with receiver:
        for part in sent:
            part.join()
        google.latency = None
        wait_for(lambda: shown(world) == replay(events), 60)
        wait_for(lambda: len(world.files()) >= len(expected_documents(events)), 90)
        wait_for(lambda: _linked(world) == expected_documents(events))
        wait_for(lambda: is_quiet(world))
        assert lines(world) == stored_lines(world)
    print(f"{KILLS} kills, {in_flight} with something in flight, {len(events)} deliveries")
    assert sum(part.accepted for part in sent) == len(events)
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
