"""Documents of many jobs that come at once are in Drive, and linked, in few calls."""

import time

import pytest

from emulator import Emulator
from tests.made_up import document, milestone, task
from tests.world import World, wait_for

JOBS, EACH = 10, 6


def linked(world: World) -> int:
    return sum(
        1
        for row in world.by_site().values()
        for cell in row.values()
        for link in cell.links
        if "/file/d/" in link.uri
    )


@pytest.mark.long
def test_links_that_arrive_together_are_one_write(google: Emulator, sqlite_world: World) -> None:
    world = sqlite_world
    with world.receiver().ready():
        google.latency = 0.1
        google.calls.clear()
        began = time.monotonic()
        for job in range(1, JOBS + 1):
            files = [document(100 * job + n, f"{n}.pdf") for n in range(EACH)]
            assert world.send(milestone(job, tasks=[task(*files)])).status_code == 202
        wait_for(lambda: linked(world) == JOBS * EACH, 90)
        seconds = time.monotonic() - began
    sheets = google.calls.count("sheets")
    drive = google.calls.count("drive")
    print(f"{JOBS * EACH} documents in {seconds:.1f} s, {sheets} calls of Sheets, {drive} of Drive")
    assert sheets <= 2 * seconds + 8
    assert sheets < JOBS * EACH
    assert drive <= 2.5 * JOBS * EACH
